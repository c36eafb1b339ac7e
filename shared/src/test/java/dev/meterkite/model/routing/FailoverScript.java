package dev.meterkite.model.routing;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the models of {@link FailoverWorld} answer in one incident; all but the first one are well.
 *
 * @param name what happens
 * @param first how the first model answers
 * @param wholeOnly whether the others refuse a request that goes on with a begun answer
 * @param until when the incident is over
 */
record FailoverScript(String name, Fault first, boolean wholeOnly, long until) {
  /** A caller waits this long for the first token and for each further one. */
  static final long PATIENCE = 10_000;

  private static final long TOOK = 800;
  private static final long ONE_REQUEST = 60_000;
  private static final int OK = 200;

  /** How a model answers in the incident. */
  interface Fault {
    /**
     * Its answer to one call.
     *
     * @param call the number of the call of this model, from 1
     * @param millis after its first call
     */
    Reply reply(int call, long millis);
  }

  /**
   * What a caller sees of one call, in the provider's words or its own library's.
   *
   * @param good whether the answer is whole
   * @param took milliseconds until it ended or was given up
   */
  record Reply(
      boolean good,
      @Nullable Integer status,
      @Nullable String code,
      @Nullable String message,
      @Nullable String retryAfter,
      long took) {}

  static Reply good() {
    return new Reply(true, OK, null, null, null, TOOK);
  }

  /**
   * How a model other than the first answers.
   *
   * @param begun whether the request goes on with a begun answer
   */
  Reply other(boolean begun) {
    return wholeOnly && begun
        ? error(400, "invalid_request_error", "This model does not support assistant prefill")
        : good();
  }

  private static Reply error(int status, String code, String message) {
    return new Reply(false, status, code, message, null, 100);
  }

  /** A stream that ends badly. */
  private static Reply broken(String code, String message, long took) {
    return new Reply(false, OK, code, message, null, took);
  }

  private static Reply silent(String message, long since) {
    return new Reply(false, null, "timeout", message, null, since + PATIENCE);
  }

  private static FailoverScript always(String name, Reply reply) {
    return new FailoverScript(name, (call, millis) -> reply, false, ONE_REQUEST);
  }

  private static FailoverScript once(String name, Reply reply) {
    return new FailoverScript(
        name, (call, millis) -> call == 1 ? reply : good(), false, ONE_REQUEST);
  }

  /** An outage of a minute, in which the caller asks every four seconds. */
  static FailoverScript outage() {
    return always("15 down for a minute", error(503, "overloaded", "Overloaded"));
  }

  static List<FailoverScript> all() {
    List<FailoverScript> all = new ArrayList<>();
    Reply limited = new Reply(false, 429, "rate_limit_exceeded", "Rate limit reached", "2", 100);
    all.add(
        new FailoverScript(
            "1 rate limit, wait 2 s",
            (call, millis) -> millis < 2_000 ? limited : good(),
            false,
            ONE_REQUEST));
    all.add(always("2 rate limit without a hint", error(429, "rate_limit_exceeded", "Rate limit")));
    all.add(once("3 one 500", error(500, "server_error", "Internal error")));
    all.add(always("4 503 for good", error(503, "overloaded", "Overloaded")));
    all.add(once("5 connection reset", new Reply(false, null, "ECONNRESET", "aborted", null, 20)));
    all.add(always("6 no answer", silent("no answer", 0)));
    all.add(always("7 first token after 20 s", silent("no first token", 0)));
    all.add(always("8 stream cut", broken("ECONNRESET", "aborted", 600)));
    all.add(always("9 stream stalls", silent("no token", 300)));
    all.add(
        always("10 unreadable piece", broken("invalid_json", "Unexpected token < in JSON", 150)));
    all.add(always("11 stream without an end mark", good()));
    all.add(
        always(
            "12 request too long",
            error(
                400,
                "context_length_exceeded",
                "This model's maximum context length is 100 tokens")));
    all.add(
        always(
            "13 content refused",
            error(400, "content_policy_violation", "Your request was rejected")));
    Reply cut = broken("", "Response ended prematurely", 600);
    all.add(
        new FailoverScript(
            "14 stream cut, no begun answers elsewhere", (call, millis) -> cut, true, ONE_REQUEST));
    all.add(outage());
    all.add(always("16 503 for good, charges", error(503, "overloaded", "Overloaded")));
    return all;
  }
}
