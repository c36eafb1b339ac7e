package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.api.gax.grpc.GrpcStatusCode;
import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.ApiExceptionFactory;
import com.google.api.gax.rpc.StatusCode;
import com.nimbusds.jose.jwk.RSAKey;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.store.StoreException;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PrintStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EdgeTest {
  private static final String ROBOT = "robot@project.iam.gserviceaccount.com";
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static TokenServer server;
  private static Callers callers;
  private static String service;
  private static String user;
  private static String nobody;

  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private final Drain drain = new Drain();
  private final Edge edge =
      new Edge(
          callers,
          new Log(
              Optional.of("p"),
              InstantSource.fixed(NOW),
              new PrintStream(lines, true, StandardCharsets.UTF_8)),
          drain);

  private record Debit(String userId, long amount) {
    static Debit parse(Fields fields) {
      return new Debit(fields.id("user_id"), fields.integer("amount", 1, 1_000));
    }
  }

  private Function<Call<Debit>, Answer> operation =
      call -> Answer.ok(Map.of("amount", call.request().amount()));

  private final Endpoint<Debit> debit =
      Endpoint.post("debit-credits")
          .roles(Role.SERVICE)
          .keyRequired()
          .fields(Debit::parse)
          .answer(call -> operation.apply(call));

  private final Endpoint<String> statement =
      Endpoint.get("credit-statement")
          .roles(Role.SERVICE, Role.USER)
          .fields(fields -> fields.id("user_id"))
          .owner(id -> id)
          .answer(call -> Answer.ok(Map.of("user_id", call.request())));

  @BeforeAll
  static void start() throws IOException {
    RSAKey key = TokenServer.rsa("k");
    server = new TokenServer(key);
    callers =
        new Callers(
            Issuer.parse("[" + server.setting("local", "") + "]"),
            Set.of(ROBOT),
            Set.of(),
            Set.of(),
            InstantSource.fixed(NOW));
    service =
        TokenServer.sign(
            key,
            server.claims("s", NOW).claim("email", ROBOT).claim("email_verified", true).build());
    user = TokenServer.sign(key, server.claims("u1", NOW).build());
    nobody = TokenServer.sign(key, server.claims("a/b", NOW).build());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private <T> Response serve(Endpoint<T> endpoint, Request request) throws IOException {
    Response response = new Response();
    endpoint.serve(edge, request, response);
    return response;
  }

  private Request good() {
    return Request.post("{\"user_id\":\"u1\",\"amount\":5}")
        .token(service)
        .header("Idempotency-Key", "k-1");
  }

  private static Request post(String json) {
    return Request.post(json).token(service).header("Idempotency-Key", "k-1");
  }

  private String log() {
    return lines.toString(StandardCharsets.UTF_8);
  }

  @Test
  void goodRequest_isAnsweredAsJsonAndNotCached() throws IOException {
    Response response = serve(debit, good());
    assertEquals(200, response.status());
    assertEquals("application/json", response.contentType());
    assertEquals("{\"amount\":5}", response.body());
    assertEquals("no-store", response.header("Cache-Control"));
    assertEquals(null, response.header("Idempotency-Replayed"));
  }

  @Test
  void operation_getsCallerKeyHashAndRequestId() throws IOException {
    operation =
        call -> {
          assertEquals(new Caller(Set.of(Role.SERVICE), "s"), call.caller());
          assertEquals("k-1", call.requiredKey());
          assertEquals("r.1", call.requestId());
          assertEquals(64, call.requestHash().length());
          return Answer.json("{\"b\" : 1}", true).took(2, 20);
        };
    Response response = serve(debit, good().header("X-Request-Id", "r.1"));
    assertEquals("{\"b\" : 1}", response.body());
    assertEquals("true", response.header("Idempotency-Replayed"));
    assertEquals("r.1", response.header("X-Request-Id"));
    assertTrue(log().contains("\"outcome\":\"replayed\""), this::log);
    assertTrue(log().contains("\"attempts\":2"), this::log);
    assertTrue(log().contains("\"batch\":20"), this::log);
  }

  @Test
  void checks_failInTheDocumentedOrder() throws IOException {
    Request request = Request.of("PUT");
    Response response = serve(debit, request);
    assertEquals(405, response.status());
    assertEquals("method_not_allowed", response.code());
    assertEquals("POST", response.header("Allow"));

    request = Request.of("POST");
    response = serve(debit, request);
    assertEquals(401, response.status());
    assertTrue(response.header("WWW-Authenticate").startsWith("Bearer"));

    request = Request.of("POST").token(user);
    response = serve(debit, request);
    assertEquals(403, response.status());
    assertEquals("forbidden", response.code());

    byte[] huge = new byte[Edge.MAX_BODY + 1];
    request = Request.of("POST").token(service).body(huge);
    assertEquals(415, serve(debit, request).status());

    request = request.header("Content-Type", "application/json");
    assertEquals(413, serve(debit, request).status());

    request = request.body("nonsense".getBytes(StandardCharsets.UTF_8));
    response = serve(debit, request);
    assertEquals(400, response.status());
    assertEquals("missing_idempotency_key", response.code());

    request =
        request.header("Idempotency-Key", "k").body("nonsense".getBytes(StandardCharsets.UTF_8));
    response = serve(debit, request);
    assertEquals("invalid_request", response.code());
    assertEquals(List.of(), response.faults());

    response = serve(debit, post("{\"amount\":0,\"ammount\":1}"));
    assertEquals(400, response.status());
    assertEquals("application/problem+json", response.contentType());
    assertEquals(
        List.of("user_id:required", "amount:out_of_range", "ammount:unknown_field"),
        response.faults());
  }

  @Test
  void problem_hasTheMembersOfRfc9457() throws IOException {
    Response response = serve(debit, post("{}"));
    assertEquals(
        "urn:meterkite:problem:invalid_request", response.json().get("type").getAsString());
    assertEquals("Invalid request", response.json().get("title").getAsString());
    assertEquals(400, response.json().get("status").getAsInt());
    assertFalse(response.json().get("detail").getAsString().isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/json; charset=latin1",
        "application/json; profile=x; charset=\"UTF-16\"",
        "application/json; charset=utf-8; charset=latin1",
        "application/json; =b",
        "application/json; a",
        "application/json; a=\"open",
        "application/json; a = b",
        "application/json, text/plain",
        "application/json utf-8",
        "application/cloudevents+json",
        "json",
        "/json",
        ""
      })
  void otherMediaTypes_areUnsupported(String type) throws IOException {
    Request request = Request.of("POST").token(service).header("Content-Type", type);
    assertEquals(415, serve(debit, request).status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "Application/JSON",
        "application/json;charset=UTF-8",
        "application/json; charset=\"utf-8\"",
        "application/json; charset=utf-8; profile=x",
        "application/json; profile=x",
        "APPLICATION/JSON ;Charset=Utf-8 ; Profile=\"a;b, \\\"c\\\"\"",
        "application/json; profile=\"charset=latin1\"",
        "application/json; charset=us-ascii",
        "application/json;",
        " application/json; ; v=1 "
      })
  void c37_jsonInUtf8WithAnyParameters_isSupported(String type) throws IOException {
    Request request =
        Request.of("POST")
            .token(service)
            .header("content-type", type)
            .header("Content-Type", type)
            .header("Idempotency-Key", "k")
            .body("{\"user_id\":\"u\",\"amount\":1}".getBytes(StandardCharsets.UTF_8));
    assertEquals(200, serve(debit, request).status());
  }

  @Test
  void compressedBody_isUnsupported() throws IOException {
    assertEquals(415, serve(debit, good().header("Content-Encoding", "gzip")).status());
  }

  @Test
  void bodySize_isCountedWhateverContentLengthSays() throws IOException {
    String json = "{\"user_id\":\"u1\",\"amount\":5}";
    byte[] most =
        (json + " ".repeat(Edge.MAX_BODY - json.length())).getBytes(StandardCharsets.UTF_8);
    assertEquals(200, serve(debit, good().body(most)).status());
    for (long claimed : new long[] {-1, 10, Edge.MAX_BODY + 1}) {
      InputStream more =
          new SequenceInputStream(
              new ByteArrayInputStream(most), new ByteArrayInputStream(new byte[1]));
      Response response = serve(debit, good().body(more, claimed));
      assertEquals(413, response.status());
      assertEquals("payload_too_large", response.code());
    }
  }

  @Test
  void bodyThatBreaksOff_isAnInvalidRequest() throws IOException {
    InputStream broken = new PipedInputStream(); // connected to nothing: every read fails
    assertEquals(400, serve(debit, good().body(broken, 10)).status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "ä", "\u007f"})
  void malformedKey_isAnInvalidRequest(String key) throws IOException {
    Request request =
        Request.post("{\"user_id\":\"u1\",\"amount\":5}")
            .token(service)
            .header("Idempotency-Key", key);
    Response response = serve(debit, request);
    assertEquals("invalid_request", response.code());
    assertEquals(List.of("Idempotency-Key:format"), response.faults());
  }

  @Test
  void key_hasAtMost255CharactersAndOneValue() throws IOException {
    Request longest =
        Request.post("{\"user_id\":\"u1\",\"amount\":5}")
            .token(service)
            .header("idempotency-key", "k".repeat(255));
    assertEquals(200, serve(debit, longest).status());
    assertEquals(400, serve(debit, good().header("Idempotency-Key", "k-1")).status());
    Request longer =
        Request.post("{\"user_id\":\"u1\",\"amount\":5}")
            .token(service)
            .header("Idempotency-Key", "k".repeat(256));
    assertEquals(400, serve(debit, longer).status());
  }

  @Test
  void ownData_isReachedByItsUserAndByServices() throws IOException {
    assertEquals(200, serve(statement, Request.get("user_id=u1").token(user)).status());
    assertEquals(403, serve(statement, Request.get("user_id=u2").token(user)).status());
    assertEquals(200, serve(statement, Request.get("user_id=u2").token(service)).status());
    assertEquals(403, serve(statement, Request.get("user_id=u1").token(nobody)).status());
  }

  @Test
  void endpointWithoutRoles_takesAnyoneSignedIn() throws IOException {
    Endpoint<Map<String, Object>> open =
        Endpoint.get("provider-status").nothing().answer(call -> Answer.ok(Map.of()));
    assertEquals(200, serve(open, Request.get(null).token(nobody)).status());
    assertEquals(401, serve(open, Request.get(null)).status());
    assertEquals(400, serve(open, Request.get("x=1").token(nobody)).status());
  }

  @Test
  void endpointForUsers_mustSayWhoseDataItReaches() {
    Endpoint.Ready<String> ready =
        Endpoint.get("x").roles(Role.USER).fields(fields -> fields.id("id"));
    assertThrows(IllegalArgumentException.class, () -> ready.answer(call -> Answer.ok(Map.of())));
    assertEquals(Set.of(Role.SERVICE, Role.USER), statement.roles());
  }

  @Test
  void query_isReadStrictly() throws IOException {
    Response response = serve(statement, Request.get("user_id=%C3%A4%2C+%25").token(service));
    assertEquals("ä, %", response.json().get("user_id").getAsString());
    for (String query :
        List.of(
            "user_id=a&user_id=a",
            "user_id=a&limit=1",
            "user_id=%zz",
            "user_id=%f",
            "user_id=%ff",
            "user_id=%ED%A0%80",
            "user_id=ä",
            "user_id=",
            "user_id",
            "",
            "&&")) {
      assertEquals(400, serve(statement, Request.get(query).token(service)).status(), query);
    }
    assertEquals(List.of("x:unknown_field"), serve(debit, good().query("x=1")).faults());
  }

  @Test
  void unexpectedFailure_isUnavailableAndTellsNothing() throws IOException {
    operation =
        call -> {
          throw new IllegalStateException("secret detail");
        };
    Response response = serve(debit, good());
    assertEquals(503, response.status());
    assertEquals("unavailable", response.code());
    assertEquals("1", response.header("Retry-After"));
    assertFalse(response.body().contains("secret"), response::body);
    assertTrue(log().contains("\"severity\":\"ERROR\""), this::log);
    assertTrue(log().contains("IllegalStateException: secret detail"), this::log);
  }

  private Response failing(String endpoint, RuntimeException failure) throws IOException {
    operation =
        call -> {
          throw failure;
        };
    return switch (endpoint) {
      case "keyed" -> serve(debit, good());
      case "read" ->
          serve(
              Endpoint.get("g").nothing().answer(call -> operation.apply(null)),
              Request.get("").token(service));
      default ->
          serve(
              Endpoint.post("p").nothing().answer(call -> operation.apply(null)),
              Request.post("{}").token(service));
    };
  }

  @Test
  void c35_unavailableRead_saysNothingOfKeys() throws IOException {
    RuntimeException slow = new StoreException(StoreException.Kind.UNKNOWN, "no answer");
    assertTrue(failing("keyed", slow).body().contains("the same key"));
    for (String withoutKey : List.of("read", "write")) {
      Response response = failing(withoutKey, slow);
      assertEquals(503, response.status());
      assertEquals("1", response.header("Retry-After"));
      assertFalse(response.body().contains("key"), response::body);
    }
  }

  @ParameterizedTest
  @EnumSource
  void c35_statusThatPasses_isAWarningWithoutTrace(StatusCode.Code code) throws IOException {
    Set<StatusCode.Code> passing =
        Set.of(
            StatusCode.Code.ABORTED,
            StatusCode.Code.CANCELLED,
            StatusCode.Code.DEADLINE_EXCEEDED,
            StatusCode.Code.RESOURCE_EXHAUSTED,
            StatusCode.Code.UNAVAILABLE);
    ApiException status =
        ApiExceptionFactory.createException(
            new IllegalStateException("planted"),
            GrpcStatusCode.of(Status.Code.valueOf(code.name())),
            false);
    CompletionException failure =
        new CompletionException(new StoreException(StoreException.Kind.UNKNOWN, "planted", status));
    assertEquals(503, failing("read", failure).status());
    boolean warned = passing.contains(code);
    assertEquals(warned, log().contains("no answer from the store: " + code), this::log);
    assertEquals(warned, !log().contains("\"severity\":\"ERROR\""), this::log);
    assertEquals(warned, !log().contains("planted"), this::log);
  }

  @Test
  void c35_faultOfOurs_staysAnErrorWithItsTrace() throws IOException {
    failing("read", new StoreException(StoreException.Kind.DENIED, "planted"));
    assertTrue(log().contains("\"severity\":\"ERROR\""), this::log);
    assertTrue(log().contains("StoreException: planted"), this::log);
  }

  @Test
  void errorOfTheMachine_isNotSwallowed() {
    operation =
        call -> {
          throw new OutOfMemoryError("test");
        };
    assertThrows(OutOfMemoryError.class, () -> serve(debit, good()));
    assertTrue(drain.stop(Duration.ZERO), "the request is still counted as in flight");
  }

  @Test
  void parserThatFailsOverAStandIn_reportsTheFault() throws IOException {
    Endpoint<Long> picky =
        Endpoint.post("picky")
            .roles(Role.SERVICE)
            .fields(fields -> 9 / fields.integer("n", 0, 9))
            .answer(call -> Answer.ok(Map.of("n", call.request())));
    assertEquals(List.of("n:required"), serve(picky, post("{}")).faults());
    assertEquals(503, serve(picky, post("{\"n\":0}")).status());
    assertEquals(200, serve(picky, post("{\"n\":1}")).status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a\nb", "ä", "<x>"})
  void requestIdThatIsNotSane_isReplaced(String id) throws IOException {
    Response response = serve(debit, good().header("X-Request-Id", id));
    assertEquals(36, response.header("X-Request-Id").length());
    assertNotEquals(response.header("X-Request-Id"), serve(debit, good()).header("X-Request-Id"));
  }

  @Test
  void stoppingProcess_takesNothingNew() throws IOException {
    assertTrue(drain.stop(Duration.ZERO));
    Response response = serve(debit, good());
    assertEquals(503, response.status());
    assertEquals("1", response.header("Retry-After"));
  }

  @Test
  void callerThatIsGone_isLoggedAndNothingMore() throws IOException {
    debit.serve(edge, good(), new Response(() -> true));
    assertTrue(log().contains("\"outcome\":\"ok_unsent\""), this::log);
    assertTrue(drain.stop(Duration.ZERO));
  }

  @Test
  void logLine_correlatesAndKeepsSecretsOut() throws IOException {
    serve(
        debit,
        good().header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    String line = log();
    assertEquals(1, line.lines().count());
    assertTrue(
        line.contains(
            "\"logging.googleapis.com/trace\":\"projects/p/traces/0af7651916cd43dd8448eb211c80319c\""),
        line);
    assertTrue(line.contains("\"function\":\"debit-credits\""), line);
    for (String secret : List.of("k-1", ROBOT, service, "u1")) {
      assertFalse(line.contains(secret), line);
    }
  }

  @Test
  void figuresAndRetryAfter_areMembersAndHeader() {
    Answer answer =
        Answer.problem(
            Problem.of(429, "quota_exhausted", "No tokens are left.")
                .with(Map.of("code", "other", "used", 7L))
                .retryAfter(Duration.ofMillis(1_001)));
    assertEquals("2", answer.headers().get("Retry-After"));
    assertTrue(answer.body().contains("\"used\":7"), answer::body);
    assertFalse(answer.body().contains("other"), answer::body);
    assertEquals(
        "1", Answer.problem(Problem.rateLimited(Duration.ZERO)).headers().get("Retry-After"));
    assertEquals(404, Answer.problem(Problem.notFound("No such user.")).status());
    assertEquals(409, Answer.problem(Problem.conflict()).status());
    assertEquals("a,b", Answer.text("text/csv; charset=utf-8", "a,b").body());
  }
}
