package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The alert of a {@code credits_balance} that cannot be read: one document a user, opened again
 * when it happens again.
 */
public final class BalanceAlert {
  private static final String INCIDENT = "credits_balance";

  private BalanceAlert() {}

  /** The alert's document, which is read before it is raised or resolved. */
  public static Read.Get read(String userId) {
    return new Read.Get(ref(userId));
  }

  private static DocRef ref(String userId) {
    return Alerts.ref(AlertType.BALANCE_UNREADABLE, AlertSubject.user(userId), INCIDENT);
  }

  /** What stands in {@code credits_balance}, for people. */
  public static String shown(CreditState state) {
    return switch (state.found()) {
      case ABSENT -> "missing";
      case KNOWN -> Long.toString(state.foundBalance());
      case UNREADABLE -> state.copy().shown();
    };
  }

  /** Raises the alert with the present value; nothing if it is open with that value already. */
  public static List<Write> raise(CreditState state, Seen seen, Instant now) {
    Snapshot alert = seen.document(ref(state.userId()));
    String message =
        "credits_balance is "
            + shown(state)
            + ", not a whole number of at least 0"
            + (state.ledgerBroken() ? ", and the ledger cannot be read" : "")
            + ": nothing is opened or overwritten until it is fixed in users/"
            + state.userId();
    Map<String, Object> fields =
        Alerts.document(
            AlertType.BALANCE_UNREADABLE, AlertSubject.user(state.userId()), message, now);
    if (!alert.exists()) {
      return List.of(new Write.Create(alert.ref(), fields));
    }
    boolean isOpen = !Alerts.resolve(alert, now).isEmpty();
    Object told = alert.fields().get(ModelRouterAlerts.MESSAGE);
    if (isOpen && Objects.equals(told, fields.get(ModelRouterAlerts.MESSAGE))) {
      return List.of();
    }
    Map<String, Object> again = new LinkedHashMap<>(fields);
    again.put(ModelRouterAlerts.RESOLVED_AT, Write.REMOVED);
    again.put(ModelRouterAlerts.EXPIRE_AT, Write.REMOVED);
    return List.of(new Write.Update(alert.ref(), again));
  }

  /** Resolves the alert, if there is an open one. */
  public static List<Write> resolve(String userId, Seen seen, Instant now) {
    Snapshot alert = seen.document(ref(userId));
    Map<String, Object> changes = Alerts.resolve(alert, now);
    return changes.isEmpty() ? List.of() : List.of(new Write.Update(alert.ref(), changes));
  }
}
