package dev.meterkite.model.usage;

import java.time.Instant;
import java.time.YearMonth;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a customer's document holds that metering decides on.
 *
 * @param exists whether there is such a customer
 * @param terms what the customer has agreed to; never changed by the rules
 * @param counter scenes of the present period
 * @param totalScenes scenes ever, at least 0
 * @param totalEpisodes episodes ever, at least 0
 * @param alertPeriod start of the period in which an alert was raised last; null for never, or when
 *     it is resolved
 * @param alertPercent the highest of 80 and 100 that was raised in that period; 0 for none
 * @param summaryMonth the latest month whose summary was named; null for none
 * @param closedMonth the latest month that was closed; null for none
 * @param months what the summaries of open months hold
 */
public record MeterState(
    boolean exists,
    QuotaTerms terms,
    SceneCounter counter,
    long totalScenes,
    long totalEpisodes,
    @Nullable Instant alertPeriod,
    long alertPercent,
    @Nullable YearMonth summaryMonth,
    @Nullable YearMonth closedMonth,
    Map<YearMonth, MonthIndex> months) {

  MeterState withCounter(SceneCounter next) {
    return withCounts(next, totalScenes, totalEpisodes);
  }

  MeterState withCounts(SceneCounter next, long scenes, long episodes) {
    return new MeterState(
        exists,
        terms,
        next,
        Math.max(0, scenes),
        Math.max(0, episodes),
        alertPeriod,
        alertPercent,
        summaryMonth,
        closedMonth,
        months);
  }

  MeterState withAlert(@Nullable Instant period, long percent) {
    return new MeterState(
        exists,
        terms,
        counter,
        totalScenes,
        totalEpisodes,
        period,
        percent,
        summaryMonth,
        closedMonth,
        months);
  }

  MeterState withIndexes(Map<YearMonth, MonthIndex> next) {
    return new MeterState(
        exists,
        terms,
        counter,
        totalScenes,
        totalEpisodes,
        alertPeriod,
        alertPercent,
        summaryMonth,
        closedMonth,
        Map.copyOf(next));
  }

  MeterState withMonths(@Nullable YearMonth summary, @Nullable YearMonth closed) {
    return new MeterState(
        exists,
        terms,
        counter,
        totalScenes,
        totalEpisodes,
        alertPeriod,
        alertPercent,
        summary,
        closed,
        months);
  }
}
