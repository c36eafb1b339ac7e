package dev.meterkite.model.alerts;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Alerts as documents: their ids, their fields, and what acknowledging does to them.
 *
 * <p>An alert's id is made of its fingerprint (type and subject) and its incident, so that any
 * number of instances and deliveries that notice one incident make one alert. What lasts and
 * recovers (health, circuit, quotas) goes through {@link AlertRules}; what merely happened is
 * written here, in the commit of what happened.
 */
public final class Alerts {
  /** An acknowledged alert expires this long after it was raised; others never do. */
  public static final Duration RETENTION = Duration.ofDays(90);

  /**
   * The span in which {@link #grouped} makes one alert. Any hour touches at most five such spans,
   * so that no more than five alerts of a fingerprint arise within an hour.
   */
  public static final Duration GROUP = Duration.ofMinutes(15);

  /** The most characters of a message; longer ones are cut. */
  public static final int MAX_MESSAGE = 500;

  private Alerts() {}

  /** Type and subject in one string, such as {@code ledger_mismatch user:user_7}. */
  public static String fingerprint(AlertType type, AlertSubject subject) {
    return type.wire() + " " + subject.name();
  }

  /** The document of an incident's alert. */
  public static DocRef ref(AlertType type, AlertSubject subject, String incident) {
    return new DocRef(
        ModelRouterAlerts.COLLECTION, Ids.uuid("alert", fingerprint(type, subject), incident));
  }

  /**
   * The fields of a new alert: severity by its type, not acknowledged, to be notified at once.
   *
   * @param at when the incident happened
   */
  public static Map<String, Object> document(
      AlertType type, AlertSubject subject, String message, Instant at) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ModelRouterAlerts.TYPE, type.wire());
    fields.put(ModelRouterAlerts.SEVERITY, type.defaultSeverity().wire());
    fields.put(ModelRouterAlerts.MESSAGE, cut(message));
    fields.put(ModelRouterAlerts.ACKNOWLEDGED, false);
    fields.put(ModelRouterAlerts.CREATED_AT, at);
    fields.put(ModelRouterAlerts.FINGERPRINT, fingerprint(type, subject));
    fields.put(ModelRouterAlerts.STATUS, AlertStatus.OPEN.wire());
    fields.put(ModelRouterAlerts.NOTIFY_DUE_AT, at);
    fields.putAll(subject.fields());
    return fields;
  }

  /**
   * An alert of something that happened once, such as a mismatch found at ledger sequence 17. It
   * belongs into the commit that deals with the incident; writing it again would open it again.
   *
   * @param incident what tells this incident from the next of the same fingerprint, such as the
   *     sequence number or the start of the period; it bounds how many alerts there can be
   */
  public static Write.Merge once(
      AlertType type, AlertSubject subject, String incident, String message, Instant at) {
    return new Write.Merge(ref(type, subject, incident), document(type, subject, message, at));
  }

  /**
   * An alert of something that may happen many times an hour, such as an unpaid job: one alert for
   * each quarter of an hour, which lists its incidents under {@code details.incidents}. A further
   * incident opens an acknowledged alert again.
   *
   * @param at when the incident happened; it must be the same however often it is noticed
   */
  public static Write.Merge grouped(
      AlertType type, AlertSubject subject, String incident, String message, Instant at) {
    long span = Math.floorDiv(at.getEpochSecond(), GROUP.toSeconds());
    Map<String, Object> fields = document(type, subject, message, at);
    fields.put(ModelRouterAlerts.EXPIRE_AT, Write.REMOVED);
    fields.put(FieldPath.of(ModelRouterAlerts.DETAILS, "incidents", incident), at);
    return new Write.Merge(ref(type, subject, "span " + span), fields);
  }

  /**
   * What acknowledging changes in an alert: nothing the second time.
   *
   * @param by who acknowledges it
   * @return values by field; empty when it is acknowledged already
   * @throws IllegalArgumentException if there is no such alert
   */
  public static Map<String, Object> acknowledge(Snapshot alert, String by, Instant now) {
    if (!alert.exists()) {
      throw new IllegalArgumentException("no alert " + alert.ref());
    }
    if (acknowledged(alert)) {
      return repairs(alert);
    }
    Map<String, Object> changes = new LinkedHashMap<>();
    changes.put(ModelRouterAlerts.ACKNOWLEDGED, true);
    changes.put(ModelRouterAlerts.ACKNOWLEDGED_AT, now);
    changes.put(ModelRouterAlerts.ACKNOWLEDGED_BY, by);
    changes.put(ModelRouterAlerts.EXPIRE_AT, createdAt(alert).plus(RETENTION));
    return changes;
  }

  /**
   * What it changes in an alert that its incident is over: nothing the second time, or if there is
   * no such alert any more.
   *
   * @return values by field
   */
  public static Map<String, Object> resolve(Snapshot alert, Instant now) {
    AlertStatus status =
        AlertStatus.parse(FieldValues.text(alert.fields().get(ModelRouterAlerts.STATUS)))
            .orElse(AlertStatus.OPEN);
    return alert.exists() && status.lasts()
        ? Map.of(
            ModelRouterAlerts.STATUS,
            AlertStatus.RESOLVED.wire(),
            ModelRouterAlerts.RESOLVED_AT,
            now)
        : Map.of();
  }

  /**
   * What has to be written to an alert of any writer so that it expires when it should: {@code
   * expire_at} 90 days after {@code created_at} once it is acknowledged, none before.
   *
   * @return values by field; empty when all is well
   */
  public static Map<String, Object> repairs(Snapshot alert) {
    if (!alert.exists()) {
      return Map.of();
    }
    @Nullable Object found = alert.fields().get(ModelRouterAlerts.EXPIRE_AT);
    if (!acknowledged(alert)) {
      return found == null ? Map.of() : Map.of(ModelRouterAlerts.EXPIRE_AT, Write.REMOVED);
    }
    if (FieldValues.instant(alert.fields().get(ModelRouterAlerts.CREATED_AT)) == null
        && found instanceof Instant) {
      return Map.of(); // Its age is unknown: the first reckoning stays.
    }
    Instant due = createdAt(alert).plus(RETENTION);
    return due.equals(found) ? Map.of() : Map.of(ModelRouterAlerts.EXPIRE_AT, due);
  }

  /** Whether a person has acknowledged the alert. */
  public static boolean acknowledged(Snapshot alert) {
    return Boolean.TRUE.equals(alert.fields().get(ModelRouterAlerts.ACKNOWLEDGED));
  }

  private static Instant createdAt(Snapshot alert) {
    Instant created = FieldValues.instant(alert.fields().get(ModelRouterAlerts.CREATED_AT));
    if (created != null) {
      return created;
    }
    return alert.updateTime() == null ? Instant.EPOCH : alert.updateTime();
  }

  private static String cut(String message) {
    if (message.length() <= MAX_MESSAGE) {
      return message;
    }
    int end = Character.isHighSurrogate(message.charAt(MAX_MESSAGE - 1)) ? 1 : 0;
    return message.substring(0, MAX_MESSAGE - end);
  }
}
