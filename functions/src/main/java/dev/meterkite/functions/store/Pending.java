package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
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

  /** What the rules asked to see, besides what the command names. */
  final Set<Read> wanted = new LinkedHashSet<>();

  int attempts;

  Pending(Command<I> command, Instant submitted, CompletableFuture<Reply> reply) {
    this.command = command;
    this.submitted = submitted;
    this.reply = reply;
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
