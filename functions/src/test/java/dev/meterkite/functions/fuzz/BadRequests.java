package dev.meterkite.functions.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Makes requests that nobody may take. Each begins as one that is right but for a field that no
 * function knows, so it is wrong by construction; then body, head and query are put out of order in
 * ways that never put it right. The same seed makes the same request.
 */
final class BadRequests {
  private static final int MEBIBYTE = 1024 * 1024;

  private static final List<String> WORDS =
      List.of(
          "",
          " ",
          "a",
          "/",
          "..",
          ".",
          "__x__",
          "_global",
          "a/b",
          "%2F",
          "%",
          "\0",
          "\n",
          "\t",
          "null",
          "true",
          "NaN",
          "-1",
          "1e400",
          "😀",
          "𝒳".repeat(400),
          "é",
          "e\u0301",
          "\u202e",
          "\ufeff",
          "\uffff",
          "ａ",
          "İ",
          "ß",
          "${jndi:ldap://x}",
          "{0}",
          "%s%n",
          "<script>",
          "'; --",
          "a".repeat(1_500),
          "a".repeat(1_501),
          "a".repeat(20_000),
          "2026-02-30T00:00:00Z",
          "0000-01-01T00:00:00Z",
          "9999-12-31T23:59:59.999999999Z",
          "2026-01-01T00:00:00+99:99",
          "2026-06-30T23:59:60Z",
          "2026-01-01",
          "9999-12-31",
          "-0001-01-01",
          "2026-13-01",
          "0001-01-01T00:00:00+14:00",
          "9999-12-31T23:59:59-12:00",
          "9999-12-31T23:59:59Z",
          token("[\"x\"]"),
          token("[\"2026-01-01T00:00:00Z\",\"x\"]"),
          token("[\"+1000000000-12-31T00:00:00Z\",\"x\"]"),
          token("[\"x\",\"-5000-01-01T00:00:00Z\"]"),
          token("[9223372036854775808,\"x\"]"),
          token("[-1,\"x\"]"),
          token("[[]]"),
          token("7"),
          token("[\"l\",\"+20000-01-01T00:00:00Z\",\"1\"]"),
          token("[\"o\",\"-0400-01-01T00:00:00Z\",\"x\"]"),
          token("[\"o\"]"));

  /** JSON that fields do not expect, and some that they do. */
  private static final List<String> VALUES = values();

  private static final List<String> TYPES =
      List.of(
          "",
          "text/plain",
          "application/xml",
          "application/x-www-form-urlencoded",
          "json",
          "application/json; charset=utf-16",
          "application/json; charset=iso-8859-1",
          "application/json; charset=",
          "application/json;;",
          "application/json, application/json",
          "multipart/form-data",
          "multipart/form-data; boundary=x",
          "multipart/mixed; boundary=",
          "application/*",
          "*/*",
          "application/json\u00e9",
          "application/octet-stream",
          "application/" + "j".repeat(3_000),
          "application/problem+json");

  private static final List<Charset> CHARSETS =
      List.of(
          StandardCharsets.UTF_16,
          StandardCharsets.UTF_16LE,
          StandardCharsets.UTF_16BE,
          Charset.forName("UTF-32"));

  private static final List<String> METHODS =
      List.of(
          "PUT",
          "PATCH",
          "DELETE",
          "HEAD",
          "options",
          "TRACE",
          "CONNECT",
          "post",
          "get",
          "FOO",
          "G\u00e9T",
          "POST\t",
          "",
          "A".repeat(5_000));

