package dev.meterkite.functions.usage;

import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.Sweeps;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.usage.Amounts;
import dev.meterkite.model.usage.DayAudit;
import dev.meterkite.model.usage.MonthTotals;
import dev.meterkite.model.usage.UsageIds;
import dev.meterkite.model.usage.UsageTriage;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Compares the summaries of the last days with the records, and has counted anew what differs: the
 * events of such records were lost.
 *
 * <p>A pass begins with the first run of a UTC day and goes through all customers that ever had a
 * record, in the order of their ids. A run stops when its time is over; where it stopped stands in
 * {@code sweeps/reconcile-usage}, and the next run goes on from there. A customer costs one query
 * to find, one count, its summaries, and for each day with usage a count and four sums; the records
 * of a day are read only where those say something new.
 *
 * <p>What counts and sums cannot show, such as an edit of the action alone whose event was lost, is
 * not found.
 */
final class UsageAudit {
  static final String NAME = "reconcile-usage";

  private static final int PAGE = 300;

  /** Looks at a day that others keep writing to; then it waits for the next pass. */
  private static final int LOOKS = 3;

  private final Store store;
  private final SummaryReads summaries;
  private final InstantSource clock;
  private final UsageTriage triage;
  private final long daysBack;
  private final Predicate<String> recount;
  private final Log log;

  /**
   * @param daysBack how many days before today are compared, besides today; 0 for no audit at all
   * @param recount counts a record anew, by its id; whether that could be done
   * @param log is told of a customer that could not be compared; the next pass has it again
   */
  UsageAudit(
      Store store,
      InstantSource clock,
      UsageTriage triage,
      long daysBack,
      Predicate<String> recount,
      Log log) {
    this.log = log;
    this.store = store;
    this.summaries = new SummaryReads(store);
    this.clock = clock;
    this.triage = triage;
    this.daysBack = daysBack;
    this.recount = recount;
  }

  /** Goes on with the pass of today, or begins it. */
  Metering.Audited run(InstantSource real, Instant until) {
    if (daysBack == 0) {
      return new Metering.Audited(0, 0, false);
    }
    DocRef ref = new DocRef(Sweeps.COLLECTION, NAME);
    Snapshot pass = store.read(List.of(ref)).join().get(0);
    String last = pass.fields().get(Sweeps.CURSOR) instanceof String id ? id : "";
    boolean doneToday =
        pass.fields().get(Sweeps.STARTED_AT) instanceof Instant began
            && day(began).equals(day(now()));
    if (last.isEmpty() && doneToday) {
      return new Metering.Audited(0, 0, false);
    }
    note(ref, last, last.isEmpty());
    long customers = 0;
    long recounted = 0;
    while (real.instant().isBefore(until)) {
      String next = nextCustomer(last);
      if (next == null) {
        note(ref, "", false);
        return new Metering.Audited(customers, recounted, false);
      }
      last = next;
      if (UsageIds.isCustomerId(next)) {
        try {
          recounted += compare(next);
          customers++;
        } catch (CompletionException e) {
          // The resets of this run are done, and one customer must not hold up those behind it.
          log.failure(StoreException.passing(e), Map.of("function", "reset-quotas"), e);
          break;
        }
      }
    }
    note(ref, last, false);
    return new Metering.Audited(customers, recounted, true);
  }

