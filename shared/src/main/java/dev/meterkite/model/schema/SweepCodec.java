package dev.meterkite.model.schema;

import dev.meterkite.model.schema.Schema.Sweeps;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/** The documents in which sweeps note their runs. */
public final class SweepCodec {
  private SweepCodec() {}

  /** The fields of a sweep's document after a run. */
  public static Map<String, Object> ran(Sweep sweep, Instant at) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Sweeps.NAME, sweep.ref().id());
    fields.put(Sweeps.UPDATED_AT, at.truncatedTo(ChronoUnit.MICROS));
    return fields;
  }

  /**
   * As {@link #ran(Sweep, Instant)}, for a sweep that goes on where it stopped.
   *
   * @param next where the next run starts
   */
  public static Map<String, Object> ran(Sweep sweep, Instant next, Instant at) {
    Map<String, Object> fields = ran(sweep, at);
    fields.put(Sweeps.STARTED_AT, next.truncatedTo(ChronoUnit.MICROS));
    return fields;
  }
}
