package dev.meterkite.model.health;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How callers see the health of a provider and of its models at a moment. */
public final class HealthView {
  private HealthView() {}

  /** Status, averages and circuit of a provider. */
  public static Map<String, Object> of(HealthState state, Instant now) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("provider", state.provider() == null ? "" : state.provider());
    view.put("status", state.statusAt(now).wire());
    Long latency = state.latency();
    if (latency != null) {
      view.put("latency_ms", latency);
    }
    if (state.lastCheck() != null) {
      view.put("error_rate", state.failureShare());
    }
    view.put("circuit", state.circuit(now).wire());
    state.away(now).ifPresent(away -> put(view, away));
    return view;
  }

  /** As {@link #of}, with the calls of the last hour, and the models by id. */
  public static Map<String, Object> full(HealthState state, Instant now) {
    Map<String, Object> view = of(state, now);
    LastHour all = LastHour.NONE;
    for (LastHour each : state.hours().values()) {
      all = all.plus(each, now);
    }
    put(view, all, now);
    List<Map<String, Object>> models =
        state.models().keySet().stream().sorted().map(id -> model(state, id, now)).toList();
    view.put("models", models);
    return view;
  }

  private static Map<String, Object> model(HealthState state, String modelId, Instant now) {
    ModelHealth model = state.model(modelId).at(now);
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("model_id", modelId);
    view.put("status", model.statusAt(now).wire());
    view.put("circuit", model.circuit(now).wire());
    state.away(modelId, now).ifPresent(away -> put(view, away));
    put(view, state.hours().getOrDefault(modelId, LastHour.NONE).at(now), now);
    return view;
  }

  private static void put(Map<String, Object> view, LastHour hour, Instant now) {
    if (!hour.slots().isEmpty()) {
      view.put("last_hour", hour.view(now));
    }
  }

  private static void put(Map<String, Object> view, ModelHealth.Away away) {
    view.put("away_until", away.until());
    view.put("away_reason", away.reason().wire());
  }
}
