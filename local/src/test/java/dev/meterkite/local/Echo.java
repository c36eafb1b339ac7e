package dev.meterkite.local;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.DomainClock;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Answers what it was asked, with the status that the query names; {@code die=true} ends its
 * process.
 */
public final class Echo implements HttpFunction {
  /** Method and body of each call, in this JVM. */
  static final BlockingQueue<String> CALLS = new LinkedBlockingQueue<>();

  private final DomainClock clock = DomainClock.of(Path.of(setting("CLOCK_FILE")));
  private final String issuers = setting("TOKEN_ISSUERS");

  private static String setting(String name) {
    String property = System.getProperty("meterkite.env." + name);
    return Objects.requireNonNull(property == null ? System.getenv(name) : property, name);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    if (request.getFirstQueryParameter("die").isPresent()) {
      Runtime.getRuntime().halt(9);
    }
    byte[] body = request.getInputStream().readAllBytes();
    CALLS.add(request.getMethod() + " " + new String(body, StandardCharsets.UTF_8));
    Map<String, Object> echo = new LinkedHashMap<>();
    echo.put("method", request.getMethod());
    echo.put("path", request.getPath());
    echo.put("query", request.getQuery().orElse(""));
    echo.put("bytes", body.length);
    echo.put("body", body.length > 1_000 ? "" : new String(body, StandardCharsets.UTF_8));
    echo.put("authorization", header(request, "Authorization"));
    echo.put("key", header(request, "Idempotency-Key"));
    echo.put("now", clock.instant().toString());
    echo.put("issuers", issuers);
    echo.put("pid", ProcessHandle.current().pid());
    response.setStatusCode(
        request.getFirstQueryParameter("status").map(Integer::parseInt).orElse(200));
    response.setContentType("application/json");
    response.appendHeader("X-Request-Id", "request-1");
    response.appendHeader("X-Two", "one");
    response.appendHeader("X-Two", "two");
    try (OutputStream out = response.getOutputStream()) {
      out.write(Loopback.GSON.toJson(echo).getBytes(StandardCharsets.UTF_8));
    }
  }

  private static String header(HttpRequest request, String name) {
    List<String> values = request.getHeaders().getOrDefault(name, List.of());
    return Optional.of(values).filter(all -> !all.isEmpty()).map(all -> all.get(0)).orElse("");
  }
}
