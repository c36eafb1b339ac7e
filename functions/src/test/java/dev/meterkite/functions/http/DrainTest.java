package dev.meterkite.functions.http;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.jwk.RSAKey;
import java.io.BufferedReader;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class DrainTest {
  @Test
  void stop_waitsForWhatIsInFlightAndLetsNothingIn() throws Exception {
    Drain drain = new Drain();
    assertTrue(drain.enter());
    assertTrue(drain.enter());
    CompletableFuture<Boolean> stopped =
        CompletableFuture.supplyAsync(() -> drain.stop(Duration.ofMinutes(5)));
    while (drain.enter()) {
      drain.leave();
      Thread.onSpinWait();
    }
    drain.leave();
    assertFalse(stopped.isDone());
    drain.leave();
    assertTrue(stopped.get(300, SECONDS));
  }

  @Test
  void stop_givesUpWhenTheGraceIsOver() {
    Drain drain = new Drain();
    assertTrue(drain.enter());
    assertFalse(drain.stop(Duration.ofMillis(1)));
    assertFalse(drain.enter());
  }

  @Test
  void process_hasOneDrain() {
    assertSame(Drain.ofProcess(Duration.ofSeconds(8)), Drain.ofProcess(Duration.ofSeconds(1)));
  }

  /** A process under Google's invoker gets SIGTERM while a request is in flight. */
  @Test
  @Timeout(600)
  void sigterm_letsTheRequestInFlightFinish() throws Exception {
    RSAKey key = TokenServer.rsa("k");
    try (TokenServer tokens = new TokenServer(key)) {
      String token = TokenServer.sign(key, tokens.claims("s", Instant.now()).build());
      int port = freePort();
      Process process = start(tokens, port);
      try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        awaitLine(lines, EchoFunction.READY);
        CompletableFuture<HttpResponse<String>> waiting =
            client().sendAsync(EchoFunction.call(port, token, true), ofString());
        awaitLine(lines, EchoFunction.WAITING);
        // SIGTERM by the handle: Process.destroy would also close the streams.
        assertTrue(process.toHandle().destroy());
        HttpResponse<String> next;
        do {
          next = client().send(EchoFunction.call(port, token, false), ofString());
        } while (next.statusCode() == 200);
        assertEquals(503, next.statusCode(), next::body);
        assertEquals("1", next.headers().firstValue("Retry-After").orElse(""));
        assertTrue(process.isAlive());
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        assertEquals(200, waiting.get(60, SECONDS).statusCode());
        assertEquals(128 + 15, process.waitFor());
      } finally {
        process.destroyForcibly();
      }
    }
  }

  private static HttpClient client() {
    return HttpClient.newHttpClient();
  }

  private static HttpResponse.BodyHandler<String> ofString() {
    return HttpResponse.BodyHandlers.ofString();
  }

  private static void awaitLine(BufferedReader lines, String part) throws Exception {
    String line = lines.readLine();
    while (line != null && !line.contains(part)) {
      line = lines.readLine();
    }
    assertTrue(line != null, () -> "the process ended before it said " + part);
  }

  private static Process start(TokenServer tokens, int port) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dmeterkite.env.TOKEN_ISSUERS=[" + tokens.setting("local", "") + "]",
            "-Dmeterkite.env.DRAIN_SECONDS=60",
            "-cp",
            System.getProperty("java.class.path"),
            EchoFunction.class.getName(),
            Integer.toString(port))
        .redirectErrorStream(true)
        .start();
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
