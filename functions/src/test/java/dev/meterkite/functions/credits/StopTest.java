package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import com.nimbusds.jose.jwk.RSAKey;
import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.emulator.JavaCommand;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.http.TokenServer;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM for debit-credits, behind Google's invoker in a process of its own, under load. */
class StopTest {
  private static final String USER = "u";
  private static final long BALANCE = 1_000_000;
  private static final int CALLERS = 16;
  private static final int DEBITS_BEFORE = 400;
  private static final long PATIENCE_SECONDS = 300;
  private static final long POLL_NANOS = 10_000_000;

  @TempDir private Path folder;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Set<String> acknowledged = new ConcurrentSkipListSet<>();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final CountDownLatch loaded = new CountDownLatch(DEBITS_BEFORE);

  /** What was acknowledged is in the books, and nothing else is: no debit without its answer. */
  @Test
  @Timeout(900)
  void sigtermUnderLoad_losesNothingAcknowledged_andTakesNothingNew() throws Exception {
    String project = EmulatorForTests.freshProject();
    Settings settings =
        new Settings(
            Map.of(
                "FIRESTORE_EMULATOR_HOST",
                EmulatorForTests.shared().host(),
                "GOOGLE_CLOUD_PROJECT",
                project));
    RSAKey key = TokenServer.rsa("k");
    try (FirestoreStore store = FirestoreStore.open(settings);
        TokenServer tokens = new TokenServer(key)) {
      DocRef user = new DocRef("users", USER);
      store
          .commit(
              List.of(Mutation.replace(user, Map.of("tier", "payg", "credits_balance", BALANCE))))
          .join();
      String token =
          TokenServer.sign(
              key,
              tokens
                  .claims("service", Instant.now())
                  .claim("email", "service@example.com")
                  .claim("email_verified", true)
                  .build());
      int port = FirestoreEmulator.freePort();
      Process process = start(settings, project, tokens, port);
      ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
      try {
        await(process, port);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
          int caller = i;
          all.add(callers.submit(() -> debitUntilItStops(port, token, caller)));
        }
        assertTrue(loaded.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "debits do not come");
        assertTrue(process.toHandle().destroy());
        for (Future<?> each : all) {
          each.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not end");
        assertEquals(128 + 15, process.exitValue());
      } finally {
        callers.shutdownNow();
        process.destroyForcibly();
      }
      System.out.printf(
          "stopped under load: %d debits acknowledged, %d refused with 503, %d not taken%n",
          acknowledged.size(), refused.get(), unanswered.get());
      assertBooked(store, user);
    }
  }

  private void assertBooked(FirestoreStore store, DocRef user) {
    Set<String> booked = new TreeSet<>();
    for (Snapshot transaction :
        store
            .find(
                Query.of("credit_transactions", 100_000).where("type", Query.Op.EQUAL, "deduction"))
            .join()) {
      booked.add(transaction.ref().id());
    }
    assertEquals(acknowledged, booked);
    Map<String, Object> fields = store.read(List.of(user)).join().get(0).fields();
    assertEquals(BALANCE - acknowledged.size(), fields.get("credits_balance"));
  }

  private Void debitUntilItStops(int port, String token, int caller) throws Exception {
    for (int i = 0; ; i++) {
      HttpResponse<String> answer;
      try {
        answer = http.send(debit(port, token, caller + "-" + i), ofString());
      } catch (IOException gone) {
        unanswered.incrementAndGet();
        return null;
      }
      if (answer.statusCode() == 503) {
        refused.incrementAndGet();
        return null;
      }
      assertEquals(200, answer.statusCode(), answer::body);
      acknowledged.add(
          JsonParser.parseString(answer.body())
              .getAsJsonObject()
              .getAsJsonObject("transaction")
              .get("transaction_id")
              .getAsString());
      loaded.countDown();
    }
  }

  private static HttpResponse.BodyHandler<String> ofString() {
    return HttpResponse.BodyHandlers.ofString();
  }

  private static HttpRequest debit(int port, String token, String key) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", key)
        .POST(HttpRequest.BodyPublishers.ofString("{\"user_id\": \"" + USER + "\", \"amount\": 1}"))
        .build();
  }

  private Process start(Settings settings, String project, TokenServer tokens, int port)
      throws IOException {
    List<String> command = JavaCommand.start();
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            "com.google.cloud.functions.invoker.runner.Invoker",
            "--target",
            DebitCredits.class.getName(),
            "--port",
            Integer.toString(port)));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder
        .environment()
        .putAll(
            Map.of(
                "FIRESTORE_EMULATOR_HOST",
                settings.firestoreEmulatorHost().orElseThrow(),
                "GOOGLE_CLOUD_PROJECT",
                project,
                "SERVICE_ACCOUNTS",
                "service@example.com",
                "TOKEN_ISSUERS",
                "[" + tokens.setting("local", "") + "]"));
    return builder
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("output").toFile())
        .start();
  }

  private static void await(Process process, int port) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < deadline && process.isAlive()) {
      try {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        return;
      } catch (IOException notYet) {
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
    throw new AssertionError("the function does not listen");
  }
}
