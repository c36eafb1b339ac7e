package dev.meterkite.functions.http;

import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.log.Invocation;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.log.Trace;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.schema.Violation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Where requests come in and answers go out; one for each instance of a function.
 *
 * <p>Every answer carries {@code X-Request-Id} (the caller's, if it is 1 to 128 characters of
 * {@code [A-Za-z0-9._-]}, else a new one) and {@code Cache-Control: no-store}, and leaves one log
 * line.
 */
public final class Edge {
  /** The largest body, in bytes. */
  public static final int MAX_BODY = 1024 * 1024;

  /** The largest body of an endpoint that takes bulk, in bytes, unpacked. */
  public static final int MAX_BULK = 4 * MAX_BODY;

  private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");
  private static final int LONGEST_KEY = 255;
  private static final String JSON_TYPE = "application/json";
  private static final String GZIP = "gzip";

  private final Callers callers;
  private final Log log;
  private final Drain drain;
  private final Origins origins;

  /**
   * An edge that no page of another origin may call; see {@link #Edge(Callers, Log, Drain,
   * Origins)}.
   */
  public Edge(Callers callers, Log log, Drain drain) {
    this(callers, log, drain, Origins.NONE);
  }

  /**
   * @param callers tells who calls
   * @param log takes a line for each request
   * @param drain says when the process stops
   * @param origins whose pages may call the endpoints for browsers
   */
  public Edge(Callers callers, Log log, Drain drain, Origins origins) {
    this.callers = callers;
    this.log = log;
    this.drain = drain;
    this.origins = origins;
  }

  /** The edge that the settings describe, stopping with the process. */
  public static Edge of(Settings settings) {
    return new Edge(
        Callers.of(settings),
        Log.ofProcess(settings),
        Drain.ofProcess(settings.drainGrace()),
        Origins.of(settings.allowedOrigins()));
  }

  <T> void serve(Endpoint<T> endpoint, HttpRequest request, HttpResponse response)
      throws IOException {
    long begin = System.nanoTime();
    Headers headers = Headers.of(request);
    log.trace(Trace.of(headers::first).orElse(null));
    String requestId = requestId(headers);
    boolean entered = drain.enter();
    try {
      Answer answer =
          entered
              ? answer(endpoint, request, headers, requestId)
              : Answer.problem(Problem.of(503, "unavailable", "This instance is stopping."));
      if (endpoint.isForBrowsers()) {
        answer = answer.with(origins.headers(headers.all("Origin")));
      }
      boolean sent = send(answer, requestId, response);
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      log.invocation(
          new Invocation(
              endpoint.name(),
              requestId,
              sent ? answer.outcome() : answer.outcome() + "_unsent",
              answer.status(),
              took,
              answer.attempts(),
              answer.batch(),
              answer.status() >= 500));
    } finally {
      if (entered) {
        drain.leave();
      }
      log.trace(null);
    }
  }

  private <T> Answer answer(
      Endpoint<T> endpoint, HttpRequest request, Headers headers, String requestId) {
    if (request.getMethod().equals("OPTIONS") && endpoint.isForBrowsers()) {
      return Answer.noContent("preflight")
          .with(origins.preflight(headers.all("Origin"), endpoint.method()));
    }
    try {
      return endpoint.operation().apply(check(endpoint, request, headers, requestId));
    } catch (Refusal refusal) {
      return refusal.answer();
    } catch (UnavailableException e) {
      return Answer.problem(e.problem());
    } catch (IOException e) {
      log.warn(
          "the body could not be read",
          Map.of("function", endpoint.name(), "request_id", requestId));
      return Answer.problem(Problem.invalid("The body could not be read."));
    } catch (RuntimeException e) {
      log.failure(
          StoreException.passing(e),
          Map.of("function", endpoint.name(), "request_id", requestId),
          e);
      boolean keyed =
          endpoint.key() == Endpoint.Key.REQUIRED
              || (endpoint.key() == Endpoint.Key.OPTIONAL
                  && !headers.all("Idempotency-Key").isEmpty());
      return Answer.problem(
          keyed ? Problem.uncertain(Problem.SOON) : Problem.unavailable(Problem.SOON));
    }
  }

