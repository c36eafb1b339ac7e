package dev.meterkite.functions.store;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One document's part of a commit.
 *
 * @param ref which document
 * @param fields values by field path, {@link Write#REMOVED} for fields to remove; other fields stay
 * @param increments what is added to integer fields, by field path
 * @param condition what must hold for the commit to be applied
 * @param version the update time that {@link Condition#VERSION} names
 */
public record Mutation(
    DocRef ref,
    Map<String, Object> fields,
    Map<String, Long> increments,
    Condition condition,
    @Nullable Instant version) {

  /** What must hold of the document. */
  public enum Condition {
    /** Nothing. */
    NONE,
    /** There is no such document. */
    ABSENT,
    /** It was last changed at exactly {@link Mutation#version}. */
    VERSION,
    /** Nothing; and what the document held is gone: it has these fields alone afterwards. */
    REPLACE,
    /** Nothing; the document is gone afterwards. */
    DELETE
  }

  /** A document that must not exist yet. */
  public static Mutation create(DocRef ref, Map<String, Object> fields) {
    return new Mutation(ref, fields, Map.of(), Condition.ABSENT, null);
  }

  /**
   * Fields of a document that must be as it was when read: with this update time, or absent if
   * null.
   */
  public static Mutation update(
      DocRef ref, Map<String, Object> fields, @Nullable Instant updateTime) {
    return updateTime == null
        ? create(ref, fields)
        : new Mutation(ref, fields, Map.of(), Condition.VERSION, updateTime);
  }

  /**
   * A write that is applied only if its document is as it was read.
   *
   * @param read has the document among others, unless the write creates it
   * @throws IllegalArgumentException for a write that asks for no condition
   */
  public static Mutation of(Write write, Collection<Snapshot> read) {
    if (write instanceof Write.Create create) {
      return create(create.ref(), create.fields());
    } else if (write instanceof Write.Update update) {
      Snapshot base =
          read.stream().filter(one -> one.ref().equals(update.ref())).findFirst().orElseThrow();
      return update(update.ref(), update.fields(), base.updateTime());
    }
    throw new IllegalArgumentException("only conditional writes here, not " + write);
  }

  /** A whole document in place of whatever there was. */
  public static Mutation replace(DocRef ref, Map<String, Object> fields) {
    return new Mutation(ref, fields, Map.of(), Condition.REPLACE, null);
  }

  /** No document in place of whatever there was. */
  public static Mutation delete(DocRef ref) {
    return new Mutation(ref, Map.of(), Map.of(), Condition.DELETE, null);
  }

  /** Fields and increments of a document, whatever it holds. */
  public static Mutation blind(
      DocRef ref, Map<String, Object> fields, Map<String, Long> increments) {
    return new Mutation(ref, fields, increments, Condition.NONE, null);
  }
}
