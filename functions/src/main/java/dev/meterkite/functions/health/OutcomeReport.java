package dev.meterkite.functions.health;

import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.ProviderError;
import dev.meterkite.model.health.ProviderErrors;
import dev.meterkite.model.health.RetryAfter;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.quotas.ReservationId;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a call to a provider ended.
 *
 * @param modelId the model, null where the caller does not say
 * @param firstTokenMs when the first token came, null if not reported
 * @param error what went wrong, null for a success
 * @param decision the decision that chose the model, null if there is none
 * @param reservation the reservation to settle; null if there is none, or if the report does not
 *     say what a success came to, so that it lapses at its estimate
 * @param tokens what it came to; of a failure that says nothing, 0
 * @param limits what the provider's headers state, null if not reported
 * @param replay the caller's key, null if there is none
 */
record OutcomeReport(
    String provider,
    @Nullable String modelId,
    long latencyMs,
    @Nullable Long firstTokenMs,
    @Nullable ProviderError error,
    @Nullable String decision,
    @Nullable ReservationId reservation,
    long tokens,
    @Nullable Limits limits,
    HealthCommand.@Nullable Replay replay) {
  private static final int LONGEST_NAME = 500;
  private static final int LONGEST_ID = 2_000;
  private static final int LONGEST_HINT = 100;
  private static final Pattern MILLIS = Pattern.compile("\\d{1,15}(\\.\\d{1,9})?");
  private static final Pattern COUNT = Pattern.compile("\\d{1,15}(\\.\\d{1,9})?");

  /**
   * What a provider's headers state, as the caller received it; what cannot be read is null.
   *
   * @param reset when the provider's window ends, in any form of a Retry-After
   */
  record Limits(@Nullable Long tokens, @Nullable Long requests, @Nullable String reset) {
    static @Nullable Limits parse(Fields fields) {
      Fields limits = fields.optionalObject("limits");
      return limits == null
          ? null
          : new Limits(
              count(limits.optionalScalar("remaining_tokens", LONGEST_HINT)),
              count(limits.optionalScalar("remaining_requests", LONGEST_HINT)),
              limits.optionalScalar("reset", LONGEST_HINT));
    }

    private static @Nullable Long count(@Nullable String text) {
      return text != null && COUNT.matcher(text.strip()).matches()
          ? Long.valueOf(new BigDecimal(text.strip()).longValue())
          : null;
    }

    @Nullable Instant resetAt(Instant now) {
      return RetryAfter.parse(reset, now).orElse(null);
    }
  }

  static OutcomeReport parse(Fields fields) {
    String provider = fields.string("provider", 1, LONGEST_NAME);
    if (!DocRef.isId(HealthRules.id(provider))) {
      fields.fault("provider", "format", "makes no document id");
    }
    String modelId = fields.optionalString("model_id", 1, LONGEST_NAME);
    if (modelId != null && !DocRef.isId(QuotaRules.id(provider, modelId))) {
      fields.fault("model_id", "format", "makes no document id together with the provider");
    }
    boolean success = fields.flag("success");
    long latency = fields.integer("latency_ms", 0, HealthState.MAX_LATENCY_MS);
    Long firstToken = fields.optionalInteger("first_token_ms", 0, HealthState.MAX_LATENCY_MS);
    fields.optionalInteger("output_tokens", 0, QuotaState.MAX_FIGURE);
    Long status = fields.optionalInteger("http_status", 100, 599);
    String code = fields.optionalScalar("error_code", ProviderError.MAX_CODE);
    String message = fields.optionalScalar("message", ProviderError.MAX_MESSAGE);
    String retryAfter = hint(fields);
    String id = fields.optionalString("reservation_id", 1, LONGEST_ID);
    Long tokens = fields.optionalInteger("tokens", 0, QuotaState.MAX_FIGURE);
    ReservationId reservation = id == null ? null : ReservationId.parse(id).orElse(null);
    if (id != null && reservation == null) {
      fields.fault("reservation_id", "format", "is not the id of a reservation");
    }
    return new OutcomeReport(
        provider,
        modelId,
        latency,
        success ? firstToken : null,
        success
            ? null
            : ProviderError.reported(
                provider, status == null ? null : status.intValue(), code, message, retryAfter),
        fields.optionalId("decision_id"),
        success && tokens == null ? null : reservation,
        tokens == null ? 0 : tokens,
        Limits.parse(fields),
        null);
  }

  /** The provider's hint; milliseconds go before seconds, where they are a number. */
  private static @Nullable String hint(Fields fields) {
    String millis = fields.optionalScalar("retry_after_ms", LONGEST_HINT);
    String other = fields.optionalScalar("retry_after", LONGEST_HINT);
    return millis != null && MILLIS.matcher(millis.strip()).matches()
        ? millis.strip() + "ms"
        : other;
  }

  static OutcomeReport of(Call<OutcomeReport> call) {
    OutcomeReport report = call.request();
    String key = call.key();
    return new OutcomeReport(
        report.provider,
        report.modelId,
        report.latencyMs,
        report.firstTokenMs,
        report.error,
        report.decision,
        report.reservation,
        report.tokens,
        report.limits,
        key == null ? null : new HealthCommand.Replay(key, call.requestHash()));
  }

  ProviderErrors.@Nullable Verdict verdict(Instant now) {
    return error == null ? null : ProviderErrors.verdict(error, now);
  }

  HealthCommand.Observe observed(ProviderErrors.@Nullable Verdict verdict, boolean firstAttempt) {
    return new HealthCommand.Observe(
        provider, modelId, latencyMs, firstTokenMs, verdict, firstAttempt, replay);
  }
}
