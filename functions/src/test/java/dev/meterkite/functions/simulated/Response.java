package dev.meterkite.functions.simulated;

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
import java.util.function.BooleanSupplier;

/** Keeps what a function answers. Nothing can be sent to a caller who has hung up. */
public final class Response implements HttpResponse {
  private final Map<String, List<String>> headers = new LinkedHashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final BooleanSupplier isCallerGone;
  private int status;
  private String contentType;

  /** To a caller who stays. */
  public Response() {
    this(() -> false);
  }

  /**
   * @param isCallerGone whether nobody listens any more
   */
  public Response(BooleanSupplier isCallerGone) {
    this.isCallerGone = isCallerGone;
  }

  /** An answer that has arrived. */
  public record Answer(int status, Map<String, List<String>> headers, String body) {
    /** The first value of a header; null where there is none. */
    public String header(String name) {
      for (Map.Entry<String, List<String>> each : headers.entrySet()) {
        if (each.getKey().equalsIgnoreCase(name)) {
          return each.getValue().get(0);
        }
      }
      return null;
    }
  }

  /** The answer as its caller gets it. */
  public Answer answer() {
    return new Answer(status, headers, body());
  }

  /** What was answered. */
  public String body() {
    return out.toString(StandardCharsets.UTF_8);
  }

  /** The HTTP status; 0 where nothing was answered. */
  public int status() {
    return status;
  }

  /** The content type; null where nothing was answered. */
  public String contentType() {
    return contentType;
  }

  /** The body as an object. */
  public JsonObject json() {
    return JsonParser.parseString(body()).getAsJsonObject();
  }

  /** The code of a problem. */
  public String code() {
    return json().get("code").getAsString();
  }

  /** The faults of a problem as {@code field:code}, in their order. */
  public List<String> faults() {
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

  /** All values of a header, divided by bars; null for none. */
  public String header(String name) {
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
    headers.computeIfAbsent(header, unused -> new ArrayList<>()).add(value);
  }

  @Override
  public Map<String, List<String>> getHeaders() {
    return headers;
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    if (isCallerGone.getAsBoolean()) {
      throw new IOException("the caller has hung up");
    }
    return out;
  }

  @Override
  public BufferedWriter getWriter() {
    throw new UnsupportedOperationException("functions write bytes");
  }
}