  private <T> Call<T> check(
      Endpoint<T> endpoint, HttpRequest request, Headers headers, String requestId)
      throws Refusal, IOException {
    if (!request.getMethod().equals(endpoint.method().name())) {
      throw new Refusal(
          Problem.of(405, "method_not_allowed", "Use " + endpoint.method() + "."),
          Map.of("Allow", endpoint.method().name()));
    }
    boolean post = endpoint.method() == Endpoint.Method.POST;
    CloudEventForm events = endpoint.cloudEvents() ? CloudEventForm.of(request) : null;
    BodySignature signature = endpoint.signature();
    byte[] body = signature == null ? new byte[0] : bytes(request, false, MAX_BODY);
    Caller caller =
        signature == null
            ? callers.of(headers.all("Authorization"), headers.all(Callers.FORWARDED_AUTHORIZATION))
            : signature.caller(body, headers.all(signature.header()));
    if (!endpoint.admits(caller)) {
      throw new Refusal(Problem.forbidden());
    }
    if (post) {
      List<String> encodings = encodings(headers);
      boolean gzipped = endpoint.bulk() && encodings.equals(List.of(GZIP));
      checkMediaType(request, gzipped || encodings.isEmpty(), endpoint.bulk(), events);
      body =
          signature == null ? bytes(request, gzipped, endpoint.bulk() ? MAX_BULK : MAX_BODY) : body;
    }
    return read(endpoint, request, headers, requestId, caller, events, body);
  }

  /** Reads a request from a caller who may send it. */
  private static <T> Call<T> read(
      Endpoint<T> endpoint,
      HttpRequest request,
      Headers headers,
      String requestId,
      Caller caller,
      @Nullable CloudEventForm events,
      byte[] body)
      throws Refusal {
    boolean post = endpoint.method() == Endpoint.Method.POST;
    boolean ownKey = events != null && endpoint.key() == Endpoint.Key.REQUIRED;
    String key =
        key(ownKey ? Endpoint.Key.OPTIONAL : endpoint.key(), headers.all("Idempotency-Key"));
    Map<String, String> query = QueryString.read(request.getQuery().orElse(""));
    Map<String, Object> members = post ? members(request, body, events) : Map.copyOf(query);
    if (key == null && ownKey) {
      key = CloudEventForm.key(members);
    }
    Fields fields = post ? Fields.ofBody(members) : Fields.ofQuery(query);
    if (post && !query.isEmpty()) {
      query.keySet().forEach(name -> fields.fault(name, "unknown_field", "belongs in the body"));
    }
    T parsed = parse(endpoint, fields);
    if (!endpoint.admits(caller, parsed)) {
      throw new Refusal(Problem.forbidden());
    }
    String hash = RequestHash.of(endpoint.name(), members);
    return new Call<>(caller, parsed, key, hash, requestId);
  }

  private static <T> T parse(Endpoint<T> endpoint, Fields fields) throws Refusal {
    T parsed;
    try {
      parsed = endpoint.parser().apply(fields);
    } catch (RuntimeException e) {
      // A parser may fail over the stand-in of a field that is at fault; else it is a bug.
      List<Violation> faults = fields.violations();
      if (faults.isEmpty()) {
        throw e;
      }
      throw new Refusal(Problem.invalid(faults));
    }
    List<Violation> faults = fields.violations();
    if (!faults.isEmpty()) {
      throw new Refusal(Problem.invalid(faults));
    }
    return parsed;
  }

  private static Map<String, Object> members(
      HttpRequest request, byte[] body, @Nullable CloudEventForm events) throws Refusal {
    return events == null ? Json.readObject(body) : events.members(request, body);
  }

