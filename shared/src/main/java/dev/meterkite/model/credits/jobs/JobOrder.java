package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.JobPrices;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What was ordered with a job, as far as it bears on the payment.
 *
 * @param minutes its length
 * @param price what it costs in credits by the plans it was read with
 */
record JobOrder(BigDecimal minutes, long price) {
  static final int MAX_TOPIC = 500;
  static final int MAX_AUDIENCE = 200;

  /** The order in a job's document; empty when it cannot be priced: see {@link #fault}. */
  static Optional<JobOrder> of(Snapshot job, JobPrices prices) {
    Map<String, Object> fields = job.fields();
    BigDecimal minutes = minutes(fields.get(PodcastJobs.DURATION_MIN));
    if (minutes == null || fault(job, prices).isPresent()) {
      return Optional.empty();
    }
    String quality = word(fields, PodcastJobs.QUALITY, prices.usualQuality());
    String priority = word(fields, PodcastJobs.PRIORITY, prices.usualPriority());
    return Optional.of(new JobOrder(minutes, prices.credits(minutes, quality, priority)));
  }

  /**
   * The first field for which a job cannot be priced: a duration that is no number from 0.5 to 180,
   * a quality or priority that has no price, a topic that is there and not 1 to 500 characters
   * long, an audience of more than 200.
   */
  static Optional<String> fault(Snapshot job, JobPrices prices) {
    Map<String, Object> fields = job.fields();
    if (minutes(fields.get(PodcastJobs.DURATION_MIN)) == null) {
      return Optional.of(PodcastJobs.DURATION_MIN);
    }
    String quality = word(fields, PodcastJobs.QUALITY, prices.usualQuality());
    if (!prices.qualities().containsKey(quality)) {
      return Optional.of(PodcastJobs.QUALITY);
    }
    String priority = word(fields, PodcastJobs.PRIORITY, prices.usualPriority());
    if (!prices.priorities().containsKey(priority)) {
      return Optional.of(PodcastJobs.PRIORITY);
    }
    if (!isText(fields.get(PodcastJobs.TOPIC), 1, MAX_TOPIC)) {
      return Optional.of(PodcastJobs.TOPIC);
    }
    return isText(fields.get(PodcastJobs.AUDIENCE), 0, MAX_AUDIENCE)
        ? Optional.empty()
        : Optional.of(PodcastJobs.AUDIENCE);
  }

  /**
   * Whether {@code credits_actual} is there and is not a whole number from 0 to {@link
   * Ledger#MAX_BALANCE}: 7.0 is one, 7.5, {@code "7"} and −1 are not.
   */
  static boolean isActualUnreadable(Snapshot job) {
    Object value = job.fields().get(PodcastJobs.CREDITS_ACTUAL);
    Long actual = LenientFields.whole(job.fields(), PodcastJobs.CREDITS_ACTUAL);
    return value != null && (actual == null || actual < 0 || actual > Ledger.MAX_BALANCE);
  }

  /** A word, the usual one where it is absent, and none that is known for what is no text. */
  private static String word(Map<String, Object> fields, String name, String usual) {
    return fields.get(name) == null ? usual : String.valueOf(LenientFields.text(fields, name));
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
            && minutes.compareTo(JobPrices.SHORTEST) >= 0
            && minutes.compareTo(JobPrices.LONGEST) <= 0;
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

  /** Whether it is longer than so many minutes; exactly so many is not. */
  boolean isLongerThan(long most) {
    return minutes.compareTo(BigDecimal.valueOf(most)) > 0;
  }
}
