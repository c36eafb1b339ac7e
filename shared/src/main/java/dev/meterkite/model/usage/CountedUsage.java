package dev.meterkite.model.usage;

import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was counted for a usage record: the document {@code usage_counts/{usage_id}}, which stays
 * when the record goes. The summaries are the sums of these; whatever happens to a record is
 * brought to the counters as the difference to this.
 *
 * @param usageId the record's id
 * @param figures the identity of what was counted; null if nothing ever was
 * @param parts where it was counted; parts of closed months never change any more
 * @param scenes what it adds to the customer's scene counter: 1, 0, or -1 for a void
 * @param quotaPeriod start of the quota period in which its scene counts; null if it is no scene
 * @param stated what the record stands for, if that is not the sum of its parts: a correction's
 *     parts are the difference to the record that it corrects
 * @param lateFor the closed month that it belongs to; null if it was not late
 * @param corrects the record that it corrects; null for an ordinary record
 * @param correction what it does to that record
 * @param correctedBy the correction of this record; null while there is none
 * @param itemDigest of the request's item, where that had a key of its own; else null
 * @param countDueAt when to try again to count it; null unless its customer did not exist
 */
record CountedUsage(
    String usageId,
    @Nullable Identity figures,
    List<Part> parts,
    long scenes,
    @Nullable Instant quotaPeriod,
    @Nullable Amounts stated,
    @Nullable YearMonth lateFor,
    @Nullable String corrects,
    @Nullable Correction correction,
    @Nullable String correctedBy,
    @Nullable String itemDigest,
    @Nullable Instant countDueAt) {
  /** Whose record it is and what it names. */
  record Identity(String customerId, String sceneId, String action, Instant timestamp) {
    static Identity of(UsageFigures figures) {
      return new Identity(
          figures.customerId(), figures.sceneId(), figures.action(), figures.timestamp());
    }
  }

  /**
   * An amount in one place of one summary.
   *
   * @param day where it was counted
   * @param meant the day of a closed month that it belongs to; null if it belongs to {@code day}
   */
  record Part(
      String customerId,
      LocalDate day,
      String action,
      Amounts amounts,
      @Nullable LocalDate meant) {}

  CountedUsage {
    parts = List.copyOf(parts);
  }

  /** Nothing counted. */
  static CountedUsage nothing(String usageId) {
    return new CountedUsage(
        usageId, null, List.of(), 0, null, null, null, null, null, null, null, null);
  }

  /**
   * Whether it is settled by a correction, or is one: other programs' edits change nothing then.
   */
  boolean frozen() {
    return corrects != null || correctedBy != null;
  }

  /** The customer whose counters hold something of it; null if nobody's do. */
  @Nullable String countedFor() {
    if (figures == null) {
      return null;
    }
    return scenes == 0 && sum(figures.customerId()).isZero() ? null : figures.customerId();
  }

  /** The sum of the parts of a customer. */
  Amounts sum(String customerId) {
    return parts.stream()
        .filter(part -> part.customerId().equals(customerId))
        .map(Part::amounts)
        .reduce(Amounts.ZERO, Amounts::plus);
  }

  /** What the record stands for. */
  Amounts effective() {
    if (stated != null) {
      return stated;
    }
    return figures == null ? Amounts.ZERO : sum(figures.customerId());
  }

  /** This with what a later look at the record makes of it. */
  CountedUsage recounted(
      @Nullable Identity identity,
      List<Part> newParts,
      long newScenes,
      @Nullable Instant newPeriod,
      @Nullable YearMonth newLateFor) {
    return new CountedUsage(
        usageId,
        identity,
        newParts,
        newScenes,
        newPeriod,
        stated,
        newLateFor,
        corrects,
        correction,
        correctedBy,
        itemDigest,
        null);
  }
}
