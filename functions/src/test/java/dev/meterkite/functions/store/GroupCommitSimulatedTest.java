package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class GroupCommitSimulatedTest extends GroupCommitContract {
  private final Simulation simulation = new Simulation(1);
  private final SimulatedStore store = new SimulatedStore(simulation, Faults.NONE);

  @Override
  Store store() {
    return store;
  }

  @Override
  Turns turns() {
    return simulation::after;
  }

  @Override
  <T> T await(CompletableFuture<T> call) {
    return simulation.await(call);
  }

  @Override
  long roundTrips() {
    return store.roundTrips();
  }

  @Test
  void queue_isBounded() {
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (int i = 0; i < Limits.DEFAULT.waiting() + 600; i++) {
      replies.add(engine.submit(Account.change("a", "key" + i, 1)));
    }
    long busy = replies.stream().filter(reply -> await(reply) instanceof Reply.Busy).count();
    // The first is in flight, so one more than may wait is taken.
    assertEquals(599, busy);
    assertEquals(100 + Limits.DEFAULT.waiting() + 1, account("a").balance());
  }

  @Test
  void thousandsWithOneKey_areAllReplayed() {
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      replies.add(engine.submit(Account.change("a", "same", 1)));
    }
    long replayed =
        replies.stream()
            .filter(reply -> await(reply) instanceof Reply.Answered answer && answer.replayed())
            .count();
    assertEquals(2_999, replayed);
    assertEquals(101, account("a").balance());
  }

  /**
   * A refusal needs a read; more of them fail than rules may ask for, and that is no fault of
   * theirs.
   */
  @Test
  void outageOfManyReads_isWaitedFor() {
    OutOfReach outage = new OutOfReach(store, 7);
    GroupCommit<Account, Account.Change> other =
        new GroupCommit<>(
            Account.RULES,
            outage,
            turns(),
            simulation,
            simulation,
            simulation.random(),
            Limits.DEFAULT,
            String::valueOf);
    await(other.submit(Account.change("a", "first", 1)));
    outage.begins = true;
    Reply reply = await(other.submit(Account.change("a", "second", -1_000)));
    assertEquals(Reply.Refused.class, reply.getClass());
    assertEquals(0, outage.left);
    assertEquals(101, account("a").balance());
  }

  /** A store whose next reads fail once the outage begins. */
  private static final class OutOfReach extends ForwardingStore {
    private int left;
    private boolean begins;

    OutOfReach(Store store, int failures) {
      super(store);
      this.left = failures;
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      if (begins && left > 0) {
        left--;
        return CompletableFuture.failedFuture(
            new StoreException(StoreException.Kind.UNKNOWN, "out of reach"));
      }
      return super.read(refs);
    }
  }
}
