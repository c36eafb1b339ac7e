package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrafficTest {
  private Instant now = Instant.parse("2026-03-02T09:30:20Z");
  private final Traffic traffic = new Traffic(() -> now);

  private List<?> minutes() {
    return (List<?>) traffic.shown().get("minutes");
  }

  private static Map<String, Object> row(
      String minute, long calls, long debits, long refusals, long errors) {
    return Map.of(
        "minute", minute, "calls", calls, "debits", debits, "refusals", refusals, "errors", errors);
  }

  @Test
  void answers_areCountedByHowTheyEnded() {
    traffic.add("debit-credits", "POST", 200);
    traffic.add("debit-credits", "POST", 402);
    traffic.add("grant-credits", "POST", 200);
    traffic.add("route-model", "POST", 499);
    traffic.add("route-model", "POST", 500);
    traffic.add("debit-credits", "GET", 405);
    assertEquals(60, minutes().size());
    assertEquals(row("2026-03-02T09:30:00Z", 5, 1, 2, 1), minutes().get(59));
    assertEquals(row("2026-03-02T08:31:00Z", 0, 0, 0, 0), minutes().get(0));
  }

  @Test
  void minute_leavesAfterAnHour() {
    traffic.add("debit-credits", "POST", 200);
    now = now.plus(Duration.ofMinutes(59));
    traffic.add("debit-credits", "POST", 200);
    assertEquals(row("2026-03-02T09:30:00Z", 1, 1, 0, 0), minutes().get(0));
    now = now.plus(Duration.ofMinutes(1));
    traffic.add("debit-credits", "POST", 200);
    assertEquals(row("2026-03-02T09:31:00Z", 0, 0, 0, 0), minutes().get(0));
    assertEquals(row("2026-03-02T10:29:00Z", 1, 1, 0, 0), minutes().get(58));
  }
}
