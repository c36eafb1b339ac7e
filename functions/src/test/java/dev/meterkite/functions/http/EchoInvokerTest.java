package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.cloud.functions.invoker.runner.Invoker;
import com.google.gson.JsonParser;
import com.nimbusds.jose.jwk.RSAKey;
import dev.meterkite.functions.Settings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An HTTP function over HTTP, through Google's own invoker, with a real token. */
class EchoInvokerTest {
  private static final String ISSUERS = Settings.PROPERTY_PREFIX + "TOKEN_ISSUERS";
  private static final String LOG_FORMAT = Settings.PROPERTY_PREFIX + "LOG_FORMAT";
  private static TokenServer tokens;
  private static Invoker invoker;
  private static String token;
  private static int port;

  @BeforeAll
  static void host() throws Exception {
    RSAKey key = TokenServer.rsa("k");
    tokens = new TokenServer(key);
    token = TokenServer.sign(key, tokens.claims("u1", Instant.now()).build());
    System.setProperty(ISSUERS, "[" + tokens.setting("local", "") + "]");
    System.setProperty(LOG_FORMAT, "jul");
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    invoker =
        new Invoker(
            port, EchoFunction.class.getName(), "http", EchoFunction.class.getClassLoader());
    invoker.startTestServer();
  }

  @AfterAll
  static void stop() throws Exception {
    invoker.stopServer();
    tokens.close();
    System.clearProperty(ISSUERS);
    System.clearProperty(LOG_FORMAT);
  }

  private static HttpRequest.Builder to(String query) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/" + query))
        .header("authorization", "Bearer " + token)
        .header("content-type", "application/json");
  }

  private static HttpResponse<String> send(HttpRequest request)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static String code(HttpResponse<String> response) {
    return JsonParser.parseString(response.body()).getAsJsonObject().get("code").getAsString();
  }

  @Test
  void signedInCaller_isAnswered() throws Exception {
    HttpResponse<String> response =
        send(to("").header("x-request-id", "abc").POST(BodyPublishers.ofString("{}")).build());
    assertEquals(200, response.statusCode(), response::body);
    assertEquals("{\"subject\":\"u1\"}", response.body());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElse(""));
    assertEquals("abc", response.headers().firstValue("X-Request-Id").orElse(""));
    assertEquals("no-store", response.headers().firstValue("Cache-Control").orElse(""));
  }

  @Test
  void refusals_areProblems() throws Exception {
    HttpResponse<String> put = send(to("").PUT(BodyPublishers.ofString("{}")).build());
    assertEquals(405, put.statusCode());
    assertEquals("POST", put.headers().firstValue("Allow").orElse(""));
    assertEquals("application/problem+json", put.headers().firstValue("Content-Type").orElse(""));
    HttpRequest unsigned =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
            .POST(BodyPublishers.ofString("{}"))
            .build();
    assertEquals("unauthenticated", code(send(unsigned)));
    HttpRequest twice =
        to("").header("Authorization", "Bearer x").POST(BodyPublishers.ofString("{}")).build();
    assertEquals(401, send(twice).statusCode());
    HttpRequest query = to("?x=%ff").POST(BodyPublishers.ofString("{}")).build();
    assertEquals(400, send(query).statusCode());
    HttpRequest keys =
        to("")
            .header("Idempotency-Key", "a")
            .header("idempotency-key", "b")
            .POST(BodyPublishers.ofString("{}"))
            .build();
    assertEquals("invalid_request", code(send(keys)));
  }

  @Test
  void hugeBodyWithoutALength_isCutOff() throws Exception {
    byte[] huge = new byte[3 * Edge.MAX_BODY];
    HttpRequest chunked =
        to("").POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(huge))).build();
    HttpResponse<String> response = send(chunked);
    assertEquals(413, response.statusCode());
    assertEquals("payload_too_large", code(response));
  }
}
