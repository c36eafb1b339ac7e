package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.jwk.RSAKey;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CORS: which pages may call which functions, and what their browsers are told. */
class OriginsTest {
  private static final String APP = "https://app.example.com";
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final RSAKey KEY = TokenServer.rsa("k");

  private final TokenServer server;
  private final Drain drain = new Drain();
  private final Edge edge;

  private final Endpoint<String> statement =
      Endpoint.get("credit-statement")
          .roles(Role.SERVICE, Role.USER)
          .fields(fields -> fields.id("user_id"))
          .owner(id -> id)
          .answer(call -> Answer.ok(Map.of("user_id", call.request())));

  private final Endpoint<Map<String, Object>> quote =
      Endpoint.post("quote-job").nothing().answer(call -> Answer.ok(Map.of("credits", 1L)));

  private final Endpoint<Map<String, Object>> debit =
      Endpoint.post("debit-credits")
          .roles(Role.SERVICE, Role.ADMIN)
          .nothing()
          .answer(call -> Answer.ok(Map.of()));

  OriginsTest() throws IOException {
    server = new TokenServer(KEY);
    edge =
        new Edge(
            new Callers(
                Issuer.parse("[" + server.setting("local", "") + "]"),
                Set.of(),
                Set.of(),
                Set.of(),
                InstantSource.fixed(NOW)),
            new Log(
                Optional.of("p"),
                InstantSource.fixed(NOW),
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8)),
            drain,
            Origins.of(Set.of(APP, "http://shop.example.com:8080")));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Response serve(Endpoint<?> endpoint, Request request) throws IOException {
    Response response = new Response();
    endpoint.serve(edge, request, response);
    return response;
  }

  private static Request preflight(String origin) {
    return Request.of("OPTIONS")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,content-type,idempotency-key");
  }

  private Request user(String query) {
    return Request.get(query).token(TokenServer.sign(KEY, server.claims("u1", NOW).build()));
  }

  @Test
  void preflightOfAnAllowedOrigin_isAnsweredWithoutAToken() throws IOException {
    Response response = serve(quote, preflight(APP));
    assertEquals(204, response.status());
    assertEquals("", response.body());
    assertEquals(APP, response.header("Access-Control-Allow-Origin"));
    assertEquals("Origin", response.header("Vary"));
    assertEquals("POST", response.header("Access-Control-Allow-Methods"));
    assertEquals(
        "Authorization, Content-Type, Idempotency-Key, X-Request-Id, traceparent",
        response.header("Access-Control-Allow-Headers"));
    assertEquals("7200", response.header("Access-Control-Max-Age"));
    assertNull(response.header("Access-Control-Allow-Credentials"));
    assertEquals("GET", serve(statement, preflight(APP)).header("Access-Control-Allow-Methods"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.com",
        "https://APP.example.com",
        "null",
        "*",
        "http://localhost:3000"
      })
  void preflightOfAnotherOrigin_allowsNothing(String origin) throws IOException {
    Response response = serve(quote, preflight(origin));
    assertEquals(204, response.status());
    assertEquals("Origin", response.header("Vary"));
    for (String header : List.of("Origin", "Methods", "Headers")) {
      assertNull(response.header("Access-Control-Allow-" + header));
    }
  }

  @Test
  void answersAndErrors_nameTheOrigin() throws IOException {
    Map<Integer, Request> requests =
        Map.of(
            200, user("user_id=u1"),
            400, user("user_id=u1&limit=x&unknown=1"),
            401, Request.get("user_id=u1"),
            403, user("user_id=u2"),
            405, Request.post("{}"));
    for (Map.Entry<Integer, Request> each : requests.entrySet()) {
      Response response = serve(statement, each.getValue().header("Origin", APP));
      assertEquals(each.getKey(), response.status());
      assertEquals(APP, response.header("Access-Control-Allow-Origin"));
      assertEquals("Origin", response.header("Vary"));
      assertTrue(response.header("Access-Control-Expose-Headers").contains("Idempotency-Replayed"));
      assertTrue(response.header("Access-Control-Expose-Headers").contains("X-Request-Id"));
      assertTrue(response.header("Access-Control-Expose-Headers").contains("Retry-After"));
    }
    Response other = serve(statement, user("user_id=u1").header("Origin", "https://evil.com"));
    assertEquals(200, other.status());
    assertNull(other.header("Access-Control-Allow-Origin"));
    assertEquals("Origin", serve(statement, user("user_id=u1")).header("Vary"));
  }

  @Test
  void stoppingInstance_answersBrowsersToo() throws IOException {
    drain.stop(java.time.Duration.ZERO);
    Response response = serve(statement, user("user_id=u1").header("Origin", APP));
    assertEquals(503, response.status());
    assertEquals(APP, response.header("Access-Control-Allow-Origin"));
  }

  @Test
  void functionForServices_knowsNoOrigins() throws IOException {
    Response response = serve(debit, preflight(APP));
    assertEquals(405, response.status());
    assertNull(response.header("Access-Control-Allow-Origin"));
    assertNull(response.header("Vary"));
  }

  @Test
  void nothingSet_allowsNoOrigin() {
    assertFalse(Origins.of(new Settings(Map.of()).allowedOrigins()).allows("http://localhost"));
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost, true",
    "http://localhost:3000, true",
    "https://localhost:5173, true",
    "http://app.localhost:3000, true",
    "http://127.0.0.1:8080, true",
    "http://[::1]:4000, true",
    "http://localhost.evil.com, false",
    "http://evillocalhost, false",
    "http://127.0.0.1.evil.com, false",
    "http://localhost:99999, false",
    "http://localhost/, false",
    "file://localhost, false",
    "null, false"
  })
  void loopback_isAnyOriginOfThisMachine(String origin, boolean allowed) {
    assertEquals(allowed, Origins.of(Set.of("loopback")).allows(origin));
  }

  @ParameterizedTest
  @CsvSource({
    "https://App.Example.com, https://app.example.com",
    "https://app.example.com:443, https://app.example.com",
    "http://app.example.com:80, http://app.example.com",
    "https://app.example.com:8443, https://app.example.com:8443"
  })
  void entry_isReadAsBrowsersWriteIt(String entry, String origin) {
    assertTrue(Origins.of(Set.of(entry)).allows(origin));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "https://*",
        "https://*.example.com",
        "http://localhost:*",
        "app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://user@app.example.com",
        "https://app.example.com:99999",
        "https://app.example.com:0",
        "https://",
        "ftp://app.example.com",
        "https://bücher.example",
        "null"
      })
  void entryThatIsNoOrigin_stopsTheStart(String entry) {
    Settings settings = new Settings(Map.of("ALLOWED_ORIGINS", APP + "," + entry));
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> Edge.of(settings));
    assertTrue(failure.getMessage().startsWith("ALLOWED_ORIGINS must list origins such as "));
    assertTrue(failure.getMessage().endsWith("not: " + entry), failure.getMessage());
  }
}
