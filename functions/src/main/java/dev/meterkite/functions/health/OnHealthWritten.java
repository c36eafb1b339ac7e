package dev.meterkite.functions.health;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import io.cloudevents.CloudEvent;

/**
 * {@code on-health-written}: raises and resolves the alerts of a provider, whoever wrote its
 * health.
 *
 * <p>It never writes the document that it listens to.
 */
public final class OnHealthWritten implements CloudEventsFunction {
  private final Intake intake;
  private final Trigger trigger;

  /** For the platform. */
  public OnHealthWritten() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public OnHealthWritten(Backend backend) {
    this(backend.intake(), Providers.of(backend));
  }

  OnHealthWritten(Intake intake, Providers providers) {
    this.intake = intake;
    this.trigger =
        new Trigger("on-health-written", ModelProviderHealth.COLLECTION, providers::react);
  }

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }
}
