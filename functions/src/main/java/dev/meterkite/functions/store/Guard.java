package dev.meterkite.functions.store;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Work on a batch behind which callers wait. A bug, of rules for example, ends the batch with what
 * was thrown, and what comes after the batch goes on.
 *
 * @param after what to do once the batch has failed
 */
record Guard(Batch<?> batch, Runnable after) {
  void run(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      batch.fail(e);
      after.run();
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // run() reports every failure to the callers
  <T> void when(CompletableFuture<T> future, BiConsumer<T, @Nullable Throwable> then) {
    future.whenComplete((answer, failure) -> run(() -> then.accept(answer, failure)));
  }
}
