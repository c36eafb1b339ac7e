package dev.meterkite.functions.http;

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

/** A request that a test makes up. */
public final class FakeRequest implements HttpRequest {
  private final String method;
  private final Map<String, List<String>> headers = new LinkedHashMap<>();
  private String query;
  private InputStream body = InputStream.nullInputStream();
  private long length = -1;

  private FakeRequest(String method) {
    this.method = method;
  }

  static FakeRequest of(String method) {
    return new FakeRequest(method);
  }

  /** A request with this content. */
  public static FakeRequest get(String query) {
    FakeRequest request = new FakeRequest("GET");
    request.query = query;
    return request;
  }

  /** A request with this content. */
  public static FakeRequest post(String json) {
    return new FakeRequest("POST")
        .header("Content-Type", "application/json")
        .body(json.getBytes(StandardCharsets.UTF_8));
  }

  /** The same request with a header more. */
  public FakeRequest header(String name, String value) {
    headers.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    return this;
  }

  /** The same request with a header more. */
  public FakeRequest token(String token) {
    return header("Authorization", "Bearer " + token);
  }

  FakeRequest body(byte[] bytes) {
    body = new ByteArrayInputStream(bytes);
    length = bytes.length;
    return this;
  }

  FakeRequest body(InputStream stream, long claimedLength) {
    body = stream;
    length = claimedLength;
    return this;
  }

  FakeRequest query(String text) {
    query = text;
    return this;
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
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<String> getContentType() {
    return getFirstHeader("Content-Type");
  }

  @Override
  public long getContentLength() {
    return length;
  }

  @Override
  public Optional<String> getCharacterEncoding() {
    return Optional.empty();
  }

  @Override
  public InputStream getInputStream() {
    return body;
  }

  @Override
  public BufferedReader getReader() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Map<String, List<String>> getHeaders() {
    return headers;
  }
}
