package dev.meterkite.local;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Stand-ins for OpenAI, Anthropic, Google and ElevenLabs: their lists of models and one endpoint
 * that generates, with answers and errors in their shapes. Each can be told to be slow, to fail, to
 * hang or to answer 429.
 */
final class StubProviders implements AutoCloseable {
  /** How a provider behaves. */
  enum Mode {
    /** Answers at once. */
    OK,
    /** Answers after {@code latency_ms}. */
    SLOW,
    /** Answers with {@code http_status}, by default 500. */
    FAIL,
    /** Answers nothing, for as long as it hangs. */
    HANG,
    /** Answers 429, with {@code retry_after} where that is given. */
    RATE_LIMIT;

    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What a provider was told.
   *
   * @param latencyMs how long {@link Mode#SLOW} takes
   * @param status the status of {@link Mode#FAIL}
   * @param retryAfter the header of {@link Mode#RATE_LIMIT}, null for none
   */
  record Behaviour(Mode mode, long latencyMs, int status, @Nullable String retryAfter) {
    static final Behaviour OK = new Behaviour(Mode.OK, 0, 200, null);
  }

  /** The providers, each under a path of its own. */
  static final List<String> NAMES = List.of("openai", "anthropic", "google", "elevenlabs");

  /** The longest that anything hangs or is slow; the connection is closed then. */
  static final Duration LONGEST = Duration.ofSeconds(30);

  private static final int THREADS = 64;

  private final HttpServer server;
  private final Map<String, Behaviour> behaviours = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> calls = new ConcurrentHashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);

  StubProviders() throws IOException {
    server = Loopback.server(0, THREADS, "stub-provider");
    for (String name : NAMES) {
      behaviours.put(name, Behaviour.OK);
      calls.put(name, new AtomicLong());
      server.createContext("/" + name + "/", exchange -> answer(name, exchange));
    }
    server.start();
  }

  /** Where a provider answers. */
  String url(String name) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + name;
  }

  /** The variables by which functions probe these in place of the real ones. */
  Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    for (String name : NAMES) {
      String prefix = name.toUpperCase(Locale.ROOT);
      environment.put(prefix + "_API_KEY", "local");
      environment.put(prefix + "_BASE_URL", url(name));
    }
    return environment;
  }

  /** From now on this provider behaves so; calls under way do not change. */
  void tell(String name, Behaviour behaviour) {
    behaviours.put(name, behaviour);
  }

  /** What each provider was told and how often it was called. */
  Map<String, Object> shown() {
    Map<String, Object> all = new LinkedHashMap<>();
    for (String name : NAMES) {
      all.put(name, shown(name));
    }
    return all;
  }

  Map<String, Object> shown(String name) {
    Behaviour behaviour = behaviours.getOrDefault(name, Behaviour.OK);
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("name", name);
    shown.put("url", url(name));
    shown.put("mode", behaviour.mode().wire());
    if (behaviour.mode() == Mode.SLOW) {
      shown.put("latency_ms", behaviour.latencyMs());
    }
    if (behaviour.mode() == Mode.FAIL) {
      shown.put("http_status", behaviour.status());
    }
    if (behaviour.mode() == Mode.RATE_LIMIT && behaviour.retryAfter() != null) {
      shown.put("retry_after", behaviour.retryAfter());
    }
    shown.put("calls", calls.getOrDefault(name, new AtomicLong()).get());
    return shown;
  }

  private void answer(String name, HttpExchange exchange) throws IOException {
    calls.getOrDefault(name, new AtomicLong()).incrementAndGet();
    Behaviour behaviour = behaviours.getOrDefault(name, Behaviour.OK);
    exchange.getRequestBody().readAllBytes();
    switch (behaviour.mode()) {
      case OK -> succeed(name, exchange);
      case SLOW -> {
        pause(Duration.ofMillis(behaviour.latencyMs()));
        succeed(name, exchange);
      }
      case FAIL -> fail(name, exchange, behaviour.status());
      case HANG -> {
        pause(LONGEST);
        exchange.close();
      }
      case RATE_LIMIT -> {
        if (behaviour.retryAfter() != null) {
          exchange.getResponseHeaders().set("Retry-After", behaviour.retryAfter());
        }
        fail(name, exchange, 429);
      }
    }
  }

