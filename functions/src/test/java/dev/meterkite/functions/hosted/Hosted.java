package dev.meterkite.functions.hosted;

import com.nimbusds.jose.jwk.RSAKey;
import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.functions.DomainClock;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.TokenServer;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Functions behind Google's own invoker, over HTTP, with the emulator behind them: as they run in
 * the cloud. A test JVM is one process of functions, so all its tests share one project and one
 * clock; each test names users and customers of its own. Each class of tests begins with no
 * documents, whatever ran before it in its JVM.
 */
public final class Hosted {
  /** The address that counts as a service. */
  public static final String SERVICE = "service@tests.invalid";

  static final String SCHEDULER = "scheduler@tests.invalid";

  /** The secret that signs webhooks; {@code whsec_next} is about to take its place. */
  public static final String STRIPE_SECRET = "whsec_tests";

  private static final int ATTEMPTS = 20;
  private static final Hosted SHARED = new Hosted();

  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<Class<?>, Integer> ports = new ConcurrentHashMap<>();
  private final RSAKey key = TokenServer.rsa("tests");
  private final TokenServer issuer;
  private final Path clock;
  private final Settings settings;
  private final FirestoreStore store;

  private Hosted() {
    try {
      issuer = new TokenServer(key);
      clock = Files.createTempFile("clock", ".offset");
      Files.write(clock, new byte[Long.BYTES]);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    set("FIRESTORE_EMULATOR_HOST", EmulatorForTests.shared().host());
    String project = EmulatorForTests.freshProject();
    FreshDocuments.of(EmulatorForTests.shared().project(project));
    set("GOOGLE_CLOUD_PROJECT", project);
    set("CLOCK_FILE", clock.toString());
    set("LOG_FORMAT", "jul");
    set("SERVICE_ACCOUNTS", SERVICE);
    set("SCHEDULER_ACCOUNTS", SCHEDULER);
    set("STRIPE_WEBHOOK_SECRET", STRIPE_SECRET + ",whsec_next");
    set(
        "STRIPE_PRICES",
        "{\"price_enthu\": \"enthu\", \"price_pro\": \"pro\", \"price_100\": 100,"
            + " \"price_newsletter\": null}");
    set("TOKEN_ISSUERS", "[" + issuer.setting("local", "") + "]");
    settings = Settings.ofProcess();
    store = FirestoreStore.open(settings);
    // Now, while the settings stand: other tests set and clear some of them.
    Backend.ofProcess();
  }

  private static void set(String variable, String value) {
    System.setProperty(Settings.PROPERTY_PREFIX + variable, value);
  }

  /** The functions of this JVM. */
  public static Hosted shared() {
    return SHARED;
  }

  /** The settings that the functions run with. */
  public Settings settings() {
    return settings;
  }

  /** The documents behind the functions. */
  public FirestoreStore store() {
    return store;
  }

  /** A document as it stands. */
  public Snapshot read(String collection, String id) {
    return patiently(() -> store.read(List.of(new DocRef(collection, id)))).get(0);
  }

  /** Sets a document as another program would, whatever it held before. */
  public void set(String collection, String id, Map<String, Object> fields) {
    DocRef ref = new DocRef(collection, id);
    patiently(() -> store.commit(List.of(Mutation.replace(ref, fields))));
  }

  /** Deletes a document as another program would. */
  public void delete(String collection, String id) {
    patiently(() -> store.commit(List.of(Mutation.delete(new DocRef(collection, id)))));
  }

  /** Asks once more where no answer came in time, which happens on a machine under load. */
  private static <T> T patiently(Supplier<CompletableFuture<T>> call) {
    for (int attempt = 1; ; attempt++) {
      try {
        return call.get().join();
      } catch (CompletionException e) {
        boolean unanswered =
            e.getCause() instanceof StoreException failure
                && failure.kind() == StoreException.Kind.UNKNOWN;
        if (!unanswered || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** Moves the clock of the domain on. */
  public synchronized void advance(Duration by) {
    try {
      long offset = ByteBuffer.wrap(Files.readAllBytes(clock)).getLong();
      long micros = Math.addExact(offset, by.toNanos() / 1_000);
      // The functions have the file mapped: it is written in place.
      Files.write(
          clock, ByteBuffer.allocate(Long.BYTES).putLong(micros).array(), StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The domain's time. */
  public Instant now() {
    return DomainClock.of(clock).instant().truncatedTo(ChronoUnit.MICROS);
  }

  /** A token of role service, admin or scheduler, or of the user with this id. */
  public String token(String roleOrUser) {
    return HostedProcess.token(issuer, key, roleOrUser);
  }

  /** Calls an HTTP function with a JSON body. */
  public HttpResponse<String> post(Class<?> function, String role, String key, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url(function, ""))
            .header("Authorization", "Bearer " + token(role))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (key != null) {
      request.header("Idempotency-Key", key);
    }
    return send(request.build());
  }

  /** Calls an HTTP function with a query such as {@code user_id=u&limit=2}. */
  public HttpResponse<String> get(Class<?> function, String role, String query) {
    return send(
        HttpRequest.newBuilder(url(function, "?" + query))
            .header("Authorization", "Bearer " + token(role))
            .build());
  }

  /** Sends any request. */
  public HttpResponse<String> send(HttpRequest request) {
    try {
      return send(http, request);
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("received no bytes")) {
        throw new IllegalStateException(e);
      }
    }
    // A server closes a connection behind a body that it refused unread; the next request on it can
    // be lost before it is read, so it goes out once more on a connection of its own.
    try {
      return send(HttpClient.newHttpClient(), request);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HttpResponse<String> send(HttpClient client, HttpRequest request)
      throws IOException {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Where a function answers; hosts it behind an invoker when it is first asked for. */
  public URI url(Class<?> function, String query) {
    int port = ports.computeIfAbsent(function, Hosted::host);
    return URI.create("http://127.0.0.1:" + port + "/" + query);
  }

  private static int host(Class<?> function) {
    int port = FirestoreEmulator.freePort();
    HostedProcess.host(function, port);
    return port;
  }
}
