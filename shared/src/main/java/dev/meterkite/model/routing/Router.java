package dev.meterkite.model.routing;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The choice of a model: a pure function of candidates and of the reservations that were lost.
 *
 * <p>A score is 0.4 health + 0.3 quota + 0.2 cost + 0.1 performance, each term 0 to 100, times 0.8
 * for a half-open circuit. Health is the success rate, halved when degraded, 50 when unknown, 0
 * when unavailable; quota what is free of the tightest limit, 100 without one; cost 100 for the
 * cheapest falling linearly in the logarithm of the price to 0 for the dearest; performance 100 at
 * 0 ms falling to 0 at 5,000 ms, 50 without a figure. Equal scores: the cheaper, then by name.
 */
public final class Router {
  /** The most fallbacks named. */
  public static final int FALLBACKS = 3;

  /** How long a caller waits when nothing says when a candidate returns, in seconds. */
  public static final long DEFAULT_RETRY_SECONDS = 60;

  private static final double SLOWEST_MS = 5_000;
  private static final double DIGITS = 10_000;

  private static final Comparator<Scored> BEST_FIRST =
      Comparator.comparingDouble(Scored::score)
          .reversed()
          .thenComparingLong(scored -> scored.candidate().costMicros())
          .thenComparing(scored -> scored.candidate().provider())
          .thenComparing(scored -> scored.candidate().modelId());

  private Router() {}

  /**
   * A candidate that can serve, with its score and the terms of it.
   *
   * @param candidate the candidate
   * @param score 0 to 100, to four decimals
   */
  public record Scored(
      Candidate candidate,
      double health,
      double quota,
      double cost,
      double performance,
      double score) {}

  /**
   * A candidate that was left out.
   *
   * @param candidate the candidate
   * @param reason why
   */
  public record Excluded(Candidate candidate, String reason) {}

  /**
   * The choice.
   *
   * @param ranked those that can serve, the best first; empty if none can
   * @param excluded the others, in the order given
   * @param fallbacks whom to try when the first fails: the best of other providers first
   * @param retryAt when none can serve, the earliest moment at which one may again; null if time
   *     alone brings none back
   */
  public record Choice(
      List<Scored> ranked,
      List<Excluded> excluded,
      List<Scored> fallbacks,
      @Nullable Instant retryAt) {

    public Choice {
      ranked = List.copyOf(ranked);
      excluded = List.copyOf(excluded);
      fallbacks = List.copyOf(fallbacks);
    }

    /** The model chosen; empty if none can serve. */
    public Optional<Scored> selected() {
      return ranked.isEmpty() ? Optional.empty() : Optional.of(ranked.get(0));
    }
  }

  /**
   * Chooses among candidates.
   *
   * @param lost names of candidates at which a reservation or permit was tried and refused since
   *     the candidates were seen
   */
  public static Choice choose(List<Candidate> candidates, List<String> lost) {
    Set<String> gone = new HashSet<>(lost);
    List<Candidate> able = new ArrayList<>();
    List<Excluded> excluded = new ArrayList<>();
    @Nullable Instant retryAt = null;
    for (Candidate candidate : candidates) {
      String unfit = candidate.unfit();
      if (unfit != null) {
        excluded.add(new Excluded(candidate, unfit));
        Instant returns = candidate.returnsAt();
        if (returns != null && (retryAt == null || returns.isBefore(retryAt))) {
          retryAt = returns;
        }
      } else if (gone.contains(candidate.name())) {
        excluded.add(new Excluded(candidate, Candidate.Reason.RESERVATION_LOST.wire()));
      } else {
        able.add(candidate);
      }
    }
    List<Scored> ranked = ranked(able);
    return new Choice(ranked, excluded, fallbacks(ranked), ranked.isEmpty() ? retryAt : null);
  }

  /**
   * Whose place the chosen model takes: the model that would have been chosen were its provider's
   * circuit closed and the provider healthy; empty where the choice would have been the same. With
   * the circuit of the cheapest provider open its model is named, that of a dear one is not.
   */
  public static Optional<Candidate> failedOver(Choice choice) {
    Map<Candidate, Candidate> away = new LinkedHashMap<>();
    for (Excluded left : choice.excluded()) {
      left.candidate()
          .beforeItsCircuitOpened()
          .ifPresent(before -> away.put(before, left.candidate()));
    }
    if (away.isEmpty() || choice.ranked().isEmpty()) {
      return Optional.empty();
    }
    List<Candidate> all = new ArrayList<>(away.keySet());
    choice.ranked().forEach(scored -> all.add(scored.candidate()));
    return Optional.ofNullable(away.get(ranked(all).get(0).candidate()));
  }

  private static List<Scored> ranked(List<Candidate> able) {
    double cheapest = able.stream().mapToDouble(Router::logPrice).min().orElse(0);
    double dearest = able.stream().mapToDouble(Router::logPrice).max().orElse(0);
    List<Scored> ranked = new ArrayList<>();
    for (Candidate candidate : able) {
      double spread = dearest - cheapest;
      double cost = spread == 0 ? 100 : 100 * (dearest - logPrice(candidate)) / spread;
      ranked.add(scored(candidate, cost));
    }
    ranked.sort(BEST_FIRST);
    return ranked;
  }

  private static double logPrice(Candidate candidate) {
    return StrictMath.log((double) Math.max(1, candidate.costMicros()));
  }

  private static Scored scored(Candidate candidate, double cost) {
    double health =
        switch (candidate.status()) {
          case HEALTHY -> 100 * candidate.successRate();
          case DEGRADED -> 50 * candidate.successRate();
          case UNKNOWN -> 50;
          case UNAVAILABLE -> 0;
        };
    double quota = 100 * Math.max(0, 1 - candidate.utilisation());
    Long latency = candidate.latencyMs();
    double performance = latency == null ? 50 : 100 * Math.max(0, 1 - latency / SLOWEST_MS);
    double score = 0.4 * health + 0.3 * quota + 0.2 * cost + 0.1 * performance;
    double counted = candidate.halfOpen() ? 0.8 * score : score;
    return new Scored(
        candidate,
        rounded(health),
        rounded(quota),
        rounded(cost),
        rounded(performance),
        rounded(counted));
  }

  private static double rounded(double value) {
    return Math.rint(value * DIGITS) / DIGITS;
  }

  private static List<Scored> fallbacks(List<Scored> ranked) {
    if (ranked.isEmpty()) {
      return List.of();
    }
    String chosen = ranked.get(0).candidate().provider();
    List<Scored> others = new ArrayList<>(ranked.subList(1, ranked.size()));
    others.sort(
        Comparator.comparing((Scored scored) -> scored.candidate().provider().equals(chosen)));
    return others.subList(0, Math.min(FALLBACKS, others.size()));
  }
}
