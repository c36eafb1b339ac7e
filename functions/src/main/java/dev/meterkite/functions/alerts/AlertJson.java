package dev.meterkite.functions.alerts;

import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Alerts as answers and messages show them; a value of a type that no alert has is left out. */
final class AlertJson {
  private AlertJson() {}

  /** The members of an alert, in the order of the documentation. */
  static Map<String, Object> view(Snapshot alert) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("alert_id", alert.ref().id());
    for (String field :
        List.of(
            ModelRouterAlerts.TYPE,
            ModelRouterAlerts.SEVERITY,
            ModelRouterAlerts.PROVIDER,
            ModelRouterAlerts.MODEL,
            ModelRouterAlerts.USER_ID,
            ModelRouterAlerts.CUSTOMER_ID,
            ModelRouterAlerts.MESSAGE,
            ModelRouterAlerts.STATUS,
            ModelRouterAlerts.ACKNOWLEDGED,
            ModelRouterAlerts.ACKNOWLEDGED_AT,
            ModelRouterAlerts.ACKNOWLEDGED_BY,
            ModelRouterAlerts.CREATED_AT,
            ModelRouterAlerts.RESOLVED_AT,
            ModelRouterAlerts.NOTIFIED_AT,
            ModelRouterAlerts.EXPIRE_AT)) {
      Object value = alert.fields().get(field);
      if (value instanceof String || value instanceof Boolean || value instanceof Instant) {
        view.put(field, value);
      }
    }
    if (alert.fields().get(ModelRouterAlerts.DETAILS) instanceof Map<?, ?> details) {
      view.put(ModelRouterAlerts.DETAILS, JsonValues.shown(details));
    }
    return view;
  }

  static String write(Snapshot alert) {
    return Json.write(view(alert));
  }

  /** The body that publishes an alert to Pub/Sub. */
  static String message(Snapshot alert) {
    Map<String, Object> view = view(alert);
    String data =
        Base64.getEncoder().encodeToString(Json.write(view).getBytes(StandardCharsets.UTF_8));
    Map<String, Object> attributes = new LinkedHashMap<>();
    for (String name : List.of("alert_id", "type", "severity")) {
      if (view.get(name) instanceof String value) {
        attributes.put(name, value);
      }
    }
    return Json.write(Map.of("messages", List.of(Map.of("data", data, "attributes", attributes))));
  }
}