  private static final List<String> HEADERS =
      List.of(
          "Content-Length: 3",
          "Content-Length: -1",
          "Content-Length: 99999999999999999999",
          "Content-Length: 2, 3",
          "Content-Length: abc",
          "Content-Length:",
          "Content-Length: +5",
          "Transfer-Encoding: chunked",
          "Transfer-Encoding: gzip, chunked",
          "Transfer-Encoding: identity",
          "Transfer-Encoding: chunked, chunked",
          "Transfer-Encoding: \u000bchunked",
          "Expect: 100-continue",
          "Expect: a miracle",
          "Host: other",
          "Host:",
          "Host: a b",
          "Upgrade: h2c",
          "Upgrade: websocket",
          "Connection: upgrade",
          "Cookie: a=b; c=\"",
          "X-Request-Id: \u00e9",
          "X-Request-Id: a b",
          "X-Request-Id: " + "x".repeat(200),
          "traceparent: 00-zz-zz-01",
          "traceparent: 00-",
          "X-Cloud-Trace-Context: //;o=",
          "X-Cloud-Trace-Context: " + "f".repeat(400),
          "Authorization: Bearer a.b.c",
          "Authorization:",
          "Idempotency-Key: second",
          "idempotency-key: second",
          "Content-Type: text/plain",
          "Content-Encoding: br",
          "Content-Encoding: identity, identity",
          "No colon at all",
          ": no name",
          "Spaced : name",
          " folded: line",
          "Null: a\0b",
          "Bell: \u0007",
          "Emoji: 😀",
          "X: " + "x".repeat(7_000),
          "Huge: " + "x".repeat(70_000),
          "Range: bytes=0-",
          "If-Match: *",
          "Accept: text/html",
          "Accept-Encoding: gzip;q=bad",
          "Forwarded: for=\"",
          "X-Forwarded-For: 1,2,3",
          "X-HTTP-Method-Override: GET",
          "ce-specversion: 1.0",
          "ce-specversion: 9.9",
          "ce-id:",
          "ce-time: yesterday",
          "ce-source: ::",
          "ce-type: %zz%e9",
          "ce-%: x",
          "ce-datacontenttype: x");

  private final Random random;
  private final Form form;
  private final RequestDraft draft;

  private BadRequests(Form form, Random random) {
    this.form = form;
    this.random = random;
    this.draft = new RequestDraft(form);
  }

  /** A bad request to one of these functions. */
  static RequestDraft of(List<Form> forms, long seed) {
    Random random = new Random(seed);
    Form form = forms.get(random.nextInt(forms.size()));
    BadRequests one = new BadRequests(form, random);
    one.fields();
    int steps = random.nextInt(3);
    for (int i = 0; i < steps; i++) {
      one.step();
    }
    one.draft.story.add(0, form.entry().name());
    return one.draft;
  }

  /** A well-formed request with one or two odd values, which may be taken. */
  static RequestDraft odd(List<Form> forms, long seed) {
    Random random = new Random(seed);
    Form form = forms.get(random.nextInt(forms.size()));
    BadRequests one = new BadRequests(form, random);
    Map<String, String> values = new LinkedHashMap<>(form.fields());
    List<String> names = List.copyOf(values.keySet());
    for (int i = names.isEmpty() ? 0 : 1 + random.nextInt(2); i > 0; i--) {
      String name = one.any(names);
      values.put(name, form.posts() ? quoted(one.any(WORDS)) : one.any(WORDS));
      if (form.posts() && random.nextInt(3) == 0) {
        values.put(name, one.any(VALUES));
      }
      one.draft.story.add(name + " = " + values.get(name));
    }
    one.draft.put(values);
    one.draft.header("Idempotency-Key", "odd-" + seed);
    one.draft.story.add(0, form.entry().name());
    return one.draft;
  }

  /** The form of the request that a seed makes. */
  static Form formOf(List<Form> forms, long seed) {
    return forms.get(new Random(seed).nextInt(forms.size()));
  }

