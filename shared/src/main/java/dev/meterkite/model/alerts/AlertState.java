package dev.meterkite.model.alerts;

import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.AlertStates;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What has been alerted about one subject: for each type its last incident.
 *
 * @param subject the subject's name, empty before the first alert
 * @param incidents how many incidents there were; numbers those that have no name of their own
 * @param entries by type
 */
public record AlertState(String subject, long incidents, Map<AlertType, Entry> entries) {

  /**
   * The last incident of one fingerprint.
   *
   * @param incident its name
   * @param status how it stands
   * @param raised when alerts of this fingerprint were raised within the last hour, at most {@value
   *     AlertRules#MAX_AN_HOUR}
   */
  public record Entry(String incident, AlertStatus status, List<Instant> raised) {
    public Entry {
      raised = List.copyOf(raised);
    }

    Entry with(AlertStatus next) {
      return new Entry(incident, next, raised);
    }
  }

  public AlertState {
    entries = Collections.unmodifiableMap(entries);
  }

  static AlertState of(Snapshot owner) {
    Map<String, Object> fields = owner.fields();
    Map<AlertType, Entry> entries = new EnumMap<>(AlertType.class);
    FieldValues.map(fields.get(AlertStates.ALERTS))
        .forEach(
            (word, value) ->
                AlertType.parse(word).ifPresent(type -> entries.put(type, entry(value))));
    String subject = FieldValues.text(fields.get(AlertStates.SUBJECT));
    Long incidents = FieldValues.integer(fields.get(AlertStates.INCIDENTS));
    return new AlertState(
        subject == null ? "" : subject, incidents == null ? 0 : Math.max(0, incidents), entries);
  }

  private static Entry entry(@Nullable Object value) {
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
    return new Entry(incident == null ? "" : incident, status, raised);
  }

  Map<String, Object> changesTo(AlertState after) {
    Map<String, Object> changes = new LinkedHashMap<>();
    if (!subject.equals(after.subject)) {
      changes.put(AlertStates.SUBJECT, after.subject);
    }
    if (incidents != after.incidents) {
      changes.put(AlertStates.INCIDENTS, after.incidents);
    }
    after.entries.forEach(
        (type, entry) -> {
          if (!Objects.equals(entry, entries.get(type))) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put(AlertStates.INCIDENT, entry.incident());
            fields.put(ModelRouterAlerts.STATUS, entry.status().wire());
            fields.put(AlertStates.RAISED, entry.raised());
            changes.put(FieldPath.of(AlertStates.ALERTS, type.wire()), fields);
          }
        });
    return changes;
  }
}
