package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A40: what functions have acknowledged is there, once, wherever their processes were killed. */
class KilledFunctionsTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final long SEED = Long.getLong("meterkite.seed", 40);
  private static final int CALLERS = 32;
  private static final int USERS = 40;
  private static final int SEQUENCES = DEEP ? 2_000 : 120;
  private static final int OPERATIONS_A_KILL = DEEP ? 200 : 60;

  @TempDir Path folder;

  @Test
  void acknowledgedOperations_areThereOnce_howeverOftenFunctionsAreKilled() throws Exception {
    Path table =
        TestTable.of(
            folder,
            "debit-credits",
            "grant-credits",
            "hold-credits",
            "settle-hold",
            "refund-credits");
    try (LocalHost host =
            LocalHost.start(Options.forTests().withProcesses(2), table, folder.resolve("work"));
        FirestoreStore store = host.openStore()) {
      Caller caller = new Caller(host, host.tokens().service());
      CreditWorkload work = new CreditWorkload(caller, SEED, USERS, SEQUENCES);
      work.createUsers(store);
      long began = System.nanoTime();
      try (Kills kills =
          new Kills(host.processes().orElseThrow(), work::answered, OPERATIONS_A_KILL, SEED)) {
        kills.start();
        work.play(CALLERS);
        System.out.printf(
            "A40, seed %d: %d sequences, %d operations, %d refused, %d processes killed, %d calls"
                + " repeated, %d replays, %d s%n",
            SEED,
            SEQUENCES,
            work.answered(),
            work.refused(),
            kills.kills(),
            caller.repeats(),
            work.replays(),
            Duration.ofNanos(System.nanoTime() - began).toSeconds());
        assertTrue(kills.kills() > 0, "nothing was killed");
      }
      assertEquals(List.of(), work.check(store), "seed " + SEED);
      assertTrue(work.answered() > 2L * SEQUENCES, "operations " + work.answered());
      assertTrue(caller.repeats() > 0, "no call was without an answer");
      assertLossesAreFound(work, store);
    }
  }

  /** The check itself: a transaction lost, one booked twice, a hold left open. */
  private static void assertLossesAreFound(CreditWorkload work, FirestoreStore store) {
    Snapshot debit =
        store
            .find(Query.of("credit_transactions", 1).where("type", Query.Op.EQUAL, "deduction"))
            .join()
            .get(0);
    tamper(work, store, debit, Mutation.delete(debit.ref()));
    tamper(work, store, debit, Mutation.blind(debit.ref(), Map.of("amount", -1_000L), Map.of()));
    Snapshot hold = store.find(Query.of("credit_holds", 1)).join().get(0);
    tamper(work, store, hold, Mutation.blind(hold.ref(), Map.of("status", "held"), Map.of()));
    DocRef twice = new DocRef("credit_transactions", "twice");
    store.commit(List.of(Mutation.replace(twice, debit.fields()))).join();
    assertTrue(!work.check(store).isEmpty(), "one booked twice is not found");
    store.commit(List.of(Mutation.delete(twice))).join();
    assertEquals(List.of(), work.check(store));
  }

  private static void tamper(
      CreditWorkload work, FirestoreStore store, Snapshot document, Mutation mutation) {
    store.commit(List.of(mutation)).join();
    assertTrue(!work.check(store).isEmpty(), () -> "not found: " + mutation);
    store.commit(List.of(Mutation.replace(document.ref(), document.fields()))).join();
  }
}
