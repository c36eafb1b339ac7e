package dev.meterkite.model.spans;

import dev.meterkite.model.prices.CallUsage;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call of a model that a span tells of, of either a user or a customer.
 *
 * @param traceId 32 hex digits in lower case
 * @param spanId 16 hex digits in lower case
 * @param userId who is debited; null for a call of a customer
 * @param customerId whose usage it is; null for a call of a user
 * @param sceneId the scene of a customer's call, or null
 * @param jobId the job of a user's call, or null
 * @param operation {@code gen_ai.operation.name}, {@code chat} where there is none
 * @param at when it ended, to the microsecond
 * @param usages what was consumed, once for each name under which a price may be known; the first
 *     one with a price counts
 */
public record ModelCall(
    String traceId,
    String spanId,
    @Nullable String userId,
    @Nullable String customerId,
    @Nullable String sceneId,
    @Nullable String jobId,
    String operation,
    Instant at,
    List<CallUsage> usages) {
  /** The attribute that names a user of Meterkite. */
  public static final String USER = "meterkite.user_id";

  /** The attribute that names a customer. */
  public static final String CUSTOMER = "meterkite.customer_id";

  /** The attribute that names the scene of a customer's call. */
  public static final String SCENE = "meterkite.scene_id";

  /** The attribute that names the job of a user's call. */
  public static final String JOB = "meterkite.job_id";

  public ModelCall {
    usages = List.copyOf(usages);
    if (usages.isEmpty() || (userId == null) == (customerId == null)) {
      throw new IllegalArgumentException("a call of nothing, or of nobody");
    }
  }

  /** The idempotency key of the call: a span is charged once, however often it is sent. */
  public String key() {
    return "otel-" + traceId + "-" + spanId;
  }

  /** What the span says of the call, to be compared with what another span of this key says. */
  public Map<String, Object> said() {
    Map<String, Object> said = new LinkedHashMap<>();
    CallUsage usage = usages.get(0);
    usage
        .encode()
        .forEach(
            (name, value) ->
                said.put(name, value instanceof Long number ? BigDecimal.valueOf(number) : value));
    said.put("payer", userId == null ? CUSTOMER + " " + customerId : USER + " " + userId);
    said.put("operation", operation);
    said.put("at", at.toString());
    if (sceneId != null) {
      said.put("scene_id", sceneId);
    }
    if (jobId != null) {
      said.put("job_id", jobId);
    }
    return said;
  }
}