  private void note(DocRef ref, String last, boolean begins) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Sweeps.NAME, NAME);
    fields.put(Sweeps.CURSOR, last.isEmpty() ? Write.REMOVED : last);
    fields.put(Sweeps.UPDATED_AT, now());
    if (begins) {
      fields.put(Sweeps.STARTED_AT, now());
    } else if (last.isEmpty()) {
      fields.put(Sweeps.FINISHED_AT, now());
    }
    ConditionalUpdate.write(store, Mutation.blind(ref, fields, Map.of()));
  }

  private @Nullable String nextCustomer(String last) {
    List<Snapshot> next = store.find(Queries.usageOfNextCustomer(last)).join();
    return next.isEmpty() ? null : (String) next.get(0).fields().get(UsageTracking.CUSTOMER_ID);
  }

  /** Compares the days of a customer; says how many records were counted anew. */
  private long compare(String customerId) {
    LocalDate today = day(now());
    LocalDate first = today.minusDays(daysBack);
    CompletableFuture<Number> any =
        store.total(records(customerId, first, today.plusDays(1)), null);
    Map<YearMonth, MonthTotals> months = months(customerId, first, today);
    long recounted = 0;
    boolean idle = any.join().longValue() == 0;
    for (LocalDate day = first; !day.isAfter(today); day = day.plusDays(1)) {
      MonthTotals month = Objects.requireNonNull(months.get(YearMonth.from(day)));
      boolean nothing = idle && DayAudit.of(day, month, Amounts.ZERO).isEmpty();
      if (!nothing) {
        recounted += compare(customerId, day, month);
      }
    }
    return recounted;
  }

  private long compare(String customerId, LocalDate day, MonthTotals known) {
    DayAudit audit = DayAudit.of(day, known, totals(customerId, day));
    long recounted = 0;
    for (int look = 0; look < LOOKS && !audit.agrees(); look++) {
      long mended = recount(customerId, day);
      recounted += mended;
      DayAudit before = audit;
      audit = DayAudit.of(day, month(customerId, day), totals(customerId, day));
      if (mended == 0 && audit.equals(before)) {
        // All its records are counted as they are: so this difference is right.
        Write.Merge explanation = audit.explain(customerId);
        ConditionalUpdate.write(
            store, Mutation.blind(explanation.ref(), explanation.fields(), Map.of()));
        return recounted;
      }
    }
    return recounted;
  }

  private Amounts totals(String customerId, LocalDate day) {
    Query query = records(customerId, day, day.plusDays(1));
    List<CompletableFuture<Number>> totals = new ArrayList<>();
    totals.add(store.total(query, null));
    Queries.usageSums().forEach(field -> totals.add(store.total(query, field)));
    return DayAudit.records(totals.stream().map(CompletableFuture::join).toList());
  }

  private Map<YearMonth, MonthTotals> months(String customerId, LocalDate first, LocalDate last) {
    Map<YearMonth, MonthTotals> months = new HashMap<>();
    summaries.each(
        List.of(),
        customerId,
        YearMonth.from(first),
        YearMonth.from(last),
        (month, document) -> months.computeIfAbsent(month, MonthTotals::new).add(document));
    return months;
  }

  private MonthTotals month(String customerId, LocalDate day) {
    return Objects.requireNonNull(months(customerId, day, day).get(YearMonth.from(day)));
  }

  /** Looks at each record of a day, and at what was counted for records that are gone. */
  private long recount(String customerId, LocalDate day) {
    Query records = records(customerId, day, day.plusDays(1));
    Look look = new Look();
    look.through(records, UsageTracking.TIMESTAMP);
    Query counts = Queries.countsOfCustomer(customerId, start(day), start(day.plusDays(1)), PAGE);
    if (store.total(counts, null).join().longValue() != look.seen) {
      look.through(counts, UsageCounts.TIMESTAMP);
    }
    return look.recounted;
  }

  /** A look at records, a page after the other. */
  private final class Look {
    private long seen;
    private long recounted;

    void through(Query query, String timestamp) {
      Query next = query;
      List<Snapshot> page;
      do {
        page = store.find(next).join();
        take(page.stream().map(document -> document.ref().id()).toList());
        if (!page.isEmpty()) {
          Snapshot last = page.get(page.size() - 1);
          Object time = Objects.requireNonNull(last.fields().get(timestamp));
          next = query.after(List.of(time, last.ref().id()));
        }
      } while (page.size() == PAGE);
    }

    private void take(List<String> ids) {
      List<DocRef> refs = new ArrayList<>();
      ids.forEach(id -> refs.addAll(List.of(UsageIds.recordRef(id), UsageIds.countsRef(id))));
      List<Snapshot> read = refs.isEmpty() ? List.of() : store.read(refs).join();
      for (int i = 0; i < read.size(); i += 2) {
        seen++;
        if (!triage.agrees(read.get(i), read.get(i + 1), now())
            && recount.test(read.get(i).ref().id())) {
          recounted++;
        }
      }
    }
  }

  private static Query records(String customerId, LocalDate from, LocalDate to) {
    return Queries.usageOfCustomer(customerId, start(from), start(to), PAGE);
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  private static LocalDate day(Instant moment) {
    return LocalDate.ofInstant(moment, ZoneOffset.UTC);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
