package dev.meterkite.functions.http;

import com.google.cloud.functions.HttpResponse;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps what a function answered. */
public final class FakeResponse implements HttpResponse {
  final Map<String, List<String>> headers = new LinkedHashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final boolean callerIsGone;
  int status;
  String contentType;

  /** An answer to somebody who is there. */
  public FakeResponse() {
    this(false);
  }

  FakeResponse(boolean callerIsGone) {
    this.callerIsGone = callerIsGone;
  }

  /** What was answered. */
  public String body() {
    return out.toString(StandardCharsets.UTF_8);
  }

  /** The HTTP status of the answer. */
  public int status() {
    return status;
  }

  JsonObject json() {
    return JsonParser.parseString(body()).getAsJsonObject();
  }

  String code() {
    return json().get("code").getAsString();
  }

  /** The faults as {@code field:code}, in their order. */
  List<String> faults() {
    List<String> faults = new ArrayList<>();
    if (json().has("errors")) {
      json()
          .getAsJsonArray("errors")
          .forEach(
              error ->
                  faults.add(
                      error.getAsJsonObject().get("field").getAsString()
                          + ":"
                          + error.getAsJsonObject().get("code").getAsString()));
    }
    return faults;
  }

  String header(String name) {
    List<String> values = headers.getOrDefault(name, List.of());
    return values.isEmpty() ? null : String.join("|", values);
  }

  @Override
  public void setStatusCode(int code) {
    status = code;
  }

  @Override
  public void setStatusCode(int code, String message) {
    status = code;
  }

  @Override
  public void setContentType(String type) {
    contentType = type;
  }

  @Override
  public Optional<String> getContentType() {
    return Optional.ofNullable(contentType);
  }

  @Override
  public void appendHeader(String header, String value) {
    headers.computeIfAbsent(header, h -> new ArrayList<>()).add(value);
  }

  @Override
  public Map<String, List<String>> getHeaders() {
    return headers;
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    if (callerIsGone) {
      throw new IOException("broken pipe");
    }
    return out;
  }

  @Override
  public BufferedWriter getWriter() {
    throw new UnsupportedOperationException();
  }
}
