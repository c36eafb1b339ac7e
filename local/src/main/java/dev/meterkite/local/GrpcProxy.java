package dev.meterkite.local;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC proxy between functions and the emulator, for whoever wants to count, delay or lose what
 * goes through: each call is handed over whole, as bytes, and may be sent on at any time, or never.
 *
 * <p>It knows calls with one request, which are all that the functions make; others are answered
 * INTERNAL. A call that was sent on lands although its caller has given up since. Without an answer
 * of the emulator it ends after {@value #LONGEST_SECONDS} s.
 */
public final class GrpcProxy implements AutoCloseable {
  private static final String SERVICE = "google.firestore.v1.Firestore/";

  /** The method that writes. */
  public static final String COMMIT = SERVICE + "Commit";

  /** The method that reads documents by name. */
  public static final String GET = SERVICE + "BatchGetDocuments";

  /** The method that finds documents. */
  public static final String QUERY = SERVICE + "RunQuery";

  private static final int MOST_BYTES = 64 << 20;
  private static final int LONGEST_SECONDS = 20;
  private static final int STOP_SECONDS = 5;

  /** Below those that connections go out from: one of them would take the port of a cut proxy. */
  private static final int LOWEST_PORT = 20_000;

  private static final int HIGHEST_PORT = 30_000;
  private static final int MOST_TRIES = 100;
  private static final MethodDescriptor.Marshaller<byte[]> BYTES = new Bytes();

  /** What becomes of a call; {@code call.forward(call.caller())} lets it pass. */
  public interface Handler {
    void handle(Call call);
  }

  /** A call on its way. */
  public final class Call {
    private final String method;
    private final byte[] request;
    private final StreamObserver<byte[]> caller;

    private Call(String method, byte[] request, StreamObserver<byte[]> caller) {
      this.method = method;
      this.request = request;
      this.caller = caller;
    }

    /** The full name of the method, such as {@link #COMMIT}. */
    public String method() {
      return method;
    }

    public byte[] request() {
      return request;
    }

    /** Takes the answers; what comes after the caller has given up is ignored. */
    public StreamObserver<byte[]> caller() {
      return caller;
    }

    /** Sends the call to the emulator as its owner, and hands on what it answers. */
    public void forward(StreamObserver<byte[]> answers) {
      // Not in the caller's context, so that it lands although nobody waits any more.
      Context.ROOT.run(
          () ->
              ClientCalls.asyncServerStreamingCall(
                  target
                      .asOwner()
                      .newCall(
                          bytes(method),
                          CallOptions.DEFAULT.withDeadlineAfter(LONGEST_SECONDS, TimeUnit.SECONDS)),
                  request,
                  answers));
    }
  }

  /** Where calls go, and the way there with the rights of the emulator's owner. */
  private record Target(ManagedChannel channel, Channel asOwner) {
    static Target of(String emulator) {
      ManagedChannel channel =
          NettyChannelBuilder.forTarget(emulator)
              .usePlaintext()
              .directExecutor()
              .maxInboundMessageSize(MOST_BYTES)
              .build();
      Metadata owner = new Metadata();
      owner.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer owner");
      return new Target(
          channel,
          ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(owner)));
    }
  }

  private volatile Target target;
  private final Handler handler;
  private final int port;
  private Server server;

  /**
   * Starts on a free port of 127.0.0.1.
   *
   * @param emulator where calls go, as host:port
   * @param handler what becomes of each call; asked on the threads of the network, so it must not
   *     wait
   */
  public GrpcProxy(String emulator, Handler handler) {
    this.handler = handler;
    target = Target.of(emulator);
    try {
      server = serveAnywhere();
    } catch (IOException e) {
      target.channel().shutdownNow();
      throw new UncheckedIOException("the proxy does not start", e);
    }
    port = server.getPort();
  }

  private Server serveAnywhere() throws IOException {
    for (int tries = 1; ; tries++) {
      try {
        return serve(ThreadLocalRandom.current().nextInt(LOWEST_PORT, HIGHEST_PORT));
      } catch (IOException e) {
        if (tries == MOST_TRIES) {
          throw e;
        }
      }
    }
  }

  private Server serve(int at) throws IOException {
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), at))
        .directExecutor()
        .maxInboundMessageSize(MOST_BYTES)
        .fallbackHandlerRegistry(new Everything())
        .build()
        .start();
  }

  /** Where it answers, as host:port. */
  public String host() {
    return "127.0.0.1:" + port;
  }

  /** Calls that come from now on go to this emulator, as host:port; others end where they are. */
  public synchronized void forwardTo(String emulator) {
    Target old = target;
    target = Target.of(emulator);
    old.channel().shutdown();
  }

  private boolean closed;

  /** Closes all connections at once, and refuses new ones until {@link #mend}. */
  public synchronized void cut() {
    server.shutdownNow();
    try {
      server.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Answers again, on the same port.
   *
   * @throws UncheckedIOException if somebody else has it; may be tried again
   */
  public synchronized void mend() {
    if (closed || !server.isShutdown()) {
      return;
    }
    try {
      server = serve(port);
    } catch (IOException e) {
      throw new UncheckedIOException("the proxy does not start again", e);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    server.shutdownNow();
    target.channel().shutdownNow();
  }

  /** Every method there is, as bytes. */
  private final class Everything extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String method, @Nullable String authority) {
      return ServerMethodDefinition.create(
          bytes(method),
          ServerCalls.asyncServerStreamingCall(
              (request, caller) -> {
                ((ServerCallStreamObserver<byte[]>) caller).setOnCancelHandler(() -> {});
                handler.handle(new Call(method, request, caller));
              }));
    }
  }

  private static MethodDescriptor<byte[], byte[]> bytes(String name) {
    return MethodDescriptor.newBuilder(BYTES, BYTES)
        .setFullMethodName(name)
        .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
        .build();
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
