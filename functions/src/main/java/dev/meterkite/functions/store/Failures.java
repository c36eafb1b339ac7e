package dev.meterkite.functions.store;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * What becomes of a batch whose read or commit failed: it is tried again after a pause, with what
 * was read again, without the relays that may be at fault, or in two halves.
 */
final class Failures<S, I> {
  private static final Duration FIRST_BACK_OFF = Duration.ofMillis(20);
  private static final Duration LONGEST_BACK_OFF = Duration.ofSeconds(2);
  private static final int REFUSALS_BEFORE_SHUNNING = 2;
  private static final int REFUSALS_BEFORE_HALVING = 3;

  private final Environment<S, I> env;
  private final Engine<S, I> engine;

  Failures(Environment<S, I> env, Engine<S, I> engine) {
    this.env = env;
    this.engine = engine;
  }

  void readFailed(DocumentQueue<S, I> queue, Batch<I> batch, StoreException.Kind kind) {
    batch.attempts++;
    // A round that read nothing is none: an outage of many reads is no fault of the rules.
    batch.rounds = Math.max(0, batch.rounds - 1);
    if (kind == StoreException.Kind.DENIED || kind == StoreException.Kind.INVALID) {
      batch.settle(pending -> pending.unavailable(kind.name().toLowerCase(Locale.ROOT)));
    }
    engine.attemptAfter(backOff(batch.attempts), queue, batch);
  }

  /** The commit that was decided on this state failed, or it is not known whether it did. */
  void commitFailed(
      DocumentQueue<S, I> queue, Batch<I> batch, DocumentQueue.Kept<S> kept, Throwable failure) {
    StoreException.Kind kind = StoreException.kindOf(failure);
    batch.failed(kind, kept.updateTime());
    env.safeguards().forget(queue, batch);
    switch (kind) {
      case PRECONDITION, CONTENTION ->
          engine.attemptAfter(queue.pacing.afterLoss(batch.attempts, env.random()), queue, batch);
      case UNKNOWN -> engine.attemptAfter(backOff(batch.attempts), queue, batch);
      case DENIED -> {
        batch.settle(pending -> pending.unavailable("denied"));
        engine.next(queue);
      }
      case INVALID -> invalid(queue, batch, failure);
    }
  }

  private void invalid(DocumentQueue<S, I> queue, Batch<I> batch, Throwable failure) {
    if (!batch.wereAboard.isEmpty()) {
      batch.wereAboard.forEach(relay -> queue.neighbours.shun(relay.ref()));
      engine.attempt(queue, batch);
    } else if (batch.commands.size() > 1) {
      halve(queue, batch);
      engine.attempt(queue, batch);
    } else {
      batch.fail(failure);
      engine.next(queue);
    }
  }

  /**
   * The state was read again. If a commit had failed before: was another writer faster, or is the
   * batch itself at fault?
   */
  void judge(DocumentQueue<S, I> queue, Batch<I> batch, DocumentQueue.Kept<S> kept) {
    Batch.Failure failure = batch.failure;
    batch.failure = null;
    if (failure == null || failure.kind() == StoreException.Kind.UNKNOWN) {
      return;
    }
    if (!Objects.equals(failure.version(), kept.updateTime())) {
      queue.pacing.lost();
      batch.refusals = 0;
    } else if (failure.kind() == StoreException.Kind.PRECONDITION) {
      refused(queue, batch);
    }
  }

  /** The commit was refused although nobody had changed the owner. */
  private void refused(DocumentQueue<S, I> queue, Batch<I> batch) {
    batch.refusals++;
    batch.unsure = true;
    if (batch.knowledge != Batch.Knowledge.FRESH) {
      batch.knowledge = Batch.Knowledge.OUTDATED;
    }
    if (batch.refusals >= REFUSALS_BEFORE_SHUNNING) {
      // Another instance's commands may be at fault: they are left to it.
      batch.disembark();
      batch.wereAboard.forEach(relay -> queue.neighbours.shun(relay.ref()));
    }
    if (batch.refusals >= REFUSALS_BEFORE_HALVING && batch.commands.size() > 1) {
      halve(queue, batch);
    }
  }

  private void halve(DocumentQueue<S, I> queue, Batch<I> batch) {
    int size = batch.commands.size();
    List<Pending<I>> behind = batch.commands.subList(size / 2, size);
    Batch<I> second = new Batch<>(new ArrayList<>(behind));
    behind.clear();
    second.knowledge = Batch.Knowledge.OUTDATED;
    second.unsure = true;
    batch.knowledge = Batch.Knowledge.OUTDATED;
    batch.unsure = true;
    batch.attempts = 0;
    batch.refusals = 0;
    queue.halves.addFirst(second);
  }

  private Duration backOff(int attempts) {
    long most = FIRST_BACK_OFF.toNanos() << Math.min(attempts, 10);
    long nanos = Math.min(most, LONGEST_BACK_OFF.toNanos());
    return Duration.ofNanos(nanos / 2 + env.random().nextLong(nanos / 2));
  }
}
