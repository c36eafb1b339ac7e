package dev.meterkite.model.alerts;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A change to an alert's document; {@link AlertCodec} has its fields. */
public sealed interface AlertChange {
  /** A person acknowledges it. */
  record Acknowledge(String by, Instant at, Instant expireAt) implements AlertChange {}

  /** Its expiry is set, or removed where {@code at} is null. */
  record Expire(@Nullable Instant at) implements AlertChange {}

  /** Its status changes; {@code resolvedAt} is null for a status that lasts. */
  record Move(AlertStatus status, @Nullable Instant resolvedAt) implements AlertChange {}

  /** Somebody sends the notification, and has until then. */
  record Claim(Instant until) implements AlertChange {}

  /** Nobody is to be notified any more; {@code sentAt} is null if nothing was sent. */
  record Notified(@Nullable Instant sentAt) implements AlertChange {}
}
