package dev.meterkite.functions.usage;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.model.schema.Schema.UsageTracking;
import io.cloudevents.CloudEvent;

/**
 * {@code on-usage-written}: counts records that other programs wrote, and makes up for what they
 * edit or delete.
 *
 * <p>It marks the record with the digest of what was counted. An event that shows a record with the
 * digest of itself is done with, so what it writes stops with the event that this sets off, and the
 * records of {@code record-usage} cost no read.
 */
public final class OnUsageWritten implements CloudEventsFunction {
  private final Intake intake;
  private final Trigger trigger;

  /** For the platform. */
  public OnUsageWritten() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public OnUsageWritten(Backend backend) {
    this(backend.intake(), Metering.of(backend));
  }

  OnUsageWritten(Intake intake, Metering metering) {
    this.intake = intake;
    this.trigger = new Trigger("on-usage-written", UsageTracking.COLLECTION, metering::react);
  }

  @Override
  public void accept(CloudEvent event) {
    intake.accept(trigger, event);
  }
}
