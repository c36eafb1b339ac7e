package dev.meterkite.model.health;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The health of one model at its provider.
 *
 * <p>In use, it takes all calls. It leaves after 3 failures in a row with nothing good for 2 s (or
 * 5 in a row of fewer than 50 known calls, or 10), or when {@link RecentCalls#isTooMuch}. Out, it
 * gets trials ({@link Outage}); after 3 good ones in a row, 2 s apart, it is back. A relapse within
 * 10 minutes doubles that number, up to 24. How long a good answer took is not looked at.
 *
 * <p>The status lags behind, so that alerts are sure: unavailable after 5 failures in a row, or
 * after 3 when it is out for 60 s and no trial was good since; degraded when a share of failures
 * took it out, or after 5 minutes out; healthy again when it is back for 5 minutes. Two failures
 * within a minute of the last good call, after which nobody calls for 60 s, are an outage too.
 *
 * @param calls the last calls while in use
 * @param row failures since the last good call
 * @param goodAt when the last good call was reported, null if never
 * @param lastAt when a call was last reported, null if never
 * @param firstTokenMs moving average of the time to the first token, null without a figure
 * @param outage null while in use
 * @param needed good trials in a row that bring it back
 * @param backAt when it last came back, null if never
 * @param pause the last pause, null if there was none since the last good call
 * @param told the status as of the last change, never {@code UNKNOWN}
 */
public record ModelHealth(
    RecentCalls calls,
    int row,
    @Nullable Instant goodAt,
    @Nullable Instant lastAt,
    @Nullable Double firstTokenMs,
    @Nullable Outage outage,
    int needed,
    @Nullable Instant backAt,
    @Nullable Pause pause,
    HealthStatus told) {

  /** Good trials in a row that bring a model back the first time. */
  public static final int NEEDED = 3;

  /** The most good trials that are asked for. */
  public static final int MOST_NEEDED = 24;

  /** Evidence older than this says nothing. */
  public static final Duration STALE = Duration.ofMinutes(15);

  /** The most failures in a row that are counted. */
  public static final int MOST_IN_ROW = 1_000;

  private static final int LEAVES = 3;
  private static final int LEAVES_OF_FEW = 5;
  private static final int LEAVES_ANYHOW = 10;
  private static final int SURE = 5;
  private static final int QUIET_ROW = 2;
  private static final Duration NOTHING_GOOD = Duration.ofSeconds(2);
  private static final Duration RELAPSE = Duration.ofMinutes(10);
  private static final Duration SURE_AFTER = Duration.ofMinutes(1);
  private static final Duration DEGRADED_AFTER = Duration.ofMinutes(5);
  private static final Duration HEALTHY_AFTER = Duration.ofMinutes(5);
  private static final double ALPHA = 0.2;

  /** A model that nothing is known of. */
  public static final ModelHealth NEW =
      new ModelHealth(
          RecentCalls.NONE, 0, null, null, null, null, NEEDED, null, null, HealthStatus.HEALTHY);

  /** This model at a moment: what time alone has changed. */
  public ModelHealth at(Instant now) {
    ModelHealth left = isLeftAlone(now) ? out(atLeast(lastAt, now).plus(SURE_AFTER), true) : this;
    HealthStatus status = left.toldAt(now);
    return status == left.told ? left : left.with(status);
  }

  private static Instant atLeast(@Nullable Instant at, Instant otherwise) {
    return at == null ? otherwise : at;
  }

  /** Two failures close to the last good call, and then no call at all for a minute. */
  private boolean isLeftAlone(Instant now) {
    return outage == null
        && row >= QUIET_ROW
        && lastAt != null
        && (goodAt == null || !goodAt.plus(SURE_AFTER).isBefore(lastAt))
        && !now.isBefore(lastAt.plus(SURE_AFTER));
  }

  private HealthStatus toldAt(Instant now) {
    if (outage == null) {
      boolean back = backAt == null || !now.isBefore(backAt.plus(HEALTHY_AFTER));
      return back && !calls.isStillTooMuch() ? HealthStatus.HEALTHY : told;
    }
    Duration out = Duration.between(outage.since(), now);
    boolean alone = lastAt != null && outage.since().equals(lastAt.plus(SURE_AFTER));
    boolean sure =
        told == HealthStatus.UNAVAILABLE
            || (outage.byRow()
                && (row >= SURE || alone || (row >= LEAVES && out.compareTo(SURE_AFTER) >= 0)));
    if (sure) {
      return HealthStatus.UNAVAILABLE;
    }
    boolean degraded = !outage.byRow() || out.compareTo(DEGRADED_AFTER) >= 0;
    return degraded ? HealthStatus.DEGRADED : told;
  }

  /** A call was good. */
  ModelHealth good(Instant began, Instant now, @Nullable Long firstToken) {
    ModelHealth timely = at(now);
    Double token = average(firstToken);
    if (timely.outage == null) {
      return new ModelHealth(
          calls.with(false), 0, now, now, token, null, needed, backAt, resumed(began), timely.told);
    }
    if (began.isBefore(timely.outage.since())) {
      return timely; // A call from before it left says nothing about now.
    }
    Outage next = timely.outage.good(now);
    if (next.good() < timely.needed) {
      return new ModelHealth(
          calls, 0, now, now, token, next, timely.needed, backAt, resumed(began), timely.told);
    }
    return new ModelHealth(
        calls.again(timely.needed),
        0,
        now,
        now,
        token,
        null,
        timely.needed,
        now,
        resumed(began),
        timely.told);
  }

  /** A good call that began in a pause ends it; any good call makes the next pause a first one. */
  private @Nullable Pause resumed(Instant began) {
    boolean underWay = pause != null && !began.isAfter(pause.since()) && pause.isOn(began);
    return underWay ? pause : null;
  }

  private @Nullable Double average(@Nullable Long sample) {
    if (sample == null) {
      return firstTokenMs;
    }
    return firstTokenMs == null
        ? Double.valueOf(sample)
        : Double.valueOf(firstTokenMs + ALPHA * (sample - firstTokenMs));
  }

  /** A call failed by the provider's fault. */
  ModelHealth failed(Instant began, Instant now) {
    ModelHealth timely = at(now);
    int failures = Math.min(MOST_IN_ROW, row + 1);
    if (timely.outage == null) {
      ModelHealth next =
          new ModelHealth(
              calls.with(true),
              failures,
              goodAt,
              now,
              firstTokenMs,
              null,
              needed,
              backAt,
              pause,
              timely.told);
      if (next.leaves(now)) {
        return next.out(now, true).at(now);
      }
      return next.calls.isTooMuch() ? next.out(now, false).at(now) : next;
    }
    Outage next =
        began.isBefore(timely.outage.since()) ? timely.outage : timely.outage.bad(began, now);
    return new ModelHealth(
            calls,
            failures,
            goodAt,
            now,
            firstTokenMs,
            next,
            timely.needed,
            backAt,
            pause,
            timely.told)
        .at(now);
  }

  private boolean leaves(Instant now) {
    boolean nothingGood = goodAt == null || !now.isBefore(goodAt.plus(NOTHING_GOOD));
    return (row >= LEAVES && nothingGood)
        || (row >= LEAVES_OF_FEW && calls.count() < RecentCalls.ENOUGH)
        || row >= LEAVES_ANYHOW;
  }

  private ModelHealth out(Instant since, boolean byRow) {
    boolean relapse = backAt != null && since.isBefore(backAt.plus(RELAPSE));
    return new ModelHealth(
        calls,
        row,
        goodAt,
        lastAt,
        firstTokenMs,
        Outage.begun(since, byRow),
        relapse ? Math.min(MOST_NEEDED, 2 * needed) : NEEDED,
        backAt,
        pause,
        told);
  }

  /** A call ended that says nothing: a trial that it was is free again. */
  ModelHealth nothing() {
    return outage == null || outage.permit() == null ? this : with(outage.withoutPermit());
  }

  /**
   * The model takes no calls for a while.
   *
   * @param until the hint, null without one
   */
  ModelHealth paused(AwayReason reason, @Nullable Instant until, Instant now) {
    ModelHealth free = nothing();
    boolean same = pause != null && pause.reason() == reason;
    if (pause != null && pause.isOn(now)) {
      // Calls that were under way are no further incident; the longer hint counts.
      Instant longer = until != null && until.isAfter(pause.until()) ? until : pause.until();
      AwayReason why = longer.equals(pause.until()) ? pause.reason() : reason;
      return free.with(new Pause(pause.since(), longer, why, pause.step()));
    }
    int step = same && pause != null ? Math.min(pause.step() + 1, MOST_IN_ROW) : 0;
    Duration unstated = reason == AwayReason.MODEL_GONE ? Pause.gone(step) : Pause.unstated(step);
    return free.with(new Pause(now, until == null ? now.plus(unstated) : until, reason, step));
  }

  ModelHealth calledAt(Instant now) {
    return new ModelHealth(
        calls, row, goodAt, now, firstTokenMs, outage, needed, backAt, pause, told);
  }

  /** When calls make sense again, and why not before; empty while it takes calls. */
  public Optional<Away> away(Instant now) {
    if (pause != null && pause.isOn(now)) {
      return Optional.of(new Away(pause.until(), pause.reason()));
    }
    if (outage == null) {
      return Optional.empty();
    }
    Instant next = outage.isTrying(now) ? atLeast(outage.permit(), now) : outage.next();
    return Optional.of(new Away(next, AwayReason.FAILING));
  }

  /**
   * A time without calls.
   *
   * @param until when they make sense again, or when the next trial is due
   */
  public record Away(Instant until, AwayReason reason) {}

  /** The circuit of the seeds' vocabulary: open when out, half open while a trial is in flight. */
  public CircuitState circuit(Instant now) {
    if (outage == null) {
      return CircuitState.CLOSED;
    }
    return outage.isTrying(now) ? CircuitState.HALF_OPEN : CircuitState.OPEN;
  }

  /** Whether it was called within the last 15 minutes. */
  public boolean isInUse(Instant now) {
    return lastAt != null && !lastAt.plus(STALE).isBefore(now);
  }

  /** The status at a moment: unknown without evidence from the last 15 minutes. */
  public HealthStatus statusAt(Instant now) {
    if (isGone(now)) {
      return HealthStatus.UNAVAILABLE;
    }
    return isInUse(now) ? at(now).told : HealthStatus.UNKNOWN;
  }

  /** Whether the provider does not serve it. */
  boolean isGone(Instant now) {
    return pause != null && pause.reason() == AwayReason.MODEL_GONE && pause.isOn(now);
  }

  /** The next moments at which time alone changes the status. */
  List<Instant> dues() {
    List<Instant> dues = new ArrayList<>();
    if (outage == null && row >= QUIET_ROW && lastAt != null) {
      boolean close = goodAt == null || !goodAt.plus(SURE_AFTER).isBefore(lastAt);
      if (close) {
        dues.add(lastAt.plus(SURE_AFTER));
      }
    }
    if (outage != null && outage.byRow() && told != HealthStatus.UNAVAILABLE) {
      if (row >= LEAVES) {
        dues.add(outage.since().plus(SURE_AFTER));
      } else if (told == HealthStatus.HEALTHY) {
        dues.add(outage.since().plus(DEGRADED_AFTER));
      }
    }
    if (outage == null && told != HealthStatus.HEALTHY && backAt != null) {
      dues.add(backAt.plus(HEALTHY_AFTER));
    }
    return dues;
  }

  /** Of the provider as a whole only failures in a row count, not shares. */
  ModelHealth asAccess() {
    boolean idle = outage == null && pause == null && told == HealthStatus.HEALTHY && row == 0;
    boolean relapses = backAt != null && lastAt != null && lastAt.isBefore(backAt.plus(RELAPSE));
    return idle && !relapses
        ? NEW
        : new ModelHealth(
            RecentCalls.NONE, row, goodAt, lastAt, null, outage, needed, backAt, pause, told);
  }

  ModelHealth withGoodAt(@Nullable Instant at) {
    return new ModelHealth(
        calls, row, at, lastAt, firstTokenMs, outage, needed, backAt, pause, told);
  }

  ModelHealth with(HealthStatus next) {
    return new ModelHealth(
        calls, row, goodAt, lastAt, firstTokenMs, outage, needed, backAt, pause, next);
  }

  ModelHealth with(Outage next) {
    return new ModelHealth(
        calls, row, goodAt, lastAt, firstTokenMs, next, needed, backAt, pause, told);
  }

  ModelHealth with(Pause next) {
    return new ModelHealth(
        calls, row, goodAt, lastAt, firstTokenMs, outage, needed, backAt, next, told);
  }
}
