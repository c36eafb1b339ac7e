package dev.meterkite.simulation;

import com.sun.net.httpserver.HttpServer;
import dev.meterkite.local.TokenIssuer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** An issuer of tokens, whose keys are served on this machine, so that tokens are verified. */
final class Identity implements AutoCloseable {
  private final HttpServer server;
  private final TokenIssuer tokens;

  Identity() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    tokens = new TokenIssuer("http://127.0.0.1:" + server.getAddress().getPort());
    server.createContext(
        "/jwks.json",
        exchange -> {
          byte[] keys = tokens.jwks().getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, keys.length);
          exchange.getResponseBody().write(keys);
          exchange.close();
        });
    server.start();
  }

  TokenIssuer tokens() {
    return tokens;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
