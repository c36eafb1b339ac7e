package dev.meterkite.model.plans;

import dev.meterkite.model.alerts.Alert;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What is written about a document of plans that was just read: {@code validation_errors} into the
 * document and one alert while it is not valid; both go away once it is. A document that has its
 * verdict already gets nothing more, so writing a verdict leads to no other one.
 */
public final class PlansVerdict {
  private static final String INCIDENT = "plans";

  /** The alert of plans that are not valid: one document, opened again when it happens again. */
  public static final DocRef ALERT =
      Alerts.ref(AlertType.PLANS_INVALID, AlertSubject.document(Plans.REF), INCIDENT);

  /** The most errors that are written into the document. */
  static final int MOST_ERRORS = 200;

  private PlansVerdict() {}

  /**
   * What is to be written, on the versions of both documents that were read.
   *
   * @param document the plans as read
   * @param alert {@link #ALERT} as read
   * @param decoded what the document says
   */
  public static List<Write> of(
      Snapshot document, Snapshot alert, Plans.Decoded decoded, Instant now) {
    List<Write> writes = new ArrayList<>();
    Object found = document.fields().get(Schema.Plans.VALIDATION_ERRORS);
    if (decoded.faults().isEmpty()) {
      if (document.fields().containsKey(Schema.Plans.VALIDATION_ERRORS)) {
        writes.add(
            new Write.Update(
                document.ref(), Map.of(Schema.Plans.VALIDATION_ERRORS, Write.REMOVED)));
      }
      Alerts.resolution(alert, now).ifPresent(writes::add);
      return writes;
    }
    List<Map<String, Object>> errors =
        decoded.faults().stream().limit(MOST_ERRORS).map(Violation::encode).toList();
    if (!errors.equals(found)) {
      writes.add(new Write.Update(document.ref(), Map.of(Schema.Plans.VALIDATION_ERRORS, errors)));
    }
    raise(alert, decoded.faults(), now, writes);
    return writes;
  }

  private static void raise(
      Snapshot alert, List<Violation> faults, Instant now, List<Write> writes) {
    AlertSubject subject = AlertSubject.document(Plans.REF);
    String message =
        Plans.REF + " is not valid, the last valid plans go on counting: " + said(faults);
    Write.Create first = Alerts.create(AlertType.PLANS_INVALID, subject, INCIDENT, message, now);
    if (!alert.exists()) {
      writes.add(first);
      return;
    }
    Object told = alert.fields().get(ModelRouterAlerts.MESSAGE);
    if (Alert.of(alert).resolve(now).isEmpty()
        || !Objects.equals(first.fields().get(ModelRouterAlerts.MESSAGE), told)) {
      writes.add(Alerts.again(alert.ref(), AlertType.PLANS_INVALID, subject, message, now));
    }
  }

  /** The first faults, for people. */
  public static String said(List<Violation> faults) {
    List<String> first =
        faults.stream().limit(3).map(fault -> fault.field() + " " + fault.message()).toList();
    int more = faults.size() - first.size();
    return String.join("; ", first) + (more > 0 ? "; and " + more + " more" : "");
  }
}
