package dev.meterkite.model.alerts;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * New alerts: their ids, and the writes that raise, repeat and resolve them.
 *
 * <p>An alert's id is made of its fingerprint (type and subject) and its incident, so that any
 * number of instances and deliveries that notice one incident make one alert. What lasts and
 * recovers (health, circuit, quotas) goes through {@link AlertRules}; what merely happened is
 * written here, in the commit of what happened.
 */
public final class Alerts {
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
    return AlertCodec.encode(type, subject, cut(message), at);
  }

  /** A new alert, which must not exist yet. */
  public static Write.Create create(
      AlertType type, AlertSubject subject, String incident, String message, Instant at) {
    return new Write.Create(
        ref(type, subject, incident), AlertCodec.encode(type, subject, cut(message), at));
  }

  /** A new alert of something that is over already, such as a recovery. */
  static Write.Create createOver(
      AlertType type, AlertSubject subject, String incident, String message, Instant at) {
    return new Write.Create(
        ref(type, subject, incident), AlertCodec.encodeOver(type, subject, cut(message), at));
  }

  /** Opens an alert that was seen again, whether it was resolved, acknowledged or neither. */
  public static Write.Update again(
      DocRef alert, AlertType type, AlertSubject subject, String message, Instant at) {
    return new Write.Update(alert, AlertCodec.encodeAgain(type, subject, cut(message), at));
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
    return new Write.Merge(
        ref(type, subject, incident), AlertCodec.encode(type, subject, cut(message), at));
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
    return new Write.Merge(
        ref(type, subject, "span " + span),
        AlertCodec.encodeGrouped(type, subject, incident, cut(message), at));
  }

  /** The end of the incident; empty if it has ended before or there is no such alert. */
  public static Optional<Write.Update> resolution(Snapshot alert, Instant now) {
    return Alert.of(alert)
        .resolve(now)
        .map(change -> new Write.Update(alert.ref(), AlertCodec.encode(change)));
  }

  /**
   * The fields that the end of the incident changes; empty if it has ended before or there is no
   * such alert.
   */
  public static Map<String, Object> resolve(Snapshot alert, Instant now) {
    return resolution(alert, now).map(Write.Update::fields).orElse(Map.of());
  }

  private static String cut(String message) {
    if (message.length() <= MAX_MESSAGE) {
      return message;
    }
    int end = Character.isHighSurrogate(message.charAt(MAX_MESSAGE - 1)) ? 1 : 0;
    return message.substring(0, MAX_MESSAGE - end);
  }
}
