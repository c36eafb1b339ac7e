package dev.meterkite.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What the browser talks to: the local host behind it, except for addresses that a test has given
 * an answer of their own.
 */
final class FaultyProxy implements AutoCloseable {
  /** An answer in place of the host's; null lets the request pass to the host. */
  interface Answer {
    Reply to(Request request) throws InterruptedException;
  }

  record Request(String method, String path, String query, String key, String body) {}

  record Reply(int status, String type, String body) {
    static Reply json(String body) {
      return new Reply(200, "application/json", body.replace('\'', '"'));
    }

    static Reply problem(int status, String code, String detail) {
      String body = "{'status': %d, 'code': '%s', 'detail': '%s'}".formatted(status, code, detail);
      return new Reply(status, "application/problem+json", body.replace('\'', '"'));
    }
  }

  private static final Set<String> OF_A_CONNECTION =
      Set.of("connection", "content-length", "host", "transfer-encoding", "date", "keep-alive");

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String behind;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<Request> seen = new CopyOnWriteArrayList<>();
  private volatile CountDownLatch held = new CountDownLatch(1);

  FaultyProxy(String behind) throws IOException {
    this.behind = behind;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** From now on this path is answered so. */
  void answer(String path, Answer answer) {
    answers.put(path, answer);
  }

  /** From now on this path is answered by the host, but not before {@link #letGo}. */
  void hold(String path) {
    CountDownLatch latch = held;
    answers.put(
        path,
        request -> {
          latch.await();
          return null;
        });
  }

  void letGo() {
    held.countDown();
    held = new CountDownLatch(1);
  }

  /** Everything passes again; what was seen is forgotten. */
  void reset() {
    answers.clear();
    letGo();
    seen.clear();
  }

  /** Has the host apply a request whose own answer the browser does not get. */
  void forward(Request request, String token) throws InterruptedException {
    try {
      HttpResponse<String> answer =
          http.send(
              HttpRequest.newBuilder(URI.create(behind + request.path()))
                  .header("Authorization", "Bearer " + token)
                  .header("Content-Type", "application/json")
                  .header("Idempotency-Key", request.key())
                  .POST(HttpRequest.BodyPublishers.ofString(request.body()))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IllegalStateException(answer.body());
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The requests of a path since the last reset. */
  List<Request> seen(String path) {
    return seen.stream().filter(request -> request.path().equals(path)).toList();
  }

  List<String> paths() {
    return seen.stream().map(Request::path).distinct().toList();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      URI uri = exchange.getRequestURI();
      byte[] body = exchange.getRequestBody().readAllBytes();
      Request request =
          new Request(
              exchange.getRequestMethod(),
              uri.getPath(),
              String.valueOf(uri.getQuery()),
              exchange.getRequestHeaders().getFirst("Idempotency-Key"),
              new String(body, StandardCharsets.UTF_8));
      seen.add(request);
      Answer own = answers.get(uri.getPath());
      Reply reply = own == null ? null : own.to(request);
      if (reply == null) {
        pass(exchange, body);
      } else {
        exchange.getResponseHeaders().set("Content-Type", reply.type());
        send(exchange, reply.status(), reply.body().getBytes(StandardCharsets.UTF_8));
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private void pass(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(behind + exchange.getRequestURI()))
            .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> {
              if (!OF_A_CONNECTION.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
              }
            });
    HttpResponse<byte[]> answer =
        http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    answer
        .headers()
        .map()
        .forEach(
            (name, values) -> {
              if (!OF_A_CONNECTION.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                exchange.getResponseHeaders().put(name, values);
              }
            });
    send(exchange, answer.statusCode(), answer.body());
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    letGo();
    server.stop(0);
    threads.shutdownNow();
  }
}
