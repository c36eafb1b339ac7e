package dev.meterkite.functions.http;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The marker of a call that commits by itself, outside of the engine: it goes into the same commit,
 * proves that the call was applied, and holds the answer for its repeats. A call without a key has
 * none.
 */
public final class AnswerMarker {
  private static final Duration LIFE = Duration.ofDays(30);

  private final String operation;
  private final DocRef owner;
  private final Call<?> call;

  /**
   * @param operation the function's name
   * @param owner the document that it changes
   */
  public AnswerMarker(String operation, DocRef owner, Call<?> call) {
    this.operation = operation;
    this.owner = owner;
    this.call = call;
  }

  /** The document to read before deciding; none without a key. */
  public List<DocRef> refs() {
    String key = call.key();
    return key == null
        ? List.of()
        : List.of(new DocRef(IdempotencyKeys.COLLECTION, Ids.marker(operation, owner, key)));
  }

  /**
   * The answer to a repeat, or the conflict with another request of the same key; empty if the call
   * was not applied before, or not to its end.
   *
   * @param read documents as read, the marker among them
   */
  public Optional<Answer> replay(List<Snapshot> read) {
    return read.stream()
        .filter(document -> document.exists() && refs().contains(document.ref()))
        .findFirst()
        .flatMap(this::replay);
  }

  private Optional<Answer> replay(Snapshot marker) {
    if (!call.requestHash().equals(marker.fields().get(IdempotencyKeys.REQUEST_HASH))) {
      return Optional.of(Answer.problem(Problem.conflict()));
    }
    return marker.fields().get(IdempotencyKeys.ANSWER) instanceof String answer
        ? Optional.of(Answer.json(answer, true))
        : Optional.empty();
  }

  /** What is to be written with the change; nothing without a key. */
  public List<Mutation> mutations(String answer, Instant now) {
    Map<String, Object> fields = fields(now);
    fields.put(IdempotencyKeys.ANSWER, answer);
    return refs().stream().map(ref -> Mutation.create(ref, fields)).toList();
  }

  /**
   * What is to be written where the change takes several commits, with the first one: the key
   * belongs to this request from then on. Nothing without a key, or where it is written already.
   *
   * @param read documents as read, the marker among them
   */
  public List<Mutation> opening(List<Snapshot> read, Instant now) {
    return refs().stream()
        .filter(ref -> read.stream().noneMatch(each -> each.ref().equals(ref) && each.exists()))
        .map(ref -> Mutation.create(ref, fields(now)))
        .toList();
  }

  /** What is to be written with the last commit of a change that {@link #opening} began. */
  public List<Mutation> closing(String answer, Instant now) {
    Map<String, Object> fields = fields(now);
    fields.put(IdempotencyKeys.ANSWER, answer);
    return refs().stream().map(ref -> Mutation.replace(ref, fields)).toList();
  }

  private Map<String, Object> fields(Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(IdempotencyKeys.OPERATION, operation);
    fields.put(IdempotencyKeys.OWNER, owner.toString());
    fields.put(IdempotencyKeys.REQUEST_HASH, call.requestHash());
    fields.put(IdempotencyKeys.CREATED_AT, now);
    fields.put(IdempotencyKeys.EXPIRE_AT, now.plus(LIFE));
    return fields;
  }
}
