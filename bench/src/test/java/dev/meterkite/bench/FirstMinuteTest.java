package dev.meterkite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FirstMinuteTest {
  private static final String SECOND = "debits in second ";
  private static final String UNTIL = "processor seconds from the start until debit ";

  /** One every 10 ms for 30 seconds, the n-th at n hundredths of a processor second. */
  @Test
  void debits_areCountedBySecondAndMarkedWithProcessorTime() {
    AtomicInteger n = new AtomicInteger();
    FirstMinute minute = new FirstMinute(() -> n.get() / 100.0);
    for (int i = 0; i < 3_000; i++) {
      n.incrementAndGet();
      minute.accept(Duration.ofMillis(10L * i).toNanos());
    }
    Map<String, Double> figures = minute.figures();
    assertEquals(100.0, figures.get(SECOND + 1));
    assertEquals(100.0, figures.get(SECOND + 20));
    assertEquals(0.0, figures.get(SECOND + 40));
    assertEquals(1.0, figures.get(UNTIL + "100"));
    assertEquals(10.0, figures.get(UNTIL + "1,000"));
    assertEquals(Double.NaN, figures.get(UNTIL + "6,000"));
  }

  @Test
  void whatComesAfterTheMinute_belongsToNoSecond() {
    FirstMinute minute = new FirstMinute(() -> 7.0);
    minute.accept(Duration.ofSeconds(59).toNanos());
    minute.accept(Duration.ofSeconds(60).toNanos());
    assertEquals(1.0, minute.figures().get(SECOND + 60));
  }
}
