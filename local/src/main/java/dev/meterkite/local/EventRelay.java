package dev.meterkite.local;

import com.google.events.cloud.firestore.v1.Document;
import com.google.events.cloud.firestore.v1.DocumentEventData;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.functions.catalog.FunctionEntry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Takes the emulator's document events and delivers them to the functions, as Eventarc does in the
 * cloud: at least once, in no order, again and again while the function fails, if its line in the
 * table says retry.
 *
 * <p>The emulator posts an event once and never again, one after the other, its body in base64; the
 * functions get the bytes. It also posts events without any document, for the deletion of a
 * document that did not exist, or that was created in the same commit; Eventarc sends none for what
 * changes nothing, so they go to nobody. It dates an event to when it is posted; here it gets the
 * time of the write, as Eventarc says it, by the host's clock. At most 50,000 deliveries and 256
 * MiB wait; what comes on top is dropped, counted and logged. A delivery that failed 30 times, over
 * some four minutes, is given up, counted and logged.
 */
public final class EventRelay implements AutoCloseable {
  static final int MOST_PENDING = 50_000;
  static final long MOST_PENDING_BYTES = 256L << 20;
  static final int MOST_ATTEMPTS = 30;

  private static final Logger LOG = Logger.getLogger(EventRelay.class.getName());
  private static final int RECEIVERS = 16;
  private static final int SENDERS = 32;
  private static final Duration FIRST_BACK_OFF = Duration.ofMillis(100);
  private static final Duration LONGEST_BACK_OFF = Duration.ofSeconds(10);
  private static final String PROBE = "meterkite-probe";

  private final HttpServer server;
  private final HttpClient http = Loopback.client();
  private final Map<String, FunctionEntry> functions = new LinkedHashMap<>();
  private final Backends backends;
  private final Chaos chaos;
  private final LocalClock clock;
  private final ScheduledThreadPoolExecutor senders;
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicLong pendingBytes = new AtomicLong();
  private final AtomicLong delivered = new AtomicLong();
  private final AtomicLong failedAttempts = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong received = new AtomicLong();
  private final Map<String, CountDownLatch> probes = new ConcurrentHashMap<>();

  /** One event on its way to one function, and how often that has been tried. */
  private static final class Delivery {
    final FunctionEntry function;
    final Map<String, String> headers;
    final byte[] body;
    final int attempt;

    Delivery(FunctionEntry function, Map<String, String> headers, byte[] body, int attempt) {
      this.function = function;
      this.headers = headers;
      this.body = body;
      this.attempt = attempt;
    }

    Delivery again() {
      return new Delivery(function, headers, body, attempt + 1);
    }
  }

  /**
   * What became of events so far.
   *
   * @param received events that the emulator posted
   * @param pending deliveries that wait, run, or will be tried again
   * @param delivered deliveries that a function acknowledged
   * @param failedAttempts attempts that a function refused or did not answer
   * @param dropped deliveries that were given up
   */
  public record Counts(
      long received, int pending, long delivered, long failedAttempts, long dropped) {}

  /**
   * @param clock says when events happen
   */
  EventRelay(List<FunctionEntry> entries, Backends backends, Chaos chaos, LocalClock clock)
      throws IOException {
    this.backends = backends;
    this.chaos = chaos;
    this.clock = clock;
    for (FunctionEntry entry : entries) {
      functions.put(entry.name(), entry);
    }
    senders = new ScheduledThreadPoolExecutor(SENDERS, task -> Loopback.daemon(task, "events"));
    server = Loopback.server(0, RECEIVERS, "event-receiver");
    server.createContext("/functions/projects/", this::receive);
    server.start();
  }

  /** Where the emulator is to post, as host:port. */
  String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  public Counts counts() {
    return new Counts(
        received.get(), pending.get(), delivered.get(), failedAttempts.get(), dropped.get());
  }

  /** The trigger whose events go to nobody but those who wait for {@link #probe(String)}. */
  static String probe() {
    return PROBE;
  }

  /** Opens when the event of the probe's document with this id comes. */
  CountDownLatch probe(String id) {
    return probes.computeIfAbsent(id, any -> new CountDownLatch(1));
  }

