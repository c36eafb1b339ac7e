package dev.meterkite.functions.store;

/**
 * The two places where the engine does not rely on what it remembers. They are a parameter so that
 * a test can leave one out and show that the schedules find it.
 */
interface Safeguards<S, I> {
  /** Refusals, and answers without a commit, need a state and markers read for them. */
  default boolean mustReadFirst(Batch<I> batch, BatchDecision<S, I> decision) {
    return batch.knowledge != Batch.Knowledge.FRESH && decision.wantsFreshState();
  }

  /** After a failed commit, what is known may no longer be true: the next attempt reads first. */
  default void forget(DocumentQueue<S, I> queue, Batch<I> batch) {
    queue.kept = null;
    batch.knowledge = Batch.Knowledge.OUTDATED;
  }
}
