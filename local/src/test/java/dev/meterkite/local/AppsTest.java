package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an app sees of the local host: documents under the rules, functions from its pages. */
class AppsTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final String CLOSED =
      "service cloud.firestore { match /databases/{d}/documents { match /x/{y} { allow read; } } }";

  @TempDir static Path folder;
  private static Path rules;
  private static LocalHost host;
  private static HostClient client;

  /** A copy of the table and the rules, so that a test may edit them. */
  @BeforeAll
  static void start() throws IOException {
    Path table = Files.copy(HOME.resolve("functions.tsv"), folder.resolve("functions.tsv"));
    rules = Files.copy(HOME.resolve("firestore.rules"), folder.resolve("firestore.rules"));
    Options options = Options.forTests().withProcesses(1).withRules();
    host = LocalHost.start(options, "apps", null, table, folder);
    client = new HostClient(host);
  }

  @AfterAll
  static void stop() {
    host.close();
  }

  /** The unsigned token that the Firebase SDK sends to an emulator for a signed-in user. */
  private static String signedIn(String uid) {
    JsonObject claims = new JsonObject();
    long now = Instant.now().getEpochSecond();
    claims.addProperty("iss", "https://securetoken.google.com/apps");
    claims.addProperty("aud", "apps");
    claims.addProperty("sub", uid);
    claims.addProperty("user_id", uid);
    claims.addProperty("iat", now);
    claims.addProperty("exp", now + 3_600);
    claims.addProperty("auth_time", now);
    claims.add("firebase", JsonParser.parseString("{\"sign_in_provider\":\"custom\"}"));
    return part("{\"alg\":\"none\",\"type\":\"JWT\"}") + "." + part(claims.toString()) + ".";
  }

  private static String part(String json) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }

  private static int reads(String uid, String document) {
    return host.documents().asCaller("GET", document, null, signedIn(uid)).status();
  }

  private static void register(String id) {
    HttpResponse<String> answer =
        client.post(
            "/register-user",
            "{\"user_id\":\"" + id + "\",\"tier\":\"pro\"}",
            "Authorization",
            "Bearer " + host.tokens().service(),
            "Content-Type",
            "application/json");
    assertEquals(200, answer.statusCode(), answer.body());
  }

  @Test
  void userReadsItsOwnDocumentAndNoOther() {
    register("ada");
    register("eve");
    assertEquals(200, reads("ada", "users/ada"));
    assertEquals(403, reads("eve", "users/ada"));
    assertEquals(403, host.documents().asCaller("GET", "users/ada", null, null).status());
    assertEquals(403, reads("ada", "idempotency_keys/x"));
    String raise = "{\"fields\":{\"credits_balance\":{\"integerValue\":\"9\"}}}";
    assertEquals(
        403, host.documents().asCaller("PATCH", "users/ada", raise, signedIn("ada")).status());
  }

  @Test
  void editOfTheRules_takesEffectAndABrokenOneDoesNot() throws IOException {
    register("joe");
    String right = Files.readString(rules);
    try (Warnings warnings = new Warnings()) {
      Files.writeString(rules, CLOSED);
      HostClient.await("the rules are closed", () -> reads("joe", "users/joe") == 403);
      Files.writeString(rules, "service cloud.firestore { match /x {");
      HostClient.await("a warning", () -> !warnings.lines.isEmpty());
      String line = warnings.lines.remove();
      assertTrue(line.startsWith(rules + " does not compile: "), line);
      assertTrue(line.endsWith(" The rules loaded before stay in force."), line);
      assertFalse(line.contains("\n") || line.contains("{"), line);
      assertEquals(403, reads("joe", "users/joe"), "the closed rules stay");
      register("jim");
      Files.delete(rules);
      HostClient.await("a warning", () -> !warnings.lines.isEmpty());
      assertEquals(
          rules + " is gone. The rules loaded before stay in force.", warnings.lines.remove());
    } finally {
      Files.writeString(rules, right);
    }
    HostClient.await("the rules are back", () -> reads("joe", "users/joe") == 200);
    assertEquals(403, reads("eve", "users/joe"));
  }

  @Test
  void startWithRulesThatDoNotCompile_isOneSentence(@TempDir Path other) throws IOException {
    Path table = Files.copy(HOME.resolve("functions.tsv"), other.resolve("functions.tsv"));
    Options options = Options.forTests().withRules();
    LocalHostException missing =
        assertThrows(
            LocalHostException.class,
            () -> LocalHost.start(options, "apps-missing", host.firestore(), table, other));
    assertEquals(
        other.resolve("firestore.rules")
            + " cannot be read; start with --no-rules to leave the rules out.",
        missing.getMessage());
    Files.writeString(other.resolve("firestore.rules"), "service cloud.firestore {");
    LocalHostException broken =
        assertThrows(
            LocalHostException.class,
            () -> LocalHost.start(options, "apps-broken", host.firestore(), table, other));
    assertTrue(broken.getMessage().contains("firestore.rules does not compile: "));
    assertTrue(broken.getMessage().contains("--no-rules"), broken.getMessage());
    assertFalse(broken.getMessage().contains("\n"), broken.getMessage());
  }

  @Test
  void originThatIsNone_stopsTheStartWithASentence(@TempDir Path other) throws IOException {
    Path table = TestTable.write(other);
    System.setProperty("meterkite.env.ALLOWED_ORIGINS", "https://app.example.com/");
    try {
      LocalHostException wrong =
          assertThrows(
              LocalHostException.class,
              () ->
                  LocalHost.start(
                      Options.forTests(), "apps-wrong", host.firestore(), table, other));
      assertTrue(wrong.getMessage().startsWith("ALLOWED_ORIGINS must list origins such as "));
    } finally {
      System.clearProperty("meterkite.env.ALLOWED_ORIGINS");
    }
  }

  @Test
  void pageOfThisMachine_callsFunctionsForUsers() {
    register("pat");
    String origin = "http://localhost:5173";
    HttpResponse<String> preflight =
        client.send(
            client
                .request("/credit-statement")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "GET")
                .header("Access-Control-Request-Headers", "authorization"));
    assertEquals(204, preflight.statusCode());
    assertEquals(origin, header(preflight, "Access-Control-Allow-Origin"));
    assertEquals("GET", header(preflight, "Access-Control-Allow-Methods"));
    HttpResponse<String> answer =
        client.send(
            client
                .request("/credit-statement?user_id=pat")
                .header("Origin", origin)
                .header("Authorization", "Bearer " + host.tokens().user("pat")));
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals(origin, header(answer, "Access-Control-Allow-Origin"));
    HttpResponse<String> nobody =
        client.send(client.request("/credit-statement?user_id=pat").header("Origin", origin));
    assertEquals(401, nobody.statusCode());
    assertEquals(origin, header(nobody, "Access-Control-Allow-Origin"));
    HttpResponse<String> stranger =
        client.send(
            client
                .request("/credit-statement?user_id=pat")
                .header("Origin", "https://evil.example.com"));
    assertEquals("", header(stranger, "Access-Control-Allow-Origin"));
    HttpResponse<String> service =
        client.send(
            client
                .request("/debit-credits")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("Origin", origin));
    assertEquals(405, service.statusCode());
    assertEquals("", header(service, "Access-Control-Allow-Origin"));
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  /** The warnings of the host, as the terminal would show them. */
  private static final class Warnings extends Handler implements AutoCloseable {
    final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final Logger logger = Logger.getLogger(RulesFile.class.getName());

    Warnings() {
      logger.addHandler(this);
    }

    @Override
    public void publish(LogRecord entry) {
      if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
        lines.add(new SimpleFormatter().formatMessage(entry));
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      logger.removeHandler(this);
    }
  }
}
