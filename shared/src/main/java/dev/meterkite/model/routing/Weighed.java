package dev.meterkite.model.routing;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a choice is made of, as its document keeps it.
 *
 * @param candidates the candidates that were weighed
 * @param lost names of candidates whose reservation was refused
 * @param prices the cheapest and dearest price of the request
 * @param draw the draw
 * @param others how many more models were left out, by reason
 * @param othersReturn when the first of those returns, null if time brings none back
 * @param tried names of models that were tried for the same task
 */
public record Weighed(
    List<Candidate> candidates,
    List<String> lost,
    Router.Prices prices,
    double draw,
    Map<String, Long> others,
    @Nullable Instant othersReturn,
    List<String> tried) {

  public Weighed {
    candidates = List.copyOf(candidates);
    lost = List.copyOf(lost);
    others = Map.copyOf(others);
    tried = List.copyOf(tried);
  }

  /** The choice. */
  public Router.Choice choice() {
    return Router.choose(candidates, lost, prices, draw);
  }

  /** All models that were left out, by reason. */
  public Map<String, Long> excluded(Router.Choice choice) {
    Map<String, Long> counts = new TreeMap<>(others);
    choice.excluded().forEach(one -> counts.merge(one.reason(), 1L, Long::sum));
    return counts;
  }

  /** When none can serve, the earliest moment at which one may again; null if none will. */
  public @Nullable Instant retryAt(Router.Choice choice) {
    Instant at = choice.retryAt();
    if (!choice.ranked().isEmpty() || othersReturn == null) {
      return at;
    }
    return at == null || othersReturn.isBefore(at) ? othersReturn : at;
  }
}
