package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The refused keys of an owner while a batch is decided: those of the owner document, those in
 * documents of their own that were read, and those that the batch adds.
 */
final class RefusedKeys {
  private final CommitLog log;
  private final Batch<?> batch;
  private final Limits limits;
  private final Instant real;
  private final Map<String, CommitLog.Entry> ring;
  private final List<RefusedCommand> last;

  /** Whether keys may have been refused in documents of their own. */
  private final boolean overflowed;

  private long overflow;
  private boolean more;

  RefusedKeys(CommitLog log, Batch<?> batch, Limits limits, Instant real) {
    this.log = log;
    this.batch = batch;
    this.limits = limits;
    this.real = real;
    this.ring = new LinkedHashMap<>(log.young(real, limits.refusedFor()));
    this.last = new ArrayList<>(log.last());
    this.overflow = log.youngOverflow(real, limits.refusedFor());
    this.overflowed = overflow > 0;
  }

  /**
   * The read without which nobody knows whether the key was refused in a document of its own; null
   * if it was read together with the state, or there are no such documents. A document as of an
   * older state would prove nothing.
   */
  @Nullable Read missing(Command<?> command) {
    return command.key() == null || !overflowed || batch.withOwner.contains(Refusals.ref(command))
        ? null
        : new Read.Get(Refusals.ref(command));
  }

  /** How the key was refused; null if it was not, as far as is remembered. */
  CommitLog.@Nullable Entry find(Command<?> command) {
    String key = command.key();
    if (key == null) {
      return null;
    }
    CommitLog.Entry entry =
        ring.isEmpty() ? null : ring.get(CommitLog.keyHash(command.operation(), key));
    if (entry != null || !overflowed) {
      return entry;
    }
    DocRef document = Refusals.ref(command);
    return batch.withOwner.contains(document)
        ? Refusals.young(batch.document(document), real, limits.refusedFor())
        : null;
  }

  /**
   * Remembers that a command with a key is refused.
   *
   * @return what must be written besides the owner document
   */
  List<Write> remember(Command<?> command, Decision.Refused<?> refused, Instant now) {
    String code = refused.outcome().code();
    more = true;
    last.add(RefusedCommand.of(command.operation(), refused, now));
    if (last.size() > CommitLog.MOST_LAST) {
      last.remove(0);
    }
    if (ring.size() < limits.refused()) {
      String request = CommitLog.requestHash(command.requestHash());
      ring.put(
          CommitLog.keyHash(command.operation(), Objects.requireNonNull(command.key())),
          new CommitLog.Entry(request, code, real.getEpochSecond()));
      return List.of();
    }
    overflow = Math.max(overflow, real.getEpochSecond());
    return List.of(Refusals.remember(command, code, real, limits.refusedFor()));
  }

  /** Whether the batch has added a key. */
  boolean hasMore() {
    return more;
  }

  /** The last refusals, the oldest first. */
  List<RefusedCommand> last() {
    return List.copyOf(last);
  }

  /** The owner's log after the commit of this batch. */
  CommitLog next(Instant now, @Nullable Host host) {
    return log.next(now, ring, overflow, last, host);
  }
}
