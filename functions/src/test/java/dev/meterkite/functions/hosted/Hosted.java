package dev.meterkite.functions.hosted;

import com.google.cloud.functions.invoker.runner.Invoker;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Functions behind Google's own invoker, over HTTP, with the emulator behind them: as they run in
 * the cloud. A test JVM is one process of functions, so all its tests share one project and one
 * clock; each test names users and customers of its own.
 */
public final class Hosted {
  /** The address that counts as a service. */
  public static final String SERVICE = "service@tests.invalid";

  private static final String SCHEDULER = "scheduler@tests.invalid";
  private static final Hosted SHARED = new Hosted();

  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<Class<?>, Integer> ports = new ConcurrentHashMap<>();
  private final RSAKey key;
  private final String issuer;
  private final Path clock;
  private final Settings settings;
  private final FirestoreStore store;

  private Hosted() {
    try {
      key = new RSAKeyGenerator(2048).keyID("tests").generate();
      HttpServer jwks =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      byte[] keys =
          new JWKSet(key.toPublicJWK()).toString().getBytes(StandardCharsets.UTF_8);
      jwks.createContext(
          "/",
          exchange -> {
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, keys.length);
            exchange.getResponseBody().write(keys);
            exchange.close();
          });
      jwks.start();
      issuer = "http://127.0.0.1:" + jwks.getAddress().getPort();
      clock = Files.createTempFile("clock", ".offset");
      Files.write(clock, new byte[Long.BYTES]);
    } catch (IOException | JOSEException e) {
      throw new IllegalStateException(e);
    }
    set("FIRESTORE_EMULATOR_HOST", EmulatorForTests.shared().host());
    set("GOOGLE_CLOUD_PROJECT", EmulatorForTests.freshProject());
    set("CLOCK_FILE", clock.toString());
    set("LOG_FORMAT", "jul");
    set("SERVICE_ACCOUNTS", SERVICE);
    set("SCHEDULER_ACCOUNTS", SCHEDULER);
    set(
        "TOKEN_ISSUERS",
        """
        [{"issuer": "%s", "jwks_uri": "%s/keys", "audiences": ["tests"], "kind": "local"}]"""
            .formatted(issuer, issuer));
    settings = Settings.ofProcess();
    store = FirestoreStore.open(settings);
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
    return store.read(List.of(new DocRef(collection, id))).join().get(0);
  }

  /** Sets a document as another program would, whatever it held before. */
  public void set(String collection, String id, Map<String, Object> fields) {
    DocRef ref = new DocRef(collection, id);
    EmulatorForTests.shared()
        .project(settings.project().orElseThrow())
        .delete(collection + "/" + URI.create("x").relativize(URI.create("x")) + id);
    store.commit(List.of(Mutation.create(ref, fields))).join();
  }

  /** Moves the clock of the domain on. */
  public synchronized void advance(Duration by) {
    try {
      long offset = ByteBuffer.wrap(Files.readAllBytes(clock)).getLong();
      long micros = Math.addExact(offset, by.toNanos() / 1_000);
      // The functions have the file mapped: it is written in place.
      Files.write(
          clock,
          ByteBuffer.allocate(Long.BYTES).putLong(micros).array(),
          java.nio.file.StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A token of role service, admin or scheduler, or of the user with this id. */
  public String token(String roleOrUser) {
    JWTClaimsSet.Builder claims =
        new JWTClaimsSet.Builder()
            .issuer(issuer)
            .audience("tests")
            .issueTime(new Date())
            .expirationTime(Date.from(Instant.now().plusSeconds(3_600)));
    switch (roleOrUser) {
      case "service" -> claims.subject(SERVICE).claim("email", SERVICE).claim("email_verified", true);
      case "scheduler" ->
          claims.subject(SCHEDULER).claim("email", SCHEDULER).claim("email_verified", true);
      case "admin" -> claims.subject("an-admin").claim("admin", true);
      default -> claims.subject(roleOrUser);
    }
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build(),
            claims.build());
    try {
      token.sign(new RSASSASigner(key));
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    return token.serialize();
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
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new IllegalStateException(e);
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
    boolean event =
        com.google.cloud.functions.CloudEventsFunction.class.isAssignableFrom(function);
    try {
      new Invoker(
              port, function.getName(), event ? "cloudevent" : "http", Hosted.class.getClassLoader())
          .startTestServer();
    } catch (Exception e) {
      throw new IllegalStateException("does not start: " + function, e);
    }
    return port;
  }
}
