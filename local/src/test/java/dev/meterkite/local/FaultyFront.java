package dev.meterkite.local;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The connection between a client and a local host, with one planned fault a request: {@code
 * /NAME/FAULT,FAULT/FUNCTION} is passed on to {@code /FUNCTION}. Requests after the last fault meet
 * none. {@code /NAME} answers the requests so far, as {@code [{key, request_id, body}]}.
 *
 * <p>Faults: {@code 503-2} is a status and its Retry-After in seconds; {@code 503-date} has an HTTP
 * date that is 20 seconds away; {@code 502} is a page of a proxy; {@code 302} leads elsewhere;
 * {@code cut} closes the connection before the function sees the request, {@code lost} after it has
 * answered, {@code half} in the middle of its answer; {@code hang} never answers; {@code none}.
 */
final class FaultyFront implements AutoCloseable {
  private static final int THREADS = 16;
  private static final int AWAY_SECONDS = 20;
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  private final HttpClient http = Loopback.client();
  private final String target;
  private final HttpServer server;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Map<String, List<Map<String, String>>> seen = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> turns = new ConcurrentHashMap<>();

  /**
   * @param target the address of the local host
   */
  FaultyFront(String target) throws IOException {
    this.target = target;
    server = Loopback.server(0, THREADS, "faulty-front");
    server.createContext("/", this::answer);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String[] parts = exchange.getRequestURI().getPath().split("/", -1);
    String name = parts[1];
    if (parts.length == 2) {
      Loopback.json(exchange, 200, seen.getOrDefault(name, List.of()));
      return;
    }
    byte[] body = exchange.getRequestBody().readAllBytes();
    note(name, exchange, body);
    String[] faults = parts[2].split(",", -1);
    int turn = turns.computeIfAbsent(name, any -> new AtomicInteger()).getAndIncrement();
    try {
      meet(turn < faults.length ? faults[turn] : "none", exchange, parts[3], body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  private void note(String name, HttpExchange exchange, byte[] body) {
    Map<String, String> request = new LinkedHashMap<>();
    request.put("key", header(exchange, "Idempotency-Key"));
    request.put("request_id", header(exchange, "X-Request-Id"));
    request.put("authorization", header(exchange, "Authorization"));
    request.put("body", new String(body, StandardCharsets.UTF_8));
    seen.computeIfAbsent(name, any -> new CopyOnWriteArrayList<>()).add(request);
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  private void meet(String fault, HttpExchange exchange, String function, byte[] body)
      throws IOException, InterruptedException {
    switch (fault) {
      case "none" -> pass(forward(exchange, function, body), exchange);
      case "cut" -> {}
      case "lost" -> forward(exchange, function, body);
      case "half" -> {
        byte[] whole = forward(exchange, function, body).body();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, whole.length);
        exchange.getResponseBody().write(whole, 0, whole.length / 2);
        exchange.getResponseBody().flush();
      }
      case "hang" -> {
        forward(exchange, function, body);
        closed.await();
      }
      case "302" -> {
        exchange.getResponseHeaders().set("Location", url() + "/elsewhere/none/" + function);
        exchange.sendResponseHeaders(302, -1);
      }
      case "502" -> {
        byte[] page = "<h1>Bad gateway</h1>".getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/html");
        exchange.sendResponseHeaders(502, page.length);
        exchange.getResponseBody().write(page);
      }
      default -> refuse(exchange, fault.substring(0, 3), fault.substring(4));
    }
  }

  private static void refuse(HttpExchange exchange, String status, String wait) throws IOException {
    Instant then = Instant.now().plusSeconds(AWAY_SECONDS);
    exchange
        .getResponseHeaders()
        .set("Retry-After", wait.equals("date") ? HTTP_DATE.format(then) : wait);
    String problem =
        "{\"type\":\"urn:meterkite:problem:unavailable\",\"title\":\"Unavailable\",\"status\":"
            + status
            + ",\"detail\":\"Planned.\",\"code\":\"unavailable\"}";
    Loopback.answer(exchange, Integer.parseInt(status), "application/problem+json", problem);
  }

  private HttpResponse<byte[]> forward(HttpExchange exchange, String function, byte[] body)
      throws IOException, InterruptedException {
    String query = exchange.getRequestURI().getRawQuery();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(target + "/" + function + (query == null ? "" : "?" + query)))
            .timeout(HostClient.WAIT_AT_MOST)
            .method(
                exchange.getRequestMethod(),
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    for (String name :
        List.of("Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id")) {
      if (!header(exchange, name).isEmpty()) {
        request.header(name, header(exchange, name));
      }
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static void pass(HttpResponse<byte[]> response, HttpExchange exchange)
      throws IOException {
    for (String name : List.of("Content-Type", "Retry-After", "X-Request-Id")) {
      response
          .headers()
          .firstValue(name)
          .ifPresent(value -> exchange.getResponseHeaders().set(name, value));
    }
    Loopback.send(exchange, response.statusCode(), response.body());
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
  }
}
