package dev.meterkite.local.chaos;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What callers asked for and were told, and what other programs wrote: all that the audit knows
 * besides the documents. The id of the document that proves an operation follows from its key, so
 * that also one without an answer is found where it was applied.
 */
public final class Journal {
  /** Most surprises that are kept; the first ones matter. */
  private static final int MOST_SURPRISES = 100;

  /** What a caller knows of an operation in the end. */
  public enum Outcome {
    APPLIED,
    REFUSED,
    /** There was never an answer, or one that promises nothing: at most once. */
    UNKNOWN
  }

  /**
   * A keyed operation.
   *
   * @param function the function called
   * @param owner the id of the user, or of the quota's document
   * @param amount by how much a balance changes, or how many credits or tokens are set aside
   * @param of the reservation that a settlement settles; null for others
   * @param begun real time of the first call
   * @param ended real time of the last answer
   */
  public record Operation(
      String function,
      String owner,
      long amount,
      Outcome outcome,
      @Nullable String of,
      Instant begun,
      Instant ended) {}

  /** The report of an outcome of a provider's call. */
  public record Report(String provider, Outcome outcome) {}

  /** No attempt of a call is under way so long after its last answer. */
  private static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(150);

  /**
   * A job, and how the pipeline ended it.
   *
   * @param status the last status that was written; null once the job was deleted
   */
  public record Job(String user, @Nullable String status) {}

  /** Operations by the id of their marker. */
  public final Map<String, Operation> operations = new ConcurrentHashMap<>();

  /** Usage records by id. */
  public final Map<String, Outcome> records = new ConcurrentHashMap<>();

  /** Usage records of other programs by id: whether they are still there. */
  public final Map<String, Boolean> foreignRecords = new ConcurrentHashMap<>();

  public final Map<String, Job> jobs = new ConcurrentHashMap<>();

  /** How often another program changed the balance of a user. */
  public final Map<String, Long> foreignBalances = new ConcurrentHashMap<>();

  /** Users whose document another program set anew. */
  public final Set<String> wiped = ConcurrentHashMap.newKeySet();

  /** When that was, in real time. */
  private final Map<String, List<Instant>> wipes = new ConcurrentHashMap<>();

  /** Reports of outcomes by their key. */
  public final Map<String, Report> reports = new ConcurrentHashMap<>();

  /** Users who registered. */
  public final Set<String> registered = ConcurrentHashMap.newKeySet();

  /** Ids of users and of idempotency records that another audit reckons. */
  public final Set<String> reckonedElsewhere = ConcurrentHashMap.newKeySet();

  /** The last note that another program left on a customer. */
  public final Map<String, String> notes = new ConcurrentHashMap<>();

  private final List<String> surprises = new ArrayList<>();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong unknown = new AtomicLong();
  private final Map<String, Long> applied = new ConcurrentSkipListMap<>();
  private final AtomicLong replays = new AtomicLong();

  private final InstantSource clock;

  /** A journal in real time. */
  public Journal() {
    this(InstantSource.system());
  }

  /**
   * @param clock real time
   */
  public Journal(InstantSource clock) {
    this.clock = clock;
  }

  /** Real time. */
  Instant now() {
    return clock.instant();
  }

  /** Another program is about to set a user's document anew. */
  void wipes(String user) {
    wiped.add(user);
    wipes
        .computeIfAbsent(user, unused -> Collections.synchronizedList(new ArrayList<>()))
        .add(now());
  }

  /**
   * Whether the user's document was set anew while an attempt of the operation may have been under
   * way: then nobody remembers what was refused.
   */
  boolean isForgotten(Operation operation) {
    List<Instant> moments = wipes.getOrDefault(operation.owner(), List.of());
    synchronized (moments) {
      return moments.stream()
          .anyMatch(
              at ->
                  !at.isBefore(operation.begun())
                      && at.isBefore(operation.ended().plus(LONGEST_ATTEMPT)));
    }
  }

  /** An operation has come to its end for its caller. */
  public void note(String marker, Operation operation) {
    if (operations.put(marker, operation) != null) {
      surprise("two operations have the marker " + marker);
    }
    count(operation.function(), operation.outcome());
  }

  /**
   * An operation came to this end.
   *
   * @param what the function, or the collection for a document that a caller writes by itself
   */
  public void count(String what, Outcome outcome) {
    switch (outcome) {
      case APPLIED -> {
        answered.incrementAndGet();
        applied.merge(what, 1L, Long::sum);
      }
      case REFUSED -> refused.incrementAndGet();
      case UNKNOWN -> unknown.incrementAndGet();
    }
  }

  /** How many operations of each kind were applied. */
  public Map<String, Long> applied() {
    return new TreeMap<>(applied);
  }

  void replayed() {
    replays.incrementAndGet();
  }

  /** An answer that no function may give. */
  public synchronized void surprise(String what) {
    if (surprises.size() < MOST_SURPRISES) {
      surprises.add(what);
    }
  }

  /** The first of these. */
  public synchronized List<String> surprises() {
    return List.copyOf(surprises);
  }

  /** All operations so far. */
  public long total() {
    return answered.get() + refused.get() + unknown.get();
  }

  /** Operations that were applied. */
  public long answered() {
    return answered.get();
  }

  /** Operations that were refused. */
  public long refused() {
    return refused.get();
  }

  /** Operations that never had an answer. */
  public long unknown() {
    return unknown.get();
  }

  /** Answers that said they were given before. */
  public long replays() {
    return replays.get();
  }
}
