package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.rules.CreditRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/**
 * What is refused because its time is over is refused for good: an attempt from before the expiry,
 * whose commit is still on its way, must not land after the refusal.
 */
class ExpiryRefusalTest { // A1
  private static final String USER = "u";
  private static final Duration HOUR = Duration.ofHours(1);

  private final Simulation simulation = new Simulation(1);
  private final SimulatedStore simulated = new SimulatedStore(simulation, Faults.NONE);
  private final Straggling store = new Straggling();
  private Duration ahead = Duration.ZERO;
  private final GroupCommit<CreditState, CreditCommand> engine =
      new GroupCommit<>(
          new CreditRules(ForeignBalance.PUT_BACK, CurrentPlans.seeded()),
          store,
          simulation,
          () -> simulation.instant().plus(ahead),
          simulation,
          simulation.random(),
          Limits.DEFAULT,
          String::valueOf);

  @Test
  void captureFromBeforeTheExpiry_doesNotLandAfterTheRefusal() {
    open();
    Command<CreditCommand> hold = CreditCommands.hold(USER, 40, null, HOUR, "h", "h");
    assertInstanceOf(Reply.Answered.class, simulation.await(engine.submit(hold)));
    String id = Ids.marker(CreditCommands.HOLD, CreditRefs.user(USER), "h");
    isRefusedForGood(CreditCommands.settle(USER, id, true, null, "k", "k"), "hold_expired");
  }

  @Test
  void grantFromBeforeItsExpiry_doesNotLandAfterTheRefusal() {
    open();
    Instant expiry = simulation.instant().plus(HOUR);
    isRefusedForGood(
        CreditCommands.grant(USER, 40, TransactionType.PURCHASE, expiry, null, "k", "k"),
        "already_expired");
  }

  private void open() {
    simulation.await(
        store.commit(
            List.of(
                Mutation.replace(
                    CreditRefs.user(USER),
                    Map.of(Users.TIER, "payg", Users.CREDITS_BALANCE, 100L)))));
    Command<CreditCommand> debit = CreditCommands.debit(USER, 1, null, null, "first", "first");
    assertInstanceOf(Reply.Answered.class, simulation.await(engine.submit(debit)));
  }

  private void isRefusedForGood(Command<CreditCommand> command, String code) {
    store.isHoldingBack = true;
    Reply reply = simulation.await(engine.submit(command));
    assertEquals(code, assertInstanceOf(Reply.Refused.class, reply).outcome().code());
    CompletionException failure =
        assertThrows(
            CompletionException.class, () -> simulation.await(simulated.commit(store.heldBack)));
    assertEquals(
        StoreException.Kind.PRECONDITION,
        assertInstanceOf(StoreException.class, failure.getCause()).kind());
  }

  /** Holds the next commit back, tells nothing certain, and meanwhile the hour passes. */
  private final class Straggling implements Store {
    private boolean isHoldingBack;
    private List<Mutation> heldBack = List.of();

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      if (isHoldingBack) {
        isHoldingBack = false;
        heldBack = mutations;
        ahead = HOUR.plusMinutes(90);
        return CompletableFuture.failedFuture(
            new StoreException(StoreException.Kind.UNKNOWN, "no answer"));
      }
      return simulated.commit(mutations);
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      return simulated.read(refs);
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      return simulated.find(query);
    }

    @Override
    public CompletableFuture<Number> total(Query query, String sum) {
      return simulated.total(query, sum);
    }
  }
}
