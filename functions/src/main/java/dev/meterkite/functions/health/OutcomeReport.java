package dev.meterkite.functions.health;

import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.ProviderError;
import dev.meterkite.model.health.ProviderErrors;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.quotas.ReservationId;
import java.time.Instant;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a call to a provider ended.
 *
 * @param error what went wrong, null for a success
 * @param reservation the reservation to settle; null if there is none, or if the report does not
 *     say what a success came to, so that it lapses at its estimate
 * @param tokens what it came to; of a failure that says nothing, 0
 * @param replay the caller's key, null if there is none
 */
record OutcomeReport(
    String provider,
    long latencyMs,
    @Nullable ProviderError error,
    @Nullable ReservationId reservation,
    long tokens,
    HealthCommand.@Nullable Replay replay) {
  private static final int LONGEST_NAME = 500;
  private static final int LONGEST_ID = 2_000;
  private static final int LONGEST_HINT = 100;
  private static final Pattern MILLIS = Pattern.compile("\\d{1,15}(\\.\\d{1,9})?");

  static OutcomeReport parse(Fields fields) {
    String provider = fields.string("provider", 1, LONGEST_NAME);
    if (!DocRef.isId(HealthRules.id(provider))) {
      fields.fault("provider", "format", "makes no document id");
    }
    fields.optionalString("model_id", 1, LONGEST_NAME);
    boolean success = fields.flag("success");
    long latency = fields.integer("latency_ms", 0, HealthState.MAX_LATENCY_MS);
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
        latency,
        success
            ? null
            : ProviderError.reported(
                provider, status == null ? null : status.intValue(), code, message, retryAfter),
        success && tokens == null ? null : reservation,
        tokens == null ? 0 : tokens,
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
        report.latencyMs,
        report.error,
        report.reservation,
        report.tokens,
        key == null ? null : new HealthCommand.Replay(key, call.requestHash()));
  }

  HealthCommand.Observe observed(Instant now) {
    return new HealthCommand.Observe(
        provider, latencyMs, error == null ? null : ProviderErrors.verdict(error, now), replay);
  }
}
