package dev.meterkite.model.quotas;

import dev.meterkite.model.document.FieldValues;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Results and refusals as the members of answers, in their order. */
final class QuotaResultCodec {
  private static final String TOKENS = "tokens";
  private static final String TOKENS_USED = "tokens_used";
  private static final String TOKENS_REMAINING = "tokens_remaining";
  private static final String RESET_AT = "reset_at";
  private static final String STATUS = "status";
  private static final String RESET = "reset";
  private static final String LAPSED = "lapsed";
  private static final String RETRY_AFTER = "retry_after_seconds";

  private QuotaResultCodec() {}

  static Map<String, Object> encode(QuotaResult result) {
    Map<String, Object> members = new LinkedHashMap<>();
    if (result instanceof QuotaResult.Reserved reserved) {
      members.put(QuotaRules.RESERVATION_ID, reserved.id().toString());
      members.put(TOKENS, reserved.tokens());
      left(reserved.left(), members);
    } else if (result instanceof QuotaResult.Settled settled) {
      members.put(TOKENS_USED, settled.tokensUsed());
      left(settled.left(), members);
      members.put(STATUS, settled.status().wire());
    } else if (result instanceof QuotaResult.Refreshed refreshed) {
      members.put(RESET, refreshed.reset());
      members.put(LAPSED, refreshed.lapsed());
    }
    return members;
  }

  static Map<String, Object> encode(QuotaRefusal refusal) {
    Map<String, Object> figures = new LinkedHashMap<>();
    if (refusal.reservationId() != null) {
      figures.put(QuotaRules.RESERVATION_ID, refusal.reservationId());
    }
    if (refusal.left() != null) {
      left(refusal.left(), figures);
    }
    if (refusal.retryAfter() != null) {
      figures.put(RETRY_AFTER, refusal.retryAfter().toSeconds());
    }
    return figures;
  }

  private static void left(QuotaLeft left, Map<String, Object> members) {
    if (left.tokens() != null) {
      members.put(TOKENS_REMAINING, left.tokens());
    }
    if (left.resetAt() != null) {
      members.put(RESET_AT, left.resetAt());
    }
  }

  static QuotaRefusal refusal(Map<String, ?> figures) {
    @Nullable Long tokens = FieldValues.integer(figures.get(TOKENS_REMAINING));
    @Nullable Long seconds = FieldValues.integer(figures.get(RETRY_AFTER));
    return new QuotaRefusal(
        FieldValues.text(figures.get(QuotaRules.RESERVATION_ID)),
        tokens == null ? null : new QuotaLeft(tokens, FieldValues.instant(figures.get(RESET_AT))),
        seconds == null ? null : Duration.ofSeconds(seconds));
  }
}
