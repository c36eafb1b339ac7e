package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CommandRelays;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a batch costs that is handed over, counted at the store of each of two instances, where a
 * document takes one commit a second. docs/cost.md states these figures.
 */
class RelayCostTest {
  private static final int BATCHES = 20;
  private static final int MAX_READS = 12;
  private static final double MEAN_READS = 5;

  /** So long one of them is alone, and becomes the host. */
  private static final Duration UNTIL_HOST = Duration.ofSeconds(20);

  private static final Duration PAUSE = Duration.ofMillis(200);

  /** Counts what one instance asks of the store. */
  private static final class Counting extends ForwardingStore {
    final List<List<Mutation>> commits = new ArrayList<>();
    int reads;
    int queries;

    Counting(Store store) {
      super(store);
    }

    void reset() {
      commits.clear();
      reads = 0;
      queries = 0;
    }

    long count(String collection, boolean deleted) {
      return commits.stream()
          .flatMap(List::stream)
          .filter(each -> each.ref().collection().equals(collection))
          .filter(each -> (each.condition() == Mutation.Condition.DELETE) == deleted)
          .count();
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      reads += refs.size();
      return super.read(refs);
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      queries++;
      return super.find(query);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      commits.add(List.copyOf(mutations));
      return super.commit(mutations);
    }
  }

  private final Simulation simulation = new Simulation(1);
  private final SimulatedStore store = new SimulatedStore(simulation, Pace.SERVICE);
  private final Counting ofHost = new Counting(store);
  private final Counting ofAuthor = new Counting(store);
  private final GroupCommit<Account, Account.Change> host = engine(ofHost);
  private final GroupCommit<Account, Account.Change> author = engine(ofAuthor);
  private boolean over;
  private int keys;

  private GroupCommit<Account, Account.Change> engine(Store seen) {
    return new GroupCommit<>(
        Account.RULES,
        seen,
        simulation::after,
        simulation,
        simulation,
        simulation.random(),
        Limits.DEFAULT,
        String::valueOf);
  }

  private void keepBusy() {
    if (!over) {
      var unused =
          host.submit(Account.change("a", "host-" + keys++, 1))
              .thenAccept(reply -> simulation.after(Duration.ofMillis(1), this::keepBusy));
    }
  }

  private void submit(int size) {
    CompletableFuture<?>[] replies =
        IntStream.range(0, size)
            .mapToObj(i -> author.submit(Account.change("a", "author-" + keys++, 1)))
            .toArray(CompletableFuture[]::new);
    simulation.await(CompletableFuture.allOf(replies));
    for (CompletableFuture<?> reply : replies) {
      assertTrue(reply.join() instanceof Reply.Answered, () -> "not applied: " + reply.join());
    }
    await(PAUSE);
  }

  private void await(Duration time) {
    CompletableFuture<Void> pause = new CompletableFuture<>();
    simulation.after(time, () -> pause.complete(null));
    simulation.await(pause);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 100})
  void batchThatIsHandedOver_costsTheSameWhateverItsSize(int size) {
    store.documents().apply(List.of(Mutation.create(Account.ref("a"), Map.of("balance", 0L))));
    keepBusy();
    await(UNTIL_HOST);
    for (int i = 0; i < BATCHES; i++) {
      submit(size);
    }
    int relayed = 0;
    int reads = 0;
    int looks = 0;
    for (int i = 0; i < BATCHES; i++) {
      ofAuthor.reset();
      ofHost.reset();
      submit(size);
      if (ofAuthor.count(Account.ACCOUNTS, false) > 0) {
        continue; // The host's claim was over: the author has committed it itself.
      }
      relayed++;
      assertEquals(1, ofAuthor.commits.size(), "one commit of the author, to hand over");
      assertEquals(1, ofAuthor.count(CommandRelays.COLLECTION, false), "one relay created");
      assertTrue(ofAuthor.count(CommandRelays.COLLECTION, true) <= 1, "the one before deleted");
      assertEquals(0, ofAuthor.queries, "only a host looks for relays");
      assertEquals(1, ofHost.count(CommandRelays.COLLECTION, false), "one relay answered");
      assertTrue(ofAuthor.reads <= MAX_READS, "reads of the author: " + ofAuthor.reads);
      assertTrue(ofHost.queries <= ofHost.commits.size() + 1, "one look a commit");
      reads += ofAuthor.reads;
      looks += ofHost.queries;
    }
    over = true;
    System.out.printf(
        "%d relays of %d commands: each 1 create, 1 update, 1 delete, %.1f reads of its author;"
            + " %.1f looks%n",
        relayed, size, (double) reads / relayed, (double) looks / relayed);
    assertTrue(relayed >= BATCHES / 2, "handed over: " + relayed);
    assertTrue(reads <= MEAN_READS * relayed, "reads of the author: " + reads);
  }

  /** A document that one instance writes costs as many calls as if there were no relays. */
  @ParameterizedTest
  @ValueSource(ints = {1, 10})
  void documentOfOneInstance_costsNoReadAndNoLook(int size) {
    store.documents().apply(List.of(Mutation.create(Account.ref("a"), Map.of("balance", 0L))));
    submit(size);
    ofAuthor.reset();
    simulation.await(author.submit(Account.change("a", "later", 1)));
    assertEquals(1, ofAuthor.commits.size());
    assertEquals(2, ofAuthor.commits.get(0).size() - counter());
    assertEquals(0, ofAuthor.reads);
    assertEquals(0, ofAuthor.queries);
  }

  /** The rules of the test count each command in one more document, blindly. */
  private long counter() {
    return ofAuthor.commits.get(0).stream()
        .filter(each -> each.ref().equals(Account.COUNTER))
        .count();
  }
}
