package dev.meterkite.functions.credits;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.jobs.JobEvent;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import io.cloudevents.CloudEvent;

/**
 * {@code on-job-written}: holds the price of a job, captures it when the job is completed, releases
 * it when the job fails, is cancelled or deleted.
 *
 * <p>It writes the job's {@code payment} and, for a job that cannot be paid, its status. A change
 * of {@code payment} alone concerns it only when the payment is gone, so what it writes stops with
 * the event that this sets off.
 */
public final class OnJobWritten implements CloudEventsFunction {
  private final Intake intake;
  private final Trigger trigger;

  /** For the platform. */
  public OnJobWritten() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public OnJobWritten(Backend backend) {
    this(backend.intake(), Credits.of(backend));
  }

  OnJobWritten(Intake intake, Credits credits) {
    this.intake = intake;
    this.trigger =
        new Trigger(CreditCommands.JOB, PodcastJobs.COLLECTION, change -> react(credits, change));
  }

  private static Handled react(Credits credits, DocumentChange change) {
    if (!Credits.concernsPayment(change)) {
      return Handled.done("nothing");
    }
    return credits.payFor(change.ref().id(), JobEvent.of(change.before(), change.after()));
  }

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }
}
