package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What follows each kind of failure of a commit outside the engine. */
class ConditionalUpdateTest {
  private static final DocRef REF = new DocRef("counters", "a");

  private final Deque<StoreException.Kind> failures = new ArrayDeque<>();
  private int commits;
  private int decided;

  /** Fails as often as there are failures, then applies. */
  private final Store store =
      new ForwardingStore(null) {
        @Override
        public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
          commits++;
          return failures.isEmpty()
              ? CompletableFuture.completedFuture(List.of(Instant.EPOCH))
              : CompletableFuture.failedFuture(
                  new StoreException(failures.pop(), "as the test says"));
        }
      };

  private ConditionalUpdate.Change<String> decide() {
    decided++;
    return new ConditionalUpdate.Change<>(
        List.of(Mutation.create(REF, Map.of("n", 1L))), "decision " + decided);
  }

  @ParameterizedTest
  @EnumSource(
      value = StoreException.Kind.class,
      names = {"PRECONDITION", "CONTENTION", "UNKNOWN"})
  void commitThatLost_isDecidedAgain(StoreException.Kind kind) {
    failures.add(kind);
    failures.add(kind);
    assertEquals(
        Optional.of(new ConditionalUpdate.Committed<>("decision 3", 3)),
        ConditionalUpdate.commit(store, 3, this::decide));
  }

  @Test
  void commitThatLosesEachTime_isGivenUp() {
    for (int i = 0; i < 3; i++) {
      failures.add(StoreException.Kind.PRECONDITION);
    }
    assertEquals(Optional.empty(), ConditionalUpdate.commit(store, 3, this::decide));
    assertEquals(3, commits);
  }

  @ParameterizedTest
  @EnumSource(
      value = StoreException.Kind.class,
      names = {"INVALID", "DENIED"})
  void commitThatFailsEachTime_isThrownAtOnce(StoreException.Kind kind) {
    failures.add(kind);
    CompletionException thrown =
        assertThrows(
            CompletionException.class, () -> ConditionalUpdate.commit(store, 3, this::decide));
    assertEquals(kind, StoreException.kindOf(thrown));
    assertEquals(1, commits);
  }

  @Test
  void nothingToWrite_needsNoCommit() {
    assertEquals(
        Optional.of(new ConditionalUpdate.Committed<>("as it is", 0)),
        ConditionalUpdate.commit(
            store, 3, () -> new ConditionalUpdate.Change<>(List.of(), "as it is")));
    assertEquals(0, commits);
  }

  @ParameterizedTest
  @EnumSource(StoreException.Kind.class)
  void oneTry_isFalseOnlyIfAnotherWriterWasFaster(StoreException.Kind kind) {
    List<Mutation> mutations = List.of(Mutation.create(REF, Map.of()));
    assertTrue(ConditionalUpdate.tryCommit(store, mutations));
    failures.add(kind);
    switch (kind) {
      case PRECONDITION, CONTENTION -> assertFalse(ConditionalUpdate.tryCommit(store, mutations));
      case UNKNOWN, INVALID, DENIED -> {
        CompletionException thrown =
            assertThrows(
                CompletionException.class, () -> ConditionalUpdate.tryCommit(store, mutations));
        assertEquals(kind, StoreException.kindOf(thrown));
      }
    }
  }

  /** Two writers that read the same: none of the two additions is lost. */
  @Test
  void twoWriters_loseNothing() {
    Simulation simulation = new Simulation(1);
    SimulatedStore simulated = new SimulatedStore(simulation, Pace.EMULATOR);
    Documents documents = simulated.documents();
    documents.apply(List.of(Mutation.create(REF, Map.of("n", 1L))));
    Snapshot before = documents.get(REF);
    documents.apply(List.of(Mutation.update(REF, Map.of("n", 2L), before.updateTime())));
    Store direct =
        new ForwardingStore(simulated) {
          @Override
          public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
            try {
              return CompletableFuture.completedFuture(documents.apply(mutations));
            } catch (StoreException e) {
              return CompletableFuture.failedFuture(e);
            }
          }
        };
    Deque<Snapshot> seen = new ArrayDeque<>(List.of(before));
    ConditionalUpdate.Committed<Long> done =
        ConditionalUpdate.commit(
                direct,
                2,
                () -> {
                  Snapshot now = seen.isEmpty() ? documents.get(REF) : seen.pop();
                  long next = (Long) now.fields().get("n") + 1;
                  return new ConditionalUpdate.Change<>(
                      List.of(Mutation.of(new Write.Update(REF, Map.of("n", next)), List.of(now))),
                      next);
                })
            .orElseThrow();
    assertEquals(new ConditionalUpdate.Committed<>(3L, 2), done);
    assertEquals(3L, documents.get(REF).fields().get("n"));
  }
}
