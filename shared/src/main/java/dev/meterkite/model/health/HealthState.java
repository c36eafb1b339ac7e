package dev.meterkite.model.health;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a provider and its models.
 *
 * <p>The provider's own figures are a roll-up of its models: unavailable when all models in use are
 * (at least two, or the only one), degraded when one of them is not healthy. What concerns all
 * models (key, credit) is {@code access}.
 *
 * @param exists whether there is a document
 * @param provider the provider's id, null where the document does not say
 * @param status the status as another program wrote it; ours is {@link #statusAt}
 * @param lastCheck when a call or probe was last reported, null if never
 * @param errorRate the share of failures as another program wrote it
 * @param latencyMs moving average of the time to the first token and of probes, null without one
 * @param access the provider as a whole: failures of its key, its credit
 * @param models by model id, at most {@value #MAX_MODELS}; {@code ""} stands for reports without
 *     one
 * @param probe the last probes
 * @param claim who probes in the present interval, null if nobody ever did
 * @param recent the last keyed reports, the oldest first, at most {@value #MAX_RECENT}
 * @param resumedAt when calls were last reported again after an hour without any, null if never
 * @param hours the calls of the last hour by model id, of those that were called in it, at most
 *     {@value #MAX_MODELS}
 */
public record HealthState(
    boolean exists,
    @Nullable String provider,
    HealthStatus status,
    @Nullable Instant lastCheck,
    double errorRate,
    @Nullable Double latencyMs,
    ModelHealth access,
    Map<String, ModelHealth> models,
    Probe probe,
    @Nullable Claim claim,
    List<String> recent,
    @Nullable Instant resumedAt,
    Map<String, LastHour> hours) {

  /** The time from one probe to the next. */
  public static final Duration PROBE_INTERVAL = Duration.ofMinutes(1);

  /** Longer latencies count as this: a day. */
  public static final long MAX_LATENCY_MS = 86_400_000;

  /** An incident ends with so long a time without calls: what fails then is told again. */
  public static final Duration SILENCE = Duration.ofHours(1);

  /** The most keyed reports remembered. */
  public static final int MAX_RECENT = 500;

  /** The most models; the least recently called one makes room. */
  public static final int MAX_MODELS = 100;

  /** Failed probes in a row that count as an outage where nobody calls. */
  static final int PROBES_IN_ROW = 3;

  private static final Duration PROBE_FRESH = PROBE_INTERVAL.multipliedBy(3);
  private static final Duration KNOWN = Duration.ofDays(1);
  private static final double RATE_DIGITS = 10_000;

  /**
   * Who may probe in an interval.
   *
   * @param at when it was claimed
   * @param by who claimed it
   */
  public record Claim(Instant at, String by) {}

  /**
   * The last probes of a free endpoint.
   *
   * @param at when the last one was made, null if never
   * @param failures failures in a row
   * @param reachedAt when one last succeeded, null if never
   */
  public record Probe(@Nullable Instant at, int failures, @Nullable Instant reachedAt) {
    static final Probe NONE = new Probe(null, 0, null);

    /** Whether the last probe failed lately, which holds trials back. */
    boolean isFailing(Instant now) {
      return failures > 0 && at != null && !at.plus(PROBE_FRESH).isBefore(now);
    }
  }

  public HealthState {
    models = Collections.unmodifiableMap(models);
    recent = List.copyOf(recent);
    hours = Collections.unmodifiableMap(hours);
    if (!(errorRate >= 0 && errorRate <= 1)) {
      throw new IllegalArgumentException("not a rate: " + errorRate);
    }
  }

  /** Whether another program keeps this document. */
  public boolean isForeign() {
    return models.isEmpty() && probe.at() == null && !isAccessReported();
  }

  /** Whether a report told of key or credit; an earlier form of the document has neither time. */
  private boolean isAccessReported() {
    Pause pause = access.pause();
    return access.row() > 0
        || access.calls().count() > 0
        || (pause != null && pause.since().isAfter(Instant.EPOCH));
  }

  /** The health of a model; a new one where nothing is known of it. */
  public ModelHealth model(String modelId) {
    ModelHealth known = models.get(modelId);
    return known == null ? ModelHealth.NEW : known;
  }

  /** The model that a report is about: without an id the provider's only or its nameless one. */
  String modelOf(@Nullable String modelId) {
    if (modelId != null) {
      return modelId;
    }
    return models.size() == 1 ? models.keySet().iterator().next() : "";
  }

  /** The status at a moment; unknown without evidence from the last 15 minutes. */
  public HealthStatus statusAt(Instant now) {
    if (isForeign()) {
      boolean stale = lastCheck == null || lastCheck.plus(ModelHealth.STALE).isBefore(now);
      return stale ? HealthStatus.UNKNOWN : status;
    }
    if (access.away(now).filter(away -> away.reason() == AwayReason.QUOTA_GONE).isPresent()) {
      return HealthStatus.UNAVAILABLE;
    }
    return toldAt(now);
  }

  /** The status by calls and probes, without that of the credit. */
  HealthStatus toldAt(Instant now) {
    if (access.at(now).told() == HealthStatus.UNAVAILABLE) {
      return HealthStatus.UNAVAILABLE;
    }
    List<HealthStatus> used = used(now).stream().map(model -> model.at(now).told()).toList();
    if (used.isEmpty()) {
      boolean out = models.values().stream().anyMatch(model -> model.outage() != null);
      HealthStatus probed = byProbes(now);
      return out && probed == HealthStatus.HEALTHY ? HealthStatus.UNKNOWN : probed; // Calls heal.
    }
    boolean all = used.stream().allMatch(HealthStatus.UNAVAILABLE::equals);
    if (all && (used.size() > 1 || isAllKnownUnavailable(now))) {
      return HealthStatus.UNAVAILABLE;
    }
    return used.stream().allMatch(HealthStatus.HEALTHY::equals)
        ? HealthStatus.HEALTHY
        : HealthStatus.DEGRADED;
  }

  private HealthStatus byProbes(Instant now) {
    Instant last = probe.at();
    if (last == null || last.plus(ModelHealth.STALE).isBefore(now)) {
      return HealthStatus.UNKNOWN;
    }
    if (probe.failures() >= PROBES_IN_ROW) {
      return HealthStatus.UNAVAILABLE;
    }
    return probe.reachedAt() == null ? HealthStatus.UNKNOWN : HealthStatus.HEALTHY;
  }

  /** The models called within 15 minutes that the provider serves. */
  private Collection<ModelHealth> used(Instant now) {
    return models.values().stream()
        .filter(model -> model.isInUse(now) && !model.isGone(now))
        .toList();
  }

  /** Whether none of the models called within a day was well when it was last called. */
  private boolean isAllKnownUnavailable(Instant now) {
    return models.values().stream()
        .filter(model -> !model.isGone(now))
        .filter(model -> model.lastAt() != null && !model.lastAt().plus(KNOWN).isBefore(now))
        .allMatch(model -> model.at(now).told() == HealthStatus.UNAVAILABLE);
  }

  /** Whether every model in use is out: then one trial at a time serves for all of them. */
  private boolean isWhollyOut(Instant now) {
    Collection<ModelHealth> used = used(now);
    return !used.isEmpty() && used.stream().allMatch(model -> model.at(now).outage() != null);
  }

  /** The circuit of the provider: that of its access, else open when all models in use are out. */
  public CircuitState circuit(Instant now) {
    if (access.outage() != null) {
      return access.circuit(now);
    }
    if (!isWhollyOut(now)) {
      return CircuitState.CLOSED;
    }
    boolean trying =
        used(now).stream().anyMatch(model -> model.circuit(now) == CircuitState.HALF_OPEN);
    return trying ? CircuitState.HALF_OPEN : CircuitState.OPEN;
  }

  /** When calls of a model make sense again, for the provider's reasons or its own. */
  public Optional<ModelHealth.Away> away(String modelId, Instant now) {
    Optional<ModelHealth.Away> whole = access.away(now);
    Optional<ModelHealth.Away> own = model(modelId).at(now).away(now);
    if (whole.isPresent() && own.isPresent()) {
      return whole.get().until().isBefore(own.get().until()) ? own : whole;
    }
    return whole.isPresent() ? whole : own;
  }

  /** When the provider takes calls again; empty while one of its models in use does. */
  Optional<ModelHealth.Away> away(Instant now) {
    Optional<ModelHealth.Away> whole = access.away(now);
    if (whole.isPresent()) {
      return whole;
    }
    List<ModelHealth.Away> all = new ArrayList<>();
    for (ModelHealth model : models.values()) {
      if (model.isInUse(now) || model.away(now).isPresent()) {
        Optional<ModelHealth.Away> away = model.at(now).away(now);
        if (away.isEmpty()) {
          return Optional.empty();
        }
        all.add(away.get());
      }
    }
    return all.stream().min(Comparator.comparing(ModelHealth.Away::until));
  }

  /**
   * Whether a model that is out gets a trial call now: it is due, no other is in flight (of the
   * whole provider where all models in use are out), and no pause or failing probe forbids it.
   */
  public boolean isTrialDue(String modelId, Instant now) {
    ModelHealth model = model(modelId).at(now);
    boolean paused = isPaused(access, now) || isPaused(model, now) || probe.isFailing(now);
    if (paused || (access.outage() == null && model.outage() == null)) {
      return false;
    }
    if (access.outage() != null) {
      return access.outage().isDue(now, isReachedSince(access));
    }
    boolean other =
        isWhollyOut(now)
            && models.values().stream()
                .map(ModelHealth::outage)
                .anyMatch(outage -> outage != null && outage.isTrying(now));
    return !other && model.outage() != null && model.outage().isDue(now, isReachedSince(model));
  }

  private boolean isReachedSince(ModelHealth health) {
    Instant reached = probe.reachedAt();
    return reached != null && (health.lastAt() == null || reached.isAfter(health.lastAt()));
  }

  private static boolean isPaused(ModelHealth health, Instant now) {
    return health.pause() != null && health.pause().isOn(now);
  }

  /** The share of good calls of a model, 0 to 1; empty where nothing is known of it. */
  public Optional<Double> successShare(String modelId, Instant now) {
    if (isForeign() && statusAt(now) != HealthStatus.UNKNOWN) {
      return Optional.of(status == HealthStatus.UNAVAILABLE ? 0 : 1 - errorRate);
    }
    RecentCalls calls = model(modelId).calls();
    return calls.count() == 0 ? Optional.empty() : Optional.of(calls.successShare());
  }

  /** The time to the first token of a model, else of the provider; null without a figure. */
  public @Nullable Long firstTokenMs(String modelId) {
    Double own = model(modelId).firstTokenMs();
    Double figure = own == null ? latencyMs : own;
    return figure == null ? null : Long.valueOf(Math.round(figure));
  }

  /** The share of failures over the known calls of all models, to four decimals. */
  public double failureShare() {
    if (isForeign()) {
      return rounded(errorRate);
    }
    long calls = 0;
    long failed = 0;
    for (ModelHealth model : models.values()) {
      calls += model.calls().count();
      failed += model.calls().failed();
    }
    return calls == 0 ? 0 : rounded((double) failed / calls);
  }

  private static double rounded(double value) {
    return Math.rint(value * RATE_DIGITS) / RATE_DIGITS;
  }

  /** The average latency in whole milliseconds, null if there is none. */
  public @Nullable Long latency() {
    return latencyMs == null ? null : Long.valueOf(Math.round(latencyMs));
  }

  /** The next moment at which time alone changes a status that alerts depend on. */
  public Optional<Instant> dueAt() {
    List<Instant> dues = new ArrayList<>(access.dues());
    models.values().forEach(model -> dues.addAll(model.dues()));
    return dues.stream().min(Comparator.naturalOrder());
  }

  /** This state at a moment: what time alone has changed. */
  HealthState at(Instant now) {
    Map<String, ModelHealth> next = new LinkedHashMap<>(models);
    next.replaceAll((id, model) -> model.at(now));
    return with(access.at(now), next);
  }

  HealthState with(String modelId, ModelHealth model) {
    Map<String, ModelHealth> next = new LinkedHashMap<>(models);
    next.put(modelId, model);
    if (next.size() > MAX_MODELS) {
      next.entrySet().stream()
          .filter(entry -> !entry.getKey().equals(modelId))
          .min(
              Comparator.comparing(
                  entry -> Objects.requireNonNullElse(entry.getValue().lastAt(), Instant.EPOCH)))
          .map(Map.Entry::getKey)
          .ifPresent(next::remove);
    }
    return with(access, next);
  }

  HealthState with(ModelHealth nextAccess, Map<String, ModelHealth> nextModels) {
    return new HealthState(
        true,
        provider,
        status,
        lastCheck,
        errorRate,
        latencyMs,
        nextAccess,
        nextModels,
        probe,
        claim,
        recent,
        resumedAt,
        hours);
  }

  HealthState checked(Instant now, @Nullable Double latency) {
    return new HealthState(
        true, provider, status, now, errorRate, latency, access, models, probe, claim, recent,
        resumedAt, hours);
  }

  HealthState with(Probe next) {
    return new HealthState(
        true, provider, status, lastCheck, errorRate, latencyMs, access, models, next, claim,
        recent, resumedAt, hours);
  }

  HealthState withClaim(Claim next) {
    return new HealthState(
        true, provider, status, lastCheck, errorRate, latencyMs, access, models, probe, next,
        recent, resumedAt, hours);
  }

  HealthState withRecent(List<String> next) {
    return new HealthState(
        true, provider, status, lastCheck, errorRate, latencyMs, access, models, probe, claim, next,
        resumedAt, hours);
  }

  HealthState named(String name) {
    return name.equals(provider)
        ? this
        : new HealthState(
            exists, name, status, lastCheck, errorRate, latencyMs, access, models, probe, claim,
            recent, resumedAt, hours);
  }

  /** This state with one more call in the last hour. */
  HealthState counted(String modelId, boolean failed, Instant now) {
    Map<String, LastHour> next = new LinkedHashMap<>();
    hours.forEach(
        (id, hour) -> {
          if (!hour.at(now).slots().isEmpty()) {
            next.put(id, hour.at(now));
          }
        });
    next.put(modelId, next.getOrDefault(modelId, LastHour.NONE).with(failed, now));
    if (next.size() > MAX_MODELS) {
      next.keySet().stream().filter(id -> !id.equals(modelId)).findFirst().ifPresent(next::remove);
    }
    return new HealthState(
        true, provider, status, lastCheck, errorRate, latencyMs, access, models, probe, claim,
        recent, resumedAt, next);
  }

  /** This state as a call is reported: noted where there was none for an hour. */
  HealthState resumed(Instant now) {
    boolean silent = lastCall().map(last -> !last.plus(SILENCE).isAfter(now)).orElse(false);
    return silent
        ? new HealthState(
            exists, provider, status, lastCheck, errorRate, latencyMs, access, models, probe, claim,
            recent, now, hours)
        : this;
  }

  private Optional<Instant> lastCall() {
    return Stream.concat(Stream.of(access), models.values().stream())
        .map(ModelHealth::lastAt)
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder());
  }
}
