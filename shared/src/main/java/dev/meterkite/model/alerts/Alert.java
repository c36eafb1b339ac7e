package dev.meterkite.model.alerts;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An alert as its document says, whoever wrote it: a value of the wrong type is absent.
 *
 * @param ref the document
 * @param version the document's update time; null if there is no document
 * @param status open where the document does not say
 * @param acknowledged whether a person has acknowledged it
 * @param createdAt when it was raised; null where the document does not say
 * @param expiry when it expires
 * @param notice what is known of its notification
 */
public record Alert(
    DocRef ref,
    @Nullable Instant version,
    AlertStatus status,
    boolean acknowledged,
    @Nullable Instant createdAt,
    Expiry expiry,
    Notice notice) {
  /** An acknowledged alert expires this long after it was raised; others never do. */
  public static final Duration RETENTION = Duration.ofDays(90);

  /**
   * When an alert expires.
   *
   * @param isStated whether the document has the field, of whatever type
   * @param at the moment; null if the field is absent or not a timestamp
   */
  public record Expiry(boolean isStated, @Nullable Instant at) {}

  /**
   * What is known of the notification of an alert.
   *
   * @param isMarked whether the document has the field of the due time, of whatever type
   * @param dueAt when to notify, or when a claim lapses; null if the field is not a timestamp
   * @param isDone whether a notification was sent
   * @param isOurs whether we raised the alert, which then says itself when to notify
   */
  public record Notice(boolean isMarked, @Nullable Instant dueAt, boolean isDone, boolean isOurs) {}

  /** The alert in a document. */
  public static Alert of(Snapshot document) {
    return AlertCodec.decode(document);
  }

  /** Whether there is a document. */
  public boolean exists() {
    return version != null;
  }

  /** Whether it has expired; the service deletes it some time after that. */
  public boolean isExpired(Instant now) {
    return expiry.at() != null && !expiry.at().isAfter(now);
  }

  /** Whether a notification is due, now or when a claim lapses. */
  public boolean needsNotice() {
    return notice.dueAt() != null || (!notice.isDone() && !notice.isOurs() && !acknowledged);
  }

  /** Whether a notification is due now. */
  public boolean needsNotice(Instant now) {
    return needsNotice() && (notice.dueAt() == null || !notice.dueAt().isAfter(now));
  }

  /**
   * What acknowledging changes; at most the expiry the second time.
   *
   * @param by who acknowledges it
   * @throws IllegalArgumentException if there is no such alert
   */
  public Optional<AlertChange> acknowledge(String by, Instant now) {
    if (!exists()) {
      throw new IllegalArgumentException("no alert " + ref);
    }
    return acknowledged
        ? repair()
        : Optional.of(new AlertChange.Acknowledge(by, now, age().plus(RETENTION)));
  }

  /**
   * What is wrong with the expiry of an alert of any writer: {@link #RETENTION} after its creation
   * once it is acknowledged, none before. Empty if it is right or there is no alert.
   */
  public Optional<AlertChange> repair() {
    if (!exists()) {
      return Optional.empty();
    }
    if (!acknowledged) {
      return expiry.isStated() ? Optional.of(new AlertChange.Expire(null)) : Optional.empty();
    }
    if (createdAt == null && expiry.at() != null) {
      return Optional.empty(); // Its age is unknown: the first reckoning stays.
    }
    Instant due = age().plus(RETENTION);
    return due.equals(expiry.at()) ? Optional.empty() : Optional.of(new AlertChange.Expire(due));
  }

  /** What the end of the incident changes; empty if it has ended before or there is no alert. */
  public Optional<AlertChange> resolve(Instant now) {
    return exists() && status.lasts()
        ? Optional.of(new AlertChange.Move(AlertStatus.RESOLVED, now))
        : Optional.empty();
  }

  private Instant age() {
    return createdAt != null ? createdAt : version != null ? version : Instant.EPOCH;
  }
}
