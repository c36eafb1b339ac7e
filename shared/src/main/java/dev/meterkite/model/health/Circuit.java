package dev.meterkite.model.health;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The circuit breaker of a provider.
 *
 * <p>5 failures in a row, all within 15 minutes, open it. Open, it lets nothing through for 300 s
 * times the openings in a row, at most 3,600 s; then it is half open: at most {@value #PROBES}
 * calls at once. Two successes close it, one failure opens it again. A permitted call that never
 * reports gives its place free after {@link #PERMIT}, so half open cannot hang.
 *
 * @param state as of the last change; {@link #at} tells what it is now
 * @param failures moments of the last failures in a row, at most {@value #FAILURES}
 * @param openings how often it opened since it was last closed
 * @param openedAt when it opened last, null if closed
 * @param until when it becomes half open, null if closed
 * @param successes successes since it became half open
 * @param permits when the places of permitted calls become free, at most {@value #PROBES}
 */
public record Circuit(
    CircuitState state,
    List<Instant> failures,
    long openings,
    @Nullable Instant openedAt,
    @Nullable Instant until,
    long successes,
    List<Instant> permits) {

  /** Failures in a row that open it. */
  public static final int FAILURES = 5;

  /** The span within which they must fall, ends included. */
  public static final Duration WITHIN = Duration.ofMinutes(15);

  /** How long the first opening lasts; the second twice that, and so on. */
  public static final Duration OPEN = Duration.ofMinutes(5);

  /** The longest that an opening lasts. */
  public static final Duration LONGEST_OPEN = Duration.ofHours(1);

  /** Successes that close it. */
  public static final int SUCCESSES = 2;

  /** Calls that may be under way while it is half open. */
  public static final int PROBES = 3;

  /** How long a permitted call may take to report. */
  public static final Duration PERMIT = Duration.ofMinutes(1);

  /** Closed, and nothing has happened. */
  static final Circuit CLOSED =
      new Circuit(CircuitState.CLOSED, List.of(), 0, null, null, 0, List.of());

  public Circuit {
    failures = List.copyOf(failures);
    permits = List.copyOf(permits);
  }

  /** This circuit at a moment: half open from {@code until} on, permits gone that ran out. */
  public Circuit at(Instant now) {
    if (state == CircuitState.OPEN && (until == null || !now.isBefore(until))) {
      return new Circuit(
          CircuitState.HALF_OPEN, List.of(), openings, openedAt, until, 0, List.of());
    }
    if (permits.stream().allMatch(now::isBefore)) {
      return this;
    }
    List<Instant> running = permits.stream().filter(now::isBefore).toList();
    return new Circuit(state, failures, openings, openedAt, until, successes, running);
  }

  /** How many more calls may be let through now while half open. */
  public int free(Instant now) {
    return Math.max(0, PROBES - at(now).permits().size());
  }

  /** This half-open circuit with one more call under way. */
  Circuit permitted(Instant now) {
    List<Instant> running = new ArrayList<>(permits);
    running.add(now.plus(PERMIT));
    return new Circuit(state, failures, openings, openedAt, until, successes, running);
  }

  Circuit success() {
    return switch (state) {
      case CLOSED -> failures.isEmpty() ? this : CLOSED;
      case OPEN -> this; // A call that was under way; the time runs.
      case HALF_OPEN ->
          successes + 1 >= SUCCESSES
              ? CLOSED
              : new Circuit(
                  state, failures, openings, openedAt, until, successes + 1, oneReported());
    };
  }

  private List<Instant> oneReported() {
    return permits.isEmpty() ? permits : permits.subList(1, permits.size());
  }

  Circuit failure(Instant now) {
    return switch (state) {
      case OPEN -> this;
      case HALF_OPEN -> opened(now);
      case CLOSED -> {
        List<Instant> row = new ArrayList<>(failures);
        row.add(now);
        if (row.size() > FAILURES) {
          row.remove(0);
        }
        boolean opens =
            row.size() == FAILURES && Duration.between(row.get(0), now).compareTo(WITHIN) <= 0;
        yield opens
            ? opened(now)
            : new Circuit(state, row, openings, openedAt, until, successes, permits);
      }
    };
  }

  private Circuit opened(Instant now) {
    long times = Math.min(Math.addExact(openings, 1), LONGEST_OPEN.dividedBy(OPEN));
    return new Circuit(
        CircuitState.OPEN, List.of(), times, now, now.plus(OPEN.multipliedBy(times)), 0, List.of());
  }
}
