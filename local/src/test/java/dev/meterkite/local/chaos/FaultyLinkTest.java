package dev.meterkite.local.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.local.GrpcProxy;
import dev.meterkite.local.chaos.FaultPlan.Fate;
import dev.meterkite.local.chaos.FaultPlan.Fault;
import dev.meterkite.model.document.DocRef;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What a caller hears of a commit, and whether it arrives, for each fault. */
class FaultyLinkTest {
  private static final Set<Fault> APPLIED =
      Set.of(
          Fault.NONE,
          Fault.SLOW,
          Fault.ANSWER_DROPPED,
          Fault.LATE,
          Fault.ANSWER_SILENT,
          Fault.BROKEN_OFF);
  private static final Set<Fault> ANSWERED = Set.of(Fault.NONE, Fault.SLOW);

  /** The calls that arrive. */
  private final Semaphore arrived = new Semaphore(0);

  private final FaultPlan plan = new FaultPlan(3);

  private static long first(FaultPlan plan, Fault fault) {
    long n = 0;
    while (plan.call(n).fault() != fault || plan.call(n).delay().toMillis() > 300) {
      n++;
    }
    return n;
  }

  private GrpcProxy emulator() {
    return new GrpcProxy(
        "127.0.0.1:1",
        call -> {
          arrived.release();
          call.caller().onNext(new byte[0]);
          call.caller().onCompleted();
        });
  }

  private static FirestoreStore store(String host) {
    return FirestoreStore.open(
        new Settings(Map.of("FIRESTORE_EMULATOR_HOST", host, "GOOGLE_CLOUD_PROJECT", "p")));
  }

  private static Mutation write() {
    return Mutation.delete(new DocRef("notes", "n"));
  }

  @Test
  void eachFault_doesWhatItSays() throws InterruptedException {
    for (Fault fault : Fault.values()) {
      Fate fate = plan.call(first(plan, fault));
      try (GrpcProxy emulator = emulator();
          FaultyLink link = new FaultyLink(emulator.host(), 1, n -> fate);
          FirestoreStore store = store(link.host(0))) {
        link.calm(false);
        StoreException.Kind heard = null;
        try {
          store.commit(List.of(write())).join();
        } catch (CompletionException e) {
          heard = ((StoreException) e.getCause()).kind();
        }
        boolean came =
            arrived.tryAcquire(APPLIED.contains(fault) ? 180_000 : 50, TimeUnit.MILLISECONDS);
        assertEquals(APPLIED.contains(fault), came, fault + " arrives");
        assertEquals(ANSWERED.contains(fault), heard == null, fault + " is answered");
        if (fault == Fault.CONTENDED) {
          assertEquals(StoreException.Kind.CONTENTION, heard);
        } else if (heard != null) {
          assertEquals(StoreException.Kind.UNKNOWN, heard, fault + " says nothing certain");
        }
        assertEquals(1, link.met().get(fault));
        assertEquals(0, arrived.availablePermits());
      }
    }
  }

  @Test
  void calm_nothingIsInTheWay() {
    try (GrpcProxy emulator = emulator();
        FaultyLink link =
            new FaultyLink(
                emulator.host(),
                1,
                n -> new Fate(Fault.DROPPED, Duration.ZERO, Status.Code.UNKNOWN));
        FirestoreStore store = store(link.host(0))) {
      store.commit(List.of(write())).join();
      assertTrue(arrived.tryAcquire());
      assertEquals(0, link.met().get(Fault.DROPPED));
    }
  }

  @Test
  void cut_endsCallsUnderWay_andIsMended() throws InterruptedException {
    CountDownLatch underWay = new CountDownLatch(1);
    try (GrpcProxy emulator = emulator();
        FaultyLink link =
            new FaultyLink(
                emulator.host(),
                1,
                n -> {
                  underWay.countDown();
                  return new Fate(Fault.SILENT, Duration.ZERO, Status.Code.UNKNOWN);
                });
        FirestoreStore store = store(link.host(0))) {
      link.calm(false);
      var unanswered = store.commit(List.of(write()));
      assertTrue(underWay.await(180, TimeUnit.SECONDS));
      link.cut(Duration.ofMillis(50));
      CompletionException failure = assertThrows(CompletionException.class, unanswered::join);
      assertEquals(StoreException.Kind.UNKNOWN, ((StoreException) failure.getCause()).kind());
      link.calm(true);
      boolean answered = false;
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
      while (!answered && System.nanoTime() < deadline) {
        answered = store.commit(List.of(write())).handle((done, failed) -> failed == null).join();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
      assertTrue(answered, "the link was not mended");
    }
  }
}
