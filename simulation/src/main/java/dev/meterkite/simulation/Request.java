package dev.meterkite.simulation;

import com.google.cloud.functions.HttpRequest;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A request in memory.
 *
 * @param query of a GET; null for a POST
 * @param body of a POST
 */
@SuppressWarnings("ArrayRecordComponent") // the body as it travels; never compared
record Request(
    String method, Map<String, List<String>> headers, @Nullable String query, byte[] body)
    implements HttpRequest {

  /** A POST of JSON with a token, and a key where there is one. */
  static Request post(String token, @Nullable String key, String json) {
    Map<String, List<String>> headers = headers(token);
    headers.put("Content-Type", List.of("application/json"));
    if (key != null) {
      headers.put("Idempotency-Key", List.of(key));
    }
    return new Request("POST", headers, null, json.getBytes(StandardCharsets.UTF_8));
  }

  /** A GET with a token. */
  static Request get(String token, String query) {
    return new Request("GET", headers(token), query, new byte[0]);
  }

  /** A POST whose body is signed. */
  static Request signed(String header, String signature, String json) {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    headers.put("Content-Type", List.of("application/json"));
    headers.put(header, List.of(signature));
    return new Request("POST", headers, null, json.getBytes(StandardCharsets.UTF_8));
  }

  /** Key and body. */
  String text() {
    return headers.getOrDefault("Idempotency-Key", List.of("")).get(0)
        + " "
        + new String(body, StandardCharsets.UTF_8);
  }

  /** The same with another body. */
  Request withBody(UnaryOperator<String> change) {
    String text = change.apply(new String(body, StandardCharsets.UTF_8));
    return new Request(method, headers, query, text.getBytes(StandardCharsets.UTF_8));
  }

  /** The same with another idempotency key. */
  Request withKey(UnaryOperator<String> change) {
    Map<String, List<String>> changed = new LinkedHashMap<>(headers);
    changed.computeIfPresent("Idempotency-Key", (name, keys) -> List.of(change.apply(keys.get(0))));
    return new Request(method, changed, query, body);
  }

  private static Map<String, List<String>> headers(String token) {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    headers.put("Authorization", List.of("Bearer " + token));
    headers.put("X-Request-Id", List.of("simulated"));
    return headers;
  }

  @Override
  public String getMethod() {
    return method;
  }

  @Override
  public String getUri() {
    return "http://simulated/";
  }

  @Override
  public String getPath() {
    return "/";
  }

  @Override
  public Optional<String> getQuery() {
    return Optional.ofNullable(query);
  }

  @Override
  public Map<String, List<String>> getQueryParameters() {
    throw new UnsupportedOperationException("functions read the query as it was sent");
  }

  @Override
  public Map<String, HttpPart> getParts() {
    throw new UnsupportedOperationException("no function takes parts");
  }

  @Override
  public Optional<String> getContentType() {
    return Optional.ofNullable(headers.get("Content-Type")).map(all -> all.get(0));
  }

  @Override
  public long getContentLength() {
    return body.length;
  }

  @Override
  public Optional<String> getCharacterEncoding() {
    return Optional.of("UTF-8");
  }

  @Override
  public InputStream getInputStream() {
    return new ByteArrayInputStream(body);
  }

  @Override
  public BufferedReader getReader() {
    return new BufferedReader(new InputStreamReader(getInputStream(), StandardCharsets.UTF_8));
  }

  @Override
  public Map<String, List<String>> getHeaders() {
    return headers;
  }
}
