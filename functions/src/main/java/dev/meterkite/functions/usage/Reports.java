package dev.meterkite.functions.usage;

import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.customers.WrittenRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Violation;
import dev.meterkite.model.schema.Word;
import dev.meterkite.model.usage.FocusCsv;
import dev.meterkite.model.usage.UsageReport;
import dev.meterkite.model.usage.UsageReport.GroupBy;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads what a report is made of: a document a month, or, by scene, the records. */
final class Reports {
  /** The most days of a report that is made of summaries. */
  static final int MAX_DAYS = 3_660;

  /** The most records that a report by scene reads. */
  static final int MAX_RECORDS = 100_000;

  private static final String CSV_TYPE = "text/csv; charset=utf-8";
  private static final int PAGE = 1_000;
  private static final LocalDate FIRST = LocalDate.of(2000, 1, 1);
  private static final LocalDate LAST = LocalDate.of(9999, 12, 31);

  private final Store store;

  Reports(Store store) {
    this.store = store;
  }

  /** In what form a report goes out. */
  enum Format implements Word {
    JSON,
    CSV,
    /** A bill's lines: one a UTC day and action, in the columns of FOCUS. */
    FOCUS
  }

  /**
   * What is asked.
   *
   * @param from the first day
   * @param to the first day that is not in it any more
   */
  record Request(String customerId, LocalDate from, LocalDate to, GroupBy groupBy, Format format) {
    static Request parse(Fields fields) {
      String customerId = fields.id("customer_id");
      if (WrittenRules.isReserved(customerId)) {
        fields.fault("customer_id", "reserved_id", "ids with a leading underscore are reserved");
      }
      LocalDate from = day(fields, "from");
      LocalDate to = day(fields, "to");
      GroupBy groupBy = fields.word("group_by", GroupBy.class);
      Format format = fields.optionalWord("format", Format.class);
      if (format == Format.FOCUS && groupBy != GroupBy.DAY) {
        fields.fault("group_by", Violation.INCONSISTENT, "must be day with format focus");
      }
      boolean byScene = groupBy == GroupBy.SCENE;
      int most = byScene ? UsageReport.MAX_DAYS_BY_SCENE : MAX_DAYS;
      if (from != null && to != null && !from.isBefore(to)) {
        fields.fault("to", Violation.OUT_OF_RANGE, "must be later than from");
      } else if (from != null && to != null && ChronoUnit.DAYS.between(from, to) > most) {
        fields.fault(
            "to",
            Violation.OUT_OF_RANGE,
            "must be at most " + most + " days after from" + (byScene ? " by scene" : ""));
      }
      return new Request(
          customerId,
          from == null ? FIRST : from,
          to == null ? LAST : to,
          groupBy,
          format == null ? Format.JSON : format);
    }

    private static @Nullable LocalDate day(Fields fields, String name) {
      String text = fields.string(name, 1, 40);
      try {
        LocalDate day = text.length() == 10 ? LocalDate.parse(text) : midnight(text);
        if (day != null && !day.isBefore(FIRST) && !day.isAfter(LAST)) {
          return day;
        }
      } catch (DateTimeParseException e) {
        // Neither a day nor a moment, which is said below.
      }
      if (!text.isEmpty()) {
        fields.fault(
            name,
            Violation.OUT_OF_RANGE,
            "must be a day in UTC from the year 2000, such as 2026-01-31 or 2026-01-31T00:00:00Z");
      }
      return null;
    }

    private static @Nullable LocalDate midnight(String text) {
      Instant moment = OffsetDateTime.parse(text).toInstant();
      return moment.equals(moment.truncatedTo(ChronoUnit.DAYS))
          ? LocalDate.ofInstant(moment, ZoneOffset.UTC)
          : null;
    }
  }

  /** The report as asked; 400 for more records than a report reads. */
  Answer answer(Request request, Instant now) {
    if (request.format() == Format.FOCUS) {
      FocusCsv lines = new FocusCsv(request.customerId(), request.from(), request.to());
      summaries(request).forEach(lines::add);
      return Answer.text(CSV_TYPE, lines.toCsv());
    }
    UsageReport report = new UsageReport(request.groupBy(), request.from(), request.to());
    if (request.groupBy() != GroupBy.SCENE) {
      summaries(request).forEach(report::addSummary);
    } else if (!addRecords(report, request, now)) {
      return Answer.problem(
          Problem.invalid("More than 100,000 records: ask for fewer days, or not by scene."));
    }
    return request.format() == Format.CSV
        ? Answer.text(CSV_TYPE, report.toCsv())
        : Answer.ok(report.toAnswer());
  }

  private Map<YearMonth, Snapshot> summaries(Request request) {
    List<DocRef> refs = UsageReport.summaries(request.customerId(), request.from(), request.to());
    Map<YearMonth, Snapshot> summaries = new LinkedHashMap<>();
    YearMonth month = YearMonth.from(request.from());
    for (Snapshot summary : store.read(refs).join()) {
      summaries.put(month, summary);
      month = month.plusMonths(1);
    }
    return summaries;
  }

  private boolean addRecords(UsageReport report, Request request, Instant now) {
    Query query =
        Queries.usageOfCustomer(
            request.customerId(), start(request.from()), start(request.to()), PAGE);
    for (int read = 0; read < MAX_RECORDS; read += PAGE) {
      List<Snapshot> page = store.find(query).join();
      page.forEach(record -> report.addRecord(record, now));
      if (page.size() < PAGE) {
        return true;
      }
      Snapshot last = page.get(page.size() - 1);
      Object timestamp = Objects.requireNonNull(last.fields().get(UsageTracking.TIMESTAMP));
      query = query.after(List.of(timestamp, last.ref().id()));
    }
    return false;
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
