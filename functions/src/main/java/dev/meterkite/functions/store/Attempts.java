package dev.meterkite.functions.store;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One attempt of a batch: look, read, hand over or decide, commit. */
final class Attempts<S, I> {
  private static final int MOST_ROUNDS = 5;

  private final Environment<S, I> env;
  private final Engine<S, I> engine;
  private final Reading<S, I> reading;
  private final Hosting<S, I> hosting;
  private final Failures<S, I> failures;
  private final @Nullable Handover<S, I> handover;

  Attempts(
      Environment<S, I> env,
      Engine<S, I> engine,
      Reading<S, I> reading,
      Hosting<S, I> hosting,
      Failures<S, I> failures,
      @Nullable Handover<S, I> handover) {
    this.env = env;
    this.engine = engine;
    this.reading = reading;
    this.hosting = hosting;
    this.failures = failures;
    this.handover = handover;
  }

  /** Takes the batch's next step. */
  void step(DocumentQueue<S, I> queue, Batch<I> batch) {
    engine.settleWhatIsOver(batch);
    boolean mustLook = hosting.mustLook(queue, batch);
    if (batch.isEmpty() && !mustLook) {
      engine.next(queue);
      return;
    }
    boolean outdated = batch.knowledge == Batch.Knowledge.OUTDATED;
    if (!outdated && handsOver(queue, batch)) {
      return;
    }
    if (mustLook && queue.neighbours.host(env.real()) == null) {
      hosting.look(queue, batch, () -> step(queue, batch));
      return;
    }
    DocumentQueue.Kept<S> known = reading.known(queue, batch);
    if (outdated) {
      reading.again(queue, batch, batch.unsure, kept -> decide(queue, batch, kept));
    } else if (known == null || !batch.missing().isEmpty()) {
      reading.missing(queue, batch, kept -> decide(queue, batch, kept));
    } else {
      decide(queue, batch, known);
    }
  }

  /**
   * Hands a batch over if another instance is the host.
   *
   * @return whether the batch is no longer ours
   */
  private boolean handsOver(DocumentQueue<S, I> queue, Batch<I> batch) {
    Instant now = env.real();
    if (handover == null || queue.neighbours.host(now) == null) {
      return false;
    }
    if (batch.stage instanceof Stage.Recalled<I> recalled) {
      batch.disembark();
      handover.resume(queue, batch, recalled.before().again(now));
      return true;
    }
    if (!(batch.stage instanceof Stage.Here<I>)) {
      return false;
    }
    batch.disembark();
    if (batch.commands.isEmpty()) {
      queue.neighbours.looked(now, false);
      engine.next(queue);
    } else {
      linger(queue, batch, handover);
    }
    return true;
  }

  /** Hands a batch over after a moment in which more commands may come. */
  private void linger(DocumentQueue<S, I> queue, Batch<I> batch, Handover<S, I> to) {
    Runnable begin =
        () -> {
          engine.queues.fill(queue, batch, engine.room(queue));
          to.begin(queue, batch);
        };
    env.turns().after(queue.neighbours.lingering(), () -> engine.guard(queue, batch).run(begin));
  }

  private void decide(DocumentQueue<S, I> queue, Batch<I> batch, DocumentQueue.Kept<S> kept) {
    if (batch.knowledge == Batch.Knowledge.OUTDATED) {
      reading.again(queue, batch, batch.unsure, read -> decide(queue, batch, read));
      return;
    }
    if (handsOver(queue, batch)) {
      return;
    }
    Host claim = hosting.claim(queue, batch, kept.log().host());
    BatchDecision<S, I> decision = new BatchDecision<>(env, kept, batch, claim);
    batch.commands.forEach(decision::add);
    batch.commands.removeAll(decision.failed());
    if (!decision.needs().isEmpty() || env.safeguards().mustReadFirst(batch, decision)) {
      if (batch.rounds++ == 0) {
        batch.roundsOf = kept.updateTime();
      }
      if (batch.rounds > MOST_ROUNDS && !Objects.equals(batch.roundsOf, kept.updateTime())) {
        // Others changed the owner between the rounds, and with it what rules must see.
        batch.rounds = 0;
        batch.attempts++;
        engine.attempt(queue, batch);
        return;
      }
      if (batch.rounds > MOST_ROUNDS) {
        throw new IllegalStateException("rules that never have seen enough: " + decision.needs());
      }
      reading.again(queue, batch, true, read -> decide(queue, batch, read));
      return;
    }
    giveBack(queue, batch, decision.left());
    List<Mutation> mutations = new ArrayList<>(decision.mutations(queue.owner).orElse(List.of()));
    mutations.addAll(hosting.closings(batch, decision, claim));
    if (!mutations.isEmpty()) {
      commit(queue, batch, kept, decision, mutations);
    } else {
      decision.reply();
      engine.next(queue);
    }
  }

  /** What did not fit into the commit goes back to the head of the queue, or to its author. */
  private void giveBack(DocumentQueue<S, I> queue, Batch<I> batch, List<Pending<I>> left) {
    if (!left.isEmpty()) {
      batch.commands.removeAll(left);
      batch.aboard.forEach(relay -> left.removeAll(relay.commands()));
      engine.queues.putBack(queue, left);
    }
  }

  private void commit(
      DocumentQueue<S, I> queue,
      Batch<I> batch,
      DocumentQueue.Kept<S> kept,
      BatchDecision<S, I> decision,
      List<Mutation> mutations) {
    batch.commands.forEach(pending -> pending.attempts++);
    hosting.glance(queue);
    Instant start = env.real();
    engine
        .guard(queue, batch)
        .when(
            env.store().commit(mutations),
            (times, failure) -> {
              Duration roundTrip = Duration.between(start, env.real());
              queue.neighbours.committed(roundTrip, batch.own() > 0);
              if (failure == null) {
                DocumentQueue.Kept<S> now = decision.kept(times);
                queue.kept = now;
                queue.pacing.won(roundTrip);
                decision.reply();
                env.turns()
                    .after(
                        hosting.committed(queue, batch, now.log().host()),
                        () -> engine.next(queue));
              } else {
                queue.pacing.answered(roundTrip);
                failures.commitFailed(queue, batch, kept, failure);
              }
            });
  }
}
