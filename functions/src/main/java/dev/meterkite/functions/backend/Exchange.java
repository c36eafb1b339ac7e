package dev.meterkite.functions.backend;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Sends requests to others over HTTP: a {@link HttpClient}, or what a test puts in its place. */
@FunctionalInterface
public interface Exchange {
  /** The response, or the failure of the connection. Cancelling the future closes it. */
  CompletableFuture<HttpResponse<String>> send(
      HttpRequest request, HttpResponse.BodyHandler<String> handler);

  /** Over the network. Redirects are not followed: they would carry the keys elsewhere. */
  static Exchange overHttp() {
    HttpClient http =
        HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(20))
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    return http::sendAsync;
  }
}
