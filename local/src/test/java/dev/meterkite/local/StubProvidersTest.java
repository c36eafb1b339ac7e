package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.gson.JsonParser;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.model.health.ProviderError;
import dev.meterkite.model.health.ProviderErrors;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stand-ins speak as the providers do, and our own table understands them. */
class StubProvidersTest {
  private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");

  private final StubProviders providers;
  private final HttpClient http = Loopback.client();

  StubProvidersTest() throws IOException {
    providers = new StubProviders();
  }

  @AfterEach
  void close() {
    providers.close();
  }

  private HttpResponse<String> models(String name, String path, String header)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(providers.url(name) + path))
            .timeout(HostClient.WAIT_AT_MOST);
    if (!header.isEmpty()) {
      request.header(header, "key");
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @ParameterizedTest
  @CsvSource({
    "openai, /v1/models, Authorization",
    "anthropic, /v1/models, x-api-key",
    "google, /v1beta/models, x-goog-api-key",
    "elevenlabs, /v1/models, xi-api-key"
  })
  void provider_behavesAsItIsTold(String name, String path, String header) throws Exception {
    assertEquals(200, models(name, path, header).statusCode());
    assertEquals(ProviderErrors.Kind.KEY_REFUSED, verdict(name, models(name, path, "")).kind());
    providers.tell(name, new StubProviders.Behaviour(StubProviders.Mode.FAIL, 0, 503, null));
    HttpResponse<String> failed = models(name, path, header);
    assertEquals(503, failed.statusCode());
    assertEquals(ProviderErrors.Kind.PROVIDER_FAULT, verdict(name, failed).kind());
    providers.tell(name, new StubProviders.Behaviour(StubProviders.Mode.RATE_LIMIT, 0, 500, "17"));
    ProviderErrors.Verdict limited = verdict(name, models(name, path, header));
    assertEquals(ProviderErrors.Kind.RATE_LIMITED, limited.kind());
    assertEquals(NOW.plusSeconds(17), limited.until());
    providers.tell(name, StubProviders.Behaviour.OK);
    assertEquals(200, models(name, path, header).statusCode());
    assertEquals(5L, providers.shown(name).get("calls"));
  }

  private static ProviderErrors.Verdict verdict(String name, HttpResponse<String> response) {
    Map<String, Object> body =
        JsonValues.fields(JsonParser.parseString(response.body()).getAsJsonObject());
    return ProviderErrors.verdict(
        ProviderError.of(
            name,
            response.statusCode(),
            body,
            response.headers().firstValue("Retry-After").orElse(null)),
        NOW);
  }

  @Test
  void hangingProvider_answersNothing_andIsLetGoWhenAllIsTakenDown() throws Exception {
    providers.tell("openai", new StubProviders.Behaviour(StubProviders.Mode.HANG, 0, 500, null));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(providers.url("openai") + "/v1/models"))
            .timeout(Duration.ofMillis(300))
            .build();
    assertThrows(
        HttpTimeoutException.class,
        () -> http.send(request, HttpResponse.BodyHandlers.discarding()));
    // Else it waits for as long as the provider hangs.
    assertTimeoutPreemptively(StubProviders.LONGEST.dividedBy(2), providers::close);
  }
}
