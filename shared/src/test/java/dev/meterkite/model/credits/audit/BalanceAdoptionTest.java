package dev.meterkite.model.credits.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.credits.audit.BalanceAdoption.Kind;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerCodec;
import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.stripe.Terms;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.prices.ExactMicros;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What adopting a user would do, told from its document. */
class BalanceAdoptionTest {
  private static final long MOST = Ledger.MAX_BALANCE;
  private static final Map<String, Object> BROKEN = Map.of("sequence", "one");

  private static Snapshot user(Map<String, Object> fields) {
    return new Snapshot(new DocRef("users", "u"), fields, Instant.EPOCH);
  }

  static Stream<Arguments> documents() {
    return Stream.of(
        Arguments.of(Map.of("credits_balance", -1L), false, Kind.REFUSED, 0, "credits_balance"),
        Arguments.of(Map.of("credits_balance", 0L), false, Kind.OPENS, 0, ""),
        Arguments.of(Map.of("credits_balance", 1L), false, Kind.OPENS, 1, ""),
        Arguments.of(Map.of("credits_balance", MOST), false, Kind.OPENS, MOST, ""),
        Arguments.of(Map.of("credits_balance", MOST + 1), false, Kind.REFUSED, 0, "is 9"),
        Arguments.of(Map.of("credits_balance", 100.0), false, Kind.OPENS, 100, ""),
        Arguments.of(Map.of("credits_balance", 10.5), false, Kind.REFUSED, 0, "is 10.5"),
        Arguments.of(Map.of("credits_balance", "100"), false, Kind.REFUSED, 0, "is \"100\""),
        Arguments.of(Map.of(), false, Kind.BEGINS, 0, ""),
        Arguments.of(Map.of("tier", "pro"), false, Kind.BEGINS, 0, ""),
        Arguments.of(Map.of("tier", "gold"), false, Kind.REFUSED, 0, "tier is \"gold\""),
        Arguments.of(Map.of("tier", 3L), false, Kind.REFUSED, 0, "tier is 3"),
        Arguments.of(Map.of("ledger", BROKEN), false, Kind.REFUSED, 0, "ledger"),
        Arguments.of(Map.of("ledger", BROKEN), true, Kind.REBUILDS, 0, ""),
        Arguments.of(Map.of("credits_balance", -1L), true, Kind.REBUILDS, 0, ""));
  }

  @ParameterizedTest
  @MethodSource("documents")
  void document_tellsWhatBecomesOfIt(
      Map<String, Object> fields, boolean isSequenced, Kind kind, long balance, String reason) {
    BalanceAdoption adoption = BalanceAdoption.of(user(fields), isSequenced, DefaultPlans.PLANS);
    assertEquals(kind, adoption.kind());
    assertEquals(balance, adoption.balance());
    assertTrue(adoption.reason().contains(reason), adoption.reason());
    assertEquals(kind == Kind.REFUSED, !adoption.reason().isEmpty());
    assertFalse(BalanceAdoption.isAdopted(user(fields)));
  }

  @Test
  void valueUpToForty_isShownWhole() {
    String whole = "x".repeat(40);
    assertEquals(
        "credits_balance is \"" + whole + "\"",
        BalanceAdoption.of(user(Map.of("credits_balance", whole)), false, DefaultPlans.PLANS)
            .reason());
    assertEquals(
        "credits_balance is \"" + whole + "…\"",
        BalanceAdoption.of(user(Map.of("credits_balance", whole + "x")), false, DefaultPlans.PLANS)
            .reason());
  }

  @Test
  void longValue_isShownCut() {
    String reason =
        BalanceAdoption.of(
                user(Map.of("credits_balance", "x".repeat(900))), false, DefaultPlans.PLANS)
            .reason();
    assertTrue(reason.length() < 100, reason);
  }

  @Test
  void userWithALedger_isAdoptedWhateverElseStandsThere() {
    Ledger ledger =
        new Ledger(
            1,
            7,
            "a".repeat(64),
            Lots.NONE.give(null, 7, true),
            Holds.NONE,
            null,
            Terms.NONE,
            java.util.List.of(),
            null,
            ExactMicros.ZERO);
    CreditState before = LedgerCodec.decode(user(Map.of()));
    Map<String, Object> fields =
        new LinkedHashMap<>(LedgerCodec.changes(before, before.with(ledger, null)));
    assertEquals(Kind.ADOPTED, BalanceAdoption.of(user(fields), true, DefaultPlans.PLANS).kind());
    assertEquals(7, BalanceAdoption.of(user(fields), true, DefaultPlans.PLANS).balance());
    assertTrue(BalanceAdoption.agrees(user(fields)));
    fields.put("credits_balance", -5L);
    assertTrue(BalanceAdoption.isAdopted(user(fields)));
    assertFalse(BalanceAdoption.agrees(user(fields)));
  }
}
