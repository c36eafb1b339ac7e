package dev.meterkite.model.alerts;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;

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
}
