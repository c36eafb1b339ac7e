package dev.meterkite.model.health;

import dev.meterkite.model.time.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Classifies a failed call: a table of rows, of which the first match decides, then the HTTP
 * status.
 *
 * <p>Rows are bound to a provider only where the same words mean different things elsewhere; the
 * provider's id then starts with the row's. A caller's own 4xx can quote any text, so rows that
 * blame the provider read only its code and type there. Examples: 400 "credit balance is too low"
 * is {@link Kind#CREDIT_GONE}, 400 "maximum context length" is {@link Kind#CALLER_FAULT}, 404
 * "model_not_found" is {@link Kind#MODEL_GONE}.
 */
public final class ProviderErrors {
  /** The longest pause for a rate limit. */
  public static final Duration LONGEST_RATE_LIMIT = Duration.ofHours(1);

  /** How long credit or a long quota is taken for gone without a hint. */
  public static final Duration NO_CREDIT = Duration.ofHours(1);

  /** A rate limit whose words say that it is counted by the minute. */
  private static final Duration MINUTE_LIMIT = Duration.ofMinutes(1);

  private static final ZoneId GOOGLE_DAYS = ZoneId.of("America/Los_Angeles");
  private static final int ANY = 0;

  /** No HTTP status, or one below 400: an error inside a stream, or of the connection. */
  private static final int NO_ERROR_STATUS = -1;

  private static final int ANY_4XX = -4;

  /** The meaning of a failed call. */
  public enum Kind {
    /** The provider failed: counts against the model. */
    PROVIDER_FAULT,
    /** The provider refuses our credentials: counts against all models of the provider. */
    KEY_REFUSED,
    /** Too many calls or tokens at once: pauses the model. */
    RATE_LIMITED,
    /** The model's quota of a day or month is used up: pauses the model until it resets. */
    QUOTA_GONE,
    /** The account's credit is used up: pauses the provider. */
    CREDIT_GONE,
    /** The provider does not serve this model, or no longer: pauses the model for long. */
    MODEL_GONE,
    /** The caller's own error: neither good nor bad. */
    CALLER_FAULT
  }

  /**
   * The meaning of a failed call.
   *
   * @param kind what it means
   * @param until when calls make sense again: always present for {@code QUOTA_GONE} and {@code
   *     CREDIT_GONE}; for {@code RATE_LIMITED}, {@code KEY_REFUSED} and {@code PROVIDER_FAULT} only
   *     if the provider gave a hint
   * @param tooLong whether the request is longer than this model's context: the caller's fault, but
   *     another model may take it
   */
  public record Verdict(Kind kind, @Nullable Instant until, boolean tooLong) {
    public Verdict(Kind kind, @Nullable Instant until) {
      this(kind, until, false);
    }

    /** Whether it counts as a failure of the provider or model, not of the caller. */
    public boolean counts() {
      return kind != Kind.CALLER_FAULT;
    }
  }

  private record Row(String provider, int status, boolean codeOnly, List<String> words, Kind kind) {
    boolean applies(ProviderError error) {
      return error.provider().startsWith(provider)
          && isStatus(error.status())
          && (words.isEmpty() || (codeOnly ? error.isCoded(words) : error.says(words)));
    }

    private boolean isStatus(@Nullable Integer actual) {
      return switch (status) {
        case ANY -> true;
        case NO_ERROR_STATUS -> actual == null || actual < 400;
        case ANY_4XX -> actual != null && actual >= 400 && actual < 500;
        default -> actual != null && actual == status;
      };
    }

    Row inCode() {
      return new Row(provider, status, true, words, kind);
    }
  }

  private static final Pattern MODEL_GONE =
      Pattern.compile(
          "\\bmodels?(?: name| id| identifier)?[ :/]{0,2}[`'\"]?[\\w./:@-]*[`'\"]?,? (?:does"
              + " ?n[o']t exist|(?:is |was )?not (?:found|exist|available)|is invalid|(?:has"
              + " been|is|was|is now) (?:deprecated|decommissioned|retired|discontinued|shut"
              + " ?down|sunset)|is no longer (?:available|supported|served))|(?:do(?:es)?(?:"
              + " not|n't) have access to|unable to access|not found) (?:the )?model|no endpoints"
              + " found|model[\\w -]{0,30} has reached the end of its life|\\binvalid model\\b");

  /** How providers say that a request is longer than the model's context. */
  private static final List<String> TOO_LONG =
      List.of(
          "context_length",
          "context length",
          "context window",
          "context_window",
          "maximum context",
          "prompt is too long",
          "prompt too long",
          "input is too long",
          "input too long",
          "exceeds the maximum number of tokens");

  private static final List<String> OTHER_OBJECTS =
      List.of(
          "voice",
          "file ",
          "file-",
          "file_",
          "thread",
          "assistant",
          "vector",
          "previous_response",
          "item with id",
          "response with id",
          "conversation",
          "batch",
          "fine-tun",
          "fine_tun",
          "container",
          "cachedcontent",
          "cached content",
          "history",
          "session",
          "dictionar");

  private static final List<Row> TABLE =
      List.of(
          // What was asked or answered is not allowed: the caller's own, under any status.
          row(403, Kind.CALLER_FAULT, "content_policy", "moderation", "flagged", "content_filter"),
          row(403, Kind.CALLER_FAULT, "voice_access_denied", "content_restricted", "safety"),
          row(401, Kind.CALLER_FAULT, "voice_limit_reached", "can_not_use_instant"),
          row("together", 403, Kind.CALLER_FAULT),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "safety", "recitation", "blocklist", "spii")
              .inCode(),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "content_filter", "content_policy", "moderation"),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "prohibited_content", "due to safety"),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "safety filter", "safety setting", "flagged as"),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "finish_reason: safety", "finishreason\": \"saf"),
          row(ANY, Kind.CALLER_FAULT, "datainspectionfailed", "data_inspection_failed"),
          // Quotas of a day, week or month.
          row(429, Kind.QUOTA_GONE, "perday", "per day", "per-day", "(rpd)", "(tpd)", "/day"),
          row(429, Kind.QUOTA_GONE, "per_day", "rpd limit", "tpd limit", "rpd quota", "tpd quota"),
          row(429, Kind.QUOTA_GONE, "daily limit", "daily_limit", "daily quota", "daily_quota"),
          row(429, Kind.QUOTA_GONE, "daily request", "daily token", "daily usage", "daily rate"),
          row(429, Kind.QUOTA_GONE, "per month", "permonth", "per-month", "per_month"),
          row(429, Kind.QUOTA_GONE, "monthly quota", "monthly_quota", "monthly request"),
          row(429, Kind.QUOTA_GONE, "monthly token", "monthly usage", "monthly rate", "/month"),
          row("groq", 413, Kind.QUOTA_GONE, "per day", "(tpd)"),
          row(429, Kind.QUOTA_GONE, "per week", "weekly limit", "monthly limit", "monthly_limit"),
          row(NO_ERROR_STATUS, Kind.QUOTA_GONE, "perday", "per day", "per-day", "(rpd)", "(tpd)"),
          row(NO_ERROR_STATUS, Kind.QUOTA_GONE, "daily_limit", "daily limit", "daily quota"),
          row(
              NO_ERROR_STATUS,
              Kind.QUOTA_GONE,
              "per_day",
              "daily request limit",
              "daily token limit"),
          // Throttles that come as 400, or that sound like money.
          row(ANY, Kind.RATE_LIMITED, "throttling").inCode(),
          row(ANY, Kind.RATE_LIMITED, "throttlingexception", "throttling.", "(throttling"),
          row(ANY, Kind.RATE_LIMITED, "servicequotaexceeded", "throughputexceeded").inCode(),
          row(ANY, Kind.RATE_LIMITED, "toomanyrequests", "requestlimitexceeded").inCode(),
          row(ANY, Kind.RATE_LIMITED, "(toomanyrequestsexception", "(servicequotaexceeded"),
          row("elevenlabs", 429, Kind.PROVIDER_FAULT, "system_busy"),
          // Google words its rate limits like OpenAI its missing credit.
          row("google", 429, Kind.CREDIT_GONE, "billing_disabled", "credits are depleted"),
          row("google", 429, Kind.RATE_LIMITED),
          row("gemini", 429, Kind.RATE_LIMITED),
          row("vertex", 429, Kind.RATE_LIMITED),
          row(429, Kind.RATE_LIMITED, "resource_exhausted"),
          // Credit, under 400, 401, 402, 403 and 429.
          row(402, Kind.CREDIT_GONE),
          row(ANY, Kind.CREDIT_GONE, "insufficient_quota", "exceeded your current quota"),
          row(ANY, Kind.CREDIT_GONE, "exceeded_current_quota", "billing_hard_limit"),
          row(ANY, Kind.CREDIT_GONE, "billing_not_active", "account is not active"),
          row(ANY, Kind.CREDIT_GONE, "access_terminated", "credit balance", "billing_error"),
          row(ANY, Kind.CREDIT_GONE, "regain access on", "specified api usage limits"),
          row(ANY, Kind.CREDIT_GONE, "billing_disabled", "credits are depleted", "arrearage"),
          row(ANY, Kind.CREDIT_GONE, "requires billing", "enable billing", "freetieronly"),
          row(ANY, Kind.CREDIT_GONE, "payment_required", "payment_issue", "subscription_required"),
          row(ANY, Kind.CREDIT_GONE, "insufficient credit", "insufficient_credit"),
          row(ANY, Kind.CREDIT_GONE, "insufficient balance", "insufficient_balance"),
          row(ANY, Kind.CREDIT_GONE, "insufficient funds", "insufficient_funds"),
          row(ANY, Kind.CREDIT_GONE, "all available credits", "out of credits", "more credits"),
          row(ANY, Kind.CREDIT_GONE, "no credits", "enough credits", "spending limit"),
          row(ANY, Kind.CREDIT_GONE, "spend limit", "key limit exceeded", "negative balance"),
          row("elevenlabs", ANY, Kind.CREDIT_GONE, "quota_exceeded"),
          // Models that are not served.
          row(ANY_4XX, Kind.MODEL_GONE, "model_not_found", "model_decommissioned").inCode(),
          row(ANY_4XX, Kind.MODEL_GONE, "model_deprecated", "deploymentnotfound").inCode(),
          row(ANY_4XX, Kind.MODEL_GONE, "modelnotfound", "model_not_exist").inCode(),
          row(ANY_4XX, Kind.MODEL_GONE, "model.accessdenied", "invalid_model").inCode(),
          row(NO_ERROR_STATUS, Kind.MODEL_GONE, "model_not_found", "model_decommissioned"),
          row(410, Kind.MODEL_GONE),
          // Refusals of our key that come under the caller's 400.
          row(400, Kind.KEY_REFUSED, "api_key_invalid", "invalid_api_key", "api key not valid"),
          row(400, Kind.KEY_REFUSED, "api key expired", "incorrect api key", "invalid api key"),
          row(400, Kind.KEY_REFUSED, "location is not supported"),
          row(400, Kind.KEY_REFUSED, "expiredtoken", "unrecognizedclient").inCode(),
          row(400, Kind.KEY_REFUSED, "invalidsignature", "missingauthentication").inCode(),
          // By status.
          row(429, Kind.RATE_LIMITED),
          row(401, Kind.KEY_REFUSED),
          row(403, Kind.KEY_REFUSED),
          row(408, Kind.PROVIDER_FAULT),
          row(424, Kind.PROVIDER_FAULT),
          row(425, Kind.PROVIDER_FAULT),
          // Statuses outside RFC 9110: Groq's lack of capacity, but Cohere's refusal of a word.
          row("cohere", 498, Kind.CALLER_FAULT),
          row(498, Kind.KEY_REFUSED, "invalid token", "token expired", "expired token"),
          row(498, Kind.RATE_LIMITED),
          row(420, Kind.RATE_LIMITED),
          row(444, Kind.PROVIDER_FAULT),
          row(499, Kind.PROVIDER_FAULT, "timeout", "timed out", "deadline"),
          row("fireworks", 412, Kind.CREDIT_GONE, "suspended"),
          row(501, Kind.CALLER_FAULT, "not implemented", "unimplemented", "notimplemented"),
          // By words, where the status is missing or says success.
          row(
              NO_ERROR_STATUS,
              Kind.PROVIDER_FAULT,
              "timeout",
              "timed out",
              "timed_out",
              "time out"),
          row(NO_ERROR_STATUS, Kind.PROVIDER_FAULT, "deadline", "econnaborted", "connection abort"),
          row(NO_ERROR_STATUS, Kind.PROVIDER_FAULT, "econnreset", "connectionabort"),
          row(NO_ERROR_STATUS, Kind.PROVIDER_FAULT, "connection reset", "connectionreset"),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "invalid_json_schema"),
          row(NO_ERROR_STATUS, Kind.PROVIDER_FAULT, "invalid_json", "invalid_response_body"),
          row(NO_ERROR_STATUS, Kind.PROVIDER_FAULT, "invalid_chunk"),
          row(NO_ERROR_STATUS, Kind.RATE_LIMITED, "rate_limit", "rate limit", "ratelimit"),
          row(
              NO_ERROR_STATUS,
              Kind.RATE_LIMITED,
              "resource_exhausted",
              "too_many_",
              "too many req"),
          row(NO_ERROR_STATUS, Kind.RATE_LIMITED, "capacity_exceeded"),
          row(NO_ERROR_STATUS, Kind.PROVIDER_FAULT, "overloaded", "server_error", "api_error"),
          row(NO_ERROR_STATUS, Kind.KEY_REFUSED, "api_key", "api key", "authentication"),
          row(NO_ERROR_STATUS, Kind.KEY_REFUSED, "permission", "unauthorized"),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "cancel", "abort", "client disconnect"),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "client closed", "invalid_", "max_tokens"),
          row(NO_ERROR_STATUS, Kind.CALLER_FAULT, "context_length", "context length", "not_found"));

  private ProviderErrors() {}

  private static Row row(int status, Kind kind, String... words) {
    return new Row("", status, false, List.of(words), kind);
  }

  private static Row row(String provider, int status, Kind kind, String... words) {
    return new Row(provider, status, false, List.of(words), kind);
  }

  /** The meaning of the error, and the moment from which calls make sense again. */
  public static Verdict verdict(ProviderError error, Instant now) {
    Kind kind = kind(error);
    Optional<Instant> hint = hint(error, now);
    return switch (kind) {
      case RATE_LIMITED ->
          new Verdict(kind, hint.map(at -> capped(at, now)).orElse(minute(error, now)));
      case QUOTA_GONE -> new Verdict(kind, quotaGone(error, hint, now));
      case CREDIT_GONE ->
          new Verdict(
              kind, hint.filter(at -> at.isAfter(now.plus(NO_CREDIT))).orElse(now.plus(NO_CREDIT)));
      case PROVIDER_FAULT, KEY_REFUSED ->
          new Verdict(kind, hint.map(at -> capped(at, now)).orElse(null));
      case MODEL_GONE -> new Verdict(kind, null);
      case CALLER_FAULT -> new Verdict(kind, null, error.says(TOO_LONG));
    };
  }

  private static Kind kind(ProviderError error) {
    Kind byModel = goneModel(error);
    for (Row row : TABLE) {
      if (row.applies(error) && !isMisled(error, row)) {
        // A refusal by status or none at all gives way to what the words say of the model.
        return row.kind() == Kind.KEY_REFUSED && byModel != null ? byModel : row.kind();
      }
    }
    return byModel == null ? byStatus(error) : byModel;
  }

  /**
   * A caller's own 4xx can quote anything: rows that blame the provider do not read its message.
   */
  private static boolean isMisled(ProviderError error, Row row) {
    Integer status = error.status();
    boolean callers =
        status != null && (status == 404 || status == 409 || status == 413 || status == 422);
    return callers && row.status() == ANY && !row.codeOnly();
  }

  /** Whether the words, or a 404, say that the model is not served; null if they do not. */
  private static @Nullable Kind goneModel(ProviderError error) {
    Integer status = error.status();
    if (status != null && status == 404) {
      boolean other = error.says(OTHER_OBJECTS) && !error.isCoded(List.of("model")) && !gone(error);
      return other ? Kind.CALLER_FAULT : Kind.MODEL_GONE;
    }
    boolean readable = status == null || status < 500;
    return readable && gone(error) ? Kind.MODEL_GONE : null;
  }

  private static boolean gone(ProviderError error) {
    return MODEL_GONE.matcher(error.words()).find();
  }

  private static Kind byStatus(ProviderError error) {
    Integer status = error.status();
    return status != null && status >= 400 && status < 500
        ? Kind.CALLER_FAULT
        : Kind.PROVIDER_FAULT;
  }

  private static Optional<Instant> hint(ProviderError error, Instant now) {
    Optional<Instant> header = RetryAfter.parse(error.retryAfter(), now);
    return header.isPresent() ? header : RetryAfter.inWords(error.words(), now);
  }

  private static @Nullable Instant minute(ProviderError error, Instant now) {
    return error.says(List.of("allocationquota")) ? now.plus(MINUTE_LIMIT) : null;
  }

  private static Instant capped(Instant at, Instant now) {
    Instant latest = now.plus(LONGEST_RATE_LIMIT);
    return at.isAfter(latest) ? latest : at;
  }

  /**
   * The end of a long quota. Google's quotas of a day reset at midnight in California whatever the
   * hint; elsewhere a hint counts, then the end of the UTC day or month that the words name, where
   * the quota is not a rolling one; else an hour.
   */
  private static Instant quotaGone(ProviderError error, Optional<Instant> hint, Instant now) {
    if (error.says(List.of("perday")) || isGoogle(error)) {
      return Window.DAY.containing(now, GOOGLE_DAYS).end();
    }
    if (hint.isPresent()) {
      return hint.get();
    }
    if (error.says(List.of("daily", "per-day"))) {
      return Window.DAY.containing(now, ZoneOffset.UTC).end();
    }
    return error.says(List.of("month"))
        ? Window.MONTH.containing(now, ZoneOffset.UTC).end()
        : now.plus(NO_CREDIT);
  }

  private static boolean isGoogle(ProviderError error) {
    return error.provider().startsWith("google") || error.provider().startsWith("gemini");
  }
}
