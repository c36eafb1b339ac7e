package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The console's files over HTTP, and what they may hold. */
class ConsoleFilesTest {
  private static final Path APP = Path.of("..", "console", "app");
  private static final int MOST_GZIPPED_BYTES = 150_000;
  private static final HttpClient HTTP = Loopback.client();

  private static HttpServer server;
  private static ConsoleFiles files;

  @TempDir static Path temp;

  @BeforeAll
  static void start() throws IOException {
    files = ConsoleFiles.of(APP);
    server = serve(files);
  }

  private static HttpServer serve(ConsoleFiles console) throws IOException {
    HttpServer started = Loopback.server(0, 4, "console-files");
    started.createContext(
        "/",
        exchange -> {
          try {
            console.answer(exchange);
          } catch (LocalProblem problem) {
            Loopback.problem(exchange, problem);
          }
        });
    started.start();
    return started;
  }

  @AfterAll
  static void stop() {
    server.stop(0);
  }

  private static HttpResponse<String> get(String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path));
    return HTTP.send(
        (headers.length == 0 ? request : request.headers(headers)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @ParameterizedTest
  @CsvSource({
    "/console/, text/html; charset=utf-8, <!doctype html>",
    "/console/index.html, text/html; charset=utf-8, <!doctype html>",
    "/console/js/main.js, text/javascript; charset=utf-8, import",
    "/console/console.css, text/css; charset=utf-8, :root",
    "/console/kite.svg, image/svg+xml, <svg",
    "/console/lib/preact.js, text/javascript; charset=utf-8, export{",
    "/console/lib/uplot.js, text/javascript; charset=utf-8, uPlot",
    "/console/lib/uplot.css, text/css; charset=utf-8, .uplot",
  })
  void file_hasItsTypeAndTheHeadersThatKeepOthersOut(String path, String type, String words)
      throws Exception {
    HttpResponse<String> answer = get(path);
    assertEquals(200, answer.statusCode());
    assertTrue(answer.body().contains(words), path);
    assertEquals(type, answer.headers().firstValue("Content-Type").orElse(""));
    ConsoleFiles.HEADERS.forEach(
        (name, value) -> assertEquals(value, answer.headers().firstValue(name).orElse(""), name));
  }

  @Test
  void policy_allowsNothingInlineAndNoOtherHost() {
    String policy = ConsoleFiles.HEADERS.get("Content-Security-Policy");
    assertTrue(policy.startsWith("default-src 'self';"), policy);
    assertFalse(policy.contains("unsafe"), policy);
    assertFalse(policy.contains("http"), policy);
  }

  @Test
  void fileThatTheCallerHas_isNotSentAgain() throws Exception {
    String tag = get("/console/js/main.js").headers().firstValue("ETag").orElseThrow();
    HttpResponse<String> again = get("/console/js/main.js", "If-None-Match", tag);
    assertEquals(304, again.statusCode());
    assertEquals("", again.body());
    assertEquals(200, get("/console/js/app.js", "If-None-Match", tag).statusCode());
  }

  @Test
  void fileThatWasEdited_isSentAsItIsNow() throws Exception {
    Path app = Files.createDirectories(temp.resolve("app"));
    Files.writeString(app.resolve("a.js"), "one");
    ConsoleFiles edited = ConsoleFiles.of(app);
    Files.writeString(app.resolve("a.js"), "two");
    assertArrayEquals("two".getBytes(StandardCharsets.UTF_8), edited.contents().get("a.js"));
  }

  @Test
  void addressWithoutTheSlash_leadsToTheConsole() throws Exception {
    HttpResponse<String> answer = get("/console");
    assertEquals(301, answer.statusCode());
    assertEquals("/console/", answer.headers().firstValue("Location").orElse(""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/console/../pom.xml",
        "/console/%2e%2e/pom.xml",
        "/console/..%2fpom.xml",
        "/console/js/../../pom.xml",
        "/console/js/%2e%2e%2f%2e%2e%2fpom.xml",
        "/console//etc/passwd",
        "/console/..%5c..%5cpom.xml",
        "/console/js/main.js%00",
        "/console/js",
        "/console/js/",
        "/console/lib/preact.module.js",
        "/consolejs/main.js",
        "/console/js/MAIN.js",
      })
  void anyOtherAddress_isNotFound(String path) throws Exception {
    // By a socket: a client would tidy the path up.
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), server.getAddress().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
              .getBytes(StandardCharsets.UTF_8));
      InputStream in = socket.getInputStream();
      String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(answer.startsWith("HTTP/1.1 404"), answer);
    }
  }

  @Test
  void otherMethod_isNotAllowed() throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/console/");
    HttpResponse<String> answer =
        HTTP.send(
            HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString("{}")).build(),
            HttpResponse.BodyHandlers.ofString());
    assertEquals(405, answer.statusCode());
    assertEquals("GET, HEAD", answer.headers().firstValue("Allow").orElse(""));
  }

  @Test
  void withoutTheFolder_everyAddressIsNotFound() throws Exception {
    HttpServer bare = serve(ConsoleFiles.of(temp.resolve("nowhere")));
    try {
      URI uri = URI.create("http://127.0.0.1:" + bare.getAddress().getPort() + "/console/");
      HttpResponse<String> answer =
          HTTP.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
      assertEquals(404, answer.statusCode());
      assertTrue(answer.body().contains("console/app"), answer.body());
    } finally {
      bare.stop(0);
    }
  }

  @Test
  void wholeConsole_isSmall() throws IOException {
    int bytes = 0;
    for (byte[] content : files.contents().values()) {
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
        gzip.write(content);
      }
      bytes += packed.size();
    }
    System.out.printf(
        "The console is %,d bytes gzipped in %d files%n", bytes, files.contents().size());
    assertTrue(bytes < MOST_GZIPPED_BYTES, bytes + " bytes gzipped");
  }

  /** What a module imports and a page refers to is among the files, and nothing is elsewhere. */
  @Test
  void everyReference_isAFileOfTheConsole() throws IOException {
    Map<String, byte[]> contents = files.contents();
    Pattern reference =
        Pattern.compile(
            "from '([^']+)'|import '([^']+)'|(?:src|href)=\"([^\"]+)\"|url\\(([^)]+)\\)");
    Set<String> lacking = new TreeSet<>();
    int found = 0;
    for (Map.Entry<String, byte[]> file : contents.entrySet()) {
      if (file.getKey().startsWith("lib/")) {
        continue;
      }
      URI base = URI.create(ConsoleFiles.ROOT + file.getKey());
      Matcher matcher = reference.matcher(new String(file.getValue(), StandardCharsets.UTF_8));
      while (matcher.find()) {
        String to = matcher.group().replaceAll(".*['\"(]([^'\")]+)['\")]$", "$1");
        String path = base.resolve(to).toString();
        found++;
        if (!path.startsWith(ConsoleFiles.ROOT)
            || !contents.containsKey(path.substring(ConsoleFiles.ROOT.length()))) {
          lacking.add(file.getKey() + " refers to " + to);
        }
      }
    }
    assertEquals(Set.of(), lacking);
    assertTrue(found > 30, found + " references were looked at");
  }
}
