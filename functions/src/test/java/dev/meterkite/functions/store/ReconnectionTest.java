package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.doReturn;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import dev.meterkite.functions.Settings;
import dev.meterkite.model.document.DocRef;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReconnectionTest {
  /**
   * Beyond what gRPC tries by itself in the time that the test waits: 1, 1.6, 2.6, 4.1 s and on.
   */
  private static final int CONNECTIONS = 20;

  private static final long PATIENCE_SECONDS = 300;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final ManagedChannel channel = mock(ManagedChannel.class);
  private final Reconnection reconnection = new Reconnection(nanos::get);

  @Test
  void failuresOfOneSecond_askForOneConnection() {
    build();
    reconnection.unavailable();
    nanos.addAndGet(Duration.ofMillis(999).toNanos());
    reconnection.unavailable();
    verify(channel, times(1)).resetConnectBackoff();
    nanos.addAndGet(Duration.ofMillis(1).toNanos());
    reconnection.unavailable();
    reconnection.unavailable();
    verify(channel, times(2)).resetConnectBackoff();
  }

  private void build() {
    ManagedChannelBuilder<?> builder = mock(ManagedChannelBuilder.class);
    doReturn(channel).when(builder).build();
    reconnection.of(builder).build();
  }

  @Test
  void callsOfAnOutage_connectAgainSoonerThanGrpcDoes() throws Exception {
    CountDownLatch connections = new CountDownLatch(CONNECTIONS);
    AtomicLong second = new AtomicLong();
    try (ServerSocket outage = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread refusals = new Thread(() -> refuse(outage, connections), "refusals");
      refusals.setDaemon(true);
      refusals.start();
      try (FirestoreStore store =
          FirestoreStore.open(
              at(outage.getLocalPort()),
              List::of,
              new Reconnection(() -> second.addAndGet(TimeUnit.SECONDS.toNanos(1))))) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (connections.getCount() > 0 && System.nanoTime() - deadline < 0) {
          assertThrows(
              CompletionException.class,
              () -> store.read(List.of(new DocRef("users", "u1"))).join());
          connections.await(20, TimeUnit.MILLISECONDS);
        }
      }
    }
    assertTrue(connections.getCount() == 0, () -> connections.getCount() + " connections missing");
  }

  private static Settings at(int port) {
    return new Settings(
        Map.of("FIRESTORE_EMULATOR_HOST", "127.0.0.1:" + port, "GOOGLE_CLOUD_PROJECT", "outage"));
  }

  private static void refuse(ServerSocket outage, CountDownLatch connections) {
    while (!outage.isClosed()) {
      try {
        outage.accept().close();
        connections.countDown();
      } catch (IOException e) {
        if (!outage.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }
}
