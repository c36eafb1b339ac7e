package dev.meterkite.model.usage;

import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.time.Period;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Alerts at 80 and 100 percent of a scene quota, each once a period: the alert's id is made of
 * type, customer and period. A customer whose quota is reached in one step gets both. They are
 * resolved when the period is over.
 */
final class SceneQuotaAlerts {
  private static final int WARNING = 80;
  private static final int EXHAUSTED = 100;

  private SceneQuotaAlerts() {}

  /** The percentages, of 80 and 100, that are reached and were not told in this period. */
  static List<Integer> due(MeterState state, Period period) {
    QuotaTerms terms = state.terms();
    long scenes = state.counter().scenes();
    if (terms.quota() == QuotaTerms.UNLIMITED || scenes == 0) {
      return List.of();
    }
    long told = period.start().equals(state.alertPeriod()) ? state.alertPercent() : 0;
    List<Integer> due = new ArrayList<>();
    for (int percent : new int[] {WARNING, EXHAUSTED}) {
      if (told < percent && reached(scenes, Math.max(0, terms.quota()), percent)) {
        due.add(percent);
      }
    }
    return due;
  }

  /** The alerts that may have been raised in an earlier period and not been resolved. */
  static List<DocRef> over(String customerId, MeterState state, Period period) {
    Instant told = state.alertPeriod();
    return told != null && told.isBefore(period.start())
        ? List.of(ref(customerId, WARNING, told), ref(customerId, EXHAUSTED, told))
        : List.of();
  }

  private static boolean reached(long scenes, long quota, int percent) {
    BigInteger hundredfold = BigInteger.valueOf(scenes).multiply(BigInteger.valueOf(100));
    return hundredfold.compareTo(BigInteger.valueOf(quota).multiply(BigInteger.valueOf(percent)))
        >= 0;
  }

  static DocRef ref(String customerId, int percent, Instant period) {
    return Alerts.ref(type(percent), AlertSubject.customer(customerId), period.toString());
  }

  static Write alert(String customerId, int percent, MeterState state, Instant period, Instant at) {
    return Alerts.create(
        type(percent),
        AlertSubject.customer(customerId),
        period.toString(),
        message(percent, state, period),
        at);
  }

  /**
   * The share that is used and the threshold that it has reached, which differ where one step
   * passes it: {@code 2 of 2 scenes (100 %) …; 80 % is reached}.
   */
  private static String message(int percent, MeterState state, Instant period) {
    long scenes = state.counter().scenes();
    long quota = state.terms().quota();
    if (quota < 1) {
      return "%d scenes are used in the period from %s; the quota allows none"
          .formatted(scenes, period);
    }
    BigInteger used =
        BigInteger.valueOf(scenes)
            .multiply(BigInteger.valueOf(100))
            .divide(BigInteger.valueOf(quota));
    return "%d of %d scenes (%d %%) are used in the period from %s; %d %% is reached"
        .formatted(scenes, quota, used, period, percent);
  }

  private static AlertType type(int percent) {
    return percent == WARNING ? AlertType.USAGE_QUOTA_WARNING : AlertType.USAGE_QUOTA_EXHAUSTED;
  }
}
