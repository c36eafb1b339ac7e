package dev.meterkite.functions.store;

import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The other documents of a commit that is being put together: one mutation a document, however many
 * commands wrote to it, and what each later command sees of the earlier ones' writes.
 */
final class PendingWrites implements Seen {
  private final Batch<?> batch;
  private final RefusedKeys refused;
  private final Map<DocRef, Part> parts = new LinkedHashMap<>();

  /** What the commit does to one document. */
  private static final class Part {
    boolean create;

    /** Whether a command relied on the document as it was seen. */
    boolean versioned;

    /** Those of the first write itself, which stay as they are, or a copy with later ones. */
    Map<String, Object> fields = Map.of();

    private boolean copied;

    final Map<String, Long> increments = new LinkedHashMap<>(0);

    void add(Map<String, Object> more) {
      if (fields.isEmpty()) {
        fields = more;
        return;
      }
      if (!copied) {
        fields = new LinkedHashMap<>(fields);
        copied = true;
      }
      fields.putAll(more);
    }
  }

  PendingWrites(Batch<?> batch, RefusedKeys refused) {
    this.batch = batch;
    this.refused = refused;
  }

  @Override
  public List<RefusedCommand> refusals() {
    return refused.last();
  }

  @Override
  public boolean has(Read read) {
    return batch.has(read)
        || (read instanceof Read.Get get
            && parts.containsKey(get.ref())
            && parts.get(get.ref()).create);
  }

  @Override
  public Snapshot document(DocRef ref) {
    Part part = parts.get(ref);
    Snapshot base = batch.documents.get(ref);
    if (base == null && (part == null || !part.create)) {
      throw new IllegalStateException("not read: " + ref);
    }
    if (part == null || part.fields.isEmpty()) {
      return base == null ? Snapshot.absent(ref) : base;
    }
    Map<String, Object> fields = new LinkedHashMap<>(base == null ? Map.of() : base.fields());
    part.fields.forEach((path, value) -> set(fields, FieldPath.segments(path), value));
    return new Snapshot(
        ref, fields, base == null || !base.exists() ? Instant.EPOCH : base.updateTime());
  }

  @Override
  public List<Snapshot> found(Query query) {
    List<Snapshot> found = batch.found.get(query);
    if (found == null) {
      throw new IllegalStateException("not asked: " + query.collection());
    }
    return found;
  }

  /** Adds the writes of one command. */
  void add(List<Write> writes) {
    for (Write write : writes) {
      Part part = parts.computeIfAbsent(write.ref(), ref -> new Part());
      if (write instanceof Write.Create create) {
        if (part.create) {
          throw new IllegalStateException("created twice in one commit: " + create.ref());
        }
        part.create = true;
        part.add(create.fields());
      } else if (write instanceof Write.Update update) {
        if (!part.create && !batch.documents.containsKey(update.ref())) {
          throw new IllegalStateException("updated unseen: " + update.ref());
        }
        part.versioned = true;
        part.add(update.fields());
      } else if (write instanceof Write.Merge merge) {
        part.add(merge.fields());
      } else if (write instanceof Write.Increment increment) {
        increment.amounts().forEach((path, by) -> part.increments.merge(path, by, Math::addExact));
      }
    }
  }

  /** The mutations, in the order in which the documents were first written to. */
  List<Mutation> mutations() {
    List<Mutation> mutations = new ArrayList<>(parts.size());
    parts.forEach((ref, part) -> mutations.add(mutation(ref, part, batch.documents.get(ref))));
    return mutations;
  }

  private static Mutation mutation(DocRef ref, Part part, @Nullable Snapshot base) {
    if (part.create) {
      return new Mutation(ref, part.fields, part.increments, Mutation.Condition.ABSENT, null);
    }
    if (!part.versioned || base == null) {
      return Mutation.blind(ref, part.fields, part.increments);
    }
    Mutation update = Mutation.update(ref, part.fields, base.updateTime());
    return new Mutation(ref, part.fields, part.increments, update.condition(), update.version());
  }

  private static void set(Map<String, Object> fields, List<String> path, @Nullable Object value) {
    Map<String, Object> at = fields;
    for (String segment : path.subList(0, path.size() - 1)) {
      Map<String, Object> copy = new LinkedHashMap<>();
      if (at.get(segment) instanceof Map<?, ?> inner) {
        inner.forEach((key, element) -> copy.put(String.valueOf(key), element));
      }
      at.put(segment, copy);
      at = copy;
    }
    String last = path.get(path.size() - 1);
    if (value == Write.REMOVED) {
      at.remove(last);
    } else {
      at.put(last, value);
    }
  }
}
