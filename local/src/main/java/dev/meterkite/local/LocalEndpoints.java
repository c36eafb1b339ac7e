package dev.meterkite.local;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the local host answers itself: {@code /local/token}, {@code /local/jwks.json}, {@code
 * /local/health}, {@code /local/fire}, {@code /local/clock}, {@code /local/provider}, {@code
 * /local/schedules}, {@code /local/traffic} and {@code /local/demo}. Wrong parameters are a 400
 * problem.
 */
final class LocalEndpoints {
  private static final int MOST_BODY_BYTES = 64 << 10;
  private static final int LONGEST_SUBJECT = 1_500;

  private final String project;
  private final String firestore;
  private final FunctionTable table;
  private final Backends backends;
  private final TokenIssuer tokens;
  private final LocalClock clock;
  private final Schedules schedules;
  private final EventRelay events;
  private final StubProviders providers;
  private final Traffic traffic;
  private final DemoRuns demo;

  LocalEndpoints(
      String project,
      String firestore,
      FunctionTable table,
      Backends backends,
      TokenIssuer tokens,
      LocalClock clock,
      Schedules schedules,
      EventRelay events,
      StubProviders providers,
      Traffic traffic,
      DemoRuns demo) {
    this.project = project;
    this.firestore = firestore;
    this.table = table;
    this.backends = backends;
    this.tokens = tokens;
    this.clock = clock;
    this.schedules = schedules;
    this.events = events;
    this.providers = providers;
    this.traffic = traffic;
    this.demo = demo;
  }

  void answer(HttpExchange exchange) throws IOException, InterruptedException, LocalProblem {
    String path = exchange.getRequestURI().getPath();
    switch (path) {
      case "/local/token" -> token(exchange);
      case "/local/jwks.json" -> {
        parameters(exchange, Set.of(), "GET");
        Loopback.answer(exchange, 200, "application/json", tokens.jwks());
      }
      case "/local/health" -> health(exchange);
      case "/local/fire" -> fire(exchange);
      case "/local/clock" -> clock(exchange);
      case "/local/provider" -> provider(exchange);
      case "/local/schedules" -> shown(exchange, schedules.shown());
      case "/local/traffic" -> shown(exchange, traffic.shown());
      case "/local/demo" -> demo(exchange);
      default -> throw LocalProblem.notFound("nothing is at " + path);
    }
  }

  private static void shown(HttpExchange exchange, Map<String, Object> figures)
      throws IOException, LocalProblem {
    parameters(exchange, Set.of(), "GET");
    Loopback.json(exchange, 200, figures);
  }

  /** The query's parameters, each at most once, after a look at the method. */
  private static Map<String, String> parameters(
      HttpExchange exchange, Set<String> allowed, String... methods) throws LocalProblem {
    if (!Set.of(methods).contains(exchange.getRequestMethod())) {
      exchange.getResponseHeaders().set("Allow", String.join(", ", methods));
      throw LocalProblem.method(String.join(", ", methods));
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    String query = exchange.getRequestURI().getRawQuery();
    for (String pair : query == null ? new String[0] : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      if (!allowed.contains(name)) {
        throw LocalProblem.invalid(name, "unknown", "is no parameter here");
      }
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      if (parameters.put(name, value) != null) {
        throw LocalProblem.invalid(name, "repeated", "stands there twice");
      }
    }
    return parameters;
  }

  private static String decode(String text) throws LocalProblem {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw LocalProblem.invalid(text, "malformed", "is not percent-encoded");
    }
  }

  private void token(HttpExchange exchange) throws IOException, LocalProblem {
    Map<String, String> parameters = parameters(exchange, Set.of("role", "sub"), "GET");
    String role = parameters.getOrDefault("role", "");
    String subject = parameters.get("sub");
    if (!role.equals("user") && subject != null) {
      throw LocalProblem.invalid("sub", "unexpected", "goes with role=user only");
    }
    String token =
        switch (role) {
          case "service" -> tokens.service();
          case "admin" -> tokens.admin();
          case "scheduler" -> tokens.scheduler();
          case "user" -> tokens.user(subject(subject));
          default ->
              throw LocalProblem.invalid(
                  "role", "unknown", "is one of service, admin, scheduler, user");
        };
    Loopback.answer(exchange, 200, "text/plain; charset=utf-8", token);
  }

  private static String subject(@Nullable String subject) throws LocalProblem {
    if (subject == null || subject.isBlank() || subject.length() > LONGEST_SUBJECT) {
      throw LocalProblem.invalid("sub", "required", "is the id of the user or customer");
    }
    return subject;
  }

  private void health(HttpExchange exchange) throws IOException, LocalProblem {
    parameters(exchange, Set.of(), "GET");
    EventRelay.Counts counts = events.counts();
    Map<String, Object> health = new LinkedHashMap<>();
    health.put("project", project);
    health.put("firestore", firestore);
    health.put("functions", backends.first());
    health.put("pending_events", counts.pending());
    health.put("delivered_events", counts.delivered());
    health.put("failed_attempts", counts.failedAttempts());
    health.put("dropped_events", counts.dropped());
    Loopback.json(exchange, backends.complete() ? 200 : 503, health);
  }

