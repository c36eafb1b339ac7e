package dev.meterkite.model.health;

import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertFamily;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The alerts that a provider's health document calls for, whoever wrote it.
 *
 * <p>One an incident: a model's own alert is raised only when it fails while another model of the
 * provider does well; an outage of all of them is the provider's, and so are its key and its
 * credit. A model that is back keeps its alert until it is healthy for 5 minutes. After an hour
 * without a call, what fails is another incident, although nothing has resolved the last one.
 */
public final class HealthAlerts {
  private HealthAlerts() {}

  /** The level of a family's alert; null where it stays as it is. */
  private record Levels(@Nullable Integer unavailable, int gone) {}

  /** Whether a change concerns alerts: one of the levels that the documents call for. */
  public static boolean concerns(Snapshot before, Snapshot after) {
    HealthState old = HealthCodec.decode(before);
    HealthState next = HealthCodec.decode(after);
    Instant asOf = asOf(next);
    return !Objects.equals(old.resumedAt(), next.resumedAt())
        || !provider(old, asOf(old)).equals(provider(next, asOf))
        || !models(old, asOf(old)).equals(models(next, asOf));
  }

  private static Instant asOf(HealthState state) {
    Instant last = state.lastCheck();
    Instant probed = state.probe().at();
    if (last == null || probed == null) {
      return last == null ? (probed == null ? Instant.EPOCH : probed) : last;
    }
    return last.isAfter(probed) ? last : probed;
  }

  /**
   * The alerts of the document as it is now; the commands may be repeated. Unknown health neither
   * raises nor resolves anything.
   *
   * @param before the document before the change; models that are well now and were then are left
   *     out
   */
  public static List<AlertCommand> of(Snapshot before, Snapshot health, Instant now) {
    HealthState state = HealthCodec.decode(health);
    String name = state.provider() == null ? health.ref().id() : state.provider();
    AlertSubject subject = AlertSubject.provider(name);
    List<AlertCommand> commands = new ArrayList<>();
    provider(state, now)
        .forEach(
            (family, level) ->
                commands.add(
                    new AlertCommand.Level(
                        subject,
                        family,
                        level,
                        "",
                        message(family, name, state, now),
                        family == AlertFamily.HEALTH ? since(state) : null)));
    HealthState old = HealthCodec.decode(before);
    Map<String, Levels> earlier = models(old, asOf(old));
    Map<String, Levels> present = models(state, now);
    Set<String> concerned = new LinkedHashSet<>(present.keySet());
    concerned.addAll(earlier.keySet());
    for (String model : concerned) {
      model(commands, name, model, present.getOrDefault(model, FINE), since(state));
    }
    return commands;
  }

  /**
   * Alerts raised before this are of an earlier incident: those of the end of the silence, which a
   * failing probe can raise, are not.
   */
  private static @Nullable Instant since(HealthState state) {
    Instant resumed = state.resumedAt();
    return resumed == null ? null : resumed.minus(HealthState.SILENCE.dividedBy(2));
  }

  private static final Levels FINE = new Levels(AlertCommand.Level.FINE, AlertCommand.Level.FINE);

  private static void model(
      List<AlertCommand> commands,
      String provider,
      String model,
      Levels levels,
      @Nullable Instant since) {
    AlertSubject subject = AlertSubject.model(provider, model);
    String name = provider + (model.isEmpty() ? "" : "/" + model);
    Integer unavailable = levels.unavailable();
    if (unavailable != null) {
      commands.add(
          new AlertCommand.Level(
              subject, AlertFamily.MODEL, unavailable, "", "Calls of " + name + " fail", since));
    }
    commands.add(
        new AlertCommand.Level(
            subject,
            AlertFamily.MODEL_GONE,
            levels.gone(),
            "",
            name + " is not served by its provider, or no longer"));
  }

  private static Map<AlertFamily, Integer> provider(HealthState state, Instant now) {
    Map<AlertFamily, Integer> levels = new LinkedHashMap<>();
    HealthStatus status = state.isForeign() ? state.statusAt(now) : state.toldAt(now);
    switch (status) {
      case HEALTHY -> levels.put(AlertFamily.HEALTH, AlertCommand.Level.FINE);
      case UNAVAILABLE -> levels.put(AlertFamily.HEALTH, 1);
      case DEGRADED ->
          levels.put(
              AlertFamily.HEALTH,
              state.isForeign() || isDegraded(state, now) ? 0 : AlertCommand.Level.FINE);
      case UNKNOWN -> {}
    }
    if (state.isForeign()) {
      boolean closed = state.circuit(now) == CircuitState.CLOSED;
      levels.put(AlertFamily.CIRCUIT, closed ? AlertCommand.Level.FINE : 0);
    } else {
      Pause pause = state.access().pause();
      boolean gone = pause != null && pause.reason() == AwayReason.QUOTA_GONE;
      levels.put(AlertFamily.CREDIT, gone ? 0 : AlertCommand.Level.FINE);
    }
    return levels;
  }

  /** Whether a model itself is degraded: an unavailable one beside good ones has its own alert. */
  private static boolean isDegraded(HealthState state, Instant now) {
    return state.models().values().stream()
        .anyMatch(model -> model.statusAt(now) == HealthStatus.DEGRADED);
  }

  /** The models of which something is to be told. */
  private static Map<String, Levels> models(HealthState state, Instant now) {
    Map<String, Levels> levels = new LinkedHashMap<>();
    boolean whole = state.toldAt(now) == HealthStatus.UNAVAILABLE;
    state
        .models()
        .forEach(
            (id, model) -> {
              ModelHealth present = model.at(now);
              Pause pause = present.pause();
              boolean gone = pause != null && pause.reason() == AwayReason.MODEL_GONE;
              Integer unavailable = unavailable(state, id, present, whole, now);
              if (gone || unavailable == null || unavailable == 0) {
                levels.put(id, new Levels(unavailable, gone ? 0 : AlertCommand.Level.FINE));
              }
            });
    return levels;
  }

  private static @Nullable Integer unavailable(
      HealthState state, String id, ModelHealth model, boolean whole, Instant now) {
    if (whole || model.told() != HealthStatus.UNAVAILABLE) {
      return AlertCommand.Level.FINE;
    }
    Instant failedAt = model.lastAt();
    if (model.outage() == null || model.row() == 0 || failedAt == null) {
      return null;
    }
    boolean others =
        state.models().entrySet().stream()
            .filter(other -> !other.getKey().equals(id) && other.getValue().isInUse(now))
            .anyMatch(other -> isWell(other.getValue(), failedAt));
    boolean alone =
        state.models().entrySet().stream()
            .noneMatch(other -> !other.getKey().equals(id) && other.getValue().isInUse(now));
    return others || alone ? 0 : null;
  }

  /** Whether a model is in use, and was at that moment. */
  private static boolean isWell(ModelHealth model, Instant then) {
    Instant back = model.backAt();
    return model.row() == 0 && model.outage() == null && (back == null || !then.isBefore(back));
  }

  private static String message(AlertFamily family, String name, HealthState state, Instant now) {
    if (family == AlertFamily.CREDIT) {
      return "The credit or quota of the account at " + name + " is used up";
    }
    if (family == AlertFamily.CIRCUIT) {
      return "Circuit of " + name + " opened";
    }
    return name
        + " is "
        + state.statusAt(now).wire()
        + ": error rate "
        + state.failureShare()
        + (state.latency() == null ? "" : ", latency " + state.latency() + " ms");
  }
}
