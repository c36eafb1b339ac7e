package dev.meterkite.local;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.functions.http.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * HTTP on 127.0.0.1: how servers and clients of the local host are made, and how they answer for
 * themselves.
 */
final class Loopback {
  static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final int BACKLOG = 1_024;
  private static final int MOST_WAITING = 10_000;

  static {
    // Read once, by the first server or client of the JVM. Without nodelay a reused connection
    // waits 40 ms a request.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.maxIdleConnections", "2048");
    // Shorter than Jetty's 30 s, so that no request is sent on a connection that the function's
    // server closes.
    System.setProperty("jdk.httpclient.keepalive.timeout", "20");
  }

  private Loopback() {}

  /** A server bound to {@code port} of 127.0.0.1 (0: a free one), not started yet. */
  static HttpServer server(int port, int threads, String name) throws IOException {
    HttpServer server =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port),
            BACKLOG);
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.MINUTES,
            new LinkedBlockingQueue<>(MOST_WAITING),
            task -> daemon(task, name));
    pool.allowCoreThreadTimeOut(true);
    server.setExecutor(pool);
    return server;
  }

  static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  static HttpClient client() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(CONNECT)
        .build();
  }

  /** Answers a body; none for a HEAD request. */
  static void answer(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.getResponseHeaders().set("X-Request-Id", requestId(exchange));
    send(exchange, status, body.getBytes(StandardCharsets.UTF_8));
  }

  static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    boolean bare = body.length == 0 || exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, bare ? -1 : body.length);
    if (!bare) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  private static String requestId(HttpExchange exchange) {
    String given = exchange.getRequestHeaders().getFirst("X-Request-Id");
    return given != null && given.matches("[\\w.:-]{1,128}") ? given : UUID.randomUUID().toString();
  }

  static void json(HttpExchange exchange, int status, Object body) throws IOException {
    answer(exchange, status, "application/json", GSON.toJson(body) + "\n");
  }

  /** Answers an RFC 9457 problem. */
  static void problem(HttpExchange exchange, LocalProblem problem) throws IOException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("type", Problem.TYPE_PREFIX + problem.code());
    body.put("title", problem.title());
    body.put("status", problem.status());
    body.put("detail", problem.getMessage());
    body.put("code", problem.code());
    if (!problem.errors().isEmpty()) {
      body.put("errors", problem.errors());
    }
    if (problem.status() == 503) {
      exchange.getResponseHeaders().set("Retry-After", "1");
    }
    answer(exchange, problem.status(), "application/problem+json", GSON.toJson(body) + "\n");
  }
}
