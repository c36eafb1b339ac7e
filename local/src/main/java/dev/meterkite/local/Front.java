package dev.meterkite.local;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One address for all functions: {@code /NAME} goes to the function with method, query, headers and
 * body as they came, and its answer comes back as it is; so does {@code /api/NAME}, the address
 * behind Firebase Hosting. Everything below {@code /local/} is {@link LocalEndpoints}, below {@code
 * /console/} {@link ConsoleFiles}.
 *
 * <p>Bodies up to 5 MiB pass, so that a function itself refuses what is over its own limit of 1 or
 * 4 MiB. A function that does not answer, because its process was killed, is a 503: repeat with the
 * same key.
 */
final class Front implements AutoCloseable {
  static final int MOST_BODY_BYTES = 5 << 20;

  private static final Logger LOG = Logger.getLogger(Front.class.getName());
  private static final String API = "/api/";
  private static final int THREADS = 256;
  private static final Duration ON_TOP_OF_TIMEOUT = Duration.ofSeconds(5);
  private static final int ATTEMPTS_TO_CONNECT = 3;

  /** What belongs to one connection (RFC 9110, 7.6.1), and what the client sets by itself. */
  private static final Set<String> OF_ONE_CONNECTION =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "content-length",
          "expect",
          "host",
          "date");

  private final HttpServer server;
  private final FunctionTable table;
  private final Backends backends;
  private final HttpClient http = Loopback.client();
  private final Traffic traffic = new Traffic(InstantSource.system());

  /**
   * Takes the port; {@link #start} begins to answer.
   *
   * @throws LocalHostException if the port is in use
   */
  Front(int port, FunctionTable table, Backends backends) throws IOException {
    this.table = table;
    this.backends = backends;
    try {
      server = Loopback.server(port, THREADS, "front");
    } catch (BindException e) {
      throw new LocalHostException(
          "Port " + port + " of 127.0.0.1 is in use: stop what listens there, or choose --port N.",
          e);
    }
  }

  /** How many calls passed. */
  Traffic traffic() {
    return traffic;
  }

  int port() {
    return server.getAddress().getPort();
  }

  void start(LocalEndpoints endpoints, ConsoleFiles console) {
    server.createContext("/local/", exchange -> answering(exchange, endpoints::answer));
    server.createContext("/", exchange -> answering(exchange, this::forward));
    server.createContext(API, exchange -> answering(exchange, this::forward));
    server.createContext("/console", exchange -> answering(exchange, console::answer));
    server.start();
  }

  private interface Answer {
    void to(HttpExchange exchange) throws IOException, InterruptedException, LocalProblem;
  }

  private static void answering(HttpExchange exchange, Answer answer) throws IOException {
    try {
      answer.to(exchange);
    } catch (LocalProblem problem) {
      Loopback.problem(exchange, problem);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
      exchange.close();
    } catch (RuntimeException e) {
      LOG.log(Level.SEVERE, "the front failed", e);
      exchange.close();
    }
  }

  static byte[] body(HttpExchange exchange, int most) throws IOException, LocalProblem {
    byte[] body = exchange.getRequestBody().readNBytes(most + 1);
    if (body.length > most) {
      throw LocalProblem.tooLarge("a body has at most " + most + " bytes");
    }
    return body;
  }

  private void forward(HttpExchange exchange)
      throws IOException, InterruptedException, LocalProblem {
    URI uri = exchange.getRequestURI();
    String path = uri.getRawPath();
    if (path.startsWith(API)) {
      path = path.substring(API.length() - 1);
    }
    int end = path.indexOf('/', 1);
    String name = path.substring(1, end < 0 ? path.length() : end);
    var function =
        table
            .find(name)
            .filter(entry -> backends.knows(entry.name()))
            .orElseThrow(() -> LocalProblem.notFound("no function is named " + name));
    String rest =
        (end < 0 ? "/" : path.substring(end))
            + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
    byte[] body = body(exchange, MOST_BODY_BYTES);
    HttpResponse<byte[]> response;
    try {
      response = send(exchange, name, rest, body, function.timeout().plus(ON_TOP_OF_TIMEOUT));
    } catch (LocalProblem problem) {
      traffic.add(name, exchange.getRequestMethod(), problem.status());
      throw problem;
    }
    traffic.add(name, exchange.getRequestMethod(), response.statusCode());
    Headers headers = exchange.getResponseHeaders();
    response
        .headers()
        .map()
        .forEach(
            (header, values) -> {
              if (passes(header)) {
                headers.put(header, values);
              }
            });
    Loopback.send(exchange, response.statusCode(), response.body());
  }

  private HttpResponse<byte[]> send(
      HttpExchange exchange, String name, String rest, byte[] body, Duration timeout)
      throws InterruptedException, LocalProblem {
    for (int attempt = 1; ; attempt++) {
      Optional<Integer> port = backends.next(name);
      if (port.isEmpty()) {
        throw LocalProblem.unavailable("no process hosts " + name + " now");
      }
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port.get() + rest))
              .timeout(timeout)
              .method(
                  exchange.getRequestMethod(),
                  body.length == 0
                      ? HttpRequest.BodyPublishers.noBody()
                      : HttpRequest.BodyPublishers.ofByteArray(body));
      exchange
          .getRequestHeaders()
          .forEach(
              (header, values) -> {
                if (passes(header)) {
                  values.forEach(value -> request.header(header, value));
                }
              });
      try {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      } catch (ConnectException | HttpConnectTimeoutException nothingSent) {
        if (attempt == ATTEMPTS_TO_CONNECT) {
          throw LocalProblem.unavailable("no process hosts " + name + " now");
        }
      } catch (IOException e) {
        // It may have been applied or not; only the caller's key can tell.
        throw LocalProblem.unavailable(name + " did not answer: " + e);
      }
    }
  }

  private static boolean passes(String header) {
    return !OF_ONE_CONNECTION.contains(header.toLowerCase(Locale.ROOT));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
