package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class DemoRaceTest {
  private static final Duration SHORT = Duration.ofMillis(100);

  @Test
  void calls_haveKeysOfTheirOwn_andAreCountedBySuccess() throws Exception {
    Set<String> keys = ConcurrentHashMap.newKeySet();
    DemoRace race =
        DemoRace.run(
            4,
            SHORT,
            Duration.ofMinutes(1),
            key -> {
              LockSupport.parkNanos(1_000_000);
              return keys.add(key) && !key.equals("hot-0");
            });
    assertEquals(1, race.failed());
    assertEquals(keys.size() - 1, race.answered());
    assertEquals(0, race.open());
  }

  @Test
  void callWithoutAnswer_isGivenUpAndCountedAsOpen() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    DemoRace race =
        DemoRace.run(
            3,
            SHORT,
            Duration.ZERO,
            key -> {
              never.await();
              return true;
            });
    assertEquals(3, race.open());
    assertEquals("-", race.percentile(99));
    assertTrue(race.rate().startsWith("0"), race.rate());
  }

  @Test
  void exception_isAFailure() throws Exception {
    DemoRace race =
        DemoRace.run(
            1,
            SHORT,
            Duration.ofMinutes(1),
            key -> {
              throw new IllegalStateException(key);
            });
    assertTrue(race.failed() > 0);
    assertEquals(0, race.answered());
  }
}
