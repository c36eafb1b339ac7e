package dev.meterkite.bench;

import com.google.firestore.v1.BatchGetDocumentsRequest;
import com.google.firestore.v1.CommitRequest;
import com.google.firestore.v1.CommitResponse;
import com.google.firestore.v1.RunQueryResponse;
import com.google.firestore.v1.Write;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.meterkite.local.GrpcProxy;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The proxy between functions and the emulator: counts what goes through, and gives commits the
 * pace of the real service.
 *
 * <p>Half of a commit's time passes before the emulator sees it, half before the answer goes back.
 * Reads pass at once, which favours whoever reads much. Documents that a commit creates are new and
 * have no limit.
 */
final class StoreProxy implements AutoCloseable {
  private static final Duration POLL_EVERY = Duration.ofMillis(5);

  /**
   * The pace of commits.
   *
   * @param least the shortest time of a commit
   * @param most the longest; every time between is as likely
   * @param writesASecond how many commits a second one document takes for long
   * @param burst how many it takes at once after a rest
   * @param longestWait how long a commit waits for its turn before it is ABORTED
   */
  record Pace(
      Duration least, Duration most, double writesASecond, int burst, Duration longestWait) {
    /**
     * The real service's, about: commits of 10 to 30 ms, ten writes of a document at once after a
     * rest, and ABORTED after three seconds without a turn.
     *
     * @param writesASecond what its documentation promises is 1
     */
    static Pace of(double writesASecond) {
      return new Pace(
          Duration.ofMillis(10), Duration.ofMillis(30), writesASecond, 10, Duration.ofSeconds(3));
    }
  }

  /**
   * What went through.
   *
   * @param calls of any kind: round trips
   * @param reads documents asked for by name, and documents that queries found
   * @param writes documents in commits that were applied
   * @param commits applied
   * @param refused commits that were not applied
   */
  record Counts(long calls, long reads, long writes, long commits, long refused) {
    Counts since(Counts before) {
      return new Counts(
          calls - before.calls,
          reads - before.reads,
          writes - before.writes,
          commits - before.commits,
          refused - before.refused);
    }
  }

  private final GrpcProxy proxy;
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
  private final Random random = new Random(1);
  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong reads = new AtomicLong();
  private final AtomicLong writes = new AtomicLong();
  private final AtomicLong commits = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicReference<@Nullable CommitRequest> largest = new AtomicReference<>();

  private final Object lock = new Object();
  private @Nullable Pace pace;
  private CommitQueue<Commit> queue = queue(Pace.of(1));

  /** A commit on its way. */
  private record Commit(CommitRequest request, Map<String, Object> versions, GrpcProxy.Call call) {
    StreamObserver<byte[]> caller() {
      return call.caller();
    }
  }