  /** {@code /functions/projects/PROJECT/triggers/ID}, the id being the function's name. */
  private void receive(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String id = path.substring(path.lastIndexOf('/') + 1);
    byte[] posted = exchange.getRequestBody().readAllBytes();
    FunctionEntry function = functions.get(id);
    if (function == null && !id.equals(PROBE)) {
      Loopback.problem(exchange, LocalProblem.notFound("no event function " + id));
      return;
    }
    try {
      byte[] body = Base64.getMimeDecoder().decode(posted);
      DocumentEventData data = DocumentEventData.parseFrom(body);
      Document written = data.getValue();
      if (function == null) {
        arrived(written.getName());
      } else if (!data.hasValue() && !data.hasOldValue()) {
        LOG.log(Level.FINE, "an event for {0} without any document is left out", id);
      } else {
        Map<String, String> headers = headers(exchange);
        headers.put("ce-time", clock.at(time(written)).toString());
        accept(function, headers, body);
      }
    } catch (IllegalArgumentException | InvalidProtocolBufferException unreadable) {
      dropped.incrementAndGet();
      LOG.log(Level.SEVERE, "an event for " + id + " cannot be read", unreadable);
    }
    Loopback.send(exchange, 200, new byte[0]);
  }

  private void arrived(String document) {
    CountDownLatch probe = probes.remove(document.substring(document.lastIndexOf('/') + 1));
    if (probe != null) {
      probe.countDown();
    }
  }

  /** When a document was written, in real time; now, if the event is of its deletion. */
  private static Instant time(Document document) {
    Timestamp time = document.getUpdateTime();
    return document.hasUpdateTime()
        ? Instant.ofEpochSecond(time.getSeconds(), time.getNanos())
        : Instant.now();
  }

  private void accept(FunctionEntry function, Map<String, String> headers, byte[] body) {
    received.incrementAndGet();
    for (Duration delay : chaos.deliveries()) {
      boolean tooMany = pending.incrementAndGet() > MOST_PENDING;
      boolean tooLarge = pendingBytes.addAndGet(body.length) > MOST_PENDING_BYTES;
      if (tooMany || tooLarge) {
        drop(new Delivery(function, headers, body, 1), "too many events are waiting");
      } else {
        schedule(new Delivery(function, headers, body, 1), delay);
      }
    }
  }

  private static Map<String, String> headers(HttpExchange exchange) {
    Map<String, String> kept = new LinkedHashMap<>();
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> {
              String lower = name.toLowerCase(Locale.ROOT);
              if (lower.startsWith("ce-") || lower.equals("content-type")) {
                kept.put(lower, values.get(0));
              }
            });
    return kept;
  }

  private void schedule(Delivery delivery, Duration delay) {
    try {
      var unused =
          senders.schedule(() -> deliver(delivery), delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closing) {
      finish(delivery);
    }
  }

  private void deliver(Delivery delivery) {
    String failure;
    try {
      failure = attempt(delivery);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
      finish(delivery);
      return;
    } catch (RuntimeException e) {
      failure = e.toString();
    }
    if (failure.isEmpty()) {
      delivered.incrementAndGet();
      finish(delivery);
      return;
    }
    failedAttempts.incrementAndGet();
    if (!delivery.function.retry()) {
      drop(delivery, failure + ", and the function has no retry");
    } else if (delivery.attempt >= MOST_ATTEMPTS) {
      drop(delivery, failure + ", at attempt " + delivery.attempt);
    } else {
      LOG.log(Level.FINE, "{0} failed: {1}", new Object[] {delivery.function.name(), failure});
      schedule(delivery.again(), backOff(delivery.attempt));
    }
  }

  /** 100 ms, 200 ms, 400 ms, … and never more than 10 s. */
  static Duration backOff(int failed) {
    int doublings = Math.min(failed - 1, 16);
    Duration wait = FIRST_BACK_OFF.multipliedBy(1L << doublings);
    return wait.compareTo(LONGEST_BACK_OFF) < 0 ? wait : LONGEST_BACK_OFF;
  }

  /** What went wrong; empty if the function acknowledged. */
  private String attempt(Delivery delivery) throws InterruptedException {
    Optional<Integer> port = backends.next(delivery.function.name());
    if (port.isEmpty()) {
      return "no process hosts the function";
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port.get() + "/"))
            .timeout(delivery.function.timeout())
            .POST(HttpRequest.BodyPublishers.ofByteArray(delivery.body));
    delivery.headers.forEach(request::header);
    try {
      HttpResponse<byte[]> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      return response.statusCode() / 100 == 2
          ? ""
          : "status "
              + response.statusCode()
              + " "
              + new String(response.body(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void drop(Delivery delivery, String why) {
    dropped.incrementAndGet();
    LOG.log(
        Level.SEVERE,
        "Event {0} for {1} is given up: {2}",
        new Object[] {delivery.headers.get("ce-id"), delivery.function.name(), why});
    finish(delivery);
  }

  private void finish(Delivery delivery) {
    pendingBytes.addAndGet(-delivery.body.length);
    pending.decrementAndGet();
  }

  @Override
  public void close() {
    server.stop(0);
    senders.shutdownNow();
  }
}
