package dev.meterkite.openfeature;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.local.LocalHost;
import dev.meterkite.local.Options;
import dev.openfeature.sdk.Client;
import dev.openfeature.sdk.ErrorCode;
import dev.openfeature.sdk.EvaluationContext;
import dev.openfeature.sdk.FlagEvaluationDetails;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.OpenFeatureAPI;
import dev.openfeature.sdk.Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The provider behind OpenFeature's own client, against the function on a local host. */
class MeterkiteProviderTest {
  @TempDir static Path folder;
  private static LocalHost host;

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private String token;
  private Client client;

  @BeforeAll
  static void start() throws IOException {
    List<String> table = Files.readAllLines(Path.of("..", "functions.tsv"));
    Path only =
        Files.write(
            folder.resolve("functions.tsv"),
            table.stream()
                .filter(line -> line.startsWith("name\t") || line.startsWith("customer-config\t"))
                .toList());
    host = LocalHost.start(Options.forTests(), only, folder);
    put("customers/lab", "\"bundle_tier\": {\"stringValue\": \"pro\"}");
    put(
        "scenes/kitchen",
        """
        "customer_id": {"stringValue": "lab"},
        "custom_settings": {"mapValue": {"fields": {"a": {"integerValue": "1"},
          "b": {"arrayValue": {"values": [{"doubleValue": 0.5}, {"booleanValue": true},
            {"stringValue": "x"}, {"nullValue": null}]}}}}}\
        """);
    put("feature_flags/lab", "\"sim2real\": {\"booleanValue\": true}");
    put(
        "feature_flags/_global",
        """
        "audio_narration": {"booleanValue": false},
        "rollouts": {"mapValue": {"fields": {"bimanual": {"mapValue": {"fields": {"pro": {"mapValue":
          {"fields": {"percent": {"integerValue": "100"}, "value": {"booleanValue": true}}}}}}}}}}\
        """);
    // The first call of a process takes longer than a provider waits on a machine that is busy.
    assertEquals(200, get("/customer-config?customer_id=lab", token("service")).statusCode());
  }

  @AfterAll
  static void stop() {
    OpenFeatureAPI.getInstance().shutdown();
    host.close();
  }

  private static void put(String document, String fields) {
    host.documents().put(document, "{" + fields + "}");
  }

  @BeforeEach
  void provide() {
    token = token("service");
    client = provider(host.function("customer-config"));
  }

  private Client provider(URI where) {
    OpenFeatureAPI.getInstance()
        .setProviderAndWait(new MeterkiteProvider(where, () -> token, () -> now));
    return OpenFeatureAPI.getInstance().getClient();
  }

  private static String token(String role) {
    return get("/local/token?role=" + role, "").body();
  }

