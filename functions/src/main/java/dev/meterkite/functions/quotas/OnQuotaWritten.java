package dev.meterkite.functions.quotas;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import io.cloudevents.CloudEvent;

/**
 * {@code on-quota-written}: raises and resolves the alerts of a model's quota, whoever wrote it.
 *
 * <p>It writes the quota only where another program left it incomplete. The event of that write
 * finds it complete, and one that changes counters alone concerns nobody.
 */
public final class OnQuotaWritten implements CloudEventsFunction {
  private final Intake intake;
  private final Trigger trigger;

  /** For the platform. */
  public OnQuotaWritten() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public OnQuotaWritten(Backend backend) {
    this(backend.intake(), Quotas.of(backend));
  }

  OnQuotaWritten(Intake intake, Quotas quotas) {
    this.intake = intake;
    this.trigger = new Trigger("on-quota-written", ModelQuotas.COLLECTION, quotas::react);
  }

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }
}
