package dev.meterkite.functions.customers;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.model.schema.Schema.Customers;
import io.cloudevents.CloudEvent;

/**
 * {@code on-customer-written}: validates a customer ({@code validation_errors}), stamps it, makes
 * its flag document from the tier or brings it to the tier of now, keeps {@code quota_due_at}, and
 * looks at its scenes, and at usage that waited for it, when it has come or gone.
 *
 * <p>A change of its own concerns it once more at most, and then nothing is owed, so nothing is
 * written: it stops after one round. A change of counters alone costs no read.
 */
public final class OnCustomerWritten implements CloudEventsFunction {
  private final Intake intake;
  private final Trigger trigger;

  /** For the platform. */
  public OnCustomerWritten() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public OnCustomerWritten(Backend backend) {
    this(backend.intake(), DocumentCare.of(backend));
  }

  OnCustomerWritten(Intake intake, DocumentCare care) {
    this.intake = intake;
    this.trigger = new Trigger("on-customer-written", Customers.COLLECTION, care::customerWritten);
  }

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }
}
