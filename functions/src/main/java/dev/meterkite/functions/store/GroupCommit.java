package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Brings commands that change one document through the store, exactly once each, many in one
 * commit.
 *
 * <p>While one commit of a document is in flight, the next commands for it gather; when it returns,
 * they are folded with {@link Rules#decide} and leave as one conditional commit: the owner document
 * on the version it was decided on, new documents that must not exist, side documents on the
 * versions seen. Nothing lingers: a lone command commits at once, in one round trip when the state
 * is known from the last commit.
 *
 * <p><b>Exactly once.</b> A command with a key creates its marker in its commit, a document whose
 * id is made of operation, owner and key and that holds the answer. The same command can therefore
 * never apply twice, in whatever process, and a repeat is answered byte for byte as the first time.
 *
 * <p><b>Refusals</b> are answered only from a state and markers read for them, and are remembered
 * in the owner document where a later change could let an older attempt of the same key through: up
 * to {@link Limits#refused} keys in the document itself, further ones as documents of their own,
 * which the owner then says are to be read ({@link Refusals}).
 *
 * <p><b>Failed commits.</b> After any failed commit state and side documents are read again and
 * everything is decided again. Markers are read with them if the commit may have been applied, or
 * if nobody else has changed the owner: what has a marker was applied. Where a rival was certainly
 * faster, that the markers must not exist is condition enough, and a read costs one document
 * instead of one a command. The version precondition makes an old commit that is still under way
 * and the new one exclude each other.
 *
 * <p><b>Many instances.</b> An instance that loses a commit to one that is writing the document
 * over and over hands its commands over to it, and takes them back if they are not served in time
 * ({@code docs/many-writers.md}). The proof that nothing applies twice stays the marker.
 *
 * <p>Worked example: 64 callers debit one user. The first commits alone; meanwhile 63 wait and
 * leave together: two round trips, 128 writes, no reads.
 *
 * @param <S> the state of the owner documents
 * @param <I> the input of their commands
 */
public class GroupCommit<S, I> {
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final Duration FIRST_BACK_OFF = Duration.ofMillis(20);
  private static final Duration LONGEST_BACK_OFF = Duration.ofSeconds(2);
  private static final int MOST_ROUNDS = 5;
  private static final int REFUSALS_BEFORE_SHUNNING = 2;
  private static final int REFUSALS_BEFORE_HALVING = 3;
  private static final int RECENT = 8_192;
  private static final Duration MARKER_LIFE = Duration.ofDays(30);

  private final Rules<S, I> rules;
  private final Store store;
  private final Turns turns;
  private final InstantSource domainClock;
  private final InstantSource realClock;
  private final RandomGenerator random;
  private final Limits limits;
  private final Markers markers;
  private final String id;
  private final @Nullable RelayDocuments<I> relays;
  private final @Nullable Handover<S, I> handover;

  private final Object lock = new Object();

  /** Guarded by {@link #lock}; the least recently used first. */
  private final Map<DocRef, Lane<S, I>> lanes = new LinkedHashMap<>(64, 0.75f, true);

  /**
   * @param rules what decides
   * @param store where the documents are; must not repeat anything by itself
   * @param turns runs what is to be done later
   * @param domainClock the time that rules see
   * @param realClock the time that attempts and refused keys live by
   * @param random spreads the pauses of several processes
   * @param json renders an answer
   */
  public GroupCommit(
      Rules<S, I> rules,
      Store store,
      Turns turns,
      InstantSource domainClock,
      InstantSource realClock,
      RandomGenerator random,
      Limits limits,
      Function<Map<String, Object>, String> json) {
    this.rules = rules;
    this.store = store;
    this.turns = turns;
    this.domainClock = domainClock;
    this.realClock = realClock;
    this.random = random;
    this.limits = limits;
    this.markers = new Markers(json, MARKER_LIFE, RECENT);
    this.id = Long.toHexString(random.nextLong());
    CommandCodec<I> codec = limits.commands() > 1 ? rules.codec() : null;
    this.relays = codec == null ? null : new RelayDocuments<>(codec, random);
    this.handover =
        relays == null
            ? null
            : new Handover<>(relays, store, turns, realClock, random, new Returns());
  }

  /**
   * Submits a command and waits for its reply, at most {@link Limits#life}.
   *
   * @return {@link Reply.Unavailable} when the time is over: the command may still apply
   */
  public Reply call(Command<I> command) {
    return callAll(List.of(command)).get(0);
  }

  /**
   * Submits commands, all at once, and waits for their replies, {@link Limits#life} for all of
   * them.
   *
   * @return a reply for each command in their order; {@link Reply.Unavailable} for those whose time
   *     was over
   */
  public List<Reply> callAll(List<Command<I>> commands) {
    long deadline = System.nanoTime() + limits.life().toNanos();
    List<CompletableFuture<Reply>> replies = commands.stream().map(this::submit).toList();
    return replies.stream().map(reply -> await(reply, deadline - System.nanoTime())).toList();
  }

  private static Reply await(CompletableFuture<Reply> reply, long nanos) {
    try {
      return reply.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return new Reply.Unavailable("timeout", SOON, Reply.Effort.NONE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Reply.Unavailable("interrupted", SOON, Reply.Effort.NONE);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a rule failed", e.getCause());
    }
  }

  /**
   * Submits a command.
   *
   * @return completes with the reply, or exceptionally if a rule threw; not before what it says is
   *     committed
   */
  public CompletableFuture<Reply> submit(Command<I> command) {
    Pending<I> pending = new Pending<>(command, realClock.instant());
    Reply known = markers.recent(command);
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    Lane<S, I> lane;
    synchronized (lock) {
      lane = lanes.computeIfAbsent(command.owner(), Lane::new);
      if (lane.waiting.size() >= limits.waiting()) {
        return CompletableFuture.completedFuture(new Reply.Busy(SOON, Reply.Effort.NONE));
      }
      lane.waiting.add(pending);
      if (lane.busy) {
        return pending.reply;
      }
      lane.busy = true;
      forgetIdleLanes();
    }
    next(lane);
    return pending.reply;
  }

  private void forgetIdleLanes() {
    Iterator<Lane<S, I>> eldest = lanes.values().iterator();
    for (int over = lanes.size() - limits.documents(); over > 0 && eldest.hasNext(); over--) {
      if (eldest.next().idle()) {
        eldest.remove();
      }
    }
  }

  /** The lane's next turn; the lane is ours, nothing of it is in flight. */
  private void next(Lane<S, I> lane) {
    Turn<I> turn;
    do {
      turn = take(lane);
      if (turn == null) {
        return;
      }
      settleWhatIsOver(turn);
    } while (turn.isEmpty() && !lane.neighbours.expects());
    attempt(lane, turn);
  }

  private @Nullable Turn<I> take(Lane<S, I> lane) {
    Turn<I> half = lane.halves.poll();
    if (half != null) {
      return half;
    }
    synchronized (lock) {
      Turn<I> back = lane.returned.poll();
      if (back != null) {
        return back;
      }
      List<Pending<I>> batch = lane.take(room(lane));
      lane.busy = !batch.isEmpty() || lane.neighbours.expects();
      if (lane.busy) {
        return new Turn<>(batch);
      }
    }
    idle(lane);
    return null;
  }

  /** Maximum number of commands of our own in a commit: half, where others want in. */
  private int room(Lane<S, I> lane) {
    return lane.neighbours.shares(realClock.instant())
        ? Math.max(1, limits.commands() / 2)
        : limits.commands();
  }

  /** Others may rely on our claim for a while; as far as our processor lasts, we keep to it. */
  private void idle(Lane<S, I> lane) {
    lane.neighbours.idles();
    Duration pause = lane.neighbours.watch(realClock.instant());
    if (pause == null) {
      return;
    }
    turns.after(
        pause,
        () -> {
          synchronized (lock) {
            if (lane.busy) {
              return;
            }
            lane.busy = true;
            lane.neighbours.expect();
          }
          next(lane);
        });
  }

  /**
   * Replies to commands whose time or attempts are over, and to those that were applied meanwhile.
   */
  private void settleWhatIsOver(Turn<I> turn) {
    Instant oldest = realClock.instant().minus(limits.life());
    turn.settle(
        pending -> pending.submitted.isBefore(oldest) ? pending.unavailable("timeout") : null);
    if (turn.attempts >= limits.attempts()) {
      turn.settle(pending -> pending.unavailable("contention"));
    }
    turn.settle(pending -> markers.recent(pending.command));
  }

  private void attempt(Lane<S, I> lane, Turn<I> turn) {
    guarded(lane, turn, () -> step(lane, turn));
  }

  /** A bug in the rules must not leave callers waiting, or the lane busy for ever. */
  private void guarded(Lane<S, I> lane, Turn<I> turn, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      lane.kept = null;
      turn.batch.forEach(pending -> pending.reply.completeExceptionally(e));
      next(lane);
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

  private void step(Lane<S, I> lane, Turn<I> turn) {
    settleWhatIsOver(turn);
    boolean mustLook = mustLook(lane, turn);
    if (turn.isEmpty() && !mustLook) {
      next(lane);
      return;
    }
    if (!turn.mustRead && handsOver(lane, turn)) {
      return;
    }
    if (mustLook) {
      look(lane, turn);
      return;
    }
    Lane.Kept<S> known = known(lane, turn);
    if (turn.mustRead) {
      readAgain(lane, turn, turn.unsure);
    } else if (known == null || !turn.missing().isEmpty()) {
      Set<DocRef> refs = new LinkedHashSet<>(Set.of(lane.owner));
      read(lane, turn, refs, turn.missing(), false);
    } else {
      decide(lane, turn, known);
    }
  }

  private boolean mustLook(Lane<S, I> lane, Turn<I> turn) {
    return relays != null
        && !turn.looked
        && ((turn.isEmpty() && lane.neighbours.expects())
            || lane.neighbours.mustLook(realClock.instant(), lane.pacing.hasRivals()));
  }

  /** Looks for commands of other instances, which go out with ours. */
  private void look(Lane<S, I> lane, Turn<I> turn) {
    when(
        store.find(RelayDocuments.open(lane.owner)),
        lane,
        turn,
        (found, failure) -> {
          turn.looked = true;
          if (failure == null) {
            found.forEach(document -> board(lane, turn, document));
          }
          lane.neighbours.looked(realClock.instant(), !turn.aboard.isEmpty());
          step(lane, turn);
        });
  }

  private void board(Lane<S, I> lane, Turn<I> turn, Snapshot document) {
    if (relays == null || lane.neighbours.shuns(document.ref()) || turn.recalls(document.ref())) {
      return;
    }
    Relay<I> relay = relays.relay(document, lane.owner).orElse(null);
    if (relay == null) {
      lane.neighbours.shun(document.ref());
      return;
    }
    Set<DocRef> taken = new HashSet<>();
    turn.batch.forEach(pending -> taken.addAll(pending.command.markers()));
    boolean fits = turn.batch.size() + relay.commands().size() <= limits.commands();
    for (Pending<I> pending : relay.commands()) {
      DocRef marker = pending.marker();
      fits &= marker == null || taken.add(marker);
    }
    if (fits) {
      turn.board(relay);
    }
  }

  /**
   * Hands a turn over if another instance is the host.
   *
   * @return whether the turn is no longer ours
   */
  private boolean handsOver(Lane<S, I> lane, Turn<I> turn) {
    Instant now = realClock.instant();
    if (handover == null || lane.neighbours.host(now) == null) {
      return false;
    }
    if (turn.stage instanceof Stage.Recalled<I> recalled) {
      turn.disembark();
      handover.resume(lane, turn, recalled.before().again(now));
      return true;
    }
    if (!(turn.stage instanceof Stage.Here<I>)) {
      return false;
    }
    turn.disembark();
    if (turn.batch.isEmpty()) {
      lane.neighbours.looked(now, false);
      next(lane);
    } else {
      turns.after(
          lane.neighbours.lingering(),
          () ->
              guarded(
                  lane,
                  turn,
                  () -> {
                    synchronized (lock) {
                      lane.fill(turn.batch, room(lane));
                    }
                    handover.begin(lane, turn);
                  }));
    }
    return true;
  }

  private @Nullable Host rival(@Nullable Host host) {
    return host != null
            && relays != null
            && !host.id().equals(id)
            && host.version().equals(relays.version())
            && host.until().isAfter(realClock.instant())
        ? host
        : null;
  }

  /**
   * The owner's state where it need not be read: kept from the last commit, else as a command
   * brought it, which a sweep has from its query.
   */
  private Lane.@Nullable Kept<S> known(Lane<S, I> lane, Turn<I> turn) {
    Lane.Kept<S> kept = lane.kept;
    if (kept != null && worthTrying(lane, kept)) {
      return kept;
    }
    Snapshot seen = turn.documents.get(lane.owner);
    return seen == null ? null : kept(seen);
  }

  private Lane.Kept<S> kept(Snapshot owner) {
    return new Lane.Kept<>(
        rules.decode(owner), CommitLog.of(owner), owner.updateTime(), realClock.instant());
  }

  /** Whether a state kept from the last commit or read is likely to be the present one. */
  private boolean worthTrying(Lane<S, I> lane, Lane.Kept<S> kept) {
    return !lane.pacing.contended()
        && kept.since().plus(limits.cacheAge()).isAfter(realClock.instant());
  }

  /**
   * Reads again the owner and all that the commands must see.
   *
   * @param withMarkers whether the markers too, as refusals require, and a commit that may have
   *     been applied
   */
  private void readAgain(Lane<S, I> lane, Turn<I> turn, boolean withMarkers) {
    Set<DocRef> refs = new LinkedHashSet<>(Set.of(lane.owner));
    if (turn.stage instanceof Stage.Recalled<I> recalled) {
      refs.add(recalled.before().relay());
    }
    if (withMarkers) {
      turn.batch.forEach(pending -> refs.addAll(pending.command.markers()));
    }
    read(lane, turn, refs, turn.all(), withMarkers);
  }

  /** Reads documents and queries in one round trip, and goes on. */
  private void read(
      Lane<S, I> lane, Turn<I> turn, Set<DocRef> refs, Set<Read> reads, boolean withMarkers) {
    List<Query> queries = new ArrayList<>();
    for (Read read : reads) {
      if (read instanceof Read.Get get) {
        refs.add(get.ref());
      } else if (read instanceof Read.Find find) {
        queries.add(find.query());
      }
    }
    CompletableFuture<List<Snapshot>> documents = store.read(List.copyOf(refs));
    List<CompletableFuture<List<Snapshot>>> found = queries.stream().map(store::find).toList();
    CompletableFuture<Void> all =
        CompletableFuture.allOf(found.toArray(CompletableFuture[]::new))
            .thenCombine(documents, (done, snapshots) -> null);
    when(
        all,
        lane,
        turn,
        (done, failure) -> {
          if (failure != null) {
            readFailed(lane, turn, kindOf(failure));
            return;
          }
          documents.join().forEach(snapshot -> turn.documents.put(snapshot.ref(), snapshot));
          turn.withOwner = Set.copyOf(refs);
          for (int i = 0; i < queries.size(); i++) {
            turn.found.put(queries.get(i), found.get(i).join());
          }
          haveRead(lane, turn, withMarkers);
        });
  }

  private void readFailed(Lane<S, I> lane, Turn<I> turn, StoreException.Kind kind) {
    turn.attempts++;
    // A round that read nothing is none: an outage of many reads is no fault of the rules.
    turn.rounds = Math.max(0, turn.rounds - 1);
    if (kind == StoreException.Kind.DENIED || kind == StoreException.Kind.INVALID) {
      turn.settle(pending -> pending.unavailable(kind.name().toLowerCase(Locale.ROOT)));
    }
    turns.after(backOff(turn.attempts), () -> attempt(lane, turn));
  }

  private void haveRead(Lane<S, I> lane, Turn<I> turn, boolean withMarkers) {
    Lane.Kept<S> kept = kept(turn.document(lane.owner));
    lane.kept = kept;
    lane.neighbours.saw(rival(kept.log().host()));
    turn.fresh = withMarkers;
    turn.mustRead = false;
    if (withMarkers) {
      turn.settle(pending -> markers.stored(pending, turn.documents));
    }
    readRecalled(lane, turn);
    if (turn.tried) {
      judgeFailure(lane, turn, kept);
    }
    if (turn.isEmpty()) {
      next(lane);
    } else {
      decide(lane, turn, kept);
    }
  }

  /** A relay that was to be recalled may have been answered, or may never have been created. */
  private void readRecalled(Lane<S, I> lane, Turn<I> turn) {
    if (handover != null && turn.stage instanceof Stage.Recalled<I> recalled) {
      Snapshot relay = turn.document(recalled.before().relay());
      if (!relay.exists()) {
        turn.stage = new Stage.Kept<>();
      } else if (!RelayDocuments.isOpen(relay)) {
        handover.settle(lane, turn, recalled.before(), relay);
      }
    }
  }

  /**
   * After a commit failed and state was read again: was it a rival, or is the batch itself at
   * fault?
   */
  private void judgeFailure(Lane<S, I> lane, Turn<I> turn, Lane.Kept<S> kept) {
    turn.tried = false;
    if (turn.failure == StoreException.Kind.UNKNOWN) {
      return;
    }
    if (!Objects.equals(turn.triedOn, kept.updateTime())) {
      lane.pacing.lost();
      turn.refusals = 0;
    } else if (turn.failure == StoreException.Kind.PRECONDITION) {
      turn.refusals++;
      turn.mustRead = !turn.fresh;
      turn.unsure = true;
      if (turn.refusals >= REFUSALS_BEFORE_SHUNNING) {
        shunAboard(lane, turn);
      }
      if (turn.refusals >= REFUSALS_BEFORE_HALVING && turn.batch.size() > 1) {
        halve(lane, turn);
      }
    }
  }

  /** Another instance's commands may be at fault: they are left to it. */
  private static <S, I> void shunAboard(Lane<S, I> lane, Turn<I> turn) {
    turn.disembark();
    turn.wereAboard.forEach(relay -> lane.neighbours.shun(relay.ref()));
  }

  private void halve(Lane<S, I> lane, Turn<I> turn) {
    List<Pending<I>> behind = turn.batch.subList(turn.batch.size() / 2, turn.batch.size());
    Turn<I> second = new Turn<>(new ArrayList<>(behind));
    behind.clear();
    second.mustRead = true;
    second.unsure = true;
    turn.mustRead = true;
    turn.unsure = true;
    turn.attempts = 0;
    turn.refusals = 0;
    lane.halves.addFirst(second);
  }

  private void decide(Lane<S, I> lane, Turn<I> turn, Lane.Kept<S> kept) {
    if (turn.mustRead) {
      readAgain(lane, turn, turn.unsure);
      return;
    }
    if (handsOver(lane, turn)) {
      return;
    }
    Instant real = realClock.instant();
    Host claim = claim(lane, turn, kept.log().host(), real);
    Fold<S, I> fold =
        new Fold<>(rules, markers, limits, kept, turn, domainNow(kept.log()), real, claim);
    turn.batch.forEach(fold::add);
    turn.batch.removeAll(fold.failed());
    if (!fold.needs().isEmpty() || mustReadFirst(turn, fold)) {
      turn.rounds++;
      if (turn.rounds > MOST_ROUNDS) {
        throw new IllegalStateException("rules that never have seen enough: " + fold.needs());
      }
      readAgain(lane, turn, true);
      return;
    }
    giveBack(lane, turn, fold.left());
    List<Mutation> mutations = new ArrayList<>(fold.mutations(lane.owner).orElse(List.of()));
    mutations.addAll(closings(turn, fold, claim));
    if (!mutations.isEmpty()) {
      commit(lane, turn, kept, fold, mutations);
    } else {
      fold.reply();
      next(lane);
    }
  }

  /** Who the owner document says is the host, after a commit of this turn. */
  private @Nullable Host claim(Lane<S, I> lane, Turn<I> turn, @Nullable Host before, Instant real) {
    if (relays == null) {
      return null;
    }
    Instant until = lane.neighbours.claim(real, turn.hasOwn(), lane.pacing.hasRivals());
    if (until != null) {
      return new Host(id, relays.version(), until.truncatedTo(ChronoUnit.MICROS));
    }
    boolean holds = before != null && before.id().equals(id) && before.until().isAfter(real);
    return holds ? before : null;
  }

  /** What the commit does to the relays that it is about. */
  private List<Mutation> closings(Turn<I> turn, Fold<S, I> fold, @Nullable Host claim) {
    List<Mutation> closings = new ArrayList<>();
    if (relays != null && !turn.aboard.isEmpty()) {
      Map<Pending<I>, Reply> replies = fold.replies();
      for (Relay<I> relay : turn.aboard) {
        closings.add(relays.answer(relay, pending -> pending.replyOr(replies), claim));
      }
    }
    if (turn.stage instanceof Stage.Recalled<I> recalled) {
      closings.add(RelayDocuments.recall(turn.document(recalled.before().relay())));
    }
    return closings;
  }

  /** Refusals, and answers without a commit, need a state and markers read for them. */
  boolean mustReadFirst(Turn<I> turn, Fold<S, I> fold) {
    return !turn.fresh && fold.wantsFreshState();
  }

  /** What is known may not be true any more: the next attempt begins with a read. */
  void forget(Lane<S, I> lane, Turn<I> turn) {
    lane.kept = null;
    turn.mustRead = true;
  }

  /** What did not fit into the commit goes back to the head of the queue. */
  private void giveBack(Lane<S, I> lane, Turn<I> turn, List<Pending<I>> left) {
    if (!left.isEmpty()) {
      turn.batch.removeAll(left);
      turn.aboard.forEach(relay -> left.removeAll(relay.commands()));
      synchronized (lock) {
        for (int i = left.size() - 1; i >= 0; i--) {
          lane.waiting.addFirst(left.get(i));
        }
      }
    }
  }

  private void commit(
      Lane<S, I> lane, Turn<I> turn, Lane.Kept<S> kept, Fold<S, I> fold, List<Mutation> mutations) {
    turn.batch.forEach(pending -> pending.attempts++);
    Instant start = realClock.instant();
    when(
        store.commit(mutations),
        lane,
        turn,
        (times, failure) -> {
          Duration roundTrip = Duration.between(start, realClock.instant());
          lane.neighbours.committed(roundTrip, turn.hasOwn());
          if (failure == null) {
            lane.kept = fold.kept(times);
            lane.pacing.won(roundTrip);
            lane.neighbours.saw(null);
            closed(lane, turn);
            fold.reply();
            turns.after(afterWin(lane, turn), () -> next(lane));
          } else {
            lane.pacing.answered(roundTrip);
            failed(lane, turn, kept, kindOf(failure), failure);
          }
        });
  }

  private static <S, I> void closed(Lane<S, I> lane, Turn<I> turn) {
    if (turn.stage instanceof Stage.Recalled<I> recalled) {
      lane.neighbours.closed(recalled.before().relay());
    }
  }

  /** Rivals that hand over need no turn of their own, but time to come back. */
  private Duration afterWin(Lane<S, I> lane, Turn<I> turn) {
    Duration pause = lane.pacing.afterWin(random);
    return turn.aboard.isEmpty() ? pause : lane.neighbours.gathering();
  }

  private void failed(
      Lane<S, I> lane,
      Turn<I> turn,
      Lane.Kept<S> kept,
      StoreException.Kind kind,
      Throwable failure) {
    turn.failed(kind, kept.updateTime());
    forget(lane, turn);
    switch (kind) {
      case PRECONDITION, CONTENTION ->
          turns.after(lane.pacing.afterLoss(turn.attempts, random), () -> attempt(lane, turn));
      case UNKNOWN -> turns.after(backOff(turn.attempts), () -> attempt(lane, turn));
      case DENIED -> {
        turn.settle(pending -> pending.unavailable("denied"));
        next(lane);
      }
      case INVALID -> {
        if (!turn.wereAboard.isEmpty()) {
          turn.wereAboard.forEach(relay -> lane.neighbours.shun(relay.ref()));
          attempt(lane, turn);
        } else if (turn.batch.size() > 1) {
          halve(lane, turn);
          attempt(lane, turn);
        } else {
          turn.batch.forEach(pending -> pending.reply.completeExceptionally(failure));
          next(lane);
        }
      }
    }
  }

  /** The domain's time for the next commit: microseconds, and never before the last commit. */
  private Instant domainNow(CommitLog log) {
    Instant now = domainClock.instant().truncatedTo(ChronoUnit.MICROS);
    Instant last = log.at();
    return last != null && last.isAfter(now) ? last : now;
  }

  private Duration backOff(int attempts) {
    long most = FIRST_BACK_OFF.toNanos() << Math.min(attempts, 10);
    long nanos = Math.min(most, LONGEST_BACK_OFF.toNanos());
    return Duration.ofNanos(nanos / 2 + random.nextLong(nanos / 2));
  }

  static StoreException.Kind kindOf(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof StoreException known ? known.kind() : StoreException.Kind.UNKNOWN;
  }

  /** What becomes of turns that are handed over. */
  private final class Returns implements Handover.Engine<S, I> {
    @Override
    public void leaves(Lane<S, I> lane) {
      synchronized (lock) {
        lane.away++;
      }
    }

    @Override
    public void released(Lane<S, I> lane) {
      synchronized (lock) {
        if (lane.away >= Handover.MAX_AWAY) {
          lane.resting = true;
          return;
        }
      }
      next(lane);
    }

    @Override
    public void stayed(Lane<S, I> lane, Turn<I> turn) {
      attempt(lane, turn);
    }

    @Override
    public void returned(Lane<S, I> lane, Turn<I> turn) {
      turn.mustRead = true;
      turn.unsure = true;
      back(lane, turn);
    }

    @Override
    public void ended(Lane<S, I> lane) {
      back(lane, null);
    }

    private void back(Lane<S, I> lane, @Nullable Turn<I> turn) {
      synchronized (lock) {
        lane.away--;
        if (turn != null) {
          lane.returned.add(turn);
        }
        boolean starts = lane.resting || (turn != null && !lane.busy);
        if (!starts) {
          return;
        }
        lane.resting = false;
        lane.busy = true;
      }
      next(lane);
    }

    @Override
    public void settleWhatIsOver(Turn<I> turn) {
      GroupCommit.this.settleWhatIsOver(turn);
    }

    @Override
    public @Nullable Host rival(@Nullable Host host) {
      return GroupCommit.this.rival(host);
    }

    @Override
    public void guarded(Lane<S, I> lane, Turn<I> turn, Runnable work) {
      GroupCommit.this.guarded(lane, turn, work);
    }
  }
}
