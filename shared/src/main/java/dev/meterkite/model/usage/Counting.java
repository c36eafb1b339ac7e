package dev.meterkite.model.usage;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.usage.CountedUsage.Identity;
import dev.meterkite.model.usage.SummaryCalendar.Placed;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Brings what is counted for a record to what the record says as it stands: the difference goes to
 * the counters and summaries, whatever led to it. Nothing is refused; what is beyond the quota is
 * flagged.
 */
final class Counting {
  private final Fold fold;
  private final RateCard rates;
  private final String usageId;

  Counting(Fold fold, RateCard rates, String usageId) {
    this.fold = fold;
    this.rates = rates;
    this.usageId = usageId;
  }

  static List<Read> reads(String usageId) {
    return List.of(
        new Read.Get(UsageIds.recordRef(usageId)), new Read.Get(UsageIds.countsRef(usageId)));
  }

  Decision<MeterState> decide() {
    List<Read> unseen = fold.missing(reads(usageId));
    if (!unseen.isEmpty()) {
      return new Decision.NeedsReads<>(unseen);
    }
    Snapshot record = fold.seen().document(UsageIds.recordRef(usageId));
    Snapshot counts = fold.seen().document(UsageIds.countsRef(usageId));
    CountedUsage before = CountedUsageCodec.decode(counts);
    if (before.frozen()) {
      return new Decision.Unchanged<>(answer("frozen"));
    }
    StoredUsage stored =
        record.exists() ? StoredUsage.of(usageId, record.fields(), rates, fold.now) : null;
    UsageFigures figures = stored == null ? null : stored.figures();
    boolean ours = figures != null && figures.customerId().equals(fold.customerId);
    String holder = before.countedFor();
    if (holder == null
        ? !ours && stored != null && stored.errors().isEmpty()
        : !holder.equals(fold.customerId)) {
      return new Decision.Unchanged<>(answer("not_ours"));
    }
    if (!fold.state().exists()) {
      return new Decision.Unchanged<>(answer(ours || holder != null ? "pending" : "nothing"));
    }
    CountedUsage after = recount(before, ours ? stored : null);
    boolean over = isOver(before, after);
    if (changed(before, after, counts)) {
      apply(before, after, counts);
    }
    if (stored != null && (ours || !stored.errors().isEmpty())) {
      mark(record, stored, after, over);
    }
    return fold.isEmpty()
        ? new Decision.Unchanged<>(answer("settled"))
        : fold.applied(answer(after.countedFor() == null ? "uncounted" : "counted"));
  }

  /** What is to be counted; {@code stored} is null for nothing. */
  private CountedUsage recount(CountedUsage before, @Nullable StoredUsage stored) {
    UsageFigures figures = stored == null ? null : stored.figures();
    Identity was = before.figures();
    Identity is = figures == null ? was : Identity.of(figures);
    if (is == null) {
      return before.recounted(null, before.parts(), 0, null, null);
    }
    LocalDate home =
        figures == null ? LocalDate.ofInstant(is.timestamp(), ZoneOffset.UTC) : figures.day();
    Amounts amounts =
        figures == null || stored == null ? Amounts.ZERO : figures.amounts(rates, stored.priced());
    Placed placed =
        fold.book()
            .place(
                before.parts(),
                fold.customerId,
                home,
                is.action(),
                amounts,
                fold.state().closedMonth(),
                fold.now);
    boolean scene = figures != null && figures.isScene();
    Instant period = null;
    if (scene) {
      // Where it was counted it stays, even if the customer's anchor day has changed since.
      boolean same = before.scenes() == 1 && is.equals(was);
      period = same ? before.quotaPeriod() : fold.periodOf(is.timestamp());
    }
    YearMonth late = placed.lateFor();
    if (late == null && figures != null && is.equals(was)) {
      late = before.lateFor();
    }
    return before.recounted(is, placed.parts(), scene ? 1 : 0, period, late);
  }

  private static boolean changed(CountedUsage before, CountedUsage after, Snapshot counts) {
    boolean same =
        before.scenes() == after.scenes()
            && Objects.equals(before.figures(), after.figures())
            && Objects.equals(before.quotaPeriod(), after.quotaPeriod())
            && Objects.equals(before.lateFor(), after.lateFor())
            && new HashSet<>(before.parts()).equals(new HashSet<>(after.parts()))
            && before.countDueAt() == null;
    boolean nothing = !counts.exists() && after.figures() == null;
    return !same && !nothing;
  }

  private void apply(CountedUsage before, CountedUsage after, Snapshot counts) {
    fold.scenes(-before.scenes(), before.quotaPeriod());
    fold.scenes(after.scenes(), after.quotaPeriod());
    fold.parts(before.parts(), after.parts());
    Map<String, Object> fields = CountedUsageCodec.encode(after, fold.now);
    for (String name :
        List.of(UsageCounts.QUOTA_PERIOD, UsageCounts.LATE_FOR, UsageCounts.COUNT_DUE_AT)) {
      if (counts.fields().containsKey(name)) {
        fields.putIfAbsent(name, Write.REMOVED);
      }
    }
    fold.write(new Write.Update(counts.ref(), fields));
  }

  private boolean isOver(CountedUsage before, CountedUsage after) {
    return after.scenes() > before.scenes()
        && after.quotaPeriod() != null
        && !fold.fits(after.quotaPeriod());
  }

  private void mark(Snapshot record, StoredUsage stored, CountedUsage after, boolean over) {
    Map<String, Object> marks = new LinkedHashMap<>(stored.missingMarks(record.fields()));
    if (over && !Boolean.TRUE.equals(record.fields().get(UsageTracking.OVER_QUOTA))) {
      marks.put(UsageTracking.OVER_QUOTA, true);
    }
    String late = after.lateFor() == null ? null : after.lateFor().toString();
    if (late != null && !late.equals(record.fields().get(UsageTracking.LATE_FOR))) {
      marks.put(UsageTracking.LATE_FOR, late);
    }
    if (!marks.isEmpty()) {
      fold.write(new Write.Update(record.ref(), marks));
    }
  }

  private static Map<String, Object> answer(String status) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("status", status);
    return answer;
  }
}
