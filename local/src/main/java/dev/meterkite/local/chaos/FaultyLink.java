package dev.meterkite.local.chaos;

import dev.meterkite.local.GrpcProxy;
import dev.meterkite.local.chaos.FaultPlan.Fate;
import dev.meterkite.local.chaos.FaultPlan.Fault;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The connection between functions and Firestore, on which each call meets the fate that is planned
 * for its number. A commit that was told to have no certain outcome may have been applied, may
 * still be, or may never be.
 */
final class FaultyLink implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(FaultyLink.class.getName());
  private static final Duration MEND_EVERY = Duration.ofMillis(100);
  private static final long POLL_MILLIS = 20;

  private final LongFunction<Fate> plan;
  private final GrpcProxy proxy;
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
  private final AtomicInteger landing = new AtomicInteger();
  private final AtomicLong calls = new AtomicLong();
  private final Map<Fault, Long> met = new ConcurrentHashMap<>();
  private volatile boolean calm = true;

  /**
   * @param plan the fate of the n-th call
   */
  FaultyLink(String emulator, LongFunction<Fate> plan) {
    this.plan = plan;
    for (Fault fault : Fault.values()) {
      met.put(fault, 0L);
    }
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    proxy = new GrpcProxy(emulator, this::handle);
  }

  /** Where functions reach Firestore, as host:port. */
  String host() {
    return proxy.host();
  }

  /** From now on without faults, or with them; what is late already still lands. */
  void calm(boolean now) {
    calm = now;
  }

  /** Returns when nothing that is late is still to land. */
  void awaitLanded() throws InterruptedException {
    while (!timer.getQueue().isEmpty() || landing.get() > 0) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  /** Cuts all connections, and takes new ones after a while. */
  void cut(Duration time) {
    proxy.cut();
    later(time, this::mend);
  }

  private void mend() {
    try {
      proxy.mend();
    } catch (RuntimeException taken) {
      LOG.log(Level.WARNING, "the link stays cut for now", taken);
      later(MEND_EVERY, this::mend);
    }
  }

  /** How many calls met each fault. */
  Map<Fault, Long> met() {
    return new EnumMap<>(met);
  }

  private void handle(GrpcProxy.Call call) {
    if (calm) {
      call.forward(call.caller());
      return;
    }
    Fate fate = plan.apply(calls.getAndIncrement());
    Fault fault = fate.fault();
    met.merge(fault, 1L, Long::sum);
    switch (fault) {
      case NONE -> call.forward(call.caller());
      case SLOW -> later(fate.delay(), () -> call.forward(call.caller()));
      case DROPPED -> tell(call, fate.status());
      case CONTENDED -> tell(call, Status.Code.ABORTED);
      case ANSWER_DROPPED -> call.forward(lost(() -> tell(call, fate.status())));
      case LATE -> {
        tell(call, fate.status());
        Lost nobody = lost(() -> {});
        later(fate.delay(), () -> call.forward(nobody));
      }
      case SILENT -> {}
      case ANSWER_SILENT -> call.forward(lost(() -> {}));
      case BROKEN_OFF -> call.forward(new BrokenOff(call));
    }
  }

  /** The taker of an answer that is waited for before anybody looks at the documents. */
  private Lost lost(Runnable then) {
    landing.incrementAndGet();
    return new Lost(
        () -> {
          landing.decrementAndGet();
          then.run();
        });
  }

  private static void tell(GrpcProxy.Call call, Status.Code status) {
    call.caller().onError(status.toStatus().withDescription("planned").asException());
  }

  private void later(Duration delay, Runnable task) {
    try {
      var unused = timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closing) {
      // Nobody waits for it any more.
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    proxy.close();
  }

  /** Takes an answer that nobody gets. */
  private static class Lost implements StreamObserver<byte[]> {
    private final Runnable then;

    Lost(Runnable then) {
      this.then = then;
    }

    @Override
    public void onNext(byte[] message) {}

    @Override
    public void onError(Throwable failure) {
      then.run();
    }

    @Override
    public void onCompleted() {
      then.run();
    }
  }

  /** Hands on the first part of an answer and no more. */
  private static final class BrokenOff extends Lost {
    private final GrpcProxy.Call call;
    private boolean begun;

    BrokenOff(GrpcProxy.Call call) {
      super(() -> tell(call, Status.Code.UNAVAILABLE));
      this.call = call;
    }

    @Override
    public void onNext(byte[] message) {
      if (!begun) {
        begun = true;
        call.caller().onNext(message);
      }
    }
  }
}
