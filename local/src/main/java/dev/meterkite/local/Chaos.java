package dev.meterkite.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * How often and when one event is delivered. Production delivers at least once and in any order; by
 * a seed this does so on purpose: one event in five comes two or three times, and half of all
 * deliveries come up to two seconds late, so that they overtake each other; one in a hundred is
 * held back for up to eight. The same seed deals the same sequence to the same sequence of events.
 */
final class Chaos {
  private static final int MOST_COPIES = 3;
  private static final double SHARE_REPEATED = 0.2;
  private static final double SHARE_LATE = 0.5;
  private static final int MOST_MILLIS_LATE = 2_000;
  private static final double SHARE_HELD_BACK = 0.01;
  private static final int MOST_MILLIS_HELD_BACK = 8_000;

  private final @Nullable Random random;

  private Chaos(@Nullable Random random) {
    this.random = random;
  }

  /** Everything once and at once. */
  static Chaos none() {
    return new Chaos(null);
  }

  static Chaos ofSeed(long seed) {
    return new Chaos(new Random(seed));
  }

  /** The delay of each delivery of the next event: at least one. */
  synchronized List<Duration> deliveries() {
    if (random == null) {
      return List.of(Duration.ZERO);
    }
    int copies = random.nextDouble() < SHARE_REPEATED ? 2 + random.nextInt(MOST_COPIES - 1) : 1;
    List<Duration> delays = new ArrayList<>(copies);
    for (int i = 0; i < copies; i++) {
      double chance = random.nextDouble();
      int most = chance < SHARE_HELD_BACK ? MOST_MILLIS_HELD_BACK : MOST_MILLIS_LATE;
      delays.add(chance < SHARE_LATE ? Duration.ofMillis(random.nextInt(most)) : Duration.ZERO);
    }
    return delays;
  }
}
