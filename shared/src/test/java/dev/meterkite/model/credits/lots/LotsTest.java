package dev.meterkite.model.credits.lots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lots and the holds that pin them, as values. */
class LotsTest {
  private static final Instant ONE = Instant.parse("2026-11-11T10:00:00Z");
  private static final Instant TWO = Instant.parse("2026-11-12T10:00:00Z");
  private static final Instant THREE = Instant.parse("2026-11-13T10:00:00Z");

  private static LotShare share(Instant expiresAt, long amount) {
    return new LotShare(expiresAt, amount);
  }

  private static OpenHold hold(String id, Instant lapsesAt, LotShare... pins) {
    long amount = List.of(pins).stream().mapToLong(LotShare::amount).sum();
    return new OpenHold(id, amount, lapsesAt, null, null, List.of(pins));
  }

  @Test
  void due_isTheFirstLotWithFreeCredits() {
    Lots lots = Lots.NONE.give(ONE, 5, true).give(TWO, 6, true).give(null, 7, true);
    assertEquals(ONE, lots.dueAt());
    assertEquals(ONE, lots.pin(4).lots().dueAt());
    assertEquals(TWO, lots.pin(5).lots().dueAt(), "pinned credits do not expire");
    assertEquals(TWO, lots.pin(10).lots().dueAt());
    assertNull(lots.pin(11).lots().dueAt());
    assertNull(Lots.NONE.dueAt());
  }

  @Test
  void expired_areTheFreeCreditsOfLotsUpToThisMoment() {
    Lots lots = Lots.NONE.give(ONE, 5, true).give(TWO, 6, true).give(null, 7, true).pin(7).lots();
    assertEquals(List.of(), lots.expired(ONE), "all of it is pinned");
    assertEquals(List.of(share(TWO, 4)), lots.expired(TWO));
    assertEquals(List.of(), lots.expired(TWO.minusNanos(1_000)));
    assertEquals(List.of(share(TWO, 4)), lots.expired(THREE), "what never expires is left");
  }

  @Test
  void newest_isTheLotItselfThenWhatLivesLongest() {
    Lots lots = Lots.NONE.give(ONE, 5, true).give(TWO, 6, true).give(null, 7, true);
    assertEquals(List.of(share(TWO, 6), share(null, 7), share(ONE, 5)), lots.newest(TWO, 100));
    assertEquals(List.of(share(TWO, 6), share(null, 1)), lots.newest(TWO, 7));
    assertEquals(List.of(share(null, 3)), lots.newest(THREE, 3), "a lot that is gone");
    assertEquals(List.of(), lots.newest(TWO, 0));
    Lots pinned = lots.pin(11).lots();
    assertEquals(List.of(share(null, 7)), pinned.newest(TWO, 9), "never what is pinned");
  }

  @Test
  void granted_growsByGrantsAndNotByWhatComesBack() {
    Lots lots = Lots.NONE.give(ONE, 100, true).spend(50).lots();
    assertEquals(new Lot(ONE, 100, 70, 0), lots.give(ONE, 20, false).list().get(0));
    assertEquals(new Lot(ONE, 120, 70, 0), lots.give(ONE, 20, true).list().get(0));
    assertEquals(
        new Lot(ONE, 110, 110, 0),
        lots.give(ONE, 60, false).list().get(0),
        "never less than remains");
    assertEquals(new Lot(TWO, 3, 3, 0), lots.give(TWO, 3, false).list().get(1));
  }