  /** Starts on any free port of 127.0.0.1, without a pace. */
  StoreProxy(String emulator) {
    proxy = new GrpcProxy(emulator, this::handle);
    timer.setRemoveOnCancelPolicy(true);
    var unused =
        timer.scheduleWithFixedDelay(
            this::drain, POLL_EVERY.toNanos(), POLL_EVERY.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Where it answers, as host:port. */
  String host() {
    return proxy.host();
  }

  /** Calls go to this emulator from now on. */
  void forwardTo(String emulator) {
    proxy.forwardTo(emulator);
  }

  /** Sets the pace of commits from now on; null: they pass at once. */
  void pace(@Nullable Pace of) {
    synchronized (lock) {
      pace = of;
      queue = queue(of == null ? Pace.of(1) : of);
    }
  }

  private static CommitQueue<Commit> queue(Pace pace) {
    return new CommitQueue<>(pace.writesASecond(), pace.burst(), pace.longestWait());
  }

  Counts counts() {
    return new Counts(calls.get(), reads.get(), writes.get(), commits.get(), refused.get());
  }

  /** The commit with the most writes since this was last asked; null if there was none. */
  @Nullable CommitRequest takeLargest() {
    return largest.getAndSet(null);
  }

  private void handle(GrpcProxy.Call call) {
    calls.incrementAndGet();
    switch (call.method()) {
      case GrpcProxy.COMMIT -> commit(call);
      case GrpcProxy.GET -> {
        countAsked(call.request());
        call.forward(call.caller());
      }
      case GrpcProxy.QUERY -> call.forward(new Found(call.caller()));
      default -> call.forward(call.caller());
    }
  }

  private void commit(GrpcProxy.Call call) {
    Commit commit;
    try {
      commit = parse(call);
    } catch (InvalidProtocolBufferException e) {
      call.caller()
          .onError(Status.INTERNAL.withDescription("no commit").withCause(e).asException());
      return;
    }
    Pace now;
    synchronized (lock) {
      now = pace;
      if (now != null) {
        queue.add(commit, commit.versions(), System.nanoTime());
      }
    }
    if (now == null) {
      forward(commit, false, 0);
    } else {
      drain();
    }
  }

  private Commit parse(GrpcProxy.Call call) throws InvalidProtocolBufferException {
    CommitRequest request = CommitRequest.parseFrom(call.request());
    largest.accumulateAndGet(
        request,
        (known, other) ->
            known == null || (other != null && other.getWritesCount() > known.getWritesCount())
                ? other
                : known);
    Map<String, Object> versions = new HashMap<>();
    for (Write write : request.getWritesList()) {
      boolean isNew =
          write.getCurrentDocument().hasExists() && !write.getCurrentDocument().getExists();
      if (!isNew && write.hasUpdate()) {
        versions.put(
            write.getUpdate().getName(),
            write.getCurrentDocument().hasUpdateTime()
                ? write.getCurrentDocument().getUpdateTime()
                : CommitQueue.ANY);
      }
    }
    return new Commit(request, versions, call);
  }

  /** Sends on what may go on, and refuses what has waited too long. */
  private void drain() {
    CommitQueue.Due<Commit> due;
    Pace now;
    synchronized (lock) {
      now = pace;
      if (queue.isEmpty()) {
        return;
      }
      due = queue.due(System.nanoTime());
    }
    for (Commit commit : due.contended()) {
      refused.incrementAndGet();
      commit
          .caller()
          .onError(
              Status.ABORTED
                  .withDescription("Too much contention on these documents. Please try again.")
                  .asException());
    }
    due.go().forEach(commit -> forwardLater(commit, true, now));
    due.doomed().forEach(commit -> forwardLater(commit, false, now));
  }

  private void forwardLater(Commit commit, boolean paid, @Nullable Pace now) {
    long half = now == null ? 0 : halfOf(now);
    var unused = timer.schedule(() -> forward(commit, paid, half), half, TimeUnit.NANOSECONDS);
  }

  private long halfOf(Pace now) {
    long spread = now.most().minus(now.least()).toNanos();
    synchronized (random) {
      return (now.least().toNanos() + (long) (spread * random.nextDouble())) / 2;
    }
  }

  /**
   * @param paid whether the queue took tokens for it
   */
  private void forward(Commit commit, boolean paid, long delayOfAnswer) {
    commit.call().forward(new Answered(commit, paid, delayOfAnswer));
  }

  /** What the emulator says to a commit, on its way back. */
  private final class Answered implements StreamObserver<byte[]> {
    private final Commit commit;
    private final boolean paid;
    private final long delay;
    private byte[] answer = new byte[0];

    Answered(Commit commit, boolean paid, long delay) {
      this.commit = commit;
      this.paid = paid;
      this.delay = delay;
    }

    @Override
    public void onNext(byte[] message) {
      answer = message;
    }

    @Override
    public void onCompleted() {
      commits.incrementAndGet();
      writes.addAndGet(commit.request().getWritesCount());
      noteVersions();
      later(
          () -> {
            commit.caller().onNext(answer);
            commit.caller().onCompleted();
          });
    }

    private void noteVersions() {
      if (delay == 0) {
        return;
      }
      try {
        CommitResponse response = CommitResponse.parseFrom(answer);
        synchronized (lock) {
          for (int i = 0; i < response.getWriteResultsCount(); i++) {
            String name = commit.request().getWrites(i).getUpdate().getName();
            if (commit.versions().containsKey(name)) {
              queue.applied(name, response.getWriteResults(i).getUpdateTime(), System.nanoTime());
            }
          }
        }
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException("the emulator's answer", e);
      }
    }

    @Override
    public void onError(Throwable failure) {
      refused.incrementAndGet();
      if (paid) {
        synchronized (lock) {
          queue.failed(commit.versions().keySet(), System.nanoTime());
        }
      }
      later(() -> commit.caller().onError(failure));
    }

    private void later(Runnable answer) {
      if (delay == 0) {
        answer.run();
      } else {
        var unused = timer.schedule(answer, delay, TimeUnit.NANOSECONDS);
        drain();
      }
    }
  }

  /** Counts what a query finds, on its way back. */
  private final class Found implements StreamObserver<byte[]> {
    private final StreamObserver<byte[]> caller;

    Found(StreamObserver<byte[]> caller) {
      this.caller = caller;
    }

    @Override
    public void onNext(byte[] message) {
      countFound(message);
      caller.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      caller.onError(failure);
    }

    @Override
    public void onCompleted() {
      caller.onCompleted();
    }
  }

  private void countAsked(byte[] message) {
    try {
      reads.addAndGet(BatchGetDocumentsRequest.parseFrom(message).getDocumentsCount());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(GrpcProxy.GET, e);
    }
  }

  private void countFound(byte[] message) {
    try {
      if (RunQueryResponse.parseFrom(message).hasDocument()) {
        reads.incrementAndGet();
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(GrpcProxy.QUERY, e);
    }
  }

  @Override
  public void close() {
    proxy.close();
    timer.shutdownNow();
  }
}
