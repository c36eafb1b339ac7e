package dev.meterkite.functions.hosted;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.cloud.functions.invoker.runner.Invoker;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.http.TokenServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Every function of functions.tsv in a process of its own, each behind Google's invoker, with a
 * project of its own: what it is sent cannot disturb other tests, and all that it says can be read.
 * Its environment is all that it knows; its log is the one of the cloud, JSON on standard output.
 */
public final class HostedProcess {
  /** An alert with this text cannot be told to anybody. */
  public static final String SECRET_ALERT = "planted-alert";

  private static final String READY = "all functions are ready";
  private static final int SECONDS_TO_START = 600;
  private static final int MOST_STARTS = 5;
  private static final String PORT_TAKEN = "Address already in use";
  private static final Duration IN_USE = Duration.ofMinutes(20);
  private static final Map<String, Signed> SIGNED = new ConcurrentHashMap<>();
  private static HostedProcess shared;

  private record Signed(String text, Instant until) {}

  private final RSAKey key = TokenServer.rsa("tests");
  private final TokenServer issuer;
  private final String project = EmulatorForTests.freshProject();
  private final List<FunctionEntry> functions;
  private final Map<String, Integer> ports = new LinkedHashMap<>();
  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, String> environment;

  /** Held, since it ends when its standard input does. */
  @SuppressWarnings("UnusedVariable")
  private final Process process;

  private HostedProcess(Map<String, String> environment) throws IOException {
    this.environment = Map.copyOf(environment);
    functions = FunctionTable.read(Path.of("..", "functions.tsv")).entries();
    issuer = new TokenServer(key);
    process = start();
  }

  /** Starts it; once more where somebody took a port between its choice and its use. */
  private Process start() throws IOException {
    for (int starts = 1; ; starts++) {
      lines.clear();
      choosePorts();
      Process started = launch();
      CountDownLatch ready = new CountDownLatch(1);
      Thread reader = new Thread(() -> read(started, ready), "output of functions");
      reader.setDaemon(true);
      reader.start();
      if (await(ready)) {
        return started;
      }
      started.destroyForcibly();
      if (starts == MOST_STARTS || lines().stream().noneMatch(line -> line.contains(PORT_TAKEN))) {
        throw new IllegalStateException("does not start: " + lines());
      }
    }
  }