  /** Until the time is over or everything is taken down. */
  private void pause(Duration time) {
    try {
      boolean unused = closing.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void succeed(String name, HttpExchange exchange) throws IOException {
    if (!hasKey(name, exchange)) {
      fail(name, exchange, 401);
    } else if (!exchange.getRequestMethod().equals("GET")) {
      Loopback.json(exchange, 200, generated(name));
    } else if (exchange.getRequestURI().getPath().endsWith("/models")) {
      Loopback.json(exchange, 200, models(name));
    } else {
      fail(name, exchange, 404);
    }
  }

  private static boolean hasKey(String name, HttpExchange exchange) {
    String header =
        switch (name) {
          case "openai" -> "Authorization";
          case "anthropic" -> "x-api-key";
          case "google" -> "x-goog-api-key";
          default -> "xi-api-key";
        };
    String key = exchange.getRequestHeaders().getFirst(header);
    return key != null && !key.isBlank();
  }

  private static Object models(String name) {
    return switch (name) {
      case "openai" ->
          Map.of(
              "object",
              "list",
              "data",
              List.of(Map.of("id", "gpt-4o", "object", "model", "owned_by", "system")));
      case "anthropic" ->
          Map.of(
              "data",
              List.of(Map.of("type", "model", "id", "claude-sonnet-4-5")),
              "has_more",
              false);
      case "google" ->
          Map.of("models", List.of(Map.of("name", "models/gemini-2.5-flash", "version", "001")));
      default -> List.of(Map.of("model_id", "eleven_multilingual_v2", "name", "Multilingual v2"));
    };
  }

  private static Object generated(String name) {
    return switch (name) {
      case "openai" ->
          Map.of(
              "object",
              "chat.completion",
              "choices",
              List.of(
                  Map.of("index", 0, "message", Map.of("role", "assistant", "content", "kite"))),
              "usage",
              Map.of("prompt_tokens", 9, "completion_tokens", 1, "total_tokens", 10));
      case "anthropic" ->
          Map.of(
              "type",
              "message",
              "content",
              List.of(Map.of("type", "text", "text", "kite")),
              "usage",
              Map.of("input_tokens", 9, "output_tokens", 1));
      case "google" ->
          Map.of(
              "candidates",
              List.of(Map.of("content", Map.of("parts", List.of(Map.of("text", "kite"))))),
              "usageMetadata",
              Map.of("promptTokenCount", 9, "candidatesTokenCount", 1, "totalTokenCount", 10));
      default -> Map.of("audio_base64", "", "normalized_alignment", Map.of());
    };
  }

  private static void fail(String name, HttpExchange exchange, int status) throws IOException {
    Loopback.json(exchange, status, error(name, status));
  }

  /** An error as this provider words it. */
  static Map<String, Object> error(String name, int status) {
    boolean limited = status == 429;
    String message = limited ? "Too many requests." : "The stand-in was told to fail.";
    String openAiType =
        limited ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
    String anthropicType =
        limited ? "rate_limit_error" : status == 401 ? "authentication_error" : "api_error";
    String googleStatus =
        limited ? "RESOURCE_EXHAUSTED" : status == 401 ? "UNAUTHENTICATED" : "INTERNAL";
    String elevenStatus =
        limited
            ? "too_many_concurrent_requests"
            : status == 401 ? "invalid_api_key" : "internal_error";
    return switch (name) {
      case "openai" -> Map.of("error", Map.of("type", openAiType, "message", message));
      case "anthropic" ->
          Map.of("type", "error", "error", Map.of("type", anthropicType, "message", message));
      case "google" ->
          Map.of("error", Map.of("code", status, "status", googleStatus, "message", message));
      default -> Map.of("detail", Map.of("status", elevenStatus, "message", message));
    };
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
  }
}
