package dev.meterkite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The load generator against a server that does as it is told. */
class HttpLoadTest {
  private static final Meters NOTHING = new Meters(List.of(), List.of(), null);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ScheduledExecutorService later = Executors.newScheduledThreadPool(1);
  private final Set<String> keys = ConcurrentHashMap.newKeySet();
  private final AtomicInteger calls = new AtomicInteger();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_024);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
    later.shutdownNow();
  }

  private static void answer(HttpExchange exchange, int status, String body) {
    try {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void take(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    calls.incrementAndGet();
    keys.add(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
  }

  private Figures load(Workload workload, Arrivals arrivals, Duration length) throws IOException {
    int port = server.getAddress().getPort();
    return HttpLoad.run(
        Map.of("f", List.of(port)),
        "token",
        NOTHING,
        workload,
        arrivals,
        Duration.ZERO,
        length,
        nanos -> {});
  }

  private static Workload.Call call(long n) {
    return new Workload.Call("f", "k" + n, "{}");
  }

  /** The nanoseconds that are left of a stall, which begins with the first call. */
  private static long rest(AtomicLong until, Duration stall) {
    long now = System.nanoTime();
    until.compareAndSet(0, now + stall.toNanos());
    return Math.max(0, until.get() - now);
  }

  /** A closed loop would see the stall once; every start that was meant within it waited for it. */
  @Test
  void stallOfTheServer_isSeenByEveryOperationMeantWithinIt() throws IOException {
    AtomicLong until = new AtomicLong();
    server.createContext(
        "/",
        exchange -> {
          take(exchange);
          long wait = rest(until, Duration.ofMillis(900));
          later.schedule(() -> answer(exchange, 200, "{}"), wait, TimeUnit.NANOSECONDS);
        });
    Figures figures = load(HttpLoadTest::call, Arrivals.rate(200, 7), Duration.ofSeconds(1));
    long slow =
        figures.latency().getTotalCount() - figures.latency().getCountBetweenValues(0, 300_000);
    // 200 a second for the first 600 ms of the stall are about 120; seed 7 deals at least 80.
    assertTrue(slow >= 80, slow + " of " + figures.operations());
    assertEquals(figures.operations(), figures.latency().getTotalCount());
    assertEquals(200, figures.offered());
  }

  @Test
  void closedLoop_hasNeverMoreUnderWayThanCallers_andEveryKeyOnce() throws IOException {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    server.createContext(
        "/",
        exchange -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          take(exchange);
          now.decrementAndGet();
          answer(exchange, 200, "{}");
        });
    Figures figures = load(HttpLoadTest::call, Arrivals.callers(5), Duration.ofMillis(300));
    assertTrue(most.get() <= 5, () -> "at once: " + most);
    assertEquals(calls.get(), keys.size());
    assertEquals(calls.get(), figures.operations());
    assertEquals(Map.of(), figures.failures());
    assertTrue(figures.achieved() > 0);
  }

  /** They were counted nowhere: the report said 0 a second and no failures. */
  @Test
  void callersStuckSinceTheLeadIn_areCounted() throws IOException {
    AtomicLong until = new AtomicLong();
    server.createContext(
        "/",
        exchange -> {
          take(exchange);
          long wait = rest(until, Duration.ofMillis(700));
          later.schedule(() -> answer(exchange, 503, "{}"), wait, TimeUnit.NANOSECONDS);
        });
    Figures figures =
        HttpLoad.run(
            Map.of("f", List.of(server.getAddress().getPort())),
            "token",
            NOTHING,
            HttpLoadTest::call,
            Arrivals.callers(4),
            Duration.ofMillis(100),
            Duration.ofMillis(200),
            nanos -> {});
    assertEquals(4, figures.operations());
    assertEquals(Map.of("503", 4L), figures.failures());
    assertTrue(figures.millis(50) >= 400, () -> "p50 " + figures.millis(50));
  }

  @Test
  void everyAnswerThatIsNot200_isCountedByItsStatus_andNothingIsSentAgain() throws IOException {
    server.createContext(
        "/",
        exchange -> {
          take(exchange);
          String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
          answer(exchange, key.endsWith("1") ? 503 : key.endsWith("2") ? 409 : 200, "{}");
        });
    Figures figures = load(HttpLoadTest::call, Arrivals.callers(2), Duration.ofMillis(300));
    assertEquals(
        keys.stream().filter(key -> key.endsWith("1")).count(), figures.failures().get("503"));
    assertEquals(
        keys.stream().filter(key -> key.endsWith("2")).count(), figures.failures().get("409"));
    assertEquals(calls.get(), keys.size());
  }

  @Test
  void operationOfTwoCalls_isOneOperation() throws IOException {
    server.createContext(
        "/",
        exchange -> {
          take(exchange);
          String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
          answer(exchange, 200, "{\"hold_id\":\"of-" + key + "\"}");
        });
    Workload two =
        new Workload() {
          @Override
          public Call first(long n) {
            return call(n);
          }

          @Override
          public Call then(long n, Call answered, String answer) {
            String id = Workloads.member(answer, "hold_id");
            return id.startsWith("of-of-") ? null : new Call("f", id, "{}");
          }
        };
    Figures figures = load(two.from(1_000), Arrivals.callers(3), Duration.ofMillis(200));
    assertEquals(calls.get(), figures.operations() * 2);
    assertTrue(keys.contains("k1000") && keys.contains("of-k1000"), keys::toString);
  }

  @Test
  void serverThatClosesWithoutAnAnswer_isAFailure() throws IOException {
    server.createContext(
        "/",
        exchange -> {
          take(exchange);
          exchange.close();
        });
    Figures figures =
        load(
            HttpLoadTest::call, Arrivals.recorded(new long[] {50_000_000}), Duration.ofMillis(200));
    assertEquals(figures.operations(), figures.failures().get("io"));
    assertEquals(100, figures.failedPercent());
    assertEquals(0, figures.achieved());
  }

  @Test
  void largeBodiesInBothDirections_arriveWhole() throws IOException {
    String large = "x".repeat(3_000_000);
    AtomicInteger received = new AtomicInteger();
    server.createContext(
        "/",
        exchange -> {
          received.set(exchange.getRequestBody().readAllBytes().length);
          answer(exchange, 200, "{\"hold_id\":\"" + large + "\"}");
        });
    AtomicInteger answered = new AtomicInteger();
    Workload workload =
        new Workload() {
          @Override
          public Call first(long n) {
            return new Call("f", "k" + n, large);
          }

          @Override
          public Call then(long n, Call call, String answer) {
            answered.set(Workloads.member(answer, "hold_id").length());
            return null;
          }
        };
    Figures figures = load(workload, Arrivals.callers(1), Duration.ofMillis(50));
    assertEquals(Map.of(), figures.failures());
    assertEquals(3_000_000, received.get());
    assertEquals(3_000_000, answered.get());
  }
}
