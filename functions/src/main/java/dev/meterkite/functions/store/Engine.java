package dev.meterkite.functions.store;

import java.time.Duration;
import java.time.Instant;

/**
 * The stages through which {@link GroupCommit} brings batches, and the ways between them.
 *
 * <pre>
 *   DocumentQueues ── next ──► Attempts ── commit ──► answered, next
 *        ▲                     │  ▲  │
 *        │               Reading  │  └── commit failed ──► Failures ── attempt again
 *        │                Hosting ┘
 *        └──── returned ──── Handover (the batch is at another instance)
 * </pre>
 *
 * <p>At most one batch of a queue is in the upper stages; it belongs to one thread at a time, which
 * is the one that completes the store's call.
 */
final class Engine<S, I> {
  private final Environment<S, I> env;
  final DocumentQueues<S, I> queues;
  private final Attempts<S, I> attempts;

  Engine(Environment<S, I> env) {
    this.env = env;
    this.queues = new DocumentQueues<>(env.limits());
    RelayDocuments<I> relays = env.relays();
    Handover<S, I> handover = relays == null ? null : new Handover<>(env, relays, this);
    Hosting<S, I> hosting = new Hosting<>(env, this);
    Failures<S, I> failures = new Failures<>(env, this);
    Reading<S, I> reading = new Reading<>(env, this, failures, handover);
    this.attempts = new Attempts<>(env, this, reading, hosting, failures, handover);
  }

  /** Begins the queue's next batch. The caller owns the queue; nothing of it is in flight. */
  void next(DocumentQueue<S, I> queue) {
    Batch<I> batch;
    do {
      batch = queues.take(queue, room(queue));
      if (batch == null) {
        idle(queue);
        return;
      }
      settleWhatIsOver(batch);
    } while (batch.isEmpty() && !queue.neighbours.expects());
    attempt(queue, batch);
  }

  /** Maximum number of commands of our own in a commit: half, where others want in. */
  int room(DocumentQueue<S, I> queue) {
    return queue.neighbours.shares(env.real())
        ? Math.max(1, env.limits().commands() / 2)
        : env.limits().commands();
  }

  /** Others may rely on our claim for a while; as far as our processor lasts, we keep to it. */
  private void idle(DocumentQueue<S, I> queue) {
    queue.neighbours.idles();
    Duration pause = queue.neighbours.watch(env.real());
    if (pause != null) {
      env.turns().after(pause, () -> wake(queue));
    }
  }

  /** An idle queue looks for relays. */
  void wake(DocumentQueue<S, I> queue) {
    if (queues.wake(queue)) {
      next(queue);
    }
  }

  /** Brings a batch on its way, from its first step. */
  void attempt(DocumentQueue<S, I> queue, Batch<I> batch) {
    guard(queue, batch).run(() -> attempts.step(queue, batch));
  }

  void attemptAfter(Duration pause, DocumentQueue<S, I> queue, Batch<I> batch) {
    env.turns().after(pause, () -> attempt(queue, batch));
  }

  /**
   * Replies to commands whose time or attempts are over, and to those that were applied meanwhile.
   */
  void settleWhatIsOver(Batch<I> batch) {
    Instant oldest = env.real().minus(env.limits().life());
    batch.settle(
        pending -> pending.submitted.isBefore(oldest) ? pending.unavailable("timeout") : null);
    if (batch.attempts >= env.limits().attempts()) {
      batch.settle(pending -> pending.unavailable("contention"));
    }
    batch.settle(pending -> env.markers().recent(pending.command));
  }

  /** For work on a batch that is in the upper stages: after a bug, the queue's next one begins. */
  Guard guard(DocumentQueue<S, I> queue, Batch<I> batch) {
    return new Guard(
        batch,
        () -> {
          queue.kept = null;
          next(queue);
        });
  }

  /** The batch is at another instance, and the queue can go on with the next one. */
  void handedOver(DocumentQueue<S, I> queue) {
    if (queues.mayGoOn(queue)) {
      next(queue);
    }
  }

  /** The batch was away and has commands without a reply. */
  void returned(DocumentQueue<S, I> queue, Batch<I> batch) {
    batch.knowledge = Batch.Knowledge.OUTDATED;
    batch.unsure = true;
    if (queues.isBack(queue, batch)) {
      next(queue);
    }
  }

  /** The batch was away and is over. */
  void ended(DocumentQueue<S, I> queue) {
    if (queues.isBack(queue, null)) {
      next(queue);
    }
  }
}
