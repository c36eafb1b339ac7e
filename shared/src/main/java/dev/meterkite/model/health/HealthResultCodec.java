package dev.meterkite.model.health;

import java.util.LinkedHashMap;
import java.util.Map;

/** Results as the members of answers, in their order. */
public final class HealthResultCodec {
  /** Whether a probe is claimed. */
  public static final String CLAIMED = "claimed";

  /** Whether a call is permitted. */
  public static final String PERMITTED = "permitted";

  /** Whether a report was counted before; absent if it was not. */
  public static final String REPLAYED = "replayed";

  private HealthResultCodec() {}

  static Map<String, Object> encode(HealthResult result) {
    if (result instanceof HealthResult.Reported reported) {
      return encode(reported);
    } else if (result instanceof HealthResult.Probed probed) {
      return Map.of("status", probed.status().wire());
    } else if (result instanceof HealthResult.Claimed claimed) {
      return Map.of(CLAIMED, claimed.claimed());
    } else if (result instanceof HealthResult.Permitted permitted) {
      return Map.of(PERMITTED, permitted.permitted());
    } else if (result instanceof HealthResult.Refreshed refreshed) {
      return Map.of("changed", refreshed.changed());
    }
    throw new IllegalArgumentException("no answer for " + result);
  }

  private static Map<String, Object> encode(HealthResult.Reported reported) {
    ReportAnswer answer = reported.answer();
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("provider", reported.provider());
    members.put("status", answer.status());
    members.put("circuit", answer.circuit());
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("model_id", answer.modelId());
    model.put("status", answer.modelStatus());
    model.put("circuit", answer.modelCircuit());
    if (answer.awayUntil() != null) {
      model.put("away_until", answer.awayUntil());
    }
    members.put("model", model);
    Map<String, Object> retry = new LinkedHashMap<>();
    retry.put("advice", answer.advice());
    retry.put("wait_ms", answer.waitMs());
    members.put("retry", retry);
    if (reported.replayed()) {
      members.put(REPLAYED, true);
    }
    return members;
  }
}
