package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A command that waits for its reply. Touched only by the batch that holds it. */
final class Pending<I> {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  final Command<I> command;
  final Instant submitted;
  final CompletableFuture<Reply> reply;

  /** What the rules asked to see or have seen, besides what the command names. */
  final Set<Read> wanted = new LinkedHashSet<>();

  int attempts;

  Pending(Command<I> command, Instant submitted, CompletableFuture<Reply> reply) {
    this.command = command;
    this.submitted = submitted;
    this.reply = reply;
  }

  /** What the rules see, of which is noted what they look at, so that it can be read again. */
  Seen noting(Seen seen) {
    return new Seen() {
      @Override
      public boolean has(Read read) {
        boolean has = seen.has(read);
        if (has) {
          wanted.add(read);
        }
        return has;
      }

      @Override
      public Snapshot document(DocRef ref) {
        wanted.add(new Read.Get(ref));
        return seen.document(ref);
      }

      @Override
      public List<Snapshot> found(Query query) {
        wanted.add(new Read.Find(query));
        return seen.found(query);
      }

      @Override
      public List<RefusedCommand> refusals() {
        return seen.refusals();
      }
    };
  }

  /** What must not be twice in one commit; null for commands without a key. */
  @Nullable DocRef marker() {
    return command.markers().isEmpty() ? null : command.markers().get(0);
  }

  /** The reply that it has, or has among these; null if it was not decided. */
  @Nullable Reply replyOr(Map<Pending<I>, Reply> others) {
    boolean replied = reply.isDone() && !reply.isCompletedExceptionally();
    return replied ? reply.join() : others.get(this);
  }

  Reply.Effort effort(int batch) {
    return new Reply.Effort(attempts, batch);
  }

  Reply unavailable(String reason) {
    return new Reply.Unavailable(reason, RETRY_AFTER, effort(0));
  }
}
