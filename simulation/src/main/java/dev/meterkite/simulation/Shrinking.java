package dev.meterkite.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * Looks for a smaller play that still fails: fewer operations by halves, then without kinds of
 * faults. Any finding counts.
 */
final class Shrinking {
  private static final int MOST_PLAYS = 60;

  /** So many times longer may a play be that shows that a kind of faults does not matter. */
  private static final int MORE = 5;

  /**
   * What is left.
   *
   * @param without kinds of faults that do not matter
   */
  record Smallest(Rounds.Result result, List<Kind> without) {}

  private final Rounds rounds;
  private int plays;

  Shrinking(Rounds rounds) {
    this.rounds = rounds;
  }

  /** The smallest play that was found. */
  Smallest of(Rounds.Result failed) {
    Rounds.Result best = fewest(failed);
    List<Kind> without = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      Rounds.Result less = again(kind.leftOut(best.plan()));
      if (less == null) {
        // A short play without it may be another one by chance alone.
        long more = Math.min(failed.operations(), best.operations() * MORE);
        less = again(kind.leftOut(best.plan().upTo(more)));
      }
      if (less != null) {
        best = less;
        without.add(kind);
      }
    }
    return new Smallest(fewest(best), without);
  }

  private Rounds.Result fewest(Rounds.Result failed) {
    Rounds.Result best = failed;
    long fails = failed.operations();
    long passes = 0;
    while (fails - passes > Math.max(1, fails / 50)) {
      long middle = passes + (fails - passes) / 2;
      Rounds.Result half = again(failed.plan().upTo(middle));
      if (half == null) {
        passes = middle;
      } else {
        best = half;
        fails = middle;
      }
    }
    return best;
  }

  private Rounds.@org.jspecify.annotations.Nullable Result again(Plan plan) {
    if (plays == MOST_PLAYS) {
      return null;
    }
    plays++;
    Rounds.Result result = rounds.play(plan);
    return result.findings().isEmpty() ? null : result;
  }
}
