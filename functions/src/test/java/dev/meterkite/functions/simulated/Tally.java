package dev.meterkite.functions.simulated;

import java.util.Map;
import java.util.TreeMap;

/** How often each kind of fault was dealt, by its name. */
public final class Tally {
  private final Map<String, Long> counts = new TreeMap<>();

  /** One more of a kind. */
  public void add(String kind) {
    counts.merge(kind, 1L, Long::sum);
  }

  /** How often a kind was dealt. */
  public long count(String kind) {
    return counts.getOrDefault(kind, 0L);
  }

  /** All kinds that were dealt, in the order of their names. */
  public Map<String, Long> counts() {
    return new TreeMap<>(counts);
  }
}
