package dev.meterkite.model.credits.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Transactions survive their documents, and documents of other programs can be read. */
class TransactionCodecTest {
  private static final Instant NOW = Instant.parse("2026-11-10T10:00:00.000001Z");
  private static final Transaction UNSEALED =
      new Transaction(
          "t1",
          "u1",
          TransactionType.REFUND,
          30,
          70L,
          EntryDetails.builder()
              .jobId("j")
              .holdId("h")
              .description("text")
              .reason("why")
              .expiresAt(NOW.plus(Duration.ofDays(1)))
              .periodStart(NOW)
              .reverses("t0", 1L)
              .stripeEventId("evt_1")
              .plansVersion("p1")
              .build(),
          NOW,
          2L,
          List.of(new LotShare(null, 10), new LotShare(NOW, 20)),
          LedgerChain.FIRST,
          null,
          0);

  @Test
  void sealedTransaction_survivesItsDocument() {
    TransactionCodec.Entry entry = TransactionCodec.seal(UNSEALED);
    assertEquals(entry.transaction(), TransactionCodec.decode(entry.write().fields()));
    assertEquals(
        LedgerChain.hash(entry.write().fields(), LedgerChain.FIRST), entry.transaction().hash());
    Transaction refunded = entry.transaction().refunded(5);
    assertEquals(refunded, TransactionCodec.decode(TransactionCodec.encode(refunded)));
  }

  @Test
  void valuesOfWrongTypes_countAsAbsent() {
    Map<String, Object> odd = new HashMap<>();
    TransactionCodec.encode(UNSEALED).keySet().forEach(name -> odd.put(name, true));
    Transaction read = TransactionCodec.decode(odd);
    assertEquals(EntryDetails.NONE, read.details());
    assertEquals(0, read.amount());
    assertEquals(List.of(), read.lots());
    assertNull(read.type());
    assertNull(read.sequence());
    assertEquals(TransactionCodec.decode(Map.of()), read);
    assertEquals(-7, TransactionCodec.decode(Map.of(CreditTransactions.AMOUNT, -7.0)).amount());
  }
}