  private static List<String> values() {
    List<String> values = new ArrayList<>();
    WORDS.forEach(word -> values.add(quoted(word)));
    values.addAll(
        List.of(
            "null",
            "true",
            "false",
            "0",
            "-0",
            "-1",
            "1",
            "2",
            "1.5",
            "1.0",
            "1e2",
            "0.1e1",
            "1e999",
            "-1e999",
            "1e-999",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "1e18",
            "9".repeat(63),
            "9".repeat(65),
            "0." + "3".repeat(60),
            "NaN",
            "Infinity",
            "-Infinity",
            "0x10",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "--1",
            "\"\\ud800\"",
            "\"\\udc00\\ud800\"",
            "\"\\u0000\"",
            "\"\\x\"",
            "'single'",
            "unquoted",
            "\"open",
            "[]",
            "[[]]",
            "[null]",
            "{}",
            "{\"a\": 1}",
            "{\"a\": 1, \"a\": 2}",
            "{\"\": 0}",
            "[1, \"1\", {}]",
            "[,]",
            "{,}",
            "// comment\n1",
            "/* c */ 1",
            "\"tab\there\"",
            "nul",
            "TRUE",
            "\"" + "\\u0061" + "\""));
    values.add("[" + "{},".repeat(500) + "{}]");
    values.add("[".repeat(63) + "]".repeat(63));
    values.add("[".repeat(64) + "]".repeat(64));
    values.add("[".repeat(20_000) + "]".repeat(20_000));
    values.add("{\"a\":".repeat(20_000) + "1" + "}".repeat(20_000));
    return values;
  }

