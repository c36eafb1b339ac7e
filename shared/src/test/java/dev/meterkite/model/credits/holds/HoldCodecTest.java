package dev.meterkite.model.credits.holds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditHolds;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Holds survive their documents, and notes change what they name and nothing else. */
class HoldCodecTest {
  private static final Instant NOW = Instant.parse("2026-11-10T10:00:00.000001Z");
  private static final DocRef REF = HoldCodec.ref("h");
  private static final OpenHold OPEN =
      new OpenHold("h", 30, NOW.plus(Duration.ofDays(1)), "j", "p1", List.of(share(30)));
  private static final CreditHold HELD =
      CreditHold.opened("u", OPEN, NOW, new JobMark(2, NOW), null);

  private static LotShare share(long amount) {
    return new LotShare(null, amount);
  }

  private static Snapshot document(Map<String, Object> fields) {
    return new Snapshot(REF, fields, NOW);
  }

  @Test
  void hold_survivesItsDocument() {
    CreditHold never =
        CreditHold.neverOpen(
                "h",
                "u",
                "j",
                30,
                new HoldNote.End(HoldStatus.CAPTURED, 24, "t", NOW),
                new JobMark(1, null))
            .code("failed")
            .attempts(3);
    for (CreditHold hold : List.of(HELD, never)) {
      assertEquals(hold, HoldCodec.decode(document(HoldCodec.create(REF, hold).fields())));
    }
  }

  @Test
  void note_changesWhatItNames() {
    Snapshot held = document(HoldCodec.create(REF, HELD).fields());
    HoldNote.End end = new HoldNote.End(HoldStatus.RELEASED, 0, null, NOW);
    HoldNote note = new HoldNote(null, end, null, null, null).code("deleted");
    CreditHold closed = HoldCodec.decode(held, note);
    assertNotNull(closed);
    assertEquals(HoldStatus.RELEASED, closed.status());
    assertEquals(0L, closed.captured());
    assertEquals("deleted", closed.code());
    assertEquals(NOW, closed.closedAt());
    assertEquals(30, closed.amount());
    assertEquals(2L, closed.attempt());
    assertEquals(HELD, HoldCodec.decode(held, HoldNote.NONE));
  }

  @Test
  void absentHold_isNullUntilItIsNoted() {
    Snapshot absent = Snapshot.absent(REF);
    assertNull(HoldCodec.decode(absent, null));
    CreditHold noted = HoldCodec.decode(absent, HoldNote.NONE.mark(new JobMark(4, null)));
    assertNotNull(noted);
    assertEquals(4L, noted.attempt());
  }

  @Test
  void statusOfAnotherType_countsAsExpired() {
    Map<String, Object> odd = new HashMap<>(HoldCodec.create(REF, HELD).fields());
    odd.put(CreditHolds.STATUS, 1L);
    CreditHold read = HoldCodec.decode(document(odd));
    assertNull(read.status());
    assertEquals(HoldStatus.EXPIRED, read.statusOrExpired());
  }
}
