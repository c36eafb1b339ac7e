package dev.meterkite.functions.events;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.Settings;
import io.cloudevents.CloudEvent;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A whole trigger, as short as they are; notes what it sees, and asks for some events again. */
public final class NotingTrigger implements CloudEventsFunction {
  static final BlockingQueue<DocumentChange> NOTES = new LinkedBlockingQueue<>();

  private final Intake intake = Intake.of(Settings.ofProcess());
  private final Trigger trigger =
      new Trigger("on-job-written", "podcast_jobs", NotingTrigger::react);

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }

  private static Handled react(DocumentChange change) {
    NOTES.add(change);
    return change.ref().id().equals("later") ? Handled.later("not_yet") : Handled.done("noted");
  }
}
