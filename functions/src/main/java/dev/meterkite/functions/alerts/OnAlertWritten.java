package dev.meterkite.functions.alerts;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import io.cloudevents.CloudEvent;

/**
 * {@code on-alert-written}: keeps {@code expire_at} right whoever wrote the alert, and sends the
 * alert to the webhook and the topic, at least once.
 *
 * <p>What it writes leaves nothing to repair and nothing due, so the events of its own writes do
 * nothing.
 */
public final class OnAlertWritten implements CloudEventsFunction {
  private final Intake intake;
  private final Trigger trigger;

  /** For the platform. */
  public OnAlertWritten() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public OnAlertWritten(Backend backend) {
    this(backend.intake(), Alerting.of(backend));
  }

  OnAlertWritten(Intake intake, Alerting alerting) {
    this.intake = intake;
    this.trigger = new Trigger("on-alert-written", ModelRouterAlerts.COLLECTION, alerting::react);
  }

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }
}
