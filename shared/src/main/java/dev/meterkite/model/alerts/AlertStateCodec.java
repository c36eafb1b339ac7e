package dev.meterkite.model.alerts;

import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.AlertStates;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** States as fields of {@code alert_states}, and the answer of the command that changes them. */
final class AlertStateCodec {
  private AlertStateCodec() {}

  static AlertState decode(Snapshot owner) {
    Map<String, Object> fields = owner.fields();
    Map<AlertType, AlertState.Entry> entries = new EnumMap<>(AlertType.class);
    FieldValues.map(fields.get(AlertStates.ALERTS))
        .forEach(
            (word, value) ->
                AlertType.parse(word).ifPresent(type -> entries.put(type, entry(value))));
    String subject = FieldValues.text(fields.get(AlertStates.SUBJECT));
    Long incidents = FieldValues.integer(fields.get(AlertStates.INCIDENTS));
    return new AlertState(
        subject == null ? "" : subject, incidents == null ? 0 : Math.max(0, incidents), entries);
  }

  private static AlertState.Entry entry(@Nullable Object value) {
    Map<String, @Nullable Object> fields = FieldValues.map(value);
    String incident = FieldValues.text(fields.get(AlertStates.INCIDENT));
    AlertStatus status =
        AlertStatus.parse(FieldValues.text(fields.get(ModelRouterAlerts.STATUS)))
            .orElse(AlertStatus.RESOLVED);
    List<Instant> raised =
        FieldValues.list(fields.get(AlertStates.RAISED)).stream()
            .filter(Instant.class::isInstance)
            .map(Instant.class::cast)
            .sorted()
            .toList();
    return new AlertState.Entry(incident == null ? "" : incident, status, raised);
  }

  static Map<String, Object> changes(AlertState before, AlertState after) {
    Map<String, Object> changes = new LinkedHashMap<>();
    if (!before.subject().equals(after.subject())) {
      changes.put(AlertStates.SUBJECT, after.subject());
    }
    if (before.incidents() != after.incidents()) {
      changes.put(AlertStates.INCIDENTS, after.incidents());
    }
    after
        .entries()
        .forEach(
            (type, entry) -> {
              if (!Objects.equals(entry, before.entries().get(type))) {
                Map<String, Object> fields = new LinkedHashMap<>();
                fields.put(AlertStates.INCIDENT, entry.incident());
                fields.put(ModelRouterAlerts.STATUS, entry.status().wire());
                fields.put(AlertStates.RAISED, entry.raised());
                changes.put(FieldPath.of(AlertStates.ALERTS, type.wire()), fields);
              }
            });
    return changes;
  }

  /**
   * The answer of a command.
   *
   * @param raised new alerts
   */
  static Map<String, Object> answer(long raised) {
    return Map.of("raised", raised);
  }
}
