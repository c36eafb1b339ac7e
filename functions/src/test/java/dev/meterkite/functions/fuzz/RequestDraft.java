package dev.meterkite.functions.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A request on the way: whatever HTTP consists of can be put out of order. */
final class RequestDraft {
  private static final int MAX_HEAD = 7_000;

  String method;
  String target = "/";
  String query = "";
  String version = "HTTP/1.1";

  /** Lines of the head, in their order. */
  final List<String> headers = new ArrayList<>();

  byte[] body = {};

  /** Whether Content-Length is added; not where a header says how long the body is. */
  boolean measured = true;

  /** Whether the client ends its side behind the request. */
  boolean ends;

  /**
   * Whether it may be no HTTP any more, so that the server refuses it before a function sees it.
   */
  boolean mangled;

  /** What was done to it, for the report of a failure. */
  final List<String> story = new ArrayList<>();

  RequestDraft(Form form) {
    method = form.method();
    headers.add("Host: 127.0.0.1");
    headers.add("Connection: close");
    headers.add("Authorization: Bearer " + form.token());
    if (form.posts()) {
      headers.add("Content-Type: application/json");
      headers.add("Idempotency-Key: fuzz");
    }
  }

  /** Fields into the body of a POST, the query of a GET. */
  void put(Map<String, String> values) {
    if (method.equals("POST")) {
      text(Form.body(values));
    } else {
      query = Form.query(values);
    }
  }

  void text(String json) {
    body = json.getBytes(StandardCharsets.UTF_8);
  }

  void without(String header) {
    headers.removeIf(line -> named(line, header));
  }

  void header(String header, String value) {
    without(header);
    headers.add(header + ": " + value);
  }

  private static boolean named(String line, String header) {
    return line.toLowerCase(Locale.ROOT).startsWith(header.toLowerCase(Locale.ROOT) + ":");
  }

  /** The most that the server takes of a request before its body. */
  boolean headTooLong() {
    int head = target.length() + query.length();
    for (String header : headers) {
      head += header.length() + 2;
    }
    return head > MAX_HEAD;
  }

  boolean bodiless() {
    return method.equals("HEAD");
  }

  byte[] bytes() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    String line = method + " " + target + (query.isEmpty() ? "" : "?" + query) + " " + version;
    all.writeBytes((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    for (String header : headers) {
      // Beyond Latin-1 as UTF-8: what clients send that know no better.
      boolean latin = header.chars().allMatch(c -> c < 256);
      all.writeBytes(
          (header + "\r\n").getBytes(latin ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8));
    }
    if (measured && (body.length > 0 || method.equals("POST"))) {
      all.writeBytes(
          ("Content-Length: " + body.length + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }
    all.writeBytes(new byte[] {'\r', '\n'});
    all.writeBytes(body);
    return all.toByteArray();
  }
}