  /** A page token that holds this. */
  private static String token(String parts) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(parts.getBytes(StandardCharsets.UTF_8));
  }

  private static String quoted(String word) {
    StringBuilder json = new StringBuilder("\"");
    word.chars()
        .forEach(
            c -> {
              if (c < ' ' || c == '"' || c == '\\' || c == 0xffff) {
                json.append(String.format("\\u%04x", c));
              } else {
                json.append((char) c);
              }
            });
    return json.append('"').toString();
  }

  private <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** Fields of the form, some of them other than they should be, and the one that is too many. */
  private void fields() {
    Map<String, String> values = new LinkedHashMap<>(form.fields());
    for (String name : form.fields().keySet()) {
      int dice = random.nextInt(4);
      if (dice == 0) {
        values.put(name, form.posts() ? any(VALUES) : any(WORDS));
        draft.story.add(name + " changed");
      } else if (dice == 1 && random.nextBoolean()) {
        values.remove(name);
        draft.story.add(name + " left out");
      }
    }
    if (random.nextInt(8) == 0) {
      values.put(any(WORDS).replace("\\", "").replace("\"", "").replaceAll("\\p{Cntrl}", ""), "1");
      draft.story.add("odd name");
    }
    values.put(Form.GUARD, "1");
    if (form.posts() && values.containsKey("records") && random.nextBoolean()) {
      values.remove("records");
      String item = Form.body(values);
      values.clear();
      values.put("records", "[" + item + "]");
      values.put(Form.GUARD, "1");
    }
    draft.put(values);
  }

  private void step() {
    List<BiConsumer<BadRequests, RequestDraft>> ways =
        List.of(
            BadRequests::breakText,
            BadRequests::breakBytes,
            BadRequests::encode,
            BadRequests::type,
            BadRequests::length,
            BadRequests::chunk,
            BadRequests::headers,
            BadRequests::headers,
            BadRequests::key,
            BadRequests::token,
            BadRequests::line,
            BadRequests::query,
            BadRequests::event);
    any(ways).accept(this, draft);
  }

  private void breakText(RequestDraft request) {
    String text = new String(request.body, StandardCharsets.UTF_8);
    if (text.length() < 2) {
      return;
    }
    int at = 1 + random.nextInt(text.length() - 1);
    String broken =
        switch (random.nextInt(8)) {
          case 0 -> text.substring(0, at);
          case 1 -> text + any(List.of("{}", "]", "x", "\0", ",", "1"));
          case 2 -> "[" + text + "]";
          case 3 -> "\ufeff" + text;
          case 4 -> text.replace('"', '\'');
          case 5 -> text.replaceFirst("\\{", "{\"a\": 1, \"a\": 2, ");
          case 6 -> any(List.of("", " ", "null", "1", "\"x\"", "[]", "NaN", "}", "{"));
          default -> "{\"deep\": " + "[".repeat(5_000) + text + "]".repeat(5_000) + "}";
        };
    request.text(broken);
    request.story.add("text broken");
  }

  private void breakBytes(RequestDraft request) {
    if (request.body.length == 0) {
      return;
    }
    // In front, where nothing that follows can make it whole.
    request.body[0] = (byte) (0x80 + random.nextInt(0x80));
    for (int i = random.nextInt(20); i > 0; i--) {
      request.body[random.nextInt(request.body.length)] = (byte) random.nextInt(256);
    }
    request.body[0] |= (byte) 0x80;
    request.story.add("bytes broken");
  }

  private void encode(RequestDraft request) {
    String text = new String(request.body, StandardCharsets.UTF_8);
    switch (random.nextInt(3)) {
      case 0 -> request.body = text.getBytes(any(CHARSETS));
      case 1 -> {
        request.body = packed(request.body, true);
        request.header(
            "Content-Encoding", any(List.of("gzip", "x-gzip", "GZIP", "identity, gzip")));
      }
      default -> {
        request.body = packed(request.body, false);
        request.header("Content-Encoding", any(List.of("deflate", "br", "zstd", "aes128gcm", "")));
      }
    }
    request.story.add("encoded");
  }

  private static byte[] packed(byte[] body, boolean gzip) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (var out = gzip ? new GZIPOutputStream(packed) : new DeflaterOutputStream(packed)) {
      out.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return packed.toByteArray();
  }

  private void type(RequestDraft request) {
    request.without("Content-Type");
    String type = any(TYPES);
    request.headers.add("Content-Type: " + type);
    // Read by the server already, whoever sends it.
    request.mangled |= type.startsWith("multipart");
    request.story.add("type " + type.substring(0, Math.min(60, type.length())));
  }

  private void length(RequestDraft request) {
    switch (random.nextInt(20)) {
      case 0 -> {
        byte[] huge = new byte[MEBIBYTE + 1 + random.nextInt(3)];
        Arrays.fill(huge, (byte) ' ');
        System.arraycopy(request.body, 0, huge, 0, Math.min(huge.length, request.body.length));
        request.body = huge;
        request.story.add("a mebibyte and more");
      }
      case 1, 2, 3, 4, 5, 6 -> {
        request.measured = false;
        request.headers.add("Content-Length: " + (request.body.length + 1 + random.nextInt(50)));
        request.ends = true;
        request.mangled = true;
        request.story.add("shorter than it says");
      }
      default -> {
        request.measured = false;
        request.headers.add("Content-Length: " + random.nextInt(request.body.length + 1));
        request.ends = true;
        request.mangled = true;
        request.story.add("longer than it says");
      }
    }
  }

  private void chunk(RequestDraft request) {
    request.measured = false;
    request.header("Transfer-Encoding", "chunked");
    String text = new String(request.body, StandardCharsets.ISO_8859_1);
    int half = text.length() / 2;
    String chunked =
        chunk(text.substring(0, half), "") + chunk(text.substring(half), ";x=y") + "0\r\n\r\n";
    String sent =
        switch (random.nextInt(7)) {
          case 0 -> "zz\r\n" + chunked;
          case 1 -> chunked.substring(0, chunked.length() / 2);
          case 2 -> "ffffffffffffffffff\r\n" + chunked;
          case 3 -> "-1\r\n" + chunked;
          case 4 -> chunked.replace("0\r\n\r\n", "0\r\nAuthorization: Bearer x\r\n\r\n");
          case 5 -> "1\n{\n" + chunked;
          default -> chunked;
        };
    request.body = sent.getBytes(StandardCharsets.ISO_8859_1);
    request.ends = true;
    request.mangled = true;
    request.story.add("in chunks");
  }

  private static String chunk(String part, String extension) {
    return part.isEmpty()
        ? ""
        : Integer.toHexString(part.length()) + extension + "\r\n" + part + "\r\n";
  }

  private void headers(RequestDraft request) {
    if (random.nextInt(50) == 0) {
      for (int i = 0; i < 600; i++) {
        request.headers.add("X-" + i + ": " + i);
      }
      request.mangled = true;
      request.story.add("600 headers");
      return;
    }
    String header = any(HEADERS);
    request.headers.add(random.nextInt(request.headers.size() + 1), header);
    request.ends = true;
    request.mangled = true;
    request.story.add("header " + header.substring(0, Math.min(60, header.length())));
  }

  private void key(RequestDraft request) {
    request.without("Idempotency-Key");
    String key = any(List.of("", " ", "a b", "é", "😀", "k".repeat(255), "k".repeat(256), "\"k\""));
    request.headers.add("Idempotency-Key: " + key);
    if (random.nextBoolean()) {
      request.headers.add("Idempotency-Key: " + key + "2");
    }
    request.story.add("key");
  }

  private void token(RequestDraft request) {
    String token = form.token();
    int at = random.nextInt(token.length());
    String other =
        switch (random.nextInt(8)) {
          case 0 -> "";
          case 1 -> "Bearer";
          case 2 -> "Bearer " + token.substring(0, at);
          case 3 -> "Bearer " + token.substring(0, at) + "~" + token.substring(at + 1);
          case 4 -> "Bearer " + token + ", Bearer " + token;
          case 5 -> "Basic " + token;
          case 6 -> "Bearer " + "a".repeat(7_000) + ".b.c";
          default -> "Bearer é" + token;
        };
    request.header("Authorization", other);
    request.story.add("token");
  }

  private void line(RequestDraft request) {
    switch (random.nextInt(3)) {
      case 0 -> request.method = any(METHODS);
      case 1 ->
          request.version =
              any(
                  List.of(
                      "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTP/1.1", "", "HTTP/1.1 x"));
      default ->
          request.target =
              any(
                  List.of(
                      "",
                      "*",
                      "//",
                      "/../..",
                      "/%2e%2e/",
                      "/%00",
                      "/%zz",
                      "/a;b=c",
                      "/a b",
                      "/é",
                      "http://other/",
                      "/" + "p".repeat(9_000),
                      "/favicon.ico",
                      "/\\",
                      "other"));
    }
    request.ends = true;
    request.mangled = true;
    request.story.add("line " + request.method.strip() + " " + request.version);
  }

  private void query(RequestDraft request) {
    String more =
        any(
            List.of(
                "limit=1&limit=2",
                "%",
                "%f",
                "%ff",
                "%c0%af",
                "%ed%a0%80",
                "&&&",
                "=",
                "a=%00",
                "a=" + "b".repeat(6_000),
                "user_id=😀",
                "é=1",
                "a;b",
                "user_id[]=1",
                "x=%F0%9F%98%80",
                "limit=NaN",
                "from=9999-99-99",
                "#fragment",
                "a=b=c",
                "+",
                "\u0001=1"));
    request.query = request.query.isEmpty() ? more : request.query + "&" + more;
    request.mangled = true;
    request.story.add("query " + more.substring(0, Math.min(40, more.length())));
  }

  private void event(RequestDraft request) {
    String data = new String(request.body, StandardCharsets.UTF_8);
    Map<String, String> envelope = new LinkedHashMap<>();
    envelope.put("specversion", random.nextInt(4) == 0 ? any(VALUES) : "\"1.0\"");
    envelope.put("id", random.nextInt(4) == 0 ? any(VALUES) : "\"e\"");
    envelope.put("source", random.nextInt(4) == 0 ? any(VALUES) : "\"/s\"");
    envelope.put("type", random.nextInt(4) == 0 ? any(VALUES) : "\"t\"");
    envelope.put("time", random.nextInt(2) == 0 ? any(VALUES) : "\"2026-01-01T00:00:00Z\"");
    envelope.put(random.nextBoolean() ? "data" : "data_base64", data.isEmpty() ? "{}" : data);
    boolean batch = random.nextBoolean();
    String body = Form.body(envelope);
    // An item that cannot be recorded is answered among others; one that is no event is not.
    request.text(batch ? "[" + body + ", 7]" : body);
    request.header(
        "Content-Type",
        batch ? "application/cloudevents-batch+json" : "application/cloudevents+json");
    request.story.add("event");
  }
}
