package dev.meterkite.local.chaos;

import dev.meterkite.local.GrpcProxy;
import dev.meterkite.local.chaos.FaultPlan.Fate;
import dev.meterkite.local.chaos.FaultPlan.Fault;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
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
  private final RelayWatch relays = new RelayWatch();
  private final List<GrpcProxy> proxies = new ArrayList<>();
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
  private final AtomicInteger landing = new AtomicInteger();
  private final AtomicLong calls = new AtomicLong();
  private final Map<Fault, Long> met = new ConcurrentHashMap<>();
  private volatile boolean calm = true;

  /**
   * @param processes how many processes reach Firestore over it, each at an address of its own
   * @param plan the fate of the n-th call, of whatever process
   */
  FaultyLink(String emulator, int processes, LongFunction<Fate> plan) {
    this.plan = plan;
    for (Fault fault : Fault.values()) {
      met.put(fault, 0L);
    }
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    for (int i = 0; i < processes; i++) {
      int process = i;
      proxies.add(new GrpcProxy(emulator, call -> handle(new Passing(process, call))));
    }
  }

  /** Where the functions of a process reach Firestore, as host:port. */
  String host(int process) {
    return proxies.get(process).host();
  }

  /** What the processes hand over to each other. */
  RelayWatch relays() {
    return relays;
  }

  /** A call of a process. */
  private final class Passing {
    private final int process;
    private final GrpcProxy.Call call;

    Passing(int process, GrpcProxy.Call call) {
      this.process = process;
      this.call = call;
    }

    StreamObserver<byte[]> caller() {
      return call.caller();
    }

    void forward(StreamObserver<byte[]> answers) {
      call.forward(
          call.method().equals(GrpcProxy.COMMIT)
              ? relays.watching(process, call.request(), answers)
              : answers);
    }
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
    proxies.forEach(GrpcProxy::cut);
    later(time, this::mend);
  }

  private void mend() {
    try {
      proxies.forEach(GrpcProxy::mend);
    } catch (RuntimeException taken) {
      LOG.log(Level.WARNING, "the link stays cut for now", taken);
      later(MEND_EVERY, this::mend);
    }
  }

  /** How many calls met each fault. */
  Map<Fault, Long> met() {
    return new EnumMap<>(met);
  }

  private void handle(Passing call) {
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

  private static void tell(Passing call, Status.Code status) {
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
    proxies.forEach(GrpcProxy::close);
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
    private final Passing call;
    private boolean begun;

    BrokenOff(Passing call) {
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
