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
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The choice of a model: a pure function of candidates, of the reservations that were lost, and of
 * a draw.
 *
 * <p>A score is 0.4 health + 0.3 quota + 0.2 cost + 0.1 performance, each term 0 to 100. Health is
 * the share of good calls, 50 when unknown; quota the free part of the tightest limit, 100 without
 * one; cost 100 for the cheapest falling linearly in the logarithm of the price to 0 for the
 * dearest; performance 100 at 0 ms to the first token falling to 0 at 5,000 ms, 50 without a
 * figure. Equal scores: the cheaper, then by name.
 *
 * <p>Among those within {@value #CLOSE} points of the best the draw decides, so that load spreads.
 * A model that is out and due for a trial is chosen for it where it would be among the first
 * {@value #TRIALS_AMONG} if it were in use.
 */
public final class Router {
  /** The most fallbacks named. */
  public static final int FALLBACKS = 3;

  /** Scores so close to the best are as good. */
  public static final double CLOSE = 2;

  /** How long a caller waits when nothing says when a candidate returns, in seconds. */
  public static final long DEFAULT_RETRY_SECONDS = 60;

  private static final int TRIALS_AMONG = 3;
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
   * The cheapest and the dearest price of the candidates of a request, which need not all be
   * weighed.
   */
  public record Prices(long cheapest, long dearest) {
    /** The prices of these candidates, of those that can serve. */
    public static Prices of(List<Candidate> candidates) {
      long cheapest = Long.MAX_VALUE;
      long dearest = 0;
      for (Candidate candidate : candidates) {
        if (candidate.unfit() == null) {
          cheapest = Math.min(cheapest, candidate.costMicros());
          dearest = Math.max(dearest, candidate.costMicros());
        }
      }
      return new Prices(Math.min(cheapest, dearest), dearest);
    }

    double term(long costMicros) {
      double low = log(cheapest);
      double spread = log(dearest) - low;
      double term = spread == 0 ? 100 : 100 * (log(dearest) - log(costMicros)) / spread;
      return Math.max(0, Math.min(100, term));
    }

    private static double log(long micros) {
      return StrictMath.log((double) Math.max(1, micros));
    }
  }

  /**
   * The choice.
   *
   * @param ranked those that can serve, the chosen one first, then the best first; empty if none
   *     can
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

  /** The draw of a decision: a number from 0 up to 1 made of its id. */
  public static double draw(String decisionId) {
    long bits =
        UUID.nameUUIDFromBytes(decisionId.getBytes(java.nio.charset.StandardCharsets.UTF_8))
            .getMostSignificantBits();
    return (bits >>> 32) / (double) (1L << 32);
  }

  /**
   * Chooses among candidates.
   *
   * @param lost names of candidates at which a reservation was tried and refused since the
   *     candidates were seen
   * @param prices the prices of the request's candidates
   * @param draw 0 up to 1
   */
  public static Choice choose(
      List<Candidate> candidates, List<String> lost, Prices prices, double draw) {
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
    List<Scored> all = ranked(able, prices);
    List<Scored> chosen = chosenFirst(all, draw, excluded);
    return new Choice(chosen, excluded, fallbacks(chosen), chosen.isEmpty() ? retryAt : null);
  }

  /**
   * The order in which models are tried: a trial that is due, else the drawn one, then the rest.
   */
  private static List<Scored> chosenFirst(List<Scored> all, double draw, List<Excluded> excluded) {
    List<Scored> usable = all.stream().filter(scored -> !scored.candidate().trial()).toList();
    Optional<Scored> trial =
        all.stream()
            .limit(TRIALS_AMONG)
            .filter(scored -> scored.candidate().trial())
            .findFirst()
            .or(() -> usable.isEmpty() ? all.stream().findFirst() : Optional.empty());
    all.stream()
        .filter(scored -> scored.candidate().trial() && !trial.equals(Optional.of(scored)))
        .forEach(
            scored ->
                excluded.add(
                    new Excluded(scored.candidate(), Candidate.Reason.CIRCUIT_OPEN.wire())));
    List<Scored> order = new ArrayList<>(usable);
    if (trial.isPresent()) {
      order.add(0, trial.get());
    } else if (!usable.isEmpty()) {
      double best = usable.get(0).score();
      int close = (int) usable.stream().filter(one -> one.score() >= best - CLOSE).count();
      order.add(0, order.remove((int) Math.min(close - 1, Math.floor(draw * close))));
    }
    return order;
  }

  /**
   * Whose place the chosen model takes: the model that would be the best were it in use; empty
   * where the chosen one is. With the circuit of the cheapest provider open its model is named,
   * that of a dear one is not.
   */
  public static Optional<Candidate> failedOver(Choice choice) {
    Map<Candidate, Candidate> away = new LinkedHashMap<>();
    for (Excluded left : choice.excluded()) {
      left.candidate().beforeItLeft().ifPresent(before -> away.put(before, left.candidate()));
    }
    if (away.isEmpty() || choice.ranked().isEmpty()) {
      return Optional.empty();
    }
    List<Candidate> all = new ArrayList<>(away.keySet());
    choice.ranked().forEach(scored -> all.add(scored.candidate()));
    return Optional.ofNullable(away.get(ranked(all, Prices.of(all)).get(0).candidate()));
  }

  private static List<Scored> ranked(List<Candidate> able, Prices prices) {
    List<Scored> ranked = new ArrayList<>();
    able.forEach(candidate -> ranked.add(scored(candidate, prices)));
    ranked.sort(BEST_FIRST);
    return ranked;
  }

  /** A candidate with its score. */
  public static Scored scored(Candidate candidate, Prices prices) {
    Double share = candidate.successShare();
    double health = share == null ? 50 : 100 * share;
    double quota = 100 * Math.max(0, 1 - candidate.utilisation());
    double cost = prices.term(candidate.costMicros());
    Long token = candidate.firstTokenMs();
    double performance = token == null ? 50 : 100 * Math.max(0, 1 - token / SLOWEST_MS);
    double score = 0.4 * health + 0.3 * quota + 0.2 * cost + 0.1 * performance;
    return new Scored(
        candidate,
        rounded(health),
        rounded(quota),
        rounded(cost),
        rounded(performance),
        rounded(score));
  }

  private static double rounded(double value) {
    return Math.rint(value * DIGITS) / DIGITS;
  }

  private static List<Scored> fallbacks(List<Scored> chosenFirst) {
    if (chosenFirst.isEmpty()) {
      return List.of();
    }
    String chosen = chosenFirst.get(0).candidate().provider();
    List<Scored> others = new ArrayList<>(chosenFirst.subList(1, chosenFirst.size()));
    others.sort(
        Comparator.comparing((Scored scored) -> scored.candidate().provider().equals(chosen)));
    return others.subList(0, Math.min(FALLBACKS, others.size()));
  }
}
