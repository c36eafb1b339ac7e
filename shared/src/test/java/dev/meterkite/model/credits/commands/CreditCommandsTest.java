package dev.meterkite.model.credits.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands can be, where their markers stand, and which refusals are remembered. */
class CreditCommandsTest {
  private static final Duration DAY = Duration.ofDays(1);

  private static List<String> places(Command<CreditCommand> command) {
    return command.markers().stream().map(DocRef::collection).toList();
  }

  @Test
  void marker_isWhatTheCommandMakes() {
    Command<CreditCommand> debit = CreditCommands.debit("u", 1, null, null, "k", "h");
    assertEquals(List.of("credit_transactions"), places(debit));
    Command<CreditCommand> hold = CreditCommands.hold("u", 1, null, DAY, "k", "h");
    List<String> ownAndOlder = List.of("idempotency_keys", "credit_holds");
    assertEquals(ownAndOlder, places(hold));
    assertEquals(List.of(), hold.reads());
    Command<CreditCommand> ofJob = CreditCommands.hold("u", 1, "j", DAY, "k", "h");
    assertEquals(ownAndOlder, places(ofJob));
    assertEquals(hold.markers(), ofJob.markers(), "C22: one key, one place, whatever the body");
    assertEquals(List.of(new Read.Get(CreditRefs.jobHold("j"))), ofJob.reads());
    assertEquals(
        List.of("idempotency_keys", "credit_transactions"),
        places(CreditCommands.settle("u", "h", true, 1L, "k", "h")));
    assertEquals(
        CreditCommands.settle("u", "h", true, 1L, "k", "h").markers(),
        CreditCommands.settle("u", "h2", false, null, "k", "h").markers(),
        "C22");
    assertEquals(List.of(), places(CreditCommands.sweep("u")));
    assertEquals(List.of(), places(CreditCommands.view("u")));
  }

  @Test
  void markers_differByUserOperationAndKey() {
    Set<String> ids =
        Stream.of(
                CreditCommands.debit("u", 1, null, null, "k", "h"),
                CreditCommands.debit("u", 1, null, null, "k2", "h"),
                CreditCommands.debit("u2", 1, null, null, "k", "h"),
                CreditCommands.hold("u", 1, null, DAY, "k", "h"),
                CreditCommands.settle("u", "h", true, null, "k", "h"))
            .map(command -> command.markers().get(0).id())
            .collect(Collectors.toSet());
    assertEquals(5, ids.size());
    assertNotEquals(CreditRefs.jobHold("j"), CreditRefs.jobHold("j2"));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void amountsBelowOne_cannotBeAskedFor(long amount) {
    assertRefused(() -> new CreditCommand.Debit("t", amount, null, null));
    assertRefused(() -> new CreditCommand.Grant("t", amount, TransactionType.PURCHASE, null, null));
    assertRefused(() -> new CreditCommand.Hold("h", amount, null, DAY));
    assertRefused(() -> new CreditCommand.Refund("d", amount, null, "t"));
    assertRefused(() -> new CreditCommand.Settle("h", true, Math.min(amount, -1), "t"));
    assertRefused(() -> new CreditCommand.Settle("h", false, 1L, "t"));
  }

  private static void assertRefused(Executable made) {
    assertThrows(IllegalArgumentException.class, made);
  }

  @Test
  void grants_arePurchasesSubscriptionsAndAdjustments() {
    Set<TransactionType> grants = EnumSet.noneOf(TransactionType.class);
    for (TransactionType type : TransactionType.values()) {
      if (type.grants()) {
        grants.add(type);
        assertEquals(type, new CreditCommand.Grant("t", 1, type, null, null).type());
      } else {
        assertRefused(() -> new CreditCommand.Grant("t", 1, type, null, null));
      }
    }
    assertEquals(
        EnumSet.of(
            TransactionType.PURCHASE,
            TransactionType.SUBSCRIPTION_GRANT,
            TransactionType.ADMIN_ADJUSTMENT),
        grants);
  }

  /** What a purchase, a settlement or time may change must not apply behind its refusal (A3). */
  @Test
  void refusals_thatSomethingMayTurn_areRemembered() {
    assertEquals(
        EnumSet.of(
            CreditOutcome.BALANCE_UNREADABLE,
            CreditOutcome.ALREADY_EXPIRED,
            CreditOutcome.HOLD_EXPIRED,
            CreditOutcome.BALANCE_LIMIT_EXCEEDED,
            CreditOutcome.INSUFFICIENT_CREDITS,
            CreditOutcome.TOO_MANY_HOLDS),
        Arrays.stream(CreditOutcome.values())
            .filter(CreditOutcome::remembered)
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(CreditOutcome.class))));
  }
}
