package dev.meterkite.functions.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What goes out: status, headers, body; and what the log says of it.
 *
 * @param status the HTTP status
 * @param contentType the media type of the body
 * @param headers further headers, one value each
 * @param body the body's text, sent as UTF-8 byte for byte
 * @param outcome a word for the log: {@code ok}, {@code replayed}, or a problem's code
 * @param attempts commits tried for it; 0 where nothing was to be committed
 * @param batch commands in the last of them
 */
public record Answer(
    int status,
    String contentType,
    Map<String, String> headers,
    String body,
    String outcome,
    int attempts,
    int batch) {

  /** The status of an answer without a body. */
  static final int NO_CONTENT = 204;

  private static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";

  public Answer {
    headers = Map.copyOf(headers);
  }

  /** 200 with these members, in their order; nulls are left out. */
  public static Answer ok(Map<String, Object> members) {
    return json(Json.write(members), false);
  }

  /** 200 with JSON text that is ready, as a replay repeats it. */
  public static Answer json(String json, boolean replayed) {
    Answer answer = new Answer(200, JSON, Map.of(), json, replayed ? "replayed" : "ok", 0, 0);
    return replayed ? answer.with("Idempotency-Replayed", "true") : answer;
  }

  /** 200 with another media type, such as {@code text/csv; charset=utf-8}. */
  public static Answer text(String contentType, String body) {
    return new Answer(200, contentType, Map.of(), body, "ok", 0, 0);
  }

  /** 204, without body and media type. */
  static Answer noContent(String outcome) {
    return new Answer(NO_CONTENT, "", Map.of(), "", outcome, 0, 0);
  }

  /** A refusal or failure. */
  public static Answer problem(Problem problem) {
    Answer answer =
        new Answer(
            problem.status(),
            PROBLEM,
            Map.of(),
            Json.write(problem.members()),
            problem.code(),
            0,
            0);
    Duration wait = problem.retryAfter();
    return wait == null ? answer : answer.with("Retry-After", Long.toString(seconds(wait)));
  }

  /** This answer with one more header. */
  public Answer with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Answer(status, contentType, more, body, outcome, attempts, batch);
  }

  /** This answer with more headers. */
  Answer with(Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.putAll(more);
    return new Answer(status, contentType, all, body, outcome, attempts, batch);
  }

  /** This answer with another word for the log. */
  public Answer outcome(String word) {
    return new Answer(status, contentType, headers, body, word, attempts, batch);
  }

  /** This answer with what it took, for the log. */
  public Answer took(int commitAttempts, int commandsInBatch) {
    return new Answer(status, contentType, headers, body, outcome, commitAttempts, commandsInBatch);
  }

  private static long seconds(Duration wait) {
    long whole = wait.toSeconds();
    return Math.max(1, wait.equals(Duration.ofSeconds(whole)) ? whole : whole + 1);
  }
}
