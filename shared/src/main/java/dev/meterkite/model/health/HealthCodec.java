package dev.meterkite.model.health;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A health document to its state and back. Where {@code error_rate} or {@code latency_ms} differ
 * from our finer figures, another program wrote them, and they count.
 */
final class HealthCodec {
  private static final String STATE = "state";
  private static final String FAILURES = "failures";
  private static final String OPENINGS = "openings";
  private static final String OPENED_AT = "opened_at";
  private static final String UNTIL = "until";
  private static final String SUCCESSES = "successes";
  private static final String PERMITS = "permits";
  private static final String AT = "at";
  private static final String BY = "by";
  private static final double HALF_A_DIGIT = 0.000_051;
  private static final double HALF_A_MILLISECOND = 0.501;

  private HealthCodec() {}

  static HealthState decode(Snapshot owner) {
    Map<String, @Nullable Object> fields = FieldValues.map(owner.fields());
    return new HealthState(
        owner.exists(),
        FieldValues.text(fields.get(ModelProviderHealth.PROVIDER)),
        HealthStatus.parse(FieldValues.text(fields.get(ModelProviderHealth.STATUS)))
            .orElse(HealthStatus.UNKNOWN),
        HealthStatus.parse(FieldValues.text(fields.get(ModelProviderHealth.PENDING_STATUS)))
            .orElse(null),
        FieldValues.instant(fields.get(ModelProviderHealth.LAST_CHECK)),
        rate(fields),
        latency(fields),
        circuit(fields.get(ModelProviderHealth.CIRCUIT)),
        FieldValues.instant(fields.get(ModelProviderHealth.RATE_LIMITED_UNTIL)),
        FieldValues.instant(fields.get(ModelProviderHealth.QUOTA_GONE_UNTIL)),
        claim(fields.get(ModelProviderHealth.CLAIM)),
        recent(fields.get(ModelProviderHealth.RECENT_KEYS)));
  }

  private static double rate(Map<String, @Nullable Object> fields) {
    Double ours = FieldValues.decimal(fields.get(ModelProviderHealth.SUCCESS_RATE));
    Double errors = FieldValues.decimal(fields.get(ModelProviderHealth.ERROR_RATE));
    if (errors != null && (ours == null || Math.abs(1 - ours - errors) > HALF_A_DIGIT)) {
      ours = 1 - errors;
    }
    return ours == null ? 1 : Math.max(0, Math.min(1, ours));
  }

  private static @Nullable Double latency(Map<String, @Nullable Object> fields) {
    Double ours = FieldValues.decimal(fields.get(ModelProviderHealth.LATENCY_EWMA_MS));
    Double shown = FieldValues.decimal(fields.get(ModelProviderHealth.LATENCY_MS));
    if (shown != null && (ours == null || Math.abs(ours - shown) > HALF_A_MILLISECOND)) {
      ours = shown;
    }
    return ours == null ? null : Math.max(0, Math.min(HealthState.MAX_LATENCY_MS, ours));
  }

  private static Circuit circuit(@Nullable Object value) {
    Map<String, @Nullable Object> fields = FieldValues.map(value);
    CircuitState state =
        CircuitState.parse(FieldValues.text(fields.get(STATE))).orElse(CircuitState.CLOSED);
    long most = Circuit.LONGEST_OPEN.dividedBy(Circuit.OPEN);
    return new Circuit(
        state,
        instants(fields.get(FAILURES), Circuit.FAILURES),
        count(fields.get(OPENINGS), most),
        FieldValues.instant(fields.get(OPENED_AT)),
        FieldValues.instant(fields.get(UNTIL)),
        count(fields.get(SUCCESSES), Circuit.SUCCESSES),
        instants(fields.get(PERMITS), Circuit.PROBES));
  }

  private static long count(@Nullable Object value, long most) {
    Long count = FieldValues.integer(value);
    return count == null ? 0 : Math.max(0, Math.min(most, count));
  }

  private static List<Instant> instants(@Nullable Object value, int most) {
    return FieldValues.list(value).stream()
        .filter(Instant.class::isInstance)
        .map(Instant.class::cast)
        .limit(most)
        .toList();
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
    Map<String, Object> changes = encode(after);
    if (before.exists()) {
      changes.entrySet().removeIf(change -> change.getValue().equals(old.get(change.getKey())));
    }
    Map<String, Object> next = encode(after);
    for (String path : old.keySet()) {
      if (!next.containsKey(path)) {
        changes.put(path, Write.REMOVED);
      }
    }
    return changes;
  }

  private static Map<String, Object> encode(HealthState state) {
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, ModelProviderHealth.PROVIDER, state.provider());
    fields.put(ModelProviderHealth.STATUS, state.status().wire());
    put(
        fields,
        ModelProviderHealth.PENDING_STATUS,
        state.pending() == null ? null : state.pending().wire());
    if (state.lastCheck() != null) {
      fields.put(ModelProviderHealth.LAST_CHECK, state.lastCheck());
      fields.put(ModelProviderHealth.ERROR_RATE, state.errorRate());
      fields.put(ModelProviderHealth.SUCCESS_RATE, state.successRate());
      put(fields, ModelProviderHealth.LATENCY_MS, state.latency());
      put(fields, ModelProviderHealth.LATENCY_EWMA_MS, state.latencyMs());
    }
    fields.put(ModelProviderHealth.CIRCUIT, encode(state.circuit()));
    put(fields, ModelProviderHealth.RATE_LIMITED_UNTIL, state.rateLimitedUntil());
    put(fields, ModelProviderHealth.QUOTA_GONE_UNTIL, state.quotaGoneUntil());
    if (state.claim() != null) {
      fields.put(ModelProviderHealth.CLAIM, Map.of(AT, state.claim().at(), BY, state.claim().by()));
    }
    if (!state.recent().isEmpty()) {
      fields.put(ModelProviderHealth.RECENT_KEYS, state.recent());
    }
    return fields;
  }

  private static Map<String, Object> encode(Circuit circuit) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(STATE, circuit.state().wire());
    fields.put(FAILURES, circuit.failures());
    fields.put(OPENINGS, circuit.openings());
    put(fields, OPENED_AT, circuit.openedAt());
    put(fields, UNTIL, circuit.until());
    fields.put(SUCCESSES, circuit.successes());
    fields.put(PERMITS, circuit.permits());
    return fields;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.put(name, value);
    }
  }
}
