package dev.meterkite.bench;

import com.google.firestore.v1.BatchGetDocumentsRequest;
import com.google.firestore.v1.CommitRequest;
import com.google.firestore.v1.CommitResponse;
import com.google.firestore.v1.RunQueryResponse;
import com.google.firestore.v1.Write;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
 * A gRPC proxy between functions and the emulator: counts what goes through, and gives commits the
 * pace of the real service.
 *
 * <p>Half of a commit's time passes before the emulator sees it, half before the answer goes back.
 * Reads pass at once, which favours whoever reads much. Documents that a commit creates are new and
 * have no limit.
 */
final class StoreProxy implements AutoCloseable {
  private static final String SERVICE = "google.firestore.v1.Firestore/";
  private static final String COMMIT = SERVICE + "Commit";
  private static final String GET = SERVICE + "BatchGetDocuments";
  private static final String QUERY = SERVICE + "RunQuery";
  private static final int MOST_BYTES = 64 << 20;
  private static final int LONGEST_COMMIT_SECONDS = 10;
  private static final Duration POLL_EVERY = Duration.ofMillis(5);
  private static final MethodDescriptor.Marshaller<byte[]> BYTES = new Bytes();

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

  private final ManagedChannel store;
  private final Channel asOwner;
  private final Server server;
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
  private record Commit(
      CommitRequest request, Map<String, Object> versions, StreamObserver<byte[]> caller) {}

  /** Starts on any free port of 127.0.0.1, without a pace. */
  StoreProxy(String emulator) {
    store =
        NettyChannelBuilder.forTarget(emulator)
            .usePlaintext()
            .directExecutor()
            .maxInboundMessageSize(MOST_BYTES)
            .build();
    Metadata owner = new Metadata();
    owner.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer owner");
    asOwner = ClientInterceptors.intercept(store, MetadataUtils.newAttachHeadersInterceptor(owner));
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .directExecutor()
              .maxInboundMessageSize(MOST_BYTES)
              .fallbackHandlerRegistry(new Everything())
              .build()
              .start();
    } catch (IOException e) {
      store.shutdownNow();
      throw new UncheckedIOException("the proxy does not start", e);
    }
    timer.setRemoveOnCancelPolicy(true);
    var unused =
        timer.scheduleWithFixedDelay(
            this::drain, POLL_EVERY.toNanos(), POLL_EVERY.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Where it answers, as host:port. */
  String host() {
    return "127.0.0.1:" + server.getPort();
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

  /** Every method there is, as bytes. */
  private final class Everything extends HandlerRegistry {
    @Override
    public @Nullable ServerMethodDefinition<?, ?> lookupMethod(
        String method, @Nullable String authority) {
      if (method.equals(COMMIT)) {
        return ServerMethodDefinition.create(
            bytes(method, MethodDescriptor.MethodType.UNARY),
            ServerCalls.asyncUnaryCall(StoreProxy.this::commit));
      }
      MethodDescriptor<byte[], byte[]> any = bytes(method, MethodDescriptor.MethodType.UNKNOWN);
      return ServerMethodDefinition.create(any, (call, headers) -> relay(any, call, headers));
    }
  }

  private static MethodDescriptor<byte[], byte[]> bytes(
      String name, MethodDescriptor.MethodType type) {
    return MethodDescriptor.newBuilder(BYTES, BYTES).setFullMethodName(name).setType(type).build();
  }

  private void commit(byte[] request, StreamObserver<byte[]> caller) {
    calls.incrementAndGet();
    Commit commit;
    try {
      commit = parse(request, caller);
    } catch (InvalidProtocolBufferException e) {
      caller.onError(Status.INTERNAL.withDescription("no commit").withCause(e).asException());
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
      forward(commit, 0);
    } else {
      drain();
    }
  }

  private Commit parse(byte[] bytes, StreamObserver<byte[]> caller)
      throws InvalidProtocolBufferException {
    CommitRequest request = CommitRequest.parseFrom(bytes);
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
    return new Commit(request, versions, caller);
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
    for (Commit commit : due.go()) {
      long half = now == null ? 0 : halfOf(now);
      var unused = timer.schedule(() -> forward(commit, half), half, TimeUnit.NANOSECONDS);
    }
  }

  private long halfOf(Pace now) {
    long spread = now.most().minus(now.least()).toNanos();
    synchronized (random) {
      return (now.least().toNanos() + (long) (spread * random.nextDouble())) / 2;
    }
  }

  private void forward(Commit commit, long delayOfAnswer) {
    // Not in the caller's context: a commit that is on its way lands although nobody waits any
    // more.
    Context.ROOT.run(
        () ->
            ClientCalls.asyncUnaryCall(
                asOwner.newCall(
                    bytes(COMMIT, MethodDescriptor.MethodType.UNARY),
                    CallOptions.DEFAULT.withDeadlineAfter(
                        LONGEST_COMMIT_SECONDS, TimeUnit.SECONDS)),
                commit.request().toByteArray(),
                new Answered(commit, delayOfAnswer)));
  }

  /** What the emulator says to a commit, on its way back. */
  private final class Answered implements StreamObserver<byte[]> {
    private final Commit commit;
    private final long delay;
    private byte[] answer = new byte[0];

    Answered(Commit commit, long delay) {
      this.commit = commit;
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
      synchronized (lock) {
        queue.failed(commit.versions().keySet(), System.nanoTime());
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

  /** Hands a call of any kind on as it comes, both ways. */
  private ServerCall.Listener<byte[]> relay(
      MethodDescriptor<byte[], byte[]> method,
      ServerCall<byte[], byte[]> caller,
      Metadata headers) {
    calls.incrementAndGet();
    String name = method.getFullMethodName();
    ClientCall<byte[], byte[]> onward = store.newCall(method, CallOptions.DEFAULT);
    onward.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata answerHeaders) {
            caller.sendHeaders(answerHeaders);
          }

          @Override
          public void onMessage(byte[] message) {
            if (name.equals(QUERY)) {
              countFound(message);
            }
            caller.sendMessage(message);
            onward.request(1);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            caller.close(status, trailers);
          }
        },
        headers);
    onward.request(1);
    caller.request(1);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(byte[] message) {
        if (name.equals(GET)) {
          countAsked(message);
        }
        onward.sendMessage(message);
        caller.request(1);
      }

      @Override
      public void onHalfClose() {
        onward.halfClose();
      }

      @Override
      public void onCancel() {
        onward.cancel("the caller is gone", null);
      }
    };
  }

  private void countAsked(byte[] message) {
    try {
      reads.addAndGet(BatchGetDocumentsRequest.parseFrom(message).getDocumentsCount());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(GET, e);
    }
  }

  private void countFound(byte[] message) {
    try {
      if (RunQueryResponse.parseFrom(message).hasDocument()) {
        reads.incrementAndGet();
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(QUERY, e);
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
    store.shutdownNow();
    timer.shutdownNow();
  }

  /** Messages as they are on the wire. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
