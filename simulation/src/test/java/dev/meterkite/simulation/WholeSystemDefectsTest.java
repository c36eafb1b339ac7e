package dev.meterkite.simulation;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.EventFaults;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.Platform;
import dev.meterkite.functions.simulated.ScheduleFaults;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each planted fault is found, some of them by what chaos.sh does not look at. */
@SuppressWarnings("EnumOrdinal") // any sixth
class WholeSystemDefectsTest {
  private static final Fixture FIXTURE = new Fixture(Path.of("../functions.tsv"));
  private static final long SEED = 1;
  private static final long MOST_OPERATIONS = 40_000;

  private static final Set<Planted> BEYOND_CHAOS =
      Set.of(
          Planted.RECORDS_EXPIRE_AT_ONCE,
          Planted.CALLS_AT_PRESENT_PRICES,
          Planted.DUE_MOMENTS_NOT_WRITTEN,
          Planted.REPORTS_NOT_COUNTED,
          Planted.ROUTED_FOR_HALF,
          Planted.DECISIONS_NOT_KEPT,
          Planted.STRIPE_EVENTS_DROPPED,
          Planted.PAYMENTS_FORGOTTEN,
          Planted.DISPUTES_FORGOTTEN,
          Planted.ALERTS_KEPT_FOR_EVER,
          Planted.TIER_NOT_SEEN,
          Planted.ALERTS_OF_QUOTAS_MISSING,
          Planted.ALERTS_OF_OUTAGES_MISSING,
          Planted.FLAGS_NOT_INITIALISED,
          Planted.HOLDS_NOT_SWEPT,
          Planted.PROVIDERS_NOT_PROBED,
          Planted.WINDOWS_CHARGED_HALF_AT_THEIR_END);

  @AfterAll
  static void close() {
    FIXTURE.close();
  }

  static Plan plan(long seed, long operations, long auditEvery) {
    return new Plan(
        seed,
        Instant.parse("2026-02-20T10:00:00Z"),
        new Plan.Size(operations, auditEvery, 16, 12, 10),
        new Plan.Ills(
            Faults.SOME,
            new EventFaults(
                0, 0.2, 0.1, 0.5, 0, 0.02, Duration.ofSeconds(10), Duration.ofSeconds(60)),
            ScheduleFaults.MANY,
            Weather.STORM),
        new Plan.Database(Pace.UNEVEN, Platform.SERVICE));
  }

  /** Every sixth in the daily check, all with {@code -Dmeterkite.deep=true}. */
  static List<Planted> planted() {
    List<Planted> some = new ArrayList<>();
    for (Planted each : Planted.values()) {
      if (Boolean.getBoolean("meterkite.deep") || each.ordinal() % 6 == 2) {
        some.add(each);
      }
    }
    return some;
  }

  @ParameterizedTest
  @MethodSource("planted")
  void plantedFault_isFound(Planted planted) {
    try (Play play = new Play(plan(SEED, MOST_OPERATIONS, 2_000), FIXTURE, planted)) {
      String thrown = "";
      try {
        play.run();
      } catch (IllegalStateException e) {
        thrown = e + " " + e.getCause();
      }
      String first = play.findings().isEmpty() ? thrown : play.findings().get(0);
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %,d | %s | %s%n",
          planted.part,
          planted.what,
          play.journal().total(),
          play.isBeyondChaos() ? "no" : "yes",
          first.length() > 200 ? first.substring(0, 200) : first);
      assertFalse(first.isEmpty(), planted + " was not found");
      assertTrue(
          !BEYOND_CHAOS.contains(planted) || play.isBeyondChaos(),
          () -> planted + " is found by chaos too: " + play.findings());
    }
  }
}
