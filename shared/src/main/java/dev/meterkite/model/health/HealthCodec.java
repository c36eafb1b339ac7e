package dev.meterkite.model.health;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import java.math.BigInteger;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A health document to its state and back.
 *
 * <p>A document without {@code models} and {@code probe} is one of another program, or of an older
 * form of ours: its status and error rate count, an open circuit is an outage of the whole
 * provider, and deadlines are pauses of it.
 */
final class HealthCodec {
  private static final String STATE = "state";
  private static final String OPENED_AT = "opened_at";
  private static final String UNTIL = "until";
  private static final String AT = "at";
  private static final String BY = "by";
  private static final String FAILURES = "failures";
  private static final String REACHED_AT = "reached_at";
  private static final double HALF_A_MILLISECOND = 0.501;
  private static final List<String> OLDER =
      List.of(
          ModelProviderHealth.PENDING_STATUS,
          ModelProviderHealth.SUCCESS_RATE,
          ModelProviderHealth.RATE_LIMITED_UNTIL);

  private HealthCodec() {}

  static HealthState decode(Snapshot owner) {
    Map<String, @Nullable Object> fields = FieldValues.map(owner.fields());
    Map<String, ModelHealth> models = new LinkedHashMap<>();
    FieldValues.map(fields.get(ModelProviderHealth.MODELS))
        .forEach(
            (key, value) -> {
              if (models.size() < HealthState.MAX_MODELS) {
                models.put(id(key), ModelHealthCodec.decode(FieldValues.map(value)));
              }
            });
    HealthState.Probe probe = probe(fields.get(ModelProviderHealth.PROBE));
    Map<String, @Nullable Object> access = FieldValues.map(fields.get(ModelProviderHealth.ACCESS));
    boolean foreign = models.isEmpty() && probe.at() == null && access.isEmpty();
    Double errors = FieldValues.decimal(fields.get(ModelProviderHealth.ERROR_RATE));
    return new HealthState(
        owner.exists(),
        FieldValues.text(fields.get(ModelProviderHealth.PROVIDER)),
        HealthStatus.parse(FieldValues.text(fields.get(ModelProviderHealth.STATUS)))
            .orElse(HealthStatus.UNKNOWN),
        FieldValues.instant(fields.get(ModelProviderHealth.LAST_CHECK)),
        foreign && errors != null ? Math.max(0, Math.min(1, errors)) : 0,
        latency(fields),
        foreign ? older(fields) : ModelHealthCodec.decode(access),
        models,
        probe,
        claim(fields.get(ModelProviderHealth.CLAIM)),
        recent(fields.get(ModelProviderHealth.RECENT_KEYS)),
        FieldValues.instant(fields.get(ModelProviderHealth.RESUMED_AT)),
        hours(FieldValues.map(fields.get(ModelProviderHealth.HOURS))));
  }

  private static Map<String, LastHour> hours(Map<String, @Nullable Object> fields) {
    Map<String, LastHour> hours = new LinkedHashMap<>();
    fields.forEach(
        (key, value) -> {
          LastHour hour = LastHour.parse(FieldValues.text(value));
          if (hours.size() < HealthState.MAX_MODELS && !hour.slots().isEmpty()) {
            hours.put(id(key), hour);
          }
        });
    return hours;
  }

  /** The key of a model: not empty, and not {@code __x__}, which Firestore keeps for itself. */
  private static String key(String id) {
    String encoded = id.replace("%", "%25");
    return encoded.startsWith("__") || encoded.isEmpty() ? "%5F" + encoded : encoded;
  }

  private static String id(String key) {
    String encoded = key.startsWith("%5F") ? key.substring("%5F".length()) : key;
    return encoded.replace("%25", "%");
  }

  private static @Nullable Double latency(Map<String, @Nullable Object> fields) {
    Double ours = FieldValues.decimal(fields.get(ModelProviderHealth.LATENCY_EWMA_MS));
    Double shown = FieldValues.decimal(fields.get(ModelProviderHealth.LATENCY_MS));
    if (shown != null && (ours == null || Math.abs(ours - shown) > HALF_A_MILLISECOND)) {
      ours = shown; // Another program wrote it.
    }
    return ours == null ? null : Math.max(0, Math.min(HealthState.MAX_LATENCY_MS, ours));
  }

