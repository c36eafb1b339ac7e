package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Turns whose commands another instance commits. Creating the relay takes the place of a commit:
 * the lane waits for that, and goes on with its next turn while this one waits for its replies.
 */
final class Handover<S, I> {
  /** Maximum number of relays of a lane that wait at one time. */
  static final int MAX_AWAY = 4;

  /** What the engine does with a turn that is here again. */
  interface Engine<S, I> {
    /** The lane is free for its next turn. */
    void released(Lane<S, I> lane);

    /** The turn could not be handed over. */
    void stayed(Lane<S, I> lane, Turn<I> turn);

    /** The turn was away and has commands without a reply. */
    void returned(Lane<S, I> lane, Turn<I> turn);

    /** The turn was away and is over. */
    void ended(Lane<S, I> lane);

    /** Replies to the commands whose time is over. */
    void settleWhatIsOver(Turn<I> turn);

    /** The turn leaves the lane, which stays busy until it is {@link #released}. */
    void leaves(Lane<S, I> lane);

    /** The host if it is another instance that understands us, and its time is not over. */
    @Nullable Host rival(@Nullable Host host);

    /** Runs the work; if it fails, the turn fails and the lane goes on. */
    void guarded(Lane<S, I> lane, Turn<I> turn, Runnable work);
  }

  private final RelayDocuments<I> documents;
  private final Store store;
  private final Turns turns;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Engine<S, I> engine;

  Handover(
      RelayDocuments<I> documents,
      Store store,
      Turns turns,
      InstantSource clock,
      RandomGenerator random,
      Engine<S, I> engine) {
    this.documents = documents;
    this.store = store;
    this.turns = turns;
    this.clock = clock;
    this.random = random;
    this.engine = engine;
  }

  /** Hands the turn's commands over. */
  void begin(Lane<S, I> lane, Turn<I> turn) {
    DocRef ref = documents.fresh();
    Instant now = clock.instant();
    Optional<Mutation> created = documents.create(ref, lane.owner, turn.batch, now);
    if (created.isEmpty()) {
      stay(lane, turn);
      return;
    }
    List<Mutation> mutations = new ArrayList<>(List.of(created.get()));
    lane.neighbours.takeClosed().forEach(old -> mutations.add(Mutation.delete(old)));
    Stage.HandedOver<I> handed = new Stage.HandedOver<>(ref, now, List.copyOf(turn.batch), null);
    var unused =
        store
            .commit(mutations)
            .whenComplete(
                (times, failure) ->
                    engine.guarded(lane, turn, () -> created(lane, turn, handed, failure)));
  }

  private void created(
      Lane<S, I> lane, Turn<I> turn, Stage.HandedOver<I> handed, @Nullable Throwable failure) {
    lane.pacing.answered(Duration.between(handed.since(), clock.instant()));
    if (failure == null || GroupCommit.kindOf(failure) == StoreException.Kind.UNKNOWN) {
      lane.kept = null;
      resume(lane, turn, handed);
    } else {
      stay(lane, turn);
    }
  }

  private void stay(Lane<S, I> lane, Turn<I> turn) {
    turn.stage = new Stage.Kept<>();
    engine.stayed(lane, turn);
  }

  /** The turn waits for the replies of a relay, away from its lane. */
  void resume(Lane<S, I> lane, Turn<I> turn, Stage.HandedOver<I> handed) {
    turn.stage = handed;
    engine.leaves(lane);
    away(lane, turn, handed);
    engine.released(lane);
  }

  private void away(Lane<S, I> lane, Turn<I> turn, Stage.HandedOver<I> handed) {
    Instant now = clock.instant();
    Instant recallAt = handed.recallAt();
    Duration age = Duration.between(handed.since(), now);
    Duration pause =
        recallAt == null
            ? lane.neighbours.untilAnswer(age, lane.pacing.roundTrip())
            : Duration.between(now, recallAt);
    turns.after(
        pause.isNegative() || pause.isZero() ? Duration.ofNanos(1) : pause,
        () -> guarded(lane, turn, () -> look(lane, turn, handed)));
  }

  private void look(Lane<S, I> lane, Turn<I> turn, Stage.HandedOver<I> handed) {
    engine.settleWhatIsOver(turn);
    if (turn.batch.isEmpty()) {
      engine.ended(lane);
      return;
    }
    Instant now = clock.instant();
    boolean overdue =
        lane.neighbours.host(now) == null || handed.since().plus(Neighbours.PATIENCE).isBefore(now);
    when(
        store.read(overdue ? List.of(handed.relay(), lane.owner) : List.of(handed.relay())),
        lane,
        turn,
        (found, failure) -> {
          if (failure != null) {
            away(lane, turn, handed);
          } else {
            seen(lane, turn, handed, found.get(0), overdue ? found.get(1) : null);
          }
        });
  }

  private void seen(
      Lane<S, I> lane,
      Turn<I> turn,
      Stage.HandedOver<I> handed,
      Snapshot relay,
      @Nullable Snapshot owner) {
    if (relay.exists() && !RelayDocuments.isOpen(relay)) {
      answered(lane, turn, handed, relay);
      return;
    }
    if (owner == null) {
      away(lane, turn, handed);
      return;
    }
    Instant now = clock.instant();
    Host rival = engine.rival(CommitLog.of(owner).host());
    lane.neighbours.saw(rival);
    boolean late = handed.since().plus(Neighbours.PATIENCE).isBefore(now);
    if (late && rival != null) {
      lane.neighbours.distrust(now.plus(Neighbours.PATIENCE));
    }
    if (rival != null && relay.exists() && !late) {
      away(lane, turn, handed.recalledAt(null));
    } else if (rival == null && relay.exists() && handed.recallAt() == null) {
      // One after the other: the first becomes the host, and the others stay where they are.
      Duration pause = lane.neighbours.recallPause(lane.pacing.roundTrip(), random);
      away(lane, turn, handed.recalledAt(now.plus(pause)));
    } else {
      turn.stage = new Stage.Recalled<>(handed);
      engine.returned(lane, turn);
    }
  }

  private void answered(Lane<S, I> lane, Turn<I> turn, Stage.HandedOver<I> handed, Snapshot relay) {
    lane.neighbours.saw(engine.rival(RelayDocuments.host(relay)));
    lane.neighbours.served(Duration.between(handed.since(), clock.instant()));
    settle(lane, turn, handed, relay);
    if (turn.batch.isEmpty()) {
      engine.ended(lane);
    } else {
      engine.returned(lane, turn);
    }
  }

  /** Replies as an answered relay says; what has no reply in it is to be committed here. */
  void settle(Lane<S, I> lane, Turn<I> turn, Stage.HandedOver<I> handed, Snapshot relay) {
    Map<Integer, Reply> replies = documents.replies(relay);
    turn.settle(pending -> replies.get(handed.sent().indexOf(pending)));
    lane.neighbours.closed(relay.ref());
    turn.stage = new Stage.Kept<>();
  }

  /** A bug must not leave callers waiting. */
  private void guarded(Lane<S, I> lane, Turn<I> turn, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      turn.batch.forEach(pending -> pending.reply.completeExceptionally(e));
      engine.ended(lane);
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // guarded() tells whoever waits of every failure
  private <T> void when(
      CompletableFuture<T> future,
      Lane<S, I> lane,
      Turn<I> turn,
      BiConsumer<T, @Nullable Throwable> then) {
    future.whenComplete(
        (answer, failure) -> guarded(lane, turn, () -> then.accept(answer, failure)));
  }
}
