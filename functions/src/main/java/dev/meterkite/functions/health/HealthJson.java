package dev.meterkite.functions.health;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.model.health.HealthResultCodec;
import dev.meterkite.model.health.HealthView;
import dev.meterkite.model.health.LastHour;
import dev.meterkite.model.health.ModelHealth;
import dev.meterkite.model.quotas.QuotaState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Health and quotas as answers show them, results of the engine, and error bodies of providers. */
final class HealthJson {
  private static final int DEEPEST = 20;
  private static final double SHARES = 10_000;

  private HealthJson() {}

  /** Whether a result says that a probe is claimed. */
  static boolean isClaimed(String result) {
    return isTrue(JsonParser.parseString(result).getAsJsonObject(), HealthResultCodec.CLAIMED);
  }

  /** Whether a result says that a call is permitted. */
  static boolean isPermitted(String result) {
    return isTrue(JsonParser.parseString(result).getAsJsonObject(), HealthResultCodec.PERMITTED);
  }

  private static boolean isTrue(JsonObject result, String member) {
    JsonElement value = result.get(member);
    return value != null && value.getAsBoolean();
  }

  /**
   * The answer to a report.
   *
   * @param json the body
   * @param replayed whether the report had been counted before
   */
  record Report(String json, boolean replayed) {}

  /**
   * The answer to a report by the engine's result.
   *
   * @param reservation what became of the reservation; null if the report names none
   */
  static Report report(String result, @Nullable String reservation) {
    JsonObject members = JsonParser.parseString(result).getAsJsonObject();
    boolean replayed = members.remove(HealthResultCodec.REPLAYED) != null;
    if (reservation != null) {
      members.addProperty("reservation", reservation);
    }
    return new Report(members.toString(), replayed);
  }

  /** The answer of {@code check-providers}; {@code more} if not all providers are in it. */
  static Map<String, Object> checked(List<HealthView> views, boolean more, long repaired) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("providers", views.stream().map(HealthJson::brief).toList());
    if (more) {
      answer.put("more", true); // provider-status lists them all.
    }
    answer.put("decisions_given_expiry", repaired);
    return answer;
  }

  /** Status, averages and circuit of a provider. */
  private static Map<String, Object> brief(HealthView health) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("provider", health.provider());
    view.put("status", health.status().wire());
    if (health.latencyMs() != null) {
      view.put("latency_ms", health.latencyMs());
    }
    if (health.errorRate() != null) {
      view.put("error_rate", health.errorRate());
    }
    view.put("circuit", health.circuit().wire());
    away(view, health.away());
    return view;
  }

  /** A provider with the calls of the last hour, and its models. */
  static Map<String, Object> full(HealthView health) {
    Map<String, Object> view = brief(health);
    lastHour(view, health.lastHour());
    view.put("models", health.models().stream().map(HealthJson::model).toList());
    return view;
  }

  private static Map<String, Object> model(HealthView.Model model) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("model_id", model.modelId());
    view.put("status", model.status().wire());
    view.put("circuit", model.circuit().wire());
    away(view, model.away());
    lastHour(view, model.lastHour());
    return view;
  }

  private static void away(Map<String, Object> view, ModelHealth.@Nullable Away away) {
    if (away != null) {
      view.put("away_until", away.until());
      view.put("away_reason", away.reason().wire());
    }
  }

  private static void lastHour(Map<String, Object> view, LastHour.@Nullable Figures hour) {
    if (hour != null) {
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("from", hour.from());
      figures.put("slot_minutes", hour.slotMinutes());
      figures.put("calls", hour.calls());
      figures.put("failed", hour.failed());
      view.put("last_hour", figures);
    }
  }

  /** A quota at a moment. */
  static Map<String, Object> quota(String id, QuotaState quota) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("quota_id", id);
    if (quota.provider() != null && quota.modelId() != null) {
      view.put("provider", quota.provider());
      view.put("model_id", quota.modelId());
    }
    view.put("status", quota.status().wire());
    view.put("utilisation", Math.rint(quota.utilisation() * SHARES) / SHARES);
    quota.tightest().ifPresent(window -> view.put("tokens_used", window.tokensUsed()));
    quota.remaining().ifPresent(left -> view.put("tokens_remaining", left.tokens()));
    return view;
  }

  /** An error body as maps, lists and strings; null where it is not JSON. */
  static @Nullable Object parsed(String body) {
    try {
      return plain(JsonParser.parseString(body), 0);
    } catch (JsonParseException e) {
      return null; // A page of a proxy in between: the status says enough.
    }
  }

  private static @Nullable Object plain(JsonElement json, int depth) {
    if (depth > DEEPEST) {
      return null;
    }
    if (json.isJsonObject()) {
      Map<String, Object> members = new LinkedHashMap<>();
      json.getAsJsonObject()
          .entrySet()
          .forEach(
              member -> {
                Object value = plain(member.getValue(), depth + 1);
                if (value != null) {
                  members.put(member.getKey(), value);
                }
              });
      return members;
    }
    if (json.isJsonArray()) {
      List<Object> items = new ArrayList<>();
      for (JsonElement item : json.getAsJsonArray()) {
        Object value = plain(item, depth + 1);
        if (value != null) {
          items.add(value);
        }
      }
      return items;
    }
    return json.isJsonNull() ? null : json.getAsString();
  }
}