  private static void checkMediaType(
      HttpRequest request, boolean readable, boolean bulk, @Nullable CloudEventForm events)
      throws Refusal {
    boolean json = events != null || MediaType.is(request.getContentType().orElse(""), JSON_TYPE);
    if (!json || !readable) {
      throw new Refusal(
          Problem.of(
              415,
              "unsupported_media_type",
              "Send application/json in UTF-8, "
                  + (bulk ? "plain or gzipped." : "not compressed.")));
    }
  }

  /** What was done to the body on its way, in lower case. */
  private static List<String> encodings(Headers headers) {
    List<String> sent = headers.all("Content-Encoding");
    return sent.isEmpty()
        ? sent
        : sent.stream()
            .map(encoding -> encoding.toLowerCase(Locale.ROOT))
            .filter(encoding -> !encoding.equals("identity"))
            .toList();
  }

  /** The body as it was before it was packed. */
  private static byte[] bytes(HttpRequest request, boolean gzipped, int most)
      throws Refusal, IOException {
    long length = request.getContentLength();
    if (length <= most) {
      try (InputStream in = request.getInputStream();
          InputStream unpacked = gzipped ? new GZIPInputStream(in) : in) {
        // Without a length to go by, a buffer of 8 KiB is cut down to a body of a tenth of that.
        byte[] body = unpacked.readNBytes(gzipped || length < 0 ? most : (int) length);
        if (unpacked.read() < 0) {
          return body;
        }
      }
    }
    throw new Refusal(
        Problem.of(413, "payload_too_large", "The body may have " + most + " bytes."));
  }

  private static @Nullable String key(Endpoint.Key taken, List<String> sent) throws Refusal {
    if (taken == Endpoint.Key.NONE) {
      return null;
    }
    if (sent.isEmpty()) {
      if (taken == Endpoint.Key.REQUIRED) {
        throw new Refusal(
            Problem.of(400, "missing_idempotency_key", "An Idempotency-Key header is needed."));
      }
      return null;
    }
    if (sent.size() > 1 || !isKey(sent.get(0))) {
      throw new Refusal(
          Problem.invalid(
              List.of(
                  new Violation(
                      "Idempotency-Key",
                      "format",
                      "must be one header of 1 to 255 visible ASCII characters"))));
    }
    return sent.get(0);
  }

  private static boolean isKey(String text) {
    for (int at = 0; at < text.length(); at++) {
      if (text.charAt(at) <= ' ' || text.charAt(at) > '~') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= LONGEST_KEY;
  }

  private static String requestId(Headers headers) {
    List<String> sent = headers.all("X-Request-Id");
    return sent.size() == 1 && REQUEST_ID.matcher(sent.get(0)).matches() ? sent.get(0) : newId();
  }

  /** A UUID of version 4. It is no secret, so it need not come from the one secure source. */
  private static String newId() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long most = (random.nextLong() & ~0xf000L) | 0x4000L;
    long least = (random.nextLong() & ~(3L << 62)) | (1L << 63);
    return new UUID(most, least).toString();
  }

  /** Sends an answer; false where the caller is gone. */
  private static boolean send(Answer answer, String requestId, HttpResponse response) {
    try {
      response.setStatusCode(answer.status());
      response.appendHeader("X-Request-Id", requestId);
      response.appendHeader("Cache-Control", "no-store");
      answer.headers().forEach(response::appendHeader);
      if (answer.status() == Answer.NO_CONTENT) {
        response.getOutputStream().flush();
        return true;
      }
      response.setContentType(answer.contentType());
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      // With its length known the answer is whole once it is flushed: a process that stops right
      // after this request would cut off the last chunk of one without.
      response.appendHeader("Content-Length", Integer.toString(body.length));
      response.getOutputStream().write(body);
      response.getOutputStream().flush();
      return true;
    } catch (IOException e) {
      // Nobody is there to tell; what was done is done, and a repeat is answered from its marker.
      return false;
    }
  }
}