  private void fire(HttpExchange exchange) throws IOException, InterruptedException, LocalProblem {
    String name = parameters(exchange, Set.of("function"), "POST").get("function");
    if (name == null || name.isEmpty()) {
      throw LocalProblem.invalid("function", "required", "is the name of a scheduled function");
    }
    if (table.find(name).isEmpty()) {
      throw LocalProblem.notFound("no function is named " + name);
    }
    FunctionEntry function =
        schedules
            .find(name)
            .orElseThrow(() -> LocalProblem.invalid("function", "unexpected", "has no schedule"));
    HttpResponse<byte[]> response;
    try {
      response = schedules.call(function);
    } catch (IOException e) {
      throw LocalProblem.unavailable(name + " did not answer: " + e);
    }
    for (String header : List.of("Content-Type", "X-Request-Id")) {
      response
          .headers()
          .firstValue(header)
          .ifPresent(value -> exchange.getResponseHeaders().set(header, value));
    }
    Loopback.send(exchange, response.statusCode(), response.body());
  }

  private void clock(HttpExchange exchange) throws IOException, LocalProblem {
    parameters(exchange, Set.of(), "GET", "POST");
    if (exchange.getRequestMethod().equals("POST")) {
      move(body(exchange));
    }
    Loopback.json(exchange, 200, Map.of("now", clock.instant().toString()));
  }

  /** Shows the last run of the demo, or starts one. */
  private void demo(HttpExchange exchange) throws IOException, LocalProblem {
    parameters(exchange, Set.of(), "GET", "POST");
    boolean starts = exchange.getRequestMethod().equals("POST");
    if (starts) {
      demo.start();
    }
    Loopback.json(exchange, starts ? 202 : 200, demo.shown());
  }

  private static JsonObject body(HttpExchange exchange) throws IOException, LocalProblem {
    String text = new String(Front.body(exchange, MOST_BODY_BYTES), StandardCharsets.UTF_8);
    try {
      JsonElement json = JsonParser.parseString(text);
      if (json.isJsonObject()) {
        return json.getAsJsonObject();
      }
    } catch (JsonParseException malformed) {
      // The problem below says it.
    }
    throw LocalProblem.invalid("body", "malformed", "is no JSON object");
  }

  private void move(JsonObject body) throws LocalProblem {
    if (body.size() != 1 || !(body.has("now") || body.has("advance"))) {
      throw LocalProblem.invalid("body", "invalid", "has either now or advance");
    }
    String field = body.keySet().iterator().next();
    JsonElement value = Objects.requireNonNull(body.get(field));
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      throw LocalProblem.invalid(field, "invalid", "is a string");
    }
    try {
      if (field.equals("now")) {
        clock.set(Instant.parse(value.getAsString()));
      } else {
        clock.advance(Duration.parse(value.getAsString()));
      }
    } catch (DateTimeException e) {
      String form = field.equals("now") ? "an RFC 3339 time in UTC" : "an ISO 8601 duration";
      throw LocalProblem.invalid(field, "invalid", "is " + form);
    } catch (IllegalArgumentException e) {
      throw LocalProblem.invalid(field, "out_of_range", String.valueOf(e.getMessage()));
    }
  }

  /** Shows the stand-ins of the providers, or tells one how to behave. */
  private void provider(HttpExchange exchange) throws IOException, LocalProblem {
    String name = parameters(exchange, Set.of("name"), "GET", "POST").get("name");
    if (name != null && !StubProviders.NAMES.contains(name)) {
      throw LocalProblem.notFound("no stand-in is named " + name);
    }
    if (exchange.getRequestMethod().equals("POST")) {
      if (name == null) {
        throw LocalProblem.invalid(
            "name", "required", "is one of " + String.join(", ", StubProviders.NAMES));
      }
      providers.tell(name, behaviour(body(exchange)));
    }
    Loopback.json(exchange, 200, name == null ? providers.shown() : providers.shown(name));
  }

  private static StubProviders.Behaviour behaviour(JsonObject body) throws LocalProblem {
    StubProviders.@Nullable Mode mode = null;
    long latency = 3_000;
    int status = 500;
    @Nullable String retryAfter = null;
    for (Map.Entry<String, JsonElement> field : body.entrySet()) {
      String value = text(field.getKey(), field.getValue());
      switch (field.getKey()) {
        case "mode" -> mode = mode(value);
        case "latency_ms" ->
            latency = number("latency_ms", value, 0, StubProviders.LONGEST.toMillis());
        case "http_status" -> status = (int) number("http_status", value, 400, 599);
        case "retry_after" -> retryAfter = value;
        default -> throw LocalProblem.invalid(field.getKey(), "unknown_field", "is no field here");
      }
    }
    if (mode == null) {
      throw LocalProblem.invalid("mode", "required", "is one of " + modes());
    }
    return new StubProviders.Behaviour(mode, latency, status, retryAfter);
  }

  private static String text(String field, JsonElement value) throws LocalProblem {
    if (!value.isJsonPrimitive() || value.getAsString().length() > LONGEST_SUBJECT) {
      throw LocalProblem.invalid(field, "wrong_type", "is a string or a number");
    }
    return value.getAsString();
  }

  private static StubProviders.Mode mode(String word) throws LocalProblem {
    for (StubProviders.Mode mode : StubProviders.Mode.values()) {
      if (mode.wire().equals(word)) {
        return mode;
      }
    }
    throw LocalProblem.invalid("mode", "unknown_value", "is one of " + modes());
  }

  private static String modes() {
    return Arrays.stream(StubProviders.Mode.values())
        .map(StubProviders.Mode::wire)
        .collect(Collectors.joining(", "));
  }

  private static long number(String field, String text, long least, long most) throws LocalProblem {
    if (text.matches("[0-9]{1,9}")) {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    }
    throw LocalProblem.invalid(field, "out_of_range", "is from " + least + " to " + most);
  }
}
