package dev.meterkite.model.credits.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.meterkite.model.credits.audit.ShadowComparison.Charge;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShadowComparisonTest {
  @ParameterizedTest
  @CsvSource({
    "captured, 30, 30",
    "captured, 0, 0",
    "released, 30, 0",
    "refused, 30, 0",
    "unpaid, 30, 0",
  })
  void endOfAPayment_isWhatTheUserWouldPay(String status, long credits, long charge) {
    Map<String, Object> changes = Map.of("payment.status", status, "payment.credits", credits);
    assertEquals(Optional.of(new Charge(status, charge)), ShadowComparison.charge(changes));
  }

  @Test
  void jobThatIsHeldOrOtherwiseChanged_isNotCompared() {
    assertEquals(Optional.empty(), ShadowComparison.charge(Map.of("payment.status", "held")));
    assertEquals(Optional.empty(), ShadowComparison.charge(Map.of("payment.status", "odd")));
    assertEquals(Optional.empty(), ShadowComparison.charge(Map.of("payment.credits", 3L)));
  }

  private static List<Snapshot> transactions(Object... amounts) {
    List<Snapshot> transactions = new ArrayList<>();
    for (Object amount : amounts) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("amount", amount);
      transactions.add(new Snapshot(new DocRef("credit_transactions", "t"), fields, Instant.EPOCH));
    }
    return transactions;
  }

  @Test
  void chargeOfTheOlderSystem_isItsDeductionsLessItsRefunds() {
    assertEquals(Optional.of(25L), ShadowComparison.charged(transactions(-30L, 5L)));
    assertEquals(Optional.of(0L), ShadowComparison.charged(List.of()));
    assertEquals(Optional.of(3L), ShadowComparison.charged(transactions(-3.0, "odd", null)));
    List<Snapshot> ours = new ArrayList<>(transactions(-30L));
    Map<String, Object> fields = Map.of("amount", 5L, "sequence", 1L);
    ours.add(new Snapshot(new DocRef("credit_transactions", "t"), fields, Instant.EPOCH));
    assertEquals(Optional.empty(), ShadowComparison.charged(ours), "one is of our own ledger");
  }

  @Test
  void mismatch_isWhatItsAlertSays() {
    assertEquals(
        Optional.of("why"),
        ShadowComparison.mismatch(Map.of("type", "ledger_mismatch", "message", "why")));
    assertEquals(
        Optional.empty(), ShadowComparison.mismatch(Map.of("type", "job_unpaid", "message", "m")));
    assertEquals(Optional.empty(), ShadowComparison.mismatch(Map.of("type", "ledger_mismatch")));
  }
}
