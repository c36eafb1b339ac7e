package dev.meterkite.model.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Sweeps;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SweepTest {
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");

  /** Of five minutes: late from ten minutes after the last run on. */
  @ParameterizedTest
  @CsvSource({"0, on_time", "599, on_time", "600, late", "601, late"})
  void sweep_isLateWhenAWholeRunWasMissed(long seconds, String status) {
    Snapshot noted = new Snapshot(Sweep.RESET_QUOTAS.ref(), Map.of(Sweeps.UPDATED_AT, T0), T0);
    Map<String, Object> view = Sweep.RESET_QUOTAS.view(noted, T0.plusSeconds(seconds));
    assertEquals(
        Map.of(
            "function",
            "reset-quotas",
            "every_seconds",
            300L,
            "last_run_at",
            T0,
            "due_at",
            T0.plusSeconds(300),
            "status",
            status),
        view);
  }

  @Test
  void sweepThatNotedNothing_neverRan() {
    assertEquals(
        Map.of("function", "reconcile-ledger", "every_seconds", 86_400L, "status", "never"),
        Sweep.RECONCILE_LEDGER.view(Snapshot.absent(Sweep.RECONCILE_LEDGER.ref()), T0));
  }
}