  private static ModelHealth older(Map<String, @Nullable Object> fields) {
    Map<String, @Nullable Object> circuit =
        FieldValues.map(fields.get(ModelProviderHealth.CIRCUIT));
    CircuitState state =
        CircuitState.parse(FieldValues.text(circuit.get(STATE))).orElse(CircuitState.CLOSED);
    Instant opened = FieldValues.instant(circuit.get(OPENED_AT));
    ModelHealth access = ModelHealth.NEW;
    if (state != CircuitState.CLOSED) {
      Instant since = opened == null ? Instant.EPOCH : opened;
      Instant next = FieldValues.instant(circuit.get(UNTIL));
      Outage outage = new Outage(since, true, 0, next == null ? since : next, 0, null, null);
      access = access.with(outage).with(HealthStatus.UNAVAILABLE);
    }
    Instant limited = FieldValues.instant(fields.get(ModelProviderHealth.RATE_LIMITED_UNTIL));
    Instant gone = FieldValues.instant(fields.get(ModelProviderHealth.QUOTA_GONE_UNTIL));
    if (gone != null && (limited == null || !limited.isAfter(gone))) {
      return access.with(new Pause(Instant.EPOCH, gone, AwayReason.QUOTA_GONE, 0));
    }
    return limited == null
        ? access
        : access.with(new Pause(Instant.EPOCH, limited, AwayReason.RATE_LIMITED, 0));
  }

  private static HealthState.Probe probe(@Nullable Object value) {
    Map<String, @Nullable Object> fields = FieldValues.map(value);
    Long failures = FieldValues.integer(fields.get(FAILURES));
    return new HealthState.Probe(
        FieldValues.instant(fields.get(AT)),
        failures == null ? 0 : (int) Math.max(0, Math.min(ModelHealth.MOST_IN_ROW, failures)),
        FieldValues.instant(fields.get(REACHED_AT)));
  }

  private static HealthState.@Nullable Claim claim(@Nullable Object value) {
    Map<String, @Nullable Object> fields = FieldValues.map(value);
    Instant at = FieldValues.instant(fields.get(AT));
    String by = FieldValues.text(fields.get(BY));
    return at == null || by == null ? null : new HealthState.Claim(at, by);
  }

  private static List<String> recent(@Nullable Object value) {
    return FieldValues.list(value).stream()
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .limit(HealthState.MAX_RECENT)
        .toList();
  }

  static Map<String, Object> changes(HealthState before, HealthState after) {
    Map<String, Object> old = encode(before);
    Map<String, Object> next = encode(after);
    Map<String, Object> changes = new LinkedHashMap<>(next);
    if (before.exists()) {
      changes.entrySet().removeIf(change -> change.getValue().equals(old.get(change.getKey())));
    }
    for (String path : old.keySet()) {
      if (!next.containsKey(path)) {
        changes.put(path, Write.REMOVED);
      }
    }
    for (String id : before.models().keySet()) {
      if (!after.models().containsKey(id)) {
        String model = FieldPath.of(ModelProviderHealth.MODELS, key(id));
        changes.keySet().removeIf(path -> path.startsWith(model + "."));
        changes.put(model, Write.REMOVED);
      }
    }
    if (before.exists() && before.isForeign() && !after.isForeign()) {
      OLDER.forEach(path -> changes.put(path, Write.REMOVED));
    }
    return changes;
  }

