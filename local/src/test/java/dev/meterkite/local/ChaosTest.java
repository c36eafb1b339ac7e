package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChaosTest {
  @Test
  void none_deliversOnceAndAtOnce() {
    assertEquals(List.of(Duration.ZERO), Chaos.none().deliveries());
  }

  @Test
  void seed_doublesAndDelaysTheSameWayEachTime() {
    Chaos chaos = Chaos.ofSeed(42);
    Chaos again = Chaos.ofSeed(42);
    List<Duration> all = new ArrayList<>();
    int repeated = 0;
    for (int i = 0; i < 1_000; i++) {
      List<Duration> deliveries = chaos.deliveries();
      assertEquals(deliveries, again.deliveries());
      assertTrue(!deliveries.isEmpty() && deliveries.size() <= 3);
      repeated += deliveries.size() > 1 ? 1 : 0;
      all.addAll(deliveries);
    }
    assertTrue(repeated > 150 && repeated < 250, "repeated " + repeated);
    long late = all.stream().filter(delay -> !delay.isZero()).count();
    assertTrue(late > all.size() * 0.4 && late < all.size() * 0.6, "late " + late);
    long heldBack = all.stream().filter(delay -> delay.toMillis() >= 2_000).count();
    assertTrue(heldBack > 0 && heldBack < all.size() * 0.03, "held back " + heldBack);
    assertTrue(all.stream().allMatch(delay -> delay.toMillis() < 8_000));
  }

  @Test
  void backOff_doublesUpToTenSeconds() {
    assertEquals(100, EventRelay.backOff(1).toMillis());
    assertEquals(200, EventRelay.backOff(2).toMillis());
    assertEquals(6_400, EventRelay.backOff(7).toMillis());
    assertEquals(10_000, EventRelay.backOff(8).toMillis());
    assertEquals(10_000, EventRelay.backOff(1_000).toMillis());
  }
}
