package dev.meterkite.functions.store;

import io.grpc.ForwardingChannelBuilder2;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Connects again soon after an outage. Left alone, gRPC waits ever longer between two attempts to
 * connect, up to two minutes, and fails every call meanwhile without trying it, so that an outage
 * would last that much longer for whoever calls. Here a call that fails for want of a connection
 * asks for another attempt, at most one a second.
 *
 * @see <a href="https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md">gRPC's back-off
 *     between connections</a>
 */
final class Reconnection {
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LongSupplier nanos;
  private final AtomicLong next;
  private volatile @Nullable ManagedChannel channel;

  /**
   * Reconnection of a channel.
   *
   * @param nanos a clock that never goes back, in nanoseconds, as {@link System#nanoTime}
   */
  Reconnection(LongSupplier nanos) {
    this.nanos = nanos;
    this.next = new AtomicLong(nanos.getAsLong());
  }

  /** The builder of a channel that is connected again in this way from when it is built. */
  ManagedChannelBuilder<?> of(ManagedChannelBuilder<?> builder) {
    return new Watched(builder);
  }

  /** To be said of each call that failed because there was no connection. */
  void unavailable() {
    ManagedChannel built = channel;
    long now = nanos.getAsLong();
    long due = next.get();
    if (built != null && now - due >= 0 && next.compareAndSet(due, now + PAUSE_NANOS)) {
      built.resetConnectBackoff();
    }
  }

  private final class Watched extends ForwardingChannelBuilder2<Watched> {
    private final ManagedChannelBuilder<?> builder;

    Watched(ManagedChannelBuilder<?> builder) {
      this.builder = builder;
    }

    @Override
    protected ManagedChannelBuilder<?> delegate() {
      return builder;
    }

    @Override
    public ManagedChannel build() {
      ManagedChannel built = builder.build();
      channel = built;
      return built;
    }
  }
}
