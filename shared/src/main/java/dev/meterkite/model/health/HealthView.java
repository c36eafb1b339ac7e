package dev.meterkite.model.health;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The health of a provider and of its models at a moment, as callers see it.
 *
 * @param provider the provider's id
 * @param latencyMs the average latency; null without any
 * @param errorRate the share of failed calls, 0 to 1; null if it was never checked
 * @param away until when and why it takes no calls; null while it does
 * @param lastHour the calls of all models; null without any
 * @param models by id, in the order of the ids
 */
public record HealthView(
    String provider,
    HealthStatus status,
    @Nullable Long latencyMs,
    @Nullable Double errorRate,
    CircuitState circuit,
    ModelHealth.@Nullable Away away,
    LastHour.@Nullable Figures lastHour,
    List<Model> models) {

  /**
   * The health of one model.
   *
   * @param away until when and why it takes no calls; null while it does
   * @param lastHour its calls; null without any
   */
  public record Model(
      String modelId,
      HealthStatus status,
      CircuitState circuit,
      ModelHealth.@Nullable Away away,
      LastHour.@Nullable Figures lastHour) {}

  /** The view of a provider's state. */
  public static HealthView of(String provider, HealthState state, Instant now) {
    LastHour all = LastHour.NONE;
    for (LastHour each : state.hours().values()) {
      all = all.plus(each, now);
    }
    return new HealthView(
        provider,
        state.statusAt(now),
        state.latency(),
        state.lastCheck() == null ? null : state.failureShare(),
        state.circuit(now),
        state.away(now).orElse(null),
        all.figures(now),
        state.models().keySet().stream().sorted().map(id -> model(state, id, now)).toList());
  }

  private static Model model(HealthState state, String modelId, Instant now) {
    ModelHealth model = state.model(modelId).at(now);
    return new Model(
        modelId,
        model.statusAt(now),
        model.circuit(now),
        state.away(modelId, now).orElse(null),
        state.hours().getOrDefault(modelId, LastHour.NONE).at(now).figures(now));
  }
}
