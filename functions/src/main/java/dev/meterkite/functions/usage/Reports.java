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
import dev.meterkite.model.usage.FocusParties;
import dev.meterkite.model.usage.GroupedUsage;
import dev.meterkite.model.usage.GroupedUsage.GroupBy;
import dev.meterkite.model.usage.RateCard;
import dev.meterkite.model.usage.UsageIds;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;

/** Reads what a report is made of: a document a month, or, by scene, the records. */
final class Reports {
  /** The most days of a report that is made of summaries. */
  static final int MAX_DAYS = 3_660;

  /** The most records that a report by scene reads. */
  static final int MAX_RECORDS = 100_000;

  private static final String CSV_TYPE = "text/csv; charset=utf-8";
  private static final String BYTE_ORDER_MARK = "\uFEFF";
  private static final int MAX_NAME = 100;
  private static final int PAGE = 1_000;
  private static final LocalDate FIRST = LocalDate.of(2000, 1, 1);
  private static final LocalDate LAST = LocalDate.of(9999, 12, 31);

  private final Store store;
  private final SummaryReads summaries;
  private final RateCard rates;
  private final String provider;
  private final String issuer;

  /**
   * @param provider who sells what is used, by name
   * @param issuer who sends the invoices, by name
   */
  Reports(Store store, RateCard rates, String provider, String issuer) {
    this.store = store;
    this.summaries = new SummaryReads(store);
    this.rates = rates;
    this.provider = provider;
    this.issuer = issuer;
  }

  /** In what form a report goes out. */
  enum Format implements Word {
    JSON,
    CSV,
    /** The charges of a bill in the columns of FOCUS. */
    FOCUS
  }

  /**
   * What is asked.
   *
   * @param from the first day
   * @param to the first day that is not in it any more
   * @param bom whether a CSV begins with a byte order mark
   */
  record Request(
      String customerId,
      LocalDate from,
      LocalDate to,
      GroupBy groupBy,
      Format format,
      boolean bom) {
    static Request parse(Fields fields) {
      String customerId = fields.id("customer_id");
      if (WrittenRules.isReserved(customerId)) {
        fields.fault("customer_id", "reserved_id", "ids with a leading underscore are reserved");
      }
      LocalDate from = fields.day("from", FIRST, LAST);
      LocalDate to = fields.day("to", FIRST, LAST);
      GroupBy groupBy = fields.word("group_by", GroupBy.class);
      Format format = fields.optionalWord("format", Format.class);
      if (format == Format.FOCUS && groupBy != GroupBy.DAY) {
        fields.fault("group_by", Violation.INCONSISTENT, "must be day with format focus");
      }
      Boolean bom = fields.optionalFlag("bom");
      if (Boolean.TRUE.equals(bom) && format != Format.CSV) {
        fields.fault("bom", Violation.INCONSISTENT, "must be false but with format csv");
      }
      boolean byScene = groupBy == GroupBy.SCENE;
      int most = byScene ? GroupedUsage.MAX_DAYS_BY_SCENE : MAX_DAYS;
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
          format == null ? Format.JSON : format,
          Boolean.TRUE.equals(bom));
    }

    /** A name for the report as a file, of characters that no system or header minds. */
    String fileName() {
      String id = customerId.replaceAll("[^A-Za-z0-9._-]", "_");
      String cut = id.length() > MAX_NAME ? id.substring(0, MAX_NAME) : id;
      String kind = format == Format.FOCUS ? "focus" : "usage-by-" + groupBy.wire();
      return kind + "-" + cut + "-" + from + "-" + to + ".csv";
    }
  }

  /**
   * The report as asked. 404 for a customer that does not exist and of whom nothing was counted in
   * these days; 400 for more records than a report reads.
   */
  Answer answer(Request request, Instant now) {
    DocRef customerRef = UsageIds.customerRef(request.customerId());
    GroupedUsage report = new GroupedUsage(request.groupBy(), request.from(), request.to());
    FocusCsv charges = new FocusCsv(rates, request.from(), request.to());
    AtomicBoolean counted = new AtomicBoolean();
    Snapshot customer;
    if (request.groupBy() == GroupBy.SCENE) {
      customer = store.read(List.of(customerRef)).join().get(0);
      if (!addRecords(report, request, now)) {
        return Answer.problem(
            Problem.invalid("More than 100,000 records: ask for fewer days, or not by scene."));
      }
      counted.set(!report.groups().isEmpty());
    } else {
      customer =
          addSummaries(
              request,
              customerRef,
              (month, summary) -> {
                counted.compareAndSet(false, summary.exists());
                if (request.format() == Format.FOCUS) {
                  charges.add(month, summary);
                } else {
                  report.addSummary(month, summary);
                }
              });
    }
    if (!customer.exists() && !counted.get()) {
      return Answer.problem(Problem.missing(customerRef));
    }
    return switch (request.format()) {
      case JSON -> Answer.ok(report.toAnswer());
      case CSV -> file(request, (request.bom() ? BYTE_ORDER_MARK : "") + report.toCsv());
      case FOCUS -> file(request, charges.toCsv(FocusParties.of(customer, provider, issuer)));
    };
  }

  private Snapshot addSummaries(
      Request request, DocRef customer, BiConsumer<YearMonth, Snapshot> take) {
    YearMonth first = YearMonth.from(request.from());
    YearMonth last = YearMonth.from(request.to().minusDays(1));
    return summaries.each(List.of(customer), request.customerId(), first, last, take).get(0);
  }

  private static Answer file(Request request, String csv) {
    return Answer.text(CSV_TYPE, csv)
        .with("Content-Disposition", "attachment; filename=\"" + request.fileName() + "\"");
  }

  private boolean addRecords(GroupedUsage report, Request request, Instant now) {
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
