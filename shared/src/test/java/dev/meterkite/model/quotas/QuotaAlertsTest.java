package dev.meterkite.model.quotas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertFamily;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuotaAlertsTest {
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
  private static final Instant RESET = NOW.plusSeconds(60);
  private static final DocRef OWNER = QuotaRules.owner("openai", "gpt-4o");

  private static Snapshot quota(long used) {
    return new Snapshot(
        OWNER,
        Map.of(
            "provider",
            "openai",
            "model_id",
            "gpt-4o",
            "tokens_used",
            used,
            "tokens_limit",
            1_000L,
            "reset_at",
            RESET),
        NOW);
  }

  private static AlertCommand.Level told(long used, Instant now) {
    List<AlertCommand> commands = QuotaAlerts.of(quota(used), now);
    assertEquals(1, commands.size());
    return (AlertCommand.Level) commands.get(0);
  }

  @ParameterizedTest
  @CsvSource({"799, -1", "800, 0", "949, 0", "950, 1", "999, 1", "1000, 2", "1200, 2"})
  void figuresOfAnotherProgram_makeTheLevel(long used, int level) { // A34
    AlertCommand.Level told = told(used, NOW);
    assertEquals(level, told.level());
    assertEquals(AlertFamily.QUOTA, told.family());
    assertEquals("model:openai/gpt-4o", told.subject().name());
    assertTrue(told.incident().contains(RESET.toString()), told::toString);
  }

  @Test
  void windowThatHasEnded_isFineWhateverTheDocumentStillSays() {
    assertEquals(AlertCommand.Level.FINE, told(1_000, RESET).level());
  }

  @Test
  void changeThatCrossesNoThreshold_concernsNobody() {
    assertFalse(QuotaAlerts.concerns(quota(100), quota(799)));
    assertTrue(QuotaAlerts.concerns(quota(799), quota(800)));
    assertTrue(QuotaAlerts.concerns(Snapshot.absent(OWNER), quota(950)));
    assertTrue(QuotaAlerts.concerns(quota(950), Snapshot.absent(OWNER)));
  }

  @Test
  void documentWithoutNamesOrGone_raisesNothing() {
    assertEquals(List.of(), QuotaAlerts.of(Snapshot.absent(OWNER), NOW));
    Snapshot nameless = new Snapshot(OWNER, Map.of("tokens_used", 5L, "tokens_limit", 5L), NOW);
    assertEquals(List.of(), QuotaAlerts.of(nameless, NOW));
  }

  @Test
  void documentOfAnotherProgram_needsASweepAndOurOwnDoesNot() {
    assertTrue(QuotaAlerts.needsSweep(quota(100)));
    assertFalse(QuotaAlerts.needsSweep(Snapshot.absent(OWNER)));
  }
}
