package dev.meterkite.local.chaos;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/**
 * Which faults there are and when: a pure function of the seed and of the number of a call, a
 * killing or a disturbance. The same seed plans the same faults, whoever asks, in whatever order.
 * Which operation meets which fault depends on the threads of the moment, and is not repeated.
 */
final class FaultPlan {
  private static final long KILLINGS = 1L << 40;
  private static final long DISTURBANCES = 1L << 41;
  private static final long EVENTS = 1L << 42;

  /** What becomes of a call to Firestore. */
  enum Fault {
    /** Nothing: it passes at once. */
    NONE(9_000),
    /** It passes, up to 300 ms later. */
    SLOW(500),
    /** It is dropped, and its caller told so at once. */
    DROPPED(150),
    /** It is dropped as contended, ABORTED. */
    CONTENDED(100),
    /** It is applied, and its answer dropped for one that says nothing. */
    ANSWER_DROPPED(150),
    /** Its caller is told nothing certain at once; it lands up to 15 s later all the same. */
    LATE(60),
    /** It is dropped, and its caller hears nothing until it gives up. */
    SILENT(10),
    /** It is applied, and its caller hears nothing until it gives up. */
    ANSWER_SILENT(10),
    /** It is applied, its stream reset in the middle of the answer. */
    BROKEN_OFF(20);

    /** How many of 10,000 calls meet it. */
    private final int share;

    Fault(int share) {
      this.share = share;
    }
  }

  /**
   * What becomes of one call.
   *
   * @param delay how much later it goes on, where it does
   * @param status what its caller is told, where the answer is not the emulator's
   */
  record Fate(Fault fault, Duration delay, Status.Code status) {}

  /** How processes of functions end. */
  enum Killing {
    /** SIGKILL of one. */
    ONE,
    /** SIGKILL of all at once. */
    ALL,
    /** SIGTERM of one, which may finish what it is at. */
    TERMINATED
  }

  /** What else happens. */
  enum Disturbance {
    /** All connections between functions and Firestore are cut for a while. */
    CUT(20),
    /** The clock moves to two seconds before the end of the month. */
    MONTH_END(5),
    /** The clock moves on by up to two days. */
    DAYS(5),
    /** A schedule fires twice at once. */
    SCHEDULES(5),
    /** Another program changes a balance. */
    BALANCE(20),
    /** Another program sets a user's document anew, without what it does not know. */
    LEDGER_WIPED(5),
    /** Another program edits a customer. */
    CUSTOMER(15),
    /** Another program writes, edits or deletes a usage record. */
    USAGE_RECORD(25);

    /** How many of 100 it is. */
    private final int share;

    Disturbance(int share) {
      this.share = share;
    }
  }

  /**
   * Something that happens, some time after the one before.
   *
   * @param pick decides the rest: which process, user or record, and by how much
   */
  record Planned<T>(T what, Duration after, long pick) {}

  private static final List<Status.Code> NOTHING_CERTAIN =
      List.of(
          Status.Code.UNAVAILABLE,
          Status.Code.INTERNAL,
          Status.Code.UNKNOWN,
          Status.Code.CANCELLED,
          Status.Code.DEADLINE_EXCEEDED);

  private final long seed;

  FaultPlan(long seed) {
    this.seed = seed;
  }

  long seed() {
    return seed;
  }

  /** What becomes of the n-th call to Firestore. */
  Fate call(long n) {
    Random random = random(n);
    Fault fault = Fault.NONE;
    int at = random.nextInt(10_000);
    for (Fault each : Fault.values()) {
      if (at < each.share) {
        fault = each;
        break;
      }
      at -= each.share;
    }
    int most = fault == Fault.LATE ? 15_000 : 300;
    int millis = random.nextInt(most);
    // Most that are late are so by little: those that come while their command is tried again.
    boolean soon = fault == Fault.LATE && random.nextInt(4) > 0;
    Duration delay = Duration.ofMillis(soon ? millis / 20 : millis);
    return new Fate(fault, delay, NOTHING_CERTAIN.get(random.nextInt(NOTHING_CERTAIN.size())));
  }

  /** The n-th end of a process: one in five takes all of them, one in four is a SIGTERM. */
  Planned<Killing> killing(long n) {
    Random random = random(KILLINGS + n);
    Killing killing =
        random.nextInt(5) == 0
            ? Killing.ALL
            : random.nextInt(4) == 0 ? Killing.TERMINATED : Killing.ONE;
    return new Planned<>(killing, Duration.ofMillis(2_000 + random.nextInt(46_000)), pick(random));
  }

  /** The n-th of the other disturbances: about one a second. */
  Planned<Disturbance> disturbance(long n) {
    Random random = random(DISTURBANCES + n);
    Disturbance disturbance = Disturbance.CUT;
    int at = random.nextInt(100);
    for (Disturbance each : Disturbance.values()) {
      if (at < each.share) {
        disturbance = each;
        break;
      }
      at -= each.share;
    }
    return new Planned<>(disturbance, Duration.ofMillis(random.nextInt(2_000)), pick(random));
  }

  /** The seed by which document events are doubled, delayed and reordered. */
  long eventSeed() {
    return random(EVENTS).nextLong();
  }

  private static long pick(Random random) {
    return random.nextLong() >>> 1;
  }

  /** Neighbouring seeds of {@link Random} begin alike, so they are mixed first (SplitMix64). */
  private Random random(long n) {
    long z = (seed * 0x9e3779b97f4a7c15L) ^ ((n + 1) * 0xd1342543de82ef95L);
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return new Random(z ^ (z >>> 31));
  }
}
