package dev.meterkite.model.usage;

import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.time.Period;
import dev.meterkite.model.usage.Counted.Part;
import java.time.Instant;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The customer's counters and summaries while one command is being decided. */
final class Fold {
  final String customerId;
  final Instant now;
  final Period period;
  private final MonthBook book;
  private final Seen seen;
  private final List<Write> writes = new ArrayList<>();
  private final SummaryChanges changes;
  private MeterState state;

  Fold(MonthBook book, String customerId, MeterState state, Seen seen, Instant now) {
    this.book = book;
    this.customerId = customerId;
    this.changes = new SummaryChanges(customerId, book.bounds());
    this.seen = seen;
    this.now = now;
    this.period = state.counter().period(now, state.terms());
    this.state = state.withCounter(state.counter().at(now, state.terms()));
  }

  MeterState state() {
    return state;
  }

  QuotaTerms terms() {
    return state.terms();
  }

  MonthBook book() {
    return book;
  }

  /** The reads among these that have not been made. */
  List<Read> missing(List<Read> reads) {
    return reads.stream().filter(read -> !seen.has(read)).distinct().toList();
  }

  Seen seen() {
    return seen;
  }

  void write(Write write) {
    writes.add(write);
  }

  /** The quota period that a scene of this moment counts in. */
  Instant periodOf(Instant timestamp) {
    return SceneCounter.periodOf(timestamp, period, terms());
  }

  /** Whether a scene of this moment has to fit the quota: not if its period is over. */
  boolean fits(Instant periodStart) {
    return periodStart.isBefore(period.start())
        || terms().hasRoom(state.counter().used(periodStart, period));
  }

  /** Counts scenes in the quota period that begins at a moment, and in the total. */
  void scenes(long by, @Nullable Instant periodStart) {
    if (by != 0 && periodStart != null) {
      state =
          state.withCounts(
              state.counter().plus(by, periodStart, period),
              Math.addExact(state.totalScenes(), by),
              state.totalEpisodes());
    }
  }

  /** Brings the summaries and the total of episodes from some parts to others. */
  void parts(List<Part> before, List<Part> after) {
    changes.add(before, after);
    long episodes = Math.subtractExact(episodes(after), episodes(before));
    state =
        state.withCounts(
            state.counter(), state.totalScenes(), Math.addExact(state.totalEpisodes(), episodes));
  }

  private long episodes(List<Part> parts) {
    return parts.stream()
        .filter(part -> part.customerId().equals(customerId))
        .mapToLong(part -> part.amounts().episodes())
        .reduce(0, Math::addExact);
  }

  boolean isEmpty() {
    return writes.isEmpty();
  }

  /** Whether alerts of a period that is over are to be resolved. */
  boolean hasAlertsOver() {
    return !alertsOver().isEmpty();
  }

  private List<DocRef> alertsOver() {
    return SceneQuotaAlerts.over(customerId, state, period);
  }

  /** The month is closed from now on. */
  void close(@Nullable YearMonth latestClosed) {
    state = state.withMonths(state.summaryMonth(), latestClosed);
  }

  /**
   * The decision: all that was written, the summaries, the alerts that have become due, and the end
   * of those whose period is over.
   */
  Decision<MeterState> applied(Map<String, Object> answer) {
    List<Integer> alerts = SceneQuotaAlerts.due(state, period);
    List<DocRef> over = alertsOver();
    List<Read> reads = new ArrayList<>();
    alerts.forEach(percent -> reads.add(new Read.Get(alertRef(percent))));
    over.forEach(alert -> reads.add(new Read.Get(alert)));
    List<Read> unseen = new ArrayList<>(missing(reads));
    unseen.addAll(placeChanges());
    if (!unseen.isEmpty()) {
      return new Decision.NeedsReads<>(unseen);
    }
    if (!over.isEmpty()) {
      over.forEach(this::resolve);
      state = state.withAlert(null, 0);
    }
    for (int percent : alerts) {
      // One that exists was raised before another program wiped our mark: it stays as it is.
      if (!seen.document(alertRef(percent)).exists()) {
        writes.add(SceneQuotaAlerts.alert(customerId, percent, state, period.start(), now));
      }
      state = state.withAlert(period.start(), percent);
    }
    nameSummaries();
    writes.addAll(changes.writes());
    return new Decision.Applied<>(state, answer, writes);
  }

  private void resolve(DocRef alert) {
    Alerts.resolution(seen.document(alert), now).ifPresent(writes::add);
  }

  private DocRef alertRef(int percent) {
    return SceneQuotaAlerts.ref(customerId, percent, period.start());
  }

  /** Finds the documents of what changes; the reads that it takes. */
  private List<Read> placeChanges() {
    List<Read> unseen = new ArrayList<>();
    Map<YearMonth, MonthIndex> indexes = new TreeMap<>(state.months());
    for (YearMonth month : changes.months()) {
      MonthIndex index = index(month, unseen);
      if (index != null) {
        indexes.put(month, changes.place(month, index, seen, unseen));
      }
    }
    indexes.keySet().removeIf(month -> book.isClosed(month, state.closedMonth(), now));
    if (!indexes.equals(state.months())) {
      state = state.withIndexes(indexes);
    }
    return missing(unseen);
  }

  /**
   * What a month's summary holds; null if its first document must be read for that: the first time,
   * and when another program wiped what the customer's document says of it.
   */
  private @Nullable MonthIndex index(YearMonth month, List<Read> unseen) {
    MonthIndex known = state.months().get(month);
    if (known != null) {
      return known;
    }
    YearMonth latest = state.summaryMonth();
    if (latest != null && month.isAfter(latest)) {
      return MonthIndex.EMPTY;
    }
    DocRef first = UsageIds.summaryRef(customerId, month);
    Read read = new Read.Get(first);
    if (!seen.has(read)) {
      unseen.add(read);
      return null;
    }
    return MonthIndex.of(seen.document(first));
  }

  private void nameSummaries() {
    for (YearMonth month : changes.months()) {
      YearMonth named = state.summaryMonth();
      if (!month.equals(named)) {
        writes.add(book.named(customerId, month));
      }
      if (named == null || month.isAfter(named)) {
        state = state.withMonths(month, state.closedMonth());
      }
    }
  }
}
