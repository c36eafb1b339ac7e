package dev.meterkite.model.credits;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What was ordered with a job, as far as it bears on the payment.
 *
 * @param priced its length, quality and priority
 */
record JobOrder(JobPrice priced) {
  static final int MAX_TOPIC = 500;
  static final int MAX_AUDIENCE = 200;

  /**
   * The order in a job's document; empty when it cannot be priced: a duration that is no number
   * from 0.5 to 180, an unknown word for quality or priority, a topic that is there and not 1 to
   * 500 characters long, an audience of more than 200.
   */
  static Optional<JobOrder> of(Snapshot job) {
    Map<String, Object> fields = job.fields();
    BigDecimal minutes = minutes(fields.get(PodcastJobs.DURATION_MIN));
    Object quality = fields.get(PodcastJobs.QUALITY);
    Object priority = fields.get(PodcastJobs.PRIORITY);
    Optional<JobQuality> knownQuality =
        quality == null
            ? Optional.of(JobQuality.STANDARD)
            : JobQuality.parse(quality instanceof String text ? text : null);
    Optional<JobPriority> knownPriority =
        priority == null
            ? Optional.of(JobPriority.STANDARD)
            : JobPriority.parse(priority instanceof String text ? text : null);
    boolean texts =
        isText(fields.get(PodcastJobs.TOPIC), 1, MAX_TOPIC)
            && isText(fields.get(PodcastJobs.AUDIENCE), 0, MAX_AUDIENCE);
    if (minutes == null || knownQuality.isEmpty() || knownPriority.isEmpty() || !texts) {
      return Optional.empty();
    }
    return Optional.of(
        new JobOrder(new JobPrice(minutes, knownQuality.get(), knownPriority.get())));
  }

  private static @Nullable BigDecimal minutes(@Nullable Object value) {
    BigDecimal minutes =
        value instanceof Long number
            ? BigDecimal.valueOf(number)
            : value instanceof Double number && Double.isFinite(number)
                ? BigDecimal.valueOf(number)
                : null;
    boolean inRange =
        minutes != null
            && minutes.compareTo(JobPrice.SHORTEST) >= 0
            && minutes.compareTo(JobPrice.LONGEST) <= 0;
    return inRange ? minutes : null;
  }

  private static boolean isText(@Nullable Object value, int least, int most) {
    if (value == null) {
      return true;
    }
    if (!(value instanceof String text)) {
      return false;
    }
    int characters = text.codePointCount(0, text.length());
    return characters >= least && characters <= most;
  }

  /** What it costs in credits. */
  long price() {
    return priced.credits();
  }

  /** Whether it is longer than so many minutes; exactly so many is not. */
  boolean isLongerThan(long minutes) {
    return priced.minutes().compareTo(BigDecimal.valueOf(minutes)) > 0;
  }
}