  @Test
  void moreThanIsFree_cannotBeTaken() {
    Lots lots = Lots.NONE.give(ONE, 5, true).pin(2).lots();
    assertThrows(IllegalArgumentException.class, () -> lots.spend(4));
    assertThrows(IllegalArgumentException.class, () -> lots.pin(4));
    assertEquals(new Lot(ONE, 5, 2, 2), lots.spend(3).lots().list().get(0));
    assertEquals(5, lots.pin(3).lots().held());
    assertThrows(IllegalArgumentException.class, () -> lots.unpin(List.of(share(TWO, 1))));
    assertThrows(IllegalArgumentException.class, () -> lots.unpin(List.of(share(ONE, 3))));
    assertThrows(IllegalArgumentException.class, () -> lots.without(List.of(share(ONE, 4))));
    assertThrows(IllegalArgumentException.class, () -> lots.spendPinned(List.of(share(ONE, 3))));
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 0", "0, 1, 0", "1, 1, -1", "1, 2, 2", "1, 2, -1"})
  void lotOfSuchFigures_cannotBe(long granted, long remaining, long held) {
    assertThrows(
        IllegalArgumentException.class, () -> new Lot(ONE, granted, remaining, held).free());
  }

  @Test
  void lotExpires_atItsExactInstant() {
    assertFalse(new Lot(ONE, 1, 1, 0).isExpired(ONE.minusNanos(1)));
    assertTrue(new Lot(ONE, 1, 1, 0).isExpired(ONE));
    assertFalse(new Lot(null, 1, 1, 0).isExpired(Instant.MAX));
    assertThrows(IllegalArgumentException.class, () -> share(ONE, 0));
  }

  @Test
  void lotsBeyondTheMost_mergeTheLastTwoThatExpire() {
    Lots lots = Lots.NONE;
    for (int i = 0; i < Lots.MAX; i++) {
      lots = lots.give(ONE.plusSeconds(3_600L * i), 1, true);
    }
    assertNull(lots.overflow());
    Instant last = ONE.plusSeconds(3_600L * (Lots.MAX - 1));
    Lots more = lots.give(null, 9, true).pin(Lots.MAX).lots();
    Lots.Merge merge = new Lots.Merge(last.minusSeconds(3_600), last);
    assertEquals(merge, more.overflow(), "what never expires is left alone");
    Lots merged = more.merged(merge);
    assertEquals(Lots.MAX, merged.list().size());
    assertEquals(new Lot(last, 2, 2, 2), merged.list().get(Lots.MAX - 2));
    assertEquals(more.total(), merged.total());
    assertEquals(more.held(), merged.held());
    Lots later = lots.give(last.plusSeconds(3_600), 1, true);
    assertEquals(new Lots.Merge(last, last.plusSeconds(3_600)), later.overflow());
  }

  // Holds.

  @Test
  void holds_addUpAndKnowTheEarliestLapse() {
    OpenHold one = hold("a", ONE, share(ONE, 3), share(null, 4));
    OpenHold two = hold("b", TWO, share(TWO, 5));
    Holds holds = Holds.NONE.with(two).with(one);
    assertEquals(12, holds.total());
    assertEquals(180 + 140, holds.weight());
    assertEquals(ONE, holds.dueAt());
    assertEquals(Holds.of(List.of(one, two)), holds);
    assertEquals(Holds.of(List.of(two)), holds.without(one));
    assertEquals(Holds.of(List.of(one)), holds.without(two));
    assertEquals(Holds.NONE, holds.without(one).without(two));
    assertNull(Holds.NONE.dueAt());
    assertEquals(two, holds.get("b"));
    assertNull(holds.get("c"));
  }

  @Test
  void lapsed_areThoseUpToThisMomentTheEarliestFirst() {
    OpenHold first = hold("z", ONE, share(null, 1));
    OpenHold second = hold("a", TWO, share(null, 1));
    OpenHold third = hold("b", TWO, share(null, 1));
    Holds holds = Holds.of(List.of(third, second, first, hold("c", THREE, share(null, 1))));
    assertEquals(List.of(), holds.lapsed(ONE.minusNanos(1)));
    assertEquals(List.of(first), holds.lapsed(ONE));
    assertEquals(List.of(first, second, third), holds.lapsed(TWO));
    assertEquals(List.of(), Holds.NONE.lapsed(TWO));
  }

  @Test
  void holds_areFullByNumberAndByWeight() {
    List<OpenHold> many = new ArrayList<>();
    for (int i = 0; i < Holds.MAX - 1; i++) {
      many.add(hold("h" + i, ONE, share(null, 1)));
    }
    OpenHold next = hold("next", ONE, share(null, 1));
    assertFalse(Holds.of(many).isFullFor(next));
    assertTrue(Holds.of(many).with(next).isFullFor(hold("more", ONE, share(null, 1))));
    // 100 bytes for a hold and 40 for a pin: 10 of 370 pins weigh 149,000.
    List<OpenHold> heavy = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      heavy.add(hold("h" + i, ONE, pins(370)));
    }
    assertEquals(149_000, Holds.of(heavy).weight());
    assertFalse(Holds.of(heavy).isFullFor(hold("fits", ONE, pins(22))));
    assertTrue(Holds.of(heavy).isFullFor(hold("too heavy", ONE, pins(23))));
    OpenHold ofJob = new OpenHold("j", 1, ONE, "j".repeat(40), null, List.of(share(null, 1)));
    assertEquals(100 + 120 + 40, ofJob.weight());
    assertTrue(Holds.of(heavy).with(hold("f", ONE, pins(18))).isFullFor(ofJob));
    OpenHold rest = new OpenHold("j", 15, ONE, "j".repeat(100), null, List.of(pins(15)));
    assertEquals(Holds.MAX_WEIGHT, Holds.of(heavy).weight() + rest.weight());
    assertFalse(Holds.of(heavy).isFullFor(rest), "exactly so much");
    assertEquals(Holds.MAX_WEIGHT, Holds.of(heavy).with(hold("f", ONE, pins(22))).weight() + 20);
  }

  private static LotShare[] pins(int count) {
    LotShare[] pins = new LotShare[count];
    for (int i = 0; i < count; i++) {
      pins[i] = share(ONE.plusSeconds(3_600L * i), 1);
    }
    return pins;
  }

  @Test
  void holdOfOtherThanItsPins_cannotBe() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new OpenHold("h", 2, ONE, null, null, List.of(share(null, 1))));
    assertThrows(
        IllegalArgumentException.class, () -> new OpenHold("h", 0, ONE, null, null, List.of()));
  }

  @Test
  void partOfAHold_isItsFirstPinsInSpendOrder() {
    OpenHold hold = hold("h", ONE, share(ONE, 3), share(TWO, 4), share(null, 5));
    assertEquals(List.of(), hold.first(0));
    assertEquals(List.of(share(ONE, 2)), hold.first(2));
    assertEquals(List.of(share(ONE, 3)), hold.first(3));
    assertEquals(List.of(share(ONE, 3), share(TWO, 1)), hold.first(4));
    assertEquals(List.of(share(TWO, 3), share(null, 5)), hold.behind(4));
    assertEquals(hold.pins(), hold.behind(0));
    assertEquals(List.of(), hold.behind(12));
  }

  @Test
  void holdsOfMergedLots_pinTheLaterOne() {
    Lots.Merge merge = new Lots.Merge(ONE, TWO);
    OpenHold both = hold("both", THREE, share(ONE, 3), share(TWO, 4), share(null, 5));
    OpenHold neither = hold("neither", ONE, share(THREE, 2));
    Holds holds = Holds.of(List.of(both, neither)).merged(merge);
    assertEquals(List.of(share(TWO, 7), share(null, 5)), holds.get("both").pins());
    assertEquals(neither, holds.get("neither"));
    assertEquals(14, holds.total());
    assertEquals(180 + 140, holds.weight(), "one pin less");
  }
}