  private static HttpResponse<String> get(String path, String token) {
    try {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create(host.url() + path))
                  .header("Authorization", "Bearer " + token)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static EvaluationContext lab() {
    return new ImmutableContext("lab");
  }

  private static EvaluationContext kitchen() {
    return new ImmutableContext("lab", Map.of("scene_id", new Value("kitchen")));
  }

  private String flag(String key, boolean byDefault, EvaluationContext context) {
    FlagEvaluationDetails<Boolean> details = client.getBooleanDetails(key, byDefault, context);
    return details.getValue() + " " + details.getVariant() + " " + details.getReason();
  }

  @Test
  void flags_sayWhoDecided() {
    assertEquals("true flag TARGETING_MATCH", flag("sim2real", false, lab()));
    assertEquals("true tier DEFAULT", flag("subtitle_generation", false, lab()));
    assertEquals("false tier DEFAULT", flag("tactile", true, lab()));
    assertEquals("false global DISABLED", flag("audio_narration", true, lab()));
    assertEquals("true rollout SPLIT", flag("bimanual", false, lab()));
    assertEquals("false global DISABLED", flag("audio_narration_enabled", true, kitchen()));
    assertEquals(
        "tier",
        client.getBooleanDetails("tactile", true, lab()).getFlagMetadata().getString("source"));
  }

  @Test
  void settings_comeInTheirTypes() {
    assertEquals("plus", client.getStringValue("data_pack_tier", "", kitchen()));
    assertEquals(500, client.getIntegerValue("max_variations", 0, kitchen()));
    assertEquals(0.8, client.getDoubleValue("min_quality_score", 0.0, kitchen()));
    assertEquals(10.0, client.getDoubleValue("episodes_per_variation", 0.0, kitchen()));
    Value models = client.getObjectValue("vla_models", new Value(), kitchen());
    assertEquals(
        List.of("openvla", "smolvla"), models.asList().stream().map(Value::asString).toList());
    Value custom = client.getObjectValue("custom_settings", new Value(), kitchen());
    assertEquals(1, custom.asStructure().getValue("a").asInteger());
    assertEquals(
        List.of(new Value(0.5), new Value(true), new Value("x"), new Value()),
        custom.asStructure().getValue("b").asList());
  }

  @Test
  void whatCannotBeResolved_isTheDefaultAndSaysWhy() {
    assertEquals(ErrorCode.FLAG_NOT_FOUND, error("time_travel", lab()));
    assertEquals(ErrorCode.TYPE_MISMATCH, error("max_variations", kitchen()));
    assertEquals(ErrorCode.TARGETING_KEY_MISSING, error("tactile", new ImmutableContext()));
    assertEquals(ErrorCode.GENERAL, error("tactile", new ImmutableContext("_reserved")));
    assertEquals(7, client.getIntegerValue("min_quality_score", 7, kitchen()));
    assertEquals("no", client.getStringValue("max_variations", "no", kitchen()));
    token = "not one";
    assertEquals(ErrorCode.GENERAL, error("tactile", new ImmutableContext("another")));
  }

  private ErrorCode error(String key, EvaluationContext context) {
    FlagEvaluationDetails<Boolean> details = client.getBooleanDetails(key, true, context);
    assertEquals(true, details.getValue(), "the default");
    return details.getErrorCode();
  }

  @Test
  void change_isSeenAfterFiveSeconds() {
    put("customers/moving", "\"bundle_tier\": {\"stringValue\": \"standard\"}");
    EvaluationContext moving = new ImmutableContext("moving");
    assertEquals("false tier DEFAULT", flag("tactile", true, moving));
    put("customers/moving", "\"bundle_tier\": {\"stringValue\": \"enterprise\"}");
    host.clock().advance(Duration.ofSeconds(5));
    now = now.plus(CachedConfigurations.MAX_AGE).minusNanos(1);
    assertEquals("false tier DEFAULT", flag("tactile", true, moving));
    now = now.plusNanos(1);
    assertEquals("true tier DEFAULT", flag("tactile", false, moving));
  }

  /** What stands between the provider and the function, and can fail. */
  private static final class Line implements AutoCloseable {
    private final HttpServer server;
    private final AtomicInteger asked = new AtomicInteger();
    private volatile int status = 200;
    private volatile String source = "firestore";

    Line() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext("/", this::answer);
      server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
      asked.incrementAndGet();
      String body =
          """
          {"feature_flags": {"tactile": {"value": true, "source": "flag"}}, "settings": {},
           "source": "%s", "version": "v"}\
          """
              .formatted(source);
      byte[] bytes = (status == 200 ? body : "<html>").getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status == 0 ? 200 : status, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    }

    URI url() {
      return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/customer-config");
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  @Test
  void functionOutOfReach_leavesTheLastKnownAsStaleAndIsAskedOnceASecond() throws IOException {
    try (Line line = new Line()) {
      client = provider(line.url());
      assertEquals("true flag TARGETING_MATCH", flag("tactile", false, lab()));
      for (int failure : new int[] {503, 429, 0}) {
        line.status = failure;
        now = now.plus(CachedConfigurations.MAX_AGE);
        line.asked.set(0);
        assertEquals("true flag STALE", flag("tactile", false, lab()));
        assertEquals("true flag STALE", flag("tactile", false, lab()));
        assertEquals(ErrorCode.GENERAL, error("tactile", new ImmutableContext("never seen")));
        assertEquals(1, line.asked.get());
      }
      line.status = 200;
      now = now.plus(CachedConfigurations.PAUSE);
      assertEquals("true flag TARGETING_MATCH", flag("tactile", false, lab()));
      line.source = "cache";
      now = now.plus(CachedConfigurations.MAX_AGE);
      assertEquals("true flag STALE", flag("tactile", false, lab()), "Firestore is out of reach");
    }
    now = now.plus(CachedConfigurations.MAX_AGE);
    assertEquals("true flag STALE", flag("tactile", false, lab()), "nobody listens");
  }
}
