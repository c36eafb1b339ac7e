package dev.meterkite.functions.simulated;

import com.google.cloud.functions.HttpRequest;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A request in memory; each change makes another one. */
public final class Request implements HttpRequest {
  private static final String KEY = "Idempotency-Key";

  /** A body whose length may be claimed wrongly; text is null where it can be read once. */
  private record Body(Supplier<InputStream> content, long length, String text) {
    static final Body NONE = new Body(InputStream::nullInputStream, -1, "");

    static Body of(byte[] bytes) {
      return new Body(
          () -> new ByteArrayInputStream(bytes),
          bytes.length,
          new String(bytes, StandardCharsets.UTF_8));
    }
  }

  private final String method;
  private final Map<String, List<String>> headers;
  private final String query;
  private final Body body;

  private Request(String method, Map<String, List<String>> headers, String query, Body body) {
    this.method = method;
    this.headers = headers;
    this.query = query;
    this.body = body;
  }

  /** A request without anything. */
  public static Request of(String method) {
    return new Request(method, Map.of(), null, Body.NONE);
  }

  /**
   * A GET.
   *
   * @param query null for none
   */
  public static Request get(String query) {
    return of("GET").query(query);
  }

  /** A POST of JSON. */
  public static Request post(String json) {
    return of("POST")
        .header("Content-Type", "application/json")
        .body(json.getBytes(StandardCharsets.UTF_8));
  }

  /** The same with a header more. */
  public Request header(String name, String value) {
    Map<String, List<String>> more = new LinkedHashMap<>(headers);
    List<String> values = new ArrayList<>(more.getOrDefault(name, List.of()));
    values.add(value);
    more.put(name, values);
    return new Request(method, more, query, body);
  }

  /** The same with a bearer token. */
  public Request token(String token) {
    return header("Authorization", "Bearer " + token);
  }

  /** The same with an idempotency key. */
  public Request key(String key) {
    return header(KEY, key);
  }

  /** The same with this body. */
  public Request body(byte[] bytes) {
    return new Request(method, headers, query, Body.of(bytes));
  }

  /** The same with a body that can be read once. */
  public Request body(InputStream stream, long claimedLength) {
    return new Request(method, headers, query, new Body(() -> stream, claimedLength, null));
  }

  /** The same with this query. */
  public Request query(String text) {
    return new Request(method, headers, text, body);
  }

  /** The same with another body. */
  public Request withBody(UnaryOperator<String> change) {
    return body(change.apply(body.text).getBytes(StandardCharsets.UTF_8));
  }

  /** The same with another idempotency key, if it has one. */
  public Request withKey(UnaryOperator<String> change) {
    Map<String, List<String>> changed = new LinkedHashMap<>(headers);
    changed.computeIfPresent(KEY, (name, keys) -> List.of(change.apply(keys.get(0))));
    return new Request(method, changed, query, body);
  }

  /** Key and body. */
  public String text() {
    return headers.getOrDefault(KEY, List.of("")).get(0) + " " + body.text;
  }

  @Override
  public String getMethod() {
    return method;
  }

  @Override
  public String getUri() {
    return "http://localhost/";
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
    throw new UnsupportedOperationException("decodes leniently; the query is read as it was sent");
  }

  @Override
  public Map<String, HttpPart> getParts() {
    throw new UnsupportedOperationException("no function takes parts");
  }

  @Override
  public Optional<String> getContentType() {
    return getFirstHeader("Content-Type");
  }

  @Override
  public long getContentLength() {
    return body.length;
  }

  @Override
  public Optional<String> getCharacterEncoding() {
    return Optional.empty();
  }

  @Override
  public InputStream getInputStream() {
    return body.content.get();
  }

  @Override
  public BufferedReader getReader() {
    throw new UnsupportedOperationException("functions read bytes");
  }

  @Override
  public Map<String, List<String>> getHeaders() {
    return headers;
  }
}
