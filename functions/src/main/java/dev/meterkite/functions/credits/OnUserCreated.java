package dev.meterkite.functions.credits;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.model.schema.Schema.Users;
import io.cloudevents.CloudEvent;

/**
 * {@code on-user-created}: opens the ledger of a new user, with the monthly credits of its tier or
 * with the balance that it came with.
 *
 * <p>It listens to creations alone, and what it writes is an update.
 */
public final class OnUserCreated implements CloudEventsFunction {
  private final Intake intake;
  private final Trigger trigger;

  /** For the platform. */
  public OnUserCreated() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public OnUserCreated(Backend backend) {
    this(backend.intake(), Credits.of(backend));
  }

  OnUserCreated(Intake intake, Credits credits) {
    this.intake = intake;
    this.trigger =
        new Trigger("on-user-created", Users.COLLECTION, change -> react(credits, change));
  }

  private static Handled react(Credits credits, DocumentChange change) {
    return change.type() == DocumentChange.Type.CREATED
        ? credits.openLedger(change.ref().id())
        : Handled.done("nothing");
  }

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }
}
