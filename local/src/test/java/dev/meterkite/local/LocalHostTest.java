package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jwt.SignedJWT;
import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalHostTest {
  @TempDir static Path folder;
  private static LocalHost host;
  private static HostClient client;

  @BeforeAll
  static void start() throws IOException {
    host = LocalHost.start(Options.forTests(), "local-test", null, TestTable.write(folder), folder);
    client = new HostClient(host);
  }

  @AfterAll
  static void stop() {
    host.close();
    assertThrows(RuntimeException.class, () -> FirestoreEmulator.attach(host.firestore()));
    host.close();
  }

  @BeforeEach
  void forget() {
    Recorder.SEEN.clear();
    Echo.CALLS.clear();
  }

  // The front.

  @Test
  void request_reachesTheFunctionAsItWas() {
    HttpResponse<String> response =
        client.send(
            client
                .request("/echo/part%20one?status=202&x=a%2Cb")
                .method("PUT", HttpRequest.BodyPublishers.ofString("héllo"))
                .header("Authorization", "Bearer abc")
                .header("Idempotency-Key", "k,1"));

    assertEquals(202, response.statusCode());
    JsonObject echo = HostClient.json(response);
    assertEquals("PUT", echo.get("method").getAsString());
    assertEquals("/part%20one", echo.get("path").getAsString());
    assertEquals("status=202&x=a%2Cb", echo.get("query").getAsString());
    assertEquals("héllo", echo.get("body").getAsString());
    assertEquals("Bearer abc", echo.get("authorization").getAsString());
    assertEquals("k,1", echo.get("key").getAsString());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElse(""));
    assertEquals(List.of("one", "two"), response.headers().allValues("X-Two"));
  }

  @Test
  void addressBehindHosting_reachesTheSameFunction() {
    JsonObject echo = HostClient.json(client.get("/api/echo/part?x=1"));
    assertEquals("/part", echo.get("path").getAsString());
    assertEquals("x=1", echo.get("query").getAsString());
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 402, 404, 409, 429, 500, 503})
  void status_comesBackAsItIs(int status) {
    assertEquals(status, client.get("/echo?status=" + status).statusCode());
  }

  @Test
  void bodyOverTheFunctionsLimit_passesSoThatTheFunctionAnswers() {
    String body = "x".repeat(Edge.MAX_BULK + 1);
    assertEquals(
        body.length(), HostClient.json(client.post("/echo", body)).get("bytes").getAsInt());
    assertProblem(
        client.post("/echo", "x".repeat(Front.MOST_BODY_BYTES + 1)), 413, "payload_too_large");
  }

  @Test
  void traffic_countsWhatPassed() {
    long before = sum("calls");
    client.post("/echo?status=402", "{}");
    client.get("/echo");
    assertEquals(before + 1, sum("calls"));
    assertProblem(client.post("/local/traffic", "{}"), 405, "method_not_allowed");
  }

  /** A figure of the last hour. */
  private static long sum(String figure) {
    long sum = 0;
    for (var minute : HostClient.json(client.get("/local/traffic")).getAsJsonArray("minutes")) {
      sum += minute.getAsJsonObject().get(figure).getAsLong();
    }
    return sum;
  }

  @Test
  void schedules_showTheirLastRun() {
    assertEquals(200, client.post("/local/fire?function=sweep", "").statusCode());
    JsonObject sweep =
        HostClient.json(client.get("/local/schedules"))
            .getAsJsonArray("schedules")
            .get(0)
            .getAsJsonObject();
    assertEquals("sweep", sweep.get("function").getAsString());
    assertEquals("* * * * *", sweep.get("cron").getAsString());
    assertEquals(200, sweep.get("last_status").getAsInt());
    Instant ran = Instant.parse(sweep.get("last_run").getAsString());
    assertTrue(Duration.between(ran, Instant.now()).toMinutes() < 5, ran::toString);
  }

  @Test
  void hostWithoutTheConsole_saysSo() {
    assertProblem(client.get("/console/"), 404, "not_found");
  }

  @Test
  void headRequest_isAnsweredWithoutABody() {
    HttpResponse<String> response =
        client.send(client.request("/echo").method("HEAD", HttpRequest.BodyPublishers.noBody()));
    assertEquals(200, response.statusCode());
    assertEquals("", response.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/nobody", "/nobody/echo", "/api/", "/api/nobody", "/local/nothing"})
  void unknownFunction_is404(String path) {
    assertProblem(client.get(path), 404, "not_found");
  }

  // Tokens.

  @ParameterizedTest
  @CsvSource({
    "role=service, local-service@meterkite-local.iam.gserviceaccount.com, false",
    "role=scheduler, local-scheduler@meterkite-local.iam.gserviceaccount.com, false",
    "role=admin, , true",
    "role=user&sub=ada%20l, , false"
  })
  void token_holdsByTheServedKeysForAnHour(String query, String email, boolean admin)
      throws Exception {
    HttpResponse<String> response = client.get("/local/token?" + query);
    assertEquals(200, response.statusCode());
    SignedJWT token = SignedJWT.parse(response.body());
    JWKSet keys = JWKSet.parse(client.get("/local/jwks.json").body());
    var key = keys.getKeyByKeyId(token.getHeader().getKeyID()).toRSAKey();
    assertFalse(key.isPrivate());
    assertTrue(token.verify(new RSASSAVerifier(key)));
    var claims = token.getJWTClaimsSet();
    assertEquals(email, claims.getStringClaim("email"));
    assertEquals(admin, Boolean.TRUE.equals(claims.getBooleanClaim("admin")));
    if (query.contains("sub=")) {
      assertEquals("ada l", claims.getSubject());
    }
    assertEquals(host.url() + "/local", claims.getIssuer());
    Instant issued = claims.getIssueTime().toInstant();
    assertEquals(issued.plusSeconds(3_600), claims.getExpirationTime().toInstant());
    assertTrue(Math.abs(issued.until(Instant.now(), ChronoUnit.SECONDS)) < 60, "" + issued);
  }

  @Test
  void functions_areToldOfTheIssuer() {
    String setting = HostClient.json(client.get("/echo")).get("issuers").getAsString();
    JsonObject issuer = JsonParser.parseString(setting).getAsJsonArray().get(0).getAsJsonObject();
    assertEquals(host.url() + "/local", issuer.get("issuer").getAsString());
    assertEquals(host.url() + "/local/jwks.json", issuer.get("jwks_uri").getAsString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "?role=root",
        "?role=user",
        "?role=user&sub=",
        "?role=service&sub=x",
        "?role=service&role=admin",
        "?role=service&rule=x",
        "?role=%zz"
      })
  void tokenWithWrongParameters_is400(String query) {
    if (query.contains("%zz")) {
      // The JDK's URI refuses it on either side.
      assertThrows(IllegalArgumentException.class, () -> client.get("/local/token" + query));
    } else {
      assertProblem(client.get("/local/token" + query), 400, "invalid_request");
    }
  }

  @Test
  void wrongMethod_is405WithTheRightOnes() {
    HttpResponse<String> response = client.post("/local/token?role=service", "");
    assertProblem(response, 405, "method_not_allowed");
    assertEquals("GET", response.headers().firstValue("Allow").orElse(""));
    assertProblem(client.get("/local/fire?function=sweep"), 405, "method_not_allowed");
  }

  // Health, schedules, clock.

  @Test
  void health_saysWhatIsWhere() {
    HttpResponse<String> response = client.get("/local/health");
    assertEquals(200, response.statusCode());
    JsonObject health = HostClient.json(response);
    assertEquals("local-test", health.get("project").getAsString());
    assertEquals(host.firestore(), health.get("firestore").getAsString());
    assertEquals(
        Set.of("echo", "sweep", "on-note-written", "on-memo-created"),
        health.getAsJsonObject("functions").keySet());
    assertEquals(
        host.ports().get("echo").intValue(),
        health.getAsJsonObject("functions").get("echo").getAsInt());
    assertTrue(health.has("pending_events"));
    assertTrue(health.has("dropped_events"));
  }

  @Test
  void firedSchedule_callsTheFunctionAsTheScheduler() throws Exception {
    HttpResponse<String> response = client.post("/local/fire?function=sweep", "");
    assertEquals(200, response.statusCode());
    assertEquals("request-1", response.headers().firstValue("X-Request-Id").orElse(""));
    JsonObject echo = HostClient.json(response);
    assertEquals("POST", echo.get("method").getAsString());
    assertEquals("{}", echo.get("body").getAsString());
    String token = echo.get("authorization").getAsString().substring("Bearer ".length());
    assertEquals(
        TokenIssuer.SCHEDULER_ACCOUNT,
        SignedJWT.parse(token).getJWTClaimsSet().getStringClaim("email"));
  }

  @Test
  void fireWithoutASchedule_isRefused() {
    assertProblem(client.post("/local/fire", ""), 400, "invalid_request");
    assertProblem(client.post("/local/fire?function=echo", ""), 400, "invalid_request");
    assertProblem(client.post("/local/fire?function=nobody", ""), 404, "not_found");
  }

  @Test
  void clock_movesForAllFunctions() {
    Instant before = now("/echo");
    assertTrue(Math.abs(before.until(Instant.now(), ChronoUnit.SECONDS)) < 60);

    HttpResponse<String> moved = client.post("/local/clock", "{\"advance\": \"PT1H\"}");
    assertEquals(200, moved.statusCode());
    assertTrue(Duration.between(before, now("/echo")).toMinutes() >= 60);

    Instant then = Instant.parse("2031-01-31T23:59:00.000001Z");
    assertEquals(200, client.post("/local/clock", "{\"now\": \"" + then + "\"}").statusCode());
    for (Instant now : List.of(now("/echo"), now("/local/clock"), host.clock().instant())) {
      assertTrue(!now.isBefore(then) && Duration.between(then, now).toMinutes() < 30, "" + now);
    }
    client.post("/local/clock", "{\"now\": \"" + Instant.now() + "\"}");
  }

  private static Instant now(String path) {
    return Instant.parse(HostClient.json(client.get(path)).get("now").getAsString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{}",
        "{\"now\": 5}",
        "{\"now\": \"tomorrow\"}",
        "{\"advance\": \"1h\"}",
        "{\"advance\": null}",
        "{\"now\": \"2031-01-01T00:00:00Z\", \"advance\": \"PT1H\"}",
        "{\"later\": \"PT1H\"}",
        "{\"now\": \"+10000-01-01T00:00:00Z\"}",
        "{\"advance\": \"-PT99999999H\"}",
        "{\"advance\": \"PT2562047788015215H\"}"
      })
  void clockWithABadBody_is400AndStays(String body) {
    assertProblem(client.post("/local/clock", body), 400, "invalid_request");
    assertTrue(Math.abs(host.clock().instant().until(Instant.now(), ChronoUnit.SECONDS)) < 60);
  }

  // Document events.

  @Test
  void writtenDocument_callsTheFunction() throws Exception {
    // A comma in a header's value is split by the invoker: the payload must come through whole.
    host.documents().put("notes/a,b %é", "{\"x\": {\"integerValue\": \"1\"}}");
    Recorder.Seen seen = Recorder.SEEN.poll(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS);
    assertEquals("notes/a,b %é", seen == null ? "nothing" : seen.document());
    assertEquals("google.cloud.firestore.document.v1.written", seen.type());
  }

  @Test
  void event_isOfTheTimeOfTheHostsClock() throws Exception {
    Instant then = Instant.parse("2031-01-31T23:59:00Z");
    client.post("/local/clock", "{\"now\": \"" + then + "\"}");
    host.documents().put("notes/later", "{}");
    Recorder.Seen seen = Recorder.SEEN.poll(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS);
    client.post("/local/clock", "{\"now\": \"" + Instant.now() + "\"}");
    Instant time = seen == null ? Instant.EPOCH : seen.time();
    assertTrue(!time.isBefore(then) && Duration.between(then, time).toMinutes() < 30, "" + time);
  }

  @Test
  void createdTrigger_isNotCalledForAnUpdate() throws Exception {
    host.documents().put("memos/m1", "{\"x\": {\"integerValue\": \"1\"}}");
    Recorder.Seen seen = Recorder.SEEN.poll(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS);
    assertEquals("google.cloud.firestore.document.v1.created", seen == null ? "" : seen.type());
    host.documents().put("memos/m1", "{\"x\": {\"integerValue\": \"2\"}}");
    host.documents().put("notes/after", "{}");
    Recorder.Seen next = Recorder.SEEN.poll(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS);
    assertEquals("notes/after", next == null ? "nothing" : next.document());
  }

  /** The emulator posts an event for what changed nothing, with neither document in it. */
  @Test
  void eventWithoutAnyDocument_isLeftOut() throws Exception {
    DocRef both = new DocRef("notes", "both");
    try (FirestoreStore store = host.openStore()) {
      store.commit(List.of(Mutation.delete(new DocRef("notes", "never")))).join();
      store.commit(List.of(Mutation.create(both, Map.of()), Mutation.delete(both))).join();
    }
    long before = host.events().counts().dropped();
    host.documents().put("notes/after-nothing", "{}");
    Recorder.Seen seen = Recorder.SEEN.poll(10, TimeUnit.SECONDS);
    assertEquals("notes/after-nothing", seen == null ? "nothing" : seen.document());
    HostClient.await("no event waits", () -> host.events().counts().pending() == 0);
    assertEquals(List.of(), new ArrayList<>(Recorder.SEEN));
    assertEquals(before, host.events().counts().dropped());
  }

  @Test
  void failedEvent_isDeliveredAgainUntilItSucceeds() throws Exception {
    long before = host.events().counts().failedAttempts();
    host.documents().put("notes/fail-3-times", "{}");
    Recorder.Seen seen = Recorder.SEEN.poll(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS);
    assertEquals("notes/fail-3-times", seen == null ? "nothing" : seen.document());
    HostClient.await("no event waits", () -> host.events().counts().pending() == 0);
    assertEquals(3, host.events().counts().failedAttempts() - before);
  }

  @Test
  void failedEventOfAFunctionWithoutRetry_isCountedAsDropped() {
    long before = host.events().counts().dropped();
    host.documents().put("memos/fail-1-time", "{}");
    HostClient.await("the event is dropped", () -> host.events().counts().dropped() == before + 1);
    assertEquals(List.of(), new ArrayList<>(Recorder.SEEN));
    host.documents().delete("memos/fail-1-time");
  }

  @Test
  void manyDocuments_areDeliveredOnceEach() {
    Set<String> written = new TreeSet<>();
    for (int i = 0; i < 200; i++) {
      host.documents().put("notes/many-" + i, "{}");
      written.add("notes/many-" + i);
    }
    HostClient.await("200 events", () -> Recorder.SEEN.size() >= 200);
    HostClient.await("no event waits", () -> host.events().counts().pending() == 0);
    assertEquals(
        written.stream().toList(),
        Recorder.SEEN.stream().map(Recorder.Seen::document).sorted().toList());
  }

  // Starting.

  @Test
  void portInUse_saysSo() {
    Options same = Options.parse(List.of("--port", portOf(host)));
    String message =
        assertThrows(
                LocalHostException.class,
                () -> LocalHost.start(same, "p", null, TestTable.write(folder), folder))
            .getMessage();
    assertTrue(message.contains("is in use"), message);
  }

  private static String portOf(LocalHost host) {
    return host.url().substring(host.url().lastIndexOf(':') + 1);
  }

  @Test
  void functionThatDoesNotStart_isNamed() throws IOException {
    Path table =
        Files.writeString(
            folder.resolve("broken.tsv"),
            Files.readString(TestTable.write(folder)).replace("local.Echo", "local.Missing"));
    String message =
        assertThrows(
                LocalHostException.class,
                () -> LocalHost.start(Options.forTests(), "p", host.firestore(), table, folder))
            .getMessage();
    // This host's emulator posts its events to this host only.
    assertTrue(message.contains("function echo"), message);
  }

  @Test
  void emulatorThatPostsElsewhere_isRefused() {
    String message =
        assertThrows(
                LocalHostException.class,
                () ->
                    LocalHost.start(
                        Options.forTests(),
                        "p",
                        host.firestore(),
                        TestTable.httpOnly(Files.createTempDirectory(folder, "other")),
                        folder))
            .getMessage();
    assertTrue(message.contains("Unset FIRESTORE_EMULATOR_HOST"), message);
  }

  @Test
  void dueMinute_callsTheFunctionOnce() throws InterruptedException {
    try (Schedules schedules =
        new Schedules(host.table().entries(), hosting("sweep"), host.tokens())) {
      assertTrue(schedules.find("sweep").isPresent());
      assertTrue(schedules.find("echo").isEmpty());
      schedules.minute(ZonedDateTime.parse("2026-01-01T00:00:00Z"));
      assertEquals(
          "POST {}", Echo.CALLS.poll(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS));
      assertEquals(List.of(), List.copyOf(Echo.CALLS));
    }
  }

  private static Backends hosting(String function) {
    Backends backends = new Backends(List.of(function));
    backends.add(java.util.Map.of(function, host.ports().get(function)));
    return backends;
  }

  /** It gives tokens of every role to whoever asks: nobody else's machine may. */
  @Test
  void everyPort_answersOn127001Alone() throws IOException {
    List<Integer> ports = new ArrayList<>(host.ports().values());
    for (String server : List.of(host.url(), host.firestore(), host.events().host())) {
      ports.add(Integer.valueOf(server.substring(server.lastIndexOf(':') + 1)));
    }
    // Whatever listens on every interface answers here too.
    Set<InetAddress> others = new HashSet<>(List.of(loopback(2)));
    NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> !address.getHostAddress().equals("127.0.0.1"))
        .forEach(others::add);
    for (int port : ports) {
      assertTrue(accepts(loopback(1), port), () -> "no answer at " + port);
      for (InetAddress other : others) {
        assertFalse(accepts(other, port), () -> other + " answers at " + port);
      }
    }
    try (ServerSocket open = new ServerSocket(0)) {
      assertTrue(accepts(loopback(1), open.getLocalPort()));
      assertTrue(others.stream().anyMatch(other -> accepts(other, open.getLocalPort())));
    }
  }

  private static InetAddress loopback(int last) throws IOException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
  }

  private static boolean accepts(InetAddress address, int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), 1_000);
      return true;
    } catch (IOException refused) {
      return false;
    }
  }

  private static void assertProblem(HttpResponse<String> response, int status, String code) {
    assertEquals(status, response.statusCode(), response.body());
    assertEquals(
        "application/problem+json", response.headers().firstValue("Content-Type").orElse(""));
    assertTrue(response.headers().firstValue("X-Request-Id").isPresent());
    JsonObject problem = HostClient.json(response);
    assertEquals(code, problem.get("code").getAsString());
    assertEquals("urn:meterkite:problem:" + code, problem.get("type").getAsString());
    assertEquals(status, problem.get("status").getAsInt());
    assertEquals(status == 400, problem.has("errors"));
  }
}
