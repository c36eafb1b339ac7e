package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a queue knows of the other instances that write its document, and the times that follow from
 * it.
 *
 * <p>As a host it claims the document for {@value #LEASE_COMMITS} times as long as a commit takes:
 * at least 250 ms, or 3 s where others are known of, so that a claim outlives the step from fast
 * commits to those that wait for their document; at most 4 s. It looks for relays before every
 * commit while there are some or while it loses commits, and from the third commit in a row on
 * where commits take 250 ms or more. Else it searches for them while the third commit in a row is
 * on its way, then every 250 ms of uninterrupted work, without waiting.
 */
final class Neighbours {
  /** How long a host may take to answer, at most, before its relays are recalled. */
  static final Duration PATIENCE = Duration.ofSeconds(4);

  private static final Duration GLANCE_EVERY = Duration.ofMillis(250);
  private static final Duration GLANCE_BESIDE_OTHERS = Duration.ofSeconds(1);
  private static final Duration FOUND_FOR = Duration.ofSeconds(1);
  private static final Duration SHORTEST_LEASE = Duration.ofMillis(250);
  private static final Duration LEASE_BESIDE_OTHERS = Duration.ofMillis(3_000);
  private static final Duration LONGEST_LEASE = Duration.ofSeconds(4);
  private static final int LEASE_COMMITS = 3;
  private static final int FIRST_RUN = 2;
  private static final int WATCHES = 20;
  private static final double SLOW_DECAY = 0.7;
  private static final double SERVED_DRIFT = 1.1;
  private static final double FIRST_LOOK = 0.85;
  private static final int STEPS = 10;
  private static final Duration FAST = Duration.ofMillis(50);
  private static final int LINGERS = 50;
  private static final Duration LONGEST_STEP = Duration.ofMillis(200);
  private static final Duration LONGEST_GATHERING = Duration.ofMillis(500);
  private static final int GATHERING = 2;
  private static final int RECALL_ROUND_TRIPS = 8;
  private static final Duration LONGEST_RECALL_PAUSE = Duration.ofMillis(500);
  private static final int MAX_CLOSED = 100;
  private static final int MAX_SHUNNED = 100;

  private @Nullable Host host;
  private Instant distrustedUntil = Instant.EPOCH;
  private Instant glancedAt = Instant.EPOCH;
  private boolean found;
  private Instant foundAt = Instant.EPOCH;
  private Instant watchedUntil = Instant.EPOCH;

  /** The end of the last claim that was made for the sake of others, whether or not applied. */
  private Instant promisedUntil = Instant.EPOCH;

  private int run;
  private Instant gatheringUntil = Instant.EPOCH;
  private double commitNanos;
  private double servedNanos;
  private double lookNanos;
  private final List<DocRef> closed = new ArrayList<>();
  private final Set<DocRef> shunned =
      Collections.newSetFromMap(
          new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<DocRef, Boolean> eldest) {
              return size() > MAX_SHUNNED;
            }
          });

  /** The queue has nothing to do. */
  synchronized void idles() {
    run = 0;
    glancedAt = Instant.EPOCH;
  }

  /**
   * A commit of ours was applied, or not, after this long.
   *
   * @param own whether commands of this instance were in it
   */
  synchronized void committed(Duration took, boolean own) {
    run += own ? 1 : 0;
    commitNanos = Math.max((double) took.toNanos(), commitNanos * SLOW_DECAY);
  }

  /** The owner document, as read, has this host; null for none or ourselves. */
  synchronized void saw(@Nullable Host other) {
    host = other;
    watchedUntil = other == null ? watchedUntil : Instant.EPOCH;
  }

  /** The live host that commands can be handed over to; null if there is none. */
  synchronized @Nullable Host host(Instant now) {
    return host != null && host.until().isAfter(now) && distrustedUntil.isBefore(now) ? host : null;
  }

  /** The host let a relay wait for too long. */
  synchronized void distrust(Instant until) {
    distrustedUntil = until;
  }

  /** Whether to look for relays before the next commit. */
  synchronized boolean mustLook(Instant now, boolean rivals) {
    return rivals || foundAt.plus(FOUND_FOR).isAfter(now) || (run >= FIRST_RUN && isSlow());
  }

  /** Whether a commit takes so long that a search before it costs nothing beside. */
  synchronized boolean isSlow() {
    return commitNanos >= GLANCE_EVERY.toNanos();
  }

  /**
   * Whether to search for relays beside the commit that leaves now; if so, it counts as done.
   *
   * @param alone whether no other instance is known of
   */
  synchronized boolean mayGlance(Instant now, boolean alone) {
    Duration every = alone ? GLANCE_EVERY : GLANCE_BESIDE_OTHERS;
    boolean expected = run >= FIRST_RUN || watchedUntil.isAfter(now);
    if (!expected || isSlow() || glancedAt.plus(every).isAfter(now)) {
      return false;
    }
    glancedAt = now;
    return true;
  }

  /** Whether commits, and relays, leave room for the commands of other instances. */
  synchronized boolean shares(Instant now) {
    return host(now) != null || foundAt.plus(FOUND_FOR).isAfter(now);
  }

  synchronized void looked(Instant now, boolean some) {
    found = some;
    foundAt = some ? now : foundAt;
  }

  /** Whether to look for relays although the queue has no commands. */
  synchronized boolean expects() {
    return found;
  }

  /** Looks again, whatever was found last. */
  synchronized void expect() {
    found = true;
  }

  /**
   * Until when a commit sent now claims the document; null to leave the claim as it is. Only an
   * instance that has had commands of its own all the time makes one: it may lose its processor
   * when the last of them is answered. A single caller who sends one command after the other may by
   * chance be in time for a second commit, but hardly for a third.
   *
   * @param own number of this instance's commands in the commit
   */
  synchronized @Nullable Instant claim(Instant now, int own, boolean rivals) {
    boolean others = rivals || foundAt.plus(FOUND_FOR).isAfter(now);
    int expected = (others ? 1 : FIRST_RUN) - (own > 1 ? 1 : 0);
    if (own == 0 || run < expected) {
      return null;
    }
    long nanos = (long) (LEASE_COMMITS * commitNanos);
    nanos = Math.max(nanos, (others ? LEASE_BESIDE_OTHERS : SHORTEST_LEASE).toNanos());
    Instant until = now.plusNanos(Math.min(nanos, LONGEST_LEASE.toNanos()));
    promisedUntil = others ? until : Instant.EPOCH;
    return until;
  }

  /** The owner document is ours until then, as committed. */
  synchronized void claimed(Instant until) {
    watchedUntil = until.isBefore(promisedUntil) ? until : promisedUntil;
  }

  /**
   * When to look for relays again although there is nothing to do, because others still rely on our
   * claim; null for not at all.
   */
  synchronized @Nullable Duration watch(Instant now) {
    Duration step = LEASE_BESIDE_OTHERS.dividedBy(WATCHES);
    return now.plus(step).isBefore(watchedUntil) ? step : null;
  }

  /**
   * A pause after a commit in which those who were answered can come back for the next one. Where
   * commits are fast it is only the first step of it.
   */
  synchronized Duration gathering(Instant now) {
    long nanos = Math.min((long) commitNanos / GATHERING, LONGEST_GATHERING.toNanos());
    boolean fast = commitNanos < FAST.toNanos();
    gatheringUntil = fast ? now.plusNanos((long) commitNanos / 2) : now;
    return fast ? lookingAgain() : Duration.ofNanos(nanos);
  }

  /** A look took this long; it is often much shorter than a commit. */
  synchronized void lookTook(Duration took) {
    double nanos = Math.max(1, took.toNanos());
    lookNanos = lookNanos == 0 ? nanos : Math.min(nanos, lookNanos * SERVED_DRIFT);
  }

  /** How long to wait between two looks for those who were answered. */
  synchronized Duration lookingAgain() {
    return Duration.ofNanos((long) lookNanos);
  }

  /** Whether to wait a little longer for those who were answered. */
  synchronized boolean gathers(Instant now) {
    return now.isBefore(gatheringUntil);
  }

  /**
   * Maximum number of relays of ours that wait at one time. Where they are answered fast, one large
   * relay costs less than several small ones; where a commit takes long, a command that comes just
   * after the first relay must not wait for two commits.
   */
  synchronized int maxAway() {
    return servedNanos > 0 && servedNanos < FAST.toNanos() ? 1 : Authors.MAX_AWAY;
  }

  /** A relay of ours was answered after this long, by the store's clock. */
  synchronized void served(Duration took) {
    double nanos = Math.max(0, took.toNanos());
    servedNanos = servedNanos == 0 ? nanos : Math.min(nanos, servedNanos * SERVED_DRIFT);
  }

  /** How long to gather commands before they are handed over: little beside what that takes. */
  synchronized Duration lingering() {
    return Duration.ofNanos((long) servedNanos / LINGERS);
  }

  /** How long to wait before looking for the answer of a relay that is so old. */
  synchronized Duration untilAnswer(Duration age, Duration roundTrip) {
    double old = age.toNanos();
    double step = Math.max(old, servedNanos) / STEPS;
    step = Math.max((double) roundTrip.toNanos(), step);
    step = Math.min(step, (double) LONGEST_STEP.toNanos());
    long nanos = (long) Math.max(servedNanos * FIRST_LOOK - old, step);
    return Duration.ofNanos(Math.max(1, nanos));
  }

  /** How long to leave a relay to others after the host's claim has ended. */
  synchronized Duration recallPause(Duration roundTrip, RandomGenerator random) {
    double most = Math.max((double) RECALL_ROUND_TRIPS * roundTrip.toNanos(), servedNanos / 2);
    most = Math.min(most, (double) LONGEST_RECALL_PAUSE.toNanos());
    return Duration.ofNanos((long) (random.nextDouble() * most));
  }

  /** A relay of ours is closed; its document can go. */
  synchronized void closed(DocRef relay) {
    if (closed.size() < MAX_CLOSED) {
      closed.add(relay);
    }
  }

  /** The documents of ours that can go; they are the caller's to delete. */
  synchronized List<DocRef> takeClosed() {
    List<DocRef> taken = List.copyOf(closed);
    closed.clear();
    return taken;
  }

  /** A commit with this relay was refused for good; it is left to its author. */
  synchronized void shun(DocRef relay) {
    shunned.add(relay);
  }

  synchronized boolean shuns(DocRef relay) {
    return shunned.contains(relay);
  }
}
