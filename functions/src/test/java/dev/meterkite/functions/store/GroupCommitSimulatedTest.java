package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class GroupCommitSimulatedTest extends GroupCommitContract {
  private final Simulation simulation = new Simulation(1);
  private final SimulatedStore store = new SimulatedStore(simulation, SimulatedStore.Faults.NONE);

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
    return store.reads + store.commits;
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
    for (int i = 0; i < 9_000; i++) {
      replies.add(engine.submit(Account.change("a", "same", 1)));
    }
    long replayed =
        replies.stream()
            .filter(reply -> await(reply) instanceof Reply.Answered answer && answer.replayed())
            .count();
    assertEquals(8_999, replayed);
    assertEquals(101, account("a").balance());
  }
}