  private Process launch() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                HostedProcess.class.getName()));
    functions.forEach(entry -> command.add(entry.entryPoint() + "=" + port(entry.name())));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    builder.environment().putAll(ownEnvironment());
    return builder.start();
  }

  private void choosePorts() throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    for (FunctionEntry entry : functions) {
      // Held together, so that no two functions get the same one.
      ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      held.add(socket);
      ports.put(entry.name(), socket.getLocalPort());
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
  }

  private Map<String, String> ownEnvironment() {
    return Map.of(
        "FIRESTORE_EMULATOR_HOST",
        EmulatorForTests.shared().host(),
        "GOOGLE_CLOUD_PROJECT",
        project,
        "SERVICE_ACCOUNTS",
        Hosted.SERVICE,
        "SCHEDULER_ACCOUNTS",
        Hosted.SCHEDULER,
        "TOKEN_ISSUERS",
        "[" + issuer.setting("local", "") + "]");
  }

  /** The one that tests share; it ends with this JVM. */
  public static synchronized HostedProcess shared() {
    if (shared == null) {
      try {
        HttpServer provider = talkativeServer();
        shared = new HostedProcess(planted(provider.getAddress().getPort()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return shared;
  }

  /** Every setting that is a secret, and who is told it. */
  private static Map<String, String> planted(int provider) {
    Map<String, String> environment = new LinkedHashMap<>();
    for (Settings.Variable variable : Settings.VARIABLES) {
      String name = variable.name();
      if (name.endsWith("_KEY") || name.endsWith("_SECRET")) {
        environment.put(name, "planted-" + name.toLowerCase(Locale.ROOT));
      } else if (name.endsWith("_BASE_URL")) {
        environment.put(name, "http://127.0.0.1:" + provider);
      }
    }
    environment.put("ALERT_WEBHOOK_URL", "http://127.0.0.1:" + provider + "/planted-webhook");
    return environment;
  }

  /**
   * A provider that refuses everybody and repeats all that it was told, keys too; what is posted to
   * it is taken, but for what speaks of a {@link #SECRET_ALERT}.
   */
  private static HttpServer talkativeServer() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String posted =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          boolean taken =
              exchange.getRequestMethod().equals("POST") && !posted.contains(SECRET_ALERT);
          String said = exchange.getRequestURI() + " " + exchange.getRequestHeaders().entrySet();
          byte[] body = ("{\"error\": \"" + said + "\"}").getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(taken ? 200 : 401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  /** The secrets of its environment: what must never be seen in what it writes. */
  public Set<String> secrets() {
    Set<String> secrets = new LinkedHashSet<>();
    environment.values().stream().filter(value -> value.contains("planted-")).forEach(secrets::add);
    secrets.addAll(List.of("planted-webhook", SECRET_ALERT));
    return secrets;
  }

  private void read(Process started, CountDownLatch ready) {
    try (BufferedReader output = started.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
        if (line.equals(READY)) {
          ready.countDown();
        }
      }
    } catch (IOException e) {
      lines.add("the output could not be read: " + e);
    }
    ready.countDown();
  }

  private boolean await(CountDownLatch ready) {
    try {
      return ready.await(SECONDS_TO_START, TimeUnit.SECONDS) && lines.contains(READY);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** The lines of functions.tsv. */
  public List<FunctionEntry> functions() {
    return functions;
  }

  /** Where a function answers on 127.0.0.1. */
  public int port(String function) {
    return ports.get(function);
  }

  /** The project of its documents. */
  public String project() {
    return project;
  }

  /** The settings that lead to its documents. */
  public Settings settings() {
    return new Settings(ownEnvironment());
  }

  /** A token of role service, admin or scheduler, or of the user with this id. */
  public String token(String roleOrUser) {
    return token(issuer, key, roleOrUser);
  }

  /** To sign takes longer than most calls: a token of an issuer is used for a while. */
  static String token(TokenServer issuer, RSAKey key, String roleOrUser) {
    Instant now = Instant.now();
    return SIGNED
        .compute(
            issuer.url() + " " + roleOrUser,
            (name, known) ->
                known != null && now.isBefore(known.until())
                    ? known
                    : new Signed(
                        TokenServer.sign(key, claims(issuer, roleOrUser)), now.plus(IN_USE)))
        .text();
  }

  private static JWTClaimsSet claims(TokenServer issuer, String roleOrUser) {
    Instant now = Instant.now();
    JWTClaimsSet.Builder claims =
        switch (roleOrUser) {
          case "service" -> issuer.claims(Hosted.SERVICE, now).claim("email", Hosted.SERVICE);
          case "scheduler" -> issuer.claims(Hosted.SCHEDULER, now).claim("email", Hosted.SCHEDULER);
          case "admin" -> issuer.claims("an-admin", now).claim("admin", true);
          default -> issuer.claims(roleOrUser, now);
        };
    return claims.claim("email_verified", true).build();
  }

  /** Tokens for this role or user that nobody may take, by what is wrong with them. */
  public Map<String, String> wrongTokens(String roleOrUser) {
    return issuer.wrongTokens(key, claims(issuer, roleOrUser));
  }

  /** All that it has written so far, line by line. */
  public List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /** Serves a function on a port behind Google's invoker. */
  static void host(Class<?> function, int port) {
    boolean event = CloudEventsFunction.class.isAssignableFrom(function);
    try {
      new Invoker(
              port,
              function.getName(),
              event ? "cloudevent" : "http",
              HostedProcess.class.getClassLoader())
          .startTestServer();
    } catch (Exception e) {
      throw new IllegalStateException("does not start: " + function, e);
    }
  }

  /** Hosts functions, given as CLASS=PORT, until standard input ends. */
  public static void main(String[] args) throws Exception {
    try {
      for (String arg : args) {
        String[] parts = arg.split("=", 2);
        host(Class.forName(parts[0]), Integer.parseInt(parts[1]));
      }
    } catch (ClassNotFoundException | IllegalStateException e) {
      // Those that are served already would keep this process alive.
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        System.out.println(cause);
      }
      System.exit(1);
    }
    System.out.println(READY);
    long bytes = System.in.transferTo(OutputStream.nullOutputStream());
    System.exit(bytes == 0 ? 0 : 1);
  }
}