  private static Map<String, Object> encode(HealthState state) {
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, ModelProviderHealth.PROVIDER, state.provider());
    Instant probed = state.probe().at();
    Instant checked = Objects.requireNonNullElse(state.lastCheck(), Instant.EPOCH);
    Instant asOf = probed != null && probed.isAfter(checked) ? probed : checked;
    fields.put(ModelProviderHealth.STATUS, state.statusAt(asOf).wire());
    if (state.lastCheck() != null) {
      fields.put(ModelProviderHealth.LAST_CHECK, state.lastCheck());
      fields.put(ModelProviderHealth.ERROR_RATE, state.failureShare());
      put(fields, ModelProviderHealth.LATENCY_MS, state.latency());
      put(fields, ModelProviderHealth.LATENCY_EWMA_MS, state.latencyMs());
    }
    fields.put(ModelProviderHealth.CIRCUIT, circuit(state, asOf));
    Pause pause = state.access().pause();
    if (pause != null && pause.reason() == AwayReason.QUOTA_GONE) {
      fields.put(ModelProviderHealth.QUOTA_GONE_UNTIL, pause.until());
    }
    if (!state.access().equals(ModelHealth.NEW)) {
      fields.put(ModelProviderHealth.ACCESS, ModelHealthCodec.encode(state.access()));
    }
    state
        .models()
        .forEach(
            (id, model) -> {
              String key = key(id);
              ModelHealthCodec.encode(model)
                  .forEach(
                      (name, value) ->
                          fields.put(FieldPath.of(ModelProviderHealth.MODELS, key, name), value));
            });
    if (probed != null) {
      fields.put(ModelProviderHealth.PROBE, encode(state.probe(), probed));
    }
    state.dueAt().ifPresent(due -> fields.put(ModelProviderHealth.HEALTH_DUE_AT, due));
    if (state.claim() != null) {
      fields.put(ModelProviderHealth.CLAIM, Map.of(AT, state.claim().at(), BY, state.claim().by()));
    }
    if (!state.recent().isEmpty()) {
      fields.put(ModelProviderHealth.RECENT_KEYS, state.recent());
    }
    put(fields, ModelProviderHealth.RESUMED_AT, state.resumedAt());
    state
        .hours()
        .forEach(
            (id, hour) ->
                fields.put(FieldPath.of(ModelProviderHealth.HOURS, key(id)), hour.text()));
    return fields;
  }

  private static Map<String, Object> encode(HealthState.Probe probe, Instant at) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(AT, at);
    fields.put(FAILURES, (long) probe.failures());
    put(fields, REACHED_AT, probe.reachedAt());
    return fields;
  }

  private static Map<String, Object> circuit(HealthState state, Instant asOf) {
    Map<String, Object> fields = new LinkedHashMap<>();
    CircuitState circuit = state.circuit(asOf);
    fields.put(STATE, circuit.wire());
    Outage outage = state.access().outage();
    if (outage != null) {
      fields.put(OPENED_AT, outage.since());
    } else if (circuit != CircuitState.CLOSED) {
      state.models().values().stream()
          .map(ModelHealth::outage)
          .filter(Objects::nonNull)
          .map(Outage::since)
          .max(Instant::compareTo)
          .ifPresent(since -> fields.put(OPENED_AT, since));
    }
    state.away(asOf).ifPresent(away -> fields.put(UNTIL, away.until()));
    return fields;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.put(name, value);
    }
  }

  /** One model's entry in {@code models}: some 60 bytes while all is well, 180 while it is out. */
  private static final class ModelHealthCodec {
    private static final String CALLS = "calls";
    private static final String FAILED = "failed";
    private static final String USUAL = "usual";
    private static final String ROW = "row";
    private static final String GOOD_AT = "good_at";
    private static final String TOKEN_MS = "token_ms";
    private static final String NEEDED = "needed";
    private static final String BACK_AT = "back_at";
    private static final String TOLD = "told";
    private static final String OUT = "out";
    private static final String BY_ROW = "by_row";
    private static final String TRIALS = "trials";
    private static final String NEXT = "next";
    private static final String GOOD = "good";
    private static final String PERMIT = "permit";
    private static final String PAUSE = "pause";
    private static final String REASON = "reason";
    private static final String STEP = "step";
    private static final int RADIX = Character.MAX_RADIX;

    static ModelHealth decode(Map<String, @Nullable Object> fields) {
      Double token = FieldValues.decimal(fields.get(TOKEN_MS));
      return new ModelHealth(
          calls(fields),
          count(fields.get(ROW), 0, ModelHealth.MOST_IN_ROW),
          FieldValues.instant(fields.get(GOOD_AT)),
          FieldValues.instant(fields.get(AT)),
          token == null ? null : Math.max(0, Math.min(HealthState.MAX_LATENCY_MS, token)),
          outage(FieldValues.map(fields.get(OUT))),
          count(fields.get(NEEDED), ModelHealth.NEEDED, ModelHealth.MOST_NEEDED),
          FieldValues.instant(fields.get(BACK_AT)),
          pause(FieldValues.map(fields.get(PAUSE))),
          HealthStatus.parse(FieldValues.text(fields.get(TOLD)))
              .filter(status -> status != HealthStatus.UNKNOWN)
              .orElse(HealthStatus.HEALTHY));
    }

    private static RecentCalls calls(Map<String, @Nullable Object> fields) {
      int count = count(fields.get(CALLS), 0, RecentCalls.WINDOW);
      Double usual = FieldValues.decimal(fields.get(USUAL));
      String bits = FieldValues.text(fields.get(FAILED));
      BigInteger failed = BigInteger.ZERO;
      if (bits != null && bits.length() < RecentCalls.WINDOW && bits.matches("[0-9a-z]+")) {
        failed = new BigInteger(bits, RADIX);
      }
      BigInteger known = BigInteger.ONE.shiftLeft(count).subtract(BigInteger.ONE);
      double share = usual == null ? RecentCalls.NONE.usual() : Math.max(0, Math.min(1, usual));
      return new RecentCalls(count, failed.and(known), share);
    }

    private static @Nullable Outage outage(Map<String, @Nullable Object> fields) {
      Instant since = FieldValues.instant(fields.get(AT));
      Instant next = FieldValues.instant(fields.get(NEXT));
      return since == null
          ? null
          : new Outage(
              since,
              !Boolean.FALSE.equals(fields.get(BY_ROW)),
              count(fields.get(TRIALS), 0, ModelHealth.MOST_IN_ROW),
              next == null ? since : next,
              count(fields.get(GOOD), 0, ModelHealth.MOST_NEEDED),
              FieldValues.instant(fields.get(GOOD_AT)),
              FieldValues.instant(fields.get(PERMIT)));
    }

    private static @Nullable Pause pause(Map<String, @Nullable Object> fields) {
      Instant since = FieldValues.instant(fields.get(AT));
      Instant until = FieldValues.instant(fields.get(UNTIL));
      return since == null || until == null
          ? null
          : new Pause(
              since,
              until,
              AwayReason.parse(FieldValues.text(fields.get(REASON)))
                  .orElse(AwayReason.RATE_LIMITED),
              count(fields.get(STEP), 0, ModelHealth.MOST_IN_ROW));
    }

    private static int count(@Nullable Object value, int least, int most) {
      Long count = FieldValues.integer(value);
      return count == null ? least : (int) Math.max(least, Math.min(most, count));
    }

    static Map<String, Object> encode(ModelHealth model) {
      Map<String, Object> fields = new LinkedHashMap<>();
      RecentCalls calls = model.calls();
      if (!calls.equals(RecentCalls.NONE)) {
        fields.put(CALLS, (long) calls.count());
        fields.put(USUAL, calls.usual());
      }
      if (calls.failures().signum() > 0) {
        fields.put(FAILED, calls.failures().toString(RADIX));
      }
      if (model.row() > 0) {
        fields.put(ROW, (long) model.row());
      }
      put(fields, GOOD_AT, model.goodAt());
      put(fields, AT, model.lastAt());
      put(fields, TOKEN_MS, model.firstTokenMs());
      if (model.needed() > ModelHealth.NEEDED) {
        fields.put(NEEDED, (long) model.needed());
      }
      put(fields, BACK_AT, model.backAt());
      if (model.told() != HealthStatus.HEALTHY) {
        fields.put(TOLD, model.told().wire());
      }
      if (model.outage() != null) {
        fields.put(OUT, encode(model.outage()));
      }
      if (model.pause() != null) {
        fields.put(PAUSE, encode(model.pause()));
      }
      return fields;
    }

    private static Map<String, Object> encode(Outage outage) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put(AT, outage.since());
      if (!outage.byRow()) {
        fields.put(BY_ROW, false);
      }
      if (outage.trials() > 0) {
        fields.put(TRIALS, (long) outage.trials());
      }
      fields.put(NEXT, outage.next());
      if (outage.good() > 0) {
        fields.put(GOOD, (long) outage.good());
      }
      put(fields, GOOD_AT, outage.goodAt());
      put(fields, PERMIT, outage.permit());
      return fields;
    }

    private static Map<String, Object> encode(Pause pause) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put(AT, pause.since());
      fields.put(UNTIL, pause.until());
      fields.put(REASON, pause.reason().wire());
      if (pause.step() > 0) {
        fields.put(STEP, (long) pause.step());
      }
      return fields;
    }
  }
}
