package dev.meterkite.functions.store;

import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Batches whose commands another instance commits. Creating the relay takes the place of a commit:
 * the queue waits for that, and goes on with its next batch while this one waits for its replies.
 */
final class Handover<S, I> {
  private final Environment<S, I> env;
  private final RelayDocuments<I> documents;
  private final Engine<S, I> engine;

  Handover(Environment<S, I> env, RelayDocuments<I> documents, Engine<S, I> engine) {
    this.env = env;
    this.documents = documents;
    this.engine = engine;
  }

  /** Hands the batch's commands over. */
  void begin(DocumentQueue<S, I> queue, Batch<I> batch) {
    Relay.Origin last = queue.relay;
    Relay.Origin origin =
        last == null ? new Relay.Origin(Long.toHexString(env.random().nextLong()), 0) : last.next();
    queue.relay = origin;
    Instant now = env.real();
    Optional<Mutation> created = documents.create(origin, queue.owner, batch.commands, now);
    if (created.isEmpty()) {
      stay(queue, batch);
      return;
    }
    List<Mutation> mutations = new ArrayList<>(List.of(created.get()));
    queue.neighbours.takeClosed().forEach(old -> mutations.add(Mutation.delete(old)));
    Stage.HandedOver<I> handed =
        new Stage.HandedOver<>(created.get().ref(), now, List.copyOf(batch.commands), null, null);
    engine
        .guard(queue, batch)
        .when(
            env.store().commit(mutations),
            (times, failure) ->
                created(
                    queue,
                    batch,
                    failure == null ? handed.createdAt(times.get(0)) : handed,
                    failure));
  }

  private void created(
      DocumentQueue<S, I> queue,
      Batch<I> batch,
      Stage.HandedOver<I> handed,
      @Nullable Throwable failure) {
    queue.pacing.answered(Duration.between(handed.since(), env.real()));
    if (failure == null || StoreException.kindOf(failure) == StoreException.Kind.UNKNOWN) {
      queue.kept = null;
      resume(queue, batch, handed);
    } else {
      stay(queue, batch);
    }
  }

  private void stay(DocumentQueue<S, I> queue, Batch<I> batch) {
    batch.stage = new Stage.Kept<>();
    engine.attempt(queue, batch);
  }

  /** The batch waits for the replies of a relay, away from its queue. */
  void resume(DocumentQueue<S, I> queue, Batch<I> batch, Stage.HandedOver<I> handed) {
    batch.stage = handed;
    engine.queues.left(queue);
    away(queue, batch, handed);
    engine.handedOver(queue);
  }

  private void away(DocumentQueue<S, I> queue, Batch<I> batch, Stage.HandedOver<I> handed) {
    Instant now = env.real();
    Instant recallAt = handed.recallAt();
    Duration age = Duration.between(handed.since(), now);
    Duration pause =
        recallAt == null
            ? queue.neighbours.untilAnswer(age, queue.pacing.roundTrip())
            : Duration.between(now, recallAt);
    env.turns()
        .after(
            pause.isNegative() || pause.isZero() ? Duration.ofNanos(1) : pause,
            () -> guard(queue, batch).run(() -> look(queue, batch, handed)));
  }

  private void look(DocumentQueue<S, I> queue, Batch<I> batch, Stage.HandedOver<I> handed) {
    engine.settleWhatIsOver(batch);
    if (batch.commands.isEmpty()) {
      engine.ended(queue);
      return;
    }
    Instant now = env.real();
    boolean overdue =
        queue.neighbours.host(now) == null
            || handed.since().plus(Neighbours.PATIENCE).isBefore(now);
    guard(queue, batch)
        .when(
            env.store()
                .read(overdue ? List.of(handed.relay(), queue.owner) : List.of(handed.relay())),
            (found, failure) -> {
              if (failure != null) {
                away(queue, batch, handed);
              } else {
                seen(queue, batch, handed, found.get(0), overdue ? found.get(1) : null);
              }
            });
  }

  private void seen(
      DocumentQueue<S, I> queue,
      Batch<I> batch,
      Stage.HandedOver<I> handed,
      Snapshot relay,
      @Nullable Snapshot owner) {
    if (relay.exists() && !RelayDocuments.isOpen(relay)) {
      answered(queue, batch, handed, relay);
      return;
    }
    if (owner == null) {
      away(queue, batch, handed);
      return;
    }
    Instant now = env.real();
    Host rival = env.rival(CommitLog.of(owner).host());
    queue.neighbours.saw(rival);
    boolean late = handed.since().plus(Neighbours.PATIENCE).isBefore(now);
    if (late && rival != null) {
      queue.neighbours.distrust(now.plus(Neighbours.PATIENCE));
    }
    if (rival != null && relay.exists() && !late) {
      away(queue, batch, handed.recalledAt(null));
    } else if (rival == null && relay.exists() && handed.recallAt() == null) {
      // One after the other: the first becomes the host, and the others stay where they are.
      Duration pause = queue.neighbours.recallPause(queue.pacing.roundTrip(), env.random());
      away(queue, batch, handed.recalledAt(now.plus(pause)));
    } else {
      batch.stage = new Stage.Recalled<>(handed);
      engine.returned(queue, batch);
    }
  }

  private void answered(
      DocumentQueue<S, I> queue, Batch<I> batch, Stage.HandedOver<I> handed, Snapshot relay) {
    queue.neighbours.saw(env.rival(RelayDocuments.host(relay)));
    Duration service = handed.service(relay.updateTime());
    if (service != null) {
      queue.neighbours.served(service);
    }
    settle(queue, batch, handed, relay);
    if (batch.commands.isEmpty()) {
      engine.ended(queue);
    } else {
      engine.returned(queue, batch);
    }
  }

  /** Replies as an answered relay says; what has no reply in it is to be committed here. */
  void settle(
      DocumentQueue<S, I> queue, Batch<I> batch, Stage.HandedOver<I> handed, Snapshot relay) {
    Map<Integer, Reply> replies = documents.replies(relay);
    batch.settle(pending -> replies.get(handed.sent().indexOf(pending)));
    queue.neighbours.closed(relay.ref());
    batch.stage = new Stage.Kept<>();
  }

  /** For work on a batch that is away: after a bug, it is over. */
  private Guard guard(DocumentQueue<S, I> queue, Batch<I> batch) {
    return new Guard(batch, () -> engine.ended(queue));
  }
}
