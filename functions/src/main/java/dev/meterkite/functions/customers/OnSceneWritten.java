package dev.meterkite.functions.customers;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.model.schema.Schema.Scenes;
import io.cloudevents.CloudEvent;

/**
 * {@code on-scene-written}: validates a scene ({@code validation_errors}), stamps it, and flags one
 * whose customer does not exist.
 *
 * <p>A change of its own concerns it once more at most, and then nothing is owed, so nothing is
 * written: it stops after one round.
 */
public final class OnSceneWritten implements CloudEventsFunction {
  private final Intake intake;
  private final Trigger trigger;

  /** For the platform. */
  public OnSceneWritten() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public OnSceneWritten(Backend backend) {
    this(backend.intake(), DocumentCare.of(backend));
  }

  OnSceneWritten(Intake intake, DocumentCare care) {
    this.intake = intake;
    this.trigger = new Trigger("on-scene-written", Scenes.COLLECTION, care::sceneWritten);
  }

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }
}
