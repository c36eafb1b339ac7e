package dev.meterkite.bench;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Plays a workload over HTTP from one thread and measures it. Latency counts from the moment an
 * operation was meant to start, also where its request had to wait for a connection or for this
 * thread, which looks at the clock at least once a millisecond: nothing is left out because the
 * other side was slow.
 *
 * <p>A lead-in comes first and is not measured, but for operations of a closed loop that are still
 * under way when it ends. Operations that are under way at the end may finish within {@link
 * #GRACE}; what is unanswered then is a failure and counts with the time it waited. Calls are never
 * repeated: each failure is seen.
 */
final class HttpLoad {
  /** How long after the end an answer may still come. */
  static final Duration GRACE = Duration.ofSeconds(12);

  /** Everything under way together with its operation. */
  private static final class Operation {
    final long n;
    final long intended;
    Workload.Call call;

    Operation(long n, long intended, Workload.Call call) {
      this.n = n;
      this.intended = intended;
      this.call = call;
    }
  }

  private final Map<String, List<Integer>> ports;
  private final String token;
  private final Meters meters;
  private final Workload workload;
  private final Arrivals arrivals;
  private final LongConsumer successes;
  private final long began;
  private final long measureFrom;
  private final long end;

  private final Selector selector = Selector.open();
  private final Map<Integer, Deque<HttpConnection>> idle = new HashMap<>();
  private final Map<HttpConnection, Operation> underWay = new HashMap<>();
  private final Deque<Operation> waiting = new ArrayDeque<>();
  private final Histogram latency = Figures.noLatencies();
  private final Map<String, Long> failures = new HashMap<>();
  private long next;
  private long nextArrival;
  private long measured;
  private long succeeded;
  private Meters.@Nullable Reading before;
  private Meters.@Nullable Reading after;

  private HttpLoad(
      Map<String, List<Integer>> ports,
      String token,
      Meters meters,
      Workload workload,
      Arrivals arrivals,
      Duration lead,
      Duration length,
      LongConsumer successes)
      throws IOException {
    this.ports = ports;
    this.token = token;
    this.meters = meters;
    this.workload = workload;
    this.arrivals = arrivals;
    this.successes = successes;
    this.began = System.nanoTime();
    this.nextArrival = began;
    this.measureFrom = began + lead.toNanos();
    this.end = measureFrom + length.toNanos();
  }

  /**
   * One run.
   *
   * @param ports where each function answers; several in turn
   * @param token the bearer token of all calls
   * @param successes takes, for each operation that succeeds, nanoseconds since the beginning
   * @throws IOException where no connection can be made
   */
  static Figures run(
      Map<String, List<Integer>> ports,
      String token,
      Meters meters,
      Workload workload,
      Arrivals arrivals,
      Duration lead,
      Duration length,
      LongConsumer successes)
      throws IOException {
    HttpLoad load = new HttpLoad(ports, token, meters, workload, arrivals, lead, length, successes);
    try {
      load.play();
      return load.figures(length);
    } finally {
      load.close();
    }
  }

  private void play() throws IOException {
    if (arrivals.closed()) {
      for (int i = 0; i < arrivals.inFlight(); i++) {
        begin(System.nanoTime());
      }
    }
    long giveUp = end + GRACE.toNanos();
    while (true) {
      long now = System.nanoTime();
      look(now);
      if (!arrivals.closed()) {
        arrive(now);
      }
      boolean over = now >= end && underWay.isEmpty() && waiting.isEmpty();
      if (over || now >= giveUp) {
        break;
      }
      selector.select(1);
      Set<SelectionKey> ready = selector.selectedKeys();
      for (Iterator<SelectionKey> each = ready.iterator(); each.hasNext(); ) {
        SelectionKey key = each.next();
        each.remove();
        serve((HttpConnection) key.attachment(), key);
      }
    }
    look(System.nanoTime());
    new HashSet<>(underWay.keySet()).forEach(connection -> fail(connection, "unanswered"));
    waiting.forEach(operation -> finished(operation, "unanswered"));
  }

  /** Reads the meters at the edges of what is measured. */
  private void look(long now) {
    if (before == null && now >= measureFrom) {
      before = meters.read();
    }
    if (after == null && now >= end) {
      after = meters.read();
    }
  }

  /** Begins what is due in an open loop. */
  private void arrive(long now) throws IOException {
    while (nextArrival <= now && nextArrival < end) {
      waiting.add(new Operation(next, nextArrival, workload.first(next)));
      next++;
      nextArrival += arrivals.nextGapNanos();
    }
    while (!waiting.isEmpty() && underWay.size() < arrivals.inFlight()) {
      send(waiting.remove());
    }
  }

  private void begin(long intended) throws IOException {
    Operation operation = new Operation(next, intended, workload.first(next));
    next++;
    send(operation);
  }

  private void send(Operation operation) throws IOException {
    List<Integer> hosts = ports.get(operation.call.function());
    if (hosts == null) {
      throw new IllegalStateException("nobody hosts " + operation.call.function());
    }
    int port = hosts.get((int) (operation.n % hosts.size()));
    Deque<HttpConnection> free = idle.computeIfAbsent(port, unused -> new ArrayDeque<>());
    HttpConnection connection = free.isEmpty() ? HttpConnection.open(port, selector) : free.pop();
    underWay.put(connection, operation);
    try {
      connection.send(request(operation.call, port));
    } catch (IOException e) {
      fail(connection, "io");
    }
  }

  private byte[] request(Workload.Call call, int port) {
    byte[] body = call.body().getBytes(StandardCharsets.UTF_8);
    String head =
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:"
            + port
            + "\r\nAuthorization: Bearer "
            + token
            + "\r\nContent-Type: application/json\r\nIdempotency-Key: "
            + call.key()
            + "\r\nContent-Length: "
            + body.length
            + "\r\n\r\n";
    byte[] request = new byte[head.length() + body.length];
    System.arraycopy(head.getBytes(StandardCharsets.US_ASCII), 0, request, 0, head.length());
    System.arraycopy(body, 0, request, head.length(), body.length);
    return request;
  }

  private void serve(HttpConnection connection, SelectionKey key) throws IOException {
    HttpConnection.Answer answer;
    try {
      if (key.isValid() && key.isWritable()) {
        connection.write();
      }
      answer = key.isValid() && key.isReadable() ? connection.read() : null;
    } catch (IOException e) {
      connection.close();
      if (underWay.containsKey(connection)) {
        fail(connection, "io");
      } else {
        idle.values().forEach(free -> free.remove(connection));
      }
      return;
    }
    if (answer != null) {
      answered(connection, answer);
    }
  }

  private void answered(HttpConnection connection, HttpConnection.Answer answer)
      throws IOException {
    Operation operation = underWay.remove(connection);
    if (answer.closes() || operation == null) {
      connection.close();
    } else {
      idle.computeIfAbsent(connection.port, unused -> new ArrayDeque<>()).push(connection);
    }
    if (operation == null) {
      return;
    }
    Workload.Call follow =
        answer.status() == 200 ? workload.then(operation.n, operation.call, answer.body()) : null;
    if (follow != null) {
      operation.call = follow;
      send(operation);
      return;
    }
    finished(operation, answer.status() == 200 ? "" : Integer.toString(answer.status()));
    continueClosed();
  }

  private void fail(HttpConnection connection, String how) {
    connection.close();
    Operation operation = underWay.remove(connection);
    if (operation != null) {
      finished(operation, how);
    }
    if (how.equals("io")) {
      try {
        continueClosed();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private void continueClosed() throws IOException {
    long now = System.nanoTime();
    if (arrivals.closed() && now < end) {
      begin(now);
    }
  }

  /**
   * @param failure empty for success
   */
  private void finished(Operation operation, String failure) {
    long now = System.nanoTime();
    if (failure.isEmpty() && now < end) {
      successes.accept(now - began);
      succeeded += now >= measureFrom ? 1 : 0;
    }
    // In a closed loop also what began in the lead-in and was still under way: callers that are
    // stuck
    // from the first moment on would else begin nothing and seem to fail nowhere.
    boolean counts = arrivals.closed() ? now >= measureFrom : operation.intended >= measureFrom;
    if (counts) {
      measured++;
      Figures.note(latency, now - operation.intended);
      if (!failure.isEmpty()) {
        failures.merge(failure, 1L, Long::sum);
      }
    }
  }

  private Figures figures(Duration length) {
    Figures.Cost cost =
        before == null || after == null ? Figures.Cost.UNKNOWN : after.since(before, succeeded);
    double seconds = length.toNanos() / 1e9;
    return new Figures(arrivals.offered(), succeeded / seconds, measured, failures, latency, cost);
  }

  private void close() throws IOException {
    underWay.keySet().forEach(HttpConnection::close);
    idle.values().forEach(free -> free.forEach(HttpConnection::close));
    selector.close();
  }
}
