package dev.meterkite.functions.store;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Commits outside the engine: of documents that no queue of commands owns, such as alerts, flags
 * and the marks of sweeps. Everything in {@code functions} that is not a command commits here, so
 * there is one rule for what follows a failure:
 *
 * <ul>
 *   <li>PRECONDITION, CONTENTION: another writer was faster. The change is decided again on what it
 *       left, or given up by a caller who has nothing to add to it.
 *   <li>UNKNOWN: it may have been applied. It is decided again on documents that are read again,
 *       which show whether it was; a caller who does not decide again gets the failure.
 *   <li>INVALID, DENIED: it fails each time, so the caller gets the failure.
 * </ul>
 */
public final class ConditionalUpdate {
  private ConditionalUpdate() {}

  /**
   * What is to be committed, as decided on documents read for it.
   *
   * @param mutations conditional on those documents; empty if nothing is to be written
   * @param result what the caller gets once they are committed
   */
  public record Change<T>(List<Mutation> mutations, T result) {}

  /**
   * A change that was committed.
   *
   * @param attempts number of commits that were tried, the last one included; 0 if nothing was to
   *     be written
   */
  public record Committed<T>(T result, int attempts) {}

  /**
   * Decides and commits, again whenever another writer was faster or the outcome is unknown.
   *
   * @param attempts maximum number of commits, at least 1
   * @param decide reads and decides; called before each commit, so a change that was applied
   *     without an answer has to be recognised by what is read
   * @return empty if none of the commits is known to have been applied
   * @throws CompletionException for a commit that fails each time, with its {@link StoreException}
   */
  public static <T> Optional<Committed<T>> commit(
      Store store, int attempts, Supplier<Change<T>> decide) {
    for (int attempt = 1; attempt <= attempts; attempt++) {
      Change<T> change = decide.get();
      if (change.mutations().isEmpty()) {
        return Optional.of(new Committed<>(change.result(), attempt - 1));
      }
      try {
        store.commit(change.mutations()).join();
        return Optional.of(new Committed<>(change.result(), attempt));
      } catch (CompletionException e) {
        switch (StoreException.kindOf(e)) {
          case PRECONDITION, CONTENTION -> {}
          case UNKNOWN -> throwUnlessFromStore(e);
          case INVALID, DENIED -> throw e;
        }
      }
    }
    return Optional.empty();
  }

  private static void throwUnlessFromStore(CompletionException e) {
    if (!(e.getCause() instanceof StoreException)) {
      throw e;
    }
  }

  /**
   * Commits once.
   *
   * @return false if another writer was faster, so that nothing was written
   * @throws CompletionException for any other failure, with its {@link StoreException}
   */
  public static boolean tryCommit(Store store, List<Mutation> mutations) {
    return committed(store, mutations).join();
  }

  /** As {@link #tryCommit}, without waiting for it. */
  public static CompletableFuture<Boolean> committed(Store store, List<Mutation> mutations) {
    return store
        .commit(mutations)
        .thenApply(times -> true)
        .exceptionallyCompose(
            failure -> {
              StoreException.Kind kind = StoreException.kindOf(failure);
              return kind == StoreException.Kind.PRECONDITION
                      || kind == StoreException.Kind.CONTENTION
                  ? CompletableFuture.completedFuture(false)
                  : CompletableFuture.failedFuture(failure);
            });
  }

  /**
   * Commits once what nobody else writes, or what may replace whatever others wrote.
   *
   * @throws CompletionException if it is not known to have been applied, with its {@link
   *     StoreException}
   */
  public static void write(Store store, Mutation... mutations) {
    store.commit(List.of(mutations)).join();
  }
}
