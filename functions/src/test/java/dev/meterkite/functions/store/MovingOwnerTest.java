package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * What rules must see may change with the owner. Found by simulate.sh: a user's document was set
 * anew again and again while its ledger was opened, and "rules that never have seen enough" was the
 * answer, with a stack trace.
 */
class MovingOwnerTest {
  private static final DocRef OWNER = new DocRef("owners", "o");

  /** Wants to see the document that the owner names, or, if it is hungry, another one each time. */
  private record Curious(boolean hungry, AtomicInteger asked) implements Rules<Long, String> {
    @Override
    public Long decode(Snapshot owner) {
      return owner.fields().get("n") instanceof Long number ? number : 0L;
    }

    @Override
    public Map<String, Object> changes(Long before, Long after) {
      return Map.of("done", true);
    }

    @Override
    public Decision<Long> decide(Long state, Seen seen, Command<String> command, Instant now) {
      long wanted = hungry ? asked.getAndIncrement() : state;
      Read read = new Read.Get(new DocRef("sides", "s" + wanted));
      return seen.has(read)
          ? new Decision.Applied<>(state, Map.of("n", state), List.of())
          : new Decision.NeedsReads<>(List.of(read));
    }

    @Override
    public Decision.Refused<Long> refuseAgain(
        Long state, Command<String> command, String code, Instant now) {
      throw new AssertionError("nothing is refused");
    }
  }

  private static CompletableFuture<Reply> play(Simulation simulation, Rules<Long, String> rules) {
    SimulatedStore store = new SimulatedStore(simulation, Faults.NONE);
    long[] left = {20};
    Store moving =
        new ForwardingStore(store) {
          @Override
          public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
            if (left[0]-- > 0) {
              store
                  .documents()
                  .apply(List.of(Mutation.blind(OWNER, Map.of("n", left[0]), Map.of())));
            }
            return super.read(refs);
          }
        };
    GroupCommit<Long, String> engine =
        new GroupCommit<>(
            rules,
            moving,
            simulation,
            simulation,
            simulation,
            new Random(1),
            Limits.DEFAULT,
            Json::write);
    DocRef marker = new DocRef("idempotency_keys", "k");
    return engine.submit(
        new Command<>(OWNER, "look", "k", "hash", "", List.of(marker), List.of(), List.of()));
  }

  @Test
  void ownerThatMoves_isLookedAtUntilItRests() {
    Simulation simulation = new Simulation(1);
    CompletableFuture<Reply> reply = play(simulation, new Curious(false, new AtomicInteger()));
    assertInstanceOf(Reply.Answered.class, simulation.await(reply));
  }

  /** Rules that want something else of the same state each time are a bug. */
  @Test
  void rulesThatNeverHaveSeenEnough_areAnError() {
    Simulation simulation = new Simulation(1);
    CompletableFuture<Reply> reply = play(simulation, new Curious(true, new AtomicInteger()));
    CompletionException failure =
        assertThrows(CompletionException.class, () -> simulation.await(reply));
    assertTrue(failure.getCause().getMessage().contains("never have seen enough"));
  }
}
