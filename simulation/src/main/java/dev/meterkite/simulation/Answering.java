package dev.meterkite.simulation;

import com.google.cloud.functions.HttpResponse;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What a function answers, in memory. Nothing can be sent to a caller who has hung up. */
final class Answering implements HttpResponse {
  private final BooleanSupplier isCallerGone;
  private final Map<String, List<String>> headers = new LinkedHashMap<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private int status = 200;

  Answering(BooleanSupplier isCallerGone) {
    this.isCallerGone = isCallerGone;
  }

  /** The answer as its caller gets it. */
  Answer answer() {
    return new Answer(status, headers, body.toString(StandardCharsets.UTF_8));
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
  public void setContentType(String contentType) {
    headers.put("Content-Type", List.of(contentType));
  }

  @Override
  public Optional<String> getContentType() {
    return Optional.ofNullable(headers.get("Content-Type")).map(all -> all.get(0));
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
    return body;
  }

  @Override
  public BufferedWriter getWriter() throws IOException {
    return new BufferedWriter(new OutputStreamWriter(getOutputStream(), StandardCharsets.UTF_8));
  }

  /** An answer that arrived. */
  record Answer(int status, Map<String, List<String>> headers, String body) {
    /** The first value of a header; null where there is none. */
    @Nullable String header(String name) {
      for (Map.Entry<String, List<String>> each : headers.entrySet()) {
        if (each.getKey().equalsIgnoreCase(name)) {
          return each.getValue().get(0);
        }
      }
      return null;
    }
  }
}
