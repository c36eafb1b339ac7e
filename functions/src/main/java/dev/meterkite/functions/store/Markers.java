package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The documents that prove that a command was applied: each holds, immutably, the {@code
 * request_hash} and the {@code answer} as JSON text. A command creates its marker in the first of
 * its places, whatever its body, so that one key cannot be used for two bodies. Where that is no
 * document which it creates anyway, the marker is {@code idempotency_keys/{id}}, which expires.
 */
final class Markers {
  private final Function<Map<String, Object>, String> json;
  private final Duration life;

  /** Markers this process committed or read, so that a repeat to the same process costs nothing. */
  private final Map<DocRef, Mark> recent;

  private record Mark(String requestHash, String answer) {}

  Markers(Function<Map<String, Object>, String> json, Duration life, int kept) {
    this.json = json;
    this.life = life;
    this.recent =
        new LinkedHashMap<>(64, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<DocRef, Mark> eldest) {
            return size() > kept;
          }
        };
  }

  /** The answer as it stands in the marker and in every replay. */
  String render(Map<String, Object> answer) {
    return json.apply(answer);
  }

  /** The reply to a command that this process knows to be applied, else null. */
  @Nullable Reply recent(Command<?> command) {
    synchronized (recent) {
      for (DocRef ref : command.markers()) {
        Mark mark = recent.get(ref);
        if (mark != null) {
          return reply(mark, command, Reply.Effort.NONE);
        }
      }
    }
    return null;
  }

  /** The reply to a command whose marker was found in the store, else null. */
  @Nullable Reply stored(Pending<?> pending, Map<DocRef, Snapshot> documents) {
    for (DocRef ref : pending.command.markers()) {
      Snapshot document = documents.get(ref);
      if (document != null && document.exists()) {
        if (document.fields().get(Schema.REQUEST_HASH) instanceof String hash
            && document.fields().get(Schema.ANSWER) instanceof String answer) {
          Mark mark = new Mark(hash, answer);
          remember(ref, mark);
          return reply(mark, pending.command, pending.effort(0));
        }
        return new Reply.Conflict(pending.effort(0));
      }
    }
    return null;
  }

  private static Reply reply(Mark mark, Command<?> command, Reply.Effort effort) {
    return mark.requestHash().equals(command.requestHash())
        ? new Reply.Answered(mark.answer(), true, effort)
        : new Reply.Conflict(effort);
  }

  /** The writes of an applied command, one of which is or becomes its marker. */
  List<Write> mark(Command<?> command, List<Write> writes, String answer, Instant now) {
    if (command.key() == null) {
      return writes;
    }
    List<Write> marked = new ArrayList<>(writes.size() + 1);
    DocRef first = command.markers().get(0);
    boolean found = false;
    for (Write write : writes) {
      if (write instanceof Write.Create create && first.equals(create.ref())) {
        Map<String, Object> fields = new LinkedHashMap<>(create.fields());
        fields.put(Schema.REQUEST_HASH, command.requestHash());
        fields.put(Schema.ANSWER, answer);
        marked.add(new Write.Create(create.ref(), fields));
        found = true;
      } else {
        marked.add(write);
      }
    }
    if (!found) {
      marked.add(ownMarker(command, answer, now));
    }
    return marked;
  }

  private Write ownMarker(Command<?> command, String answer, Instant now) {
    DocRef ref =
        command.markers().stream()
            .filter(marker -> marker.collection().equals(IdempotencyKeys.COLLECTION))
            .findFirst()
            .orElseThrow(
                () -> new IllegalStateException(command.operation() + " left no marker behind"));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(IdempotencyKeys.OPERATION, command.operation());
    fields.put(IdempotencyKeys.OWNER, command.owner().toString());
    fields.put(Schema.REQUEST_HASH, command.requestHash());
    fields.put(Schema.ANSWER, answer);
    fields.put(IdempotencyKeys.CREATED_AT, now);
    fields.put(IdempotencyKeys.EXPIRE_AT, now.plus(life));
    return new Write.Create(ref, fields);
  }

  /** A command of this process was committed. */
  void applied(Command<?> command, List<Write> writes, String answer) {
    for (Write write : writes) {
      if (command.markers().contains(write.ref())) {
        // In all its places: another body may look for the same key in another one first.
        Mark mark = new Mark(command.requestHash(), answer);
        command.markers().forEach(place -> remember(place, mark));
        return;
      }
    }
  }

  private void remember(DocRef ref, Mark mark) {
    synchronized (recent) {
      recent.put(ref, mark);
    }
  }
}
