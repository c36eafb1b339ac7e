package dev.meterkite.model.alerts;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Alerts and their changes as fields of {@code model_router_alerts}. */
public final class AlertCodec {
  private AlertCodec() {}

  static Alert decode(Snapshot document) {
    Map<String, Object> fields = document.fields();
    return new Alert(
        document.ref(),
        document.exists() ? version(document) : null,
        AlertStatus.parse(FieldValues.text(fields.get(ModelRouterAlerts.STATUS)))
            .orElse(AlertStatus.OPEN),
        Boolean.TRUE.equals(fields.get(ModelRouterAlerts.ACKNOWLEDGED)),
        FieldValues.instant(fields.get(ModelRouterAlerts.CREATED_AT)),
        new Alert.Expiry(
            fields.get(ModelRouterAlerts.EXPIRE_AT) != null,
            FieldValues.instant(fields.get(ModelRouterAlerts.EXPIRE_AT))),
        new Alert.Notice(
            fields.containsKey(ModelRouterAlerts.NOTIFY_DUE_AT),
            FieldValues.instant(fields.get(ModelRouterAlerts.NOTIFY_DUE_AT)),
            fields.containsKey(ModelRouterAlerts.NOTIFIED_AT),
            fields.containsKey(ModelRouterAlerts.FINGERPRINT)));
  }

  private static Instant version(Snapshot document) {
    return document.updateTime() == null ? Instant.EPOCH : document.updateTime();
  }

  /** The fields of a change by name, {@link Write#REMOVED} for those that are removed. */
  public static Map<String, Object> encode(AlertChange change) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (change instanceof AlertChange.Acknowledge acknowledge) {
      fields.put(ModelRouterAlerts.ACKNOWLEDGED, true);
      fields.put(ModelRouterAlerts.ACKNOWLEDGED_AT, acknowledge.at());
      fields.put(ModelRouterAlerts.ACKNOWLEDGED_BY, acknowledge.by());
      fields.put(ModelRouterAlerts.EXPIRE_AT, acknowledge.expireAt());
    } else if (change instanceof AlertChange.Expire expire) {
      fields.put(ModelRouterAlerts.EXPIRE_AT, orRemoved(expire.at()));
    } else if (change instanceof AlertChange.Move move) {
      fields.put(ModelRouterAlerts.STATUS, move.status().wire());
      fields.put(ModelRouterAlerts.RESOLVED_AT, orRemoved(move.resolvedAt()));
    } else if (change instanceof AlertChange.Claim claim) {
      fields.put(ModelRouterAlerts.NOTIFY_DUE_AT, claim.until());
    } else if (change instanceof AlertChange.Notified notified) {
      fields.put(ModelRouterAlerts.NOTIFY_DUE_AT, Write.REMOVED);
      if (notified.sentAt() != null) {
        fields.put(ModelRouterAlerts.NOTIFIED_AT, notified.sentAt());
      }
    }
    return fields;
  }

  private static Object orRemoved(@Nullable Instant moment) {
    return moment == null ? Write.REMOVED : moment;
  }

  /** A document after a change. */
  public static Snapshot changed(Snapshot document, AlertChange change) {
    Map<String, Object> fields = new LinkedHashMap<>(document.fields());
    encode(change)
        .forEach(
            (name, value) -> {
              if (value == Write.REMOVED) {
                fields.remove(name);
              } else {
                fields.put(name, value);
              }
            });
    return new Snapshot(document.ref(), fields, document.updateTime());
  }

  /** The fields of a new alert. */
  static Map<String, Object> encode(
      AlertType type, AlertSubject subject, String message, Instant at) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ModelRouterAlerts.TYPE, type.wire());
    fields.put(ModelRouterAlerts.SEVERITY, type.defaultSeverity().wire());
    fields.put(ModelRouterAlerts.MESSAGE, message);
    fields.put(ModelRouterAlerts.ACKNOWLEDGED, false);
    fields.put(ModelRouterAlerts.CREATED_AT, at);
    fields.put(ModelRouterAlerts.FINGERPRINT, Alerts.fingerprint(type, subject));
    fields.put(ModelRouterAlerts.STATUS, AlertStatus.OPEN.wire());
    fields.put(ModelRouterAlerts.NOTIFY_DUE_AT, at);
    fields.put(ModelRouterAlerts.SUBJECT, subject.name());
    put(fields, ModelRouterAlerts.PROVIDER, subject.provider());
    put(fields, ModelRouterAlerts.MODEL, subject.model());
    put(fields, ModelRouterAlerts.USER_ID, subject.userId());
    put(fields, ModelRouterAlerts.CUSTOMER_ID, subject.customerId());
    return fields;
  }

  /** The fields of a new alert of something that is over already. */
  static Map<String, Object> encodeOver(
      AlertType type, AlertSubject subject, String message, Instant at) {
    Map<String, Object> fields = encode(type, subject, message, at);
    fields.putAll(encode(new AlertChange.Move(AlertStatus.RESOLVED, at)));
    return fields;
  }

  /** The fields that open an alert again with one more incident in its list. */
  static Map<String, Object> encodeGrouped(
      AlertType type, AlertSubject subject, String incident, String message, Instant at) {
    Map<String, Object> fields = encode(type, subject, message, at);
    fields.put(ModelRouterAlerts.EXPIRE_AT, Write.REMOVED);
    fields.put(FieldPath.of(ModelRouterAlerts.DETAILS, "incidents", incident), at);
    return fields;
  }

  /** The fields that open an alert again after it was resolved or acknowledged. */
  static Map<String, Object> encodeAgain(
      AlertType type, AlertSubject subject, String message, Instant at) {
    Map<String, Object> fields = encode(type, subject, message, at);
    fields.put(ModelRouterAlerts.RESOLVED_AT, Write.REMOVED);
    fields.put(ModelRouterAlerts.EXPIRE_AT, Write.REMOVED);
    return fields;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable String value) {
    if (value != null) {
      fields.put(name, value);
    }
  }
}
