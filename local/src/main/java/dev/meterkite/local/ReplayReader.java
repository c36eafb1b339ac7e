package dev.meterkite.local;

import dev.meterkite.functions.store.Store;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.whatif.CustomerReplay;
import dev.meterkite.model.whatif.Replayed;
import dev.meterkite.model.whatif.UserReplay;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a replay prices, a user or customer after the other and at most {@value #PAGE}
 * documents at a time. A user costs three queries, a customer one.
 */
final class ReplayReader {
  static final int PAGE = 300;

  private final Store store;
  private final Options.Span span;
  private final Plans before;
  private final Plans after;
  private final Instant from;
  private final Instant to;

  ReplayReader(Store store, Options.Span span, Plans before, Plans after) {
    this.store = store;
    this.span = span;
    this.before = before;
    this.after = after;
    this.from = start(span.from());
    this.to = start(span.to());
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  /**
   * Prices the customers that are asked for.
   *
   * @throws LocalHostException where there is none of the name
   */
  void customers(BiConsumer<String, CustomerReplay.Result> taker) {
    Consumer<Snapshot> each = customer -> taker.accept(customer.ref().id(), replay(customer));
    if (span.customer() != null) {
      each.accept(existing(Customers.COLLECTION, "customer", span.customer()));
    } else {
      pages(
          behind -> Query.of(Customers.COLLECTION, PAGE).ascending(Query.ID).after(behind),
          last -> List.of(last.ref().id()),
          each);
    }
  }

  /**
   * Prices the users that are asked for.
   *
   * @throws LocalHostException where there is none of the name
   */
  void users(BiConsumer<String, Replayed> taker) {
    Consumer<Snapshot> each = user -> taker.accept(user.ref().id(), replayUser(user));
    if (span.user() != null) {
      each.accept(existing(Users.COLLECTION, "user", span.user()));
    } else {
      pages(behind -> Queries.usersAfter(behind, PAGE), last -> List.of(last.ref().id()), each);
    }
  }

  private Snapshot existing(String collection, String what, String id) {
    List<Snapshot> found =
        DocRef.isId(id) ? Pages.read(store, List.of(new DocRef(collection, id))) : List.of();
    if (found.isEmpty() || !found.get(0).exists()) {
      throw new LocalHostException("There is no " + what + " " + id + ".");
    }
    return found.get(0);
  }

  /** Walks a query page by page. */
  private void pages(
      Function<List<Object>, Query> query,
      Function<Snapshot, List<Object>> position,
      Consumer<Snapshot> each) {
    List<Snapshot> page = Pages.find(store, query.apply(List.of()));
    while (!page.isEmpty()) {
      page.forEach(each);
      List<Object> behind = position.apply(page.get(page.size() - 1));
      page = page.size() < PAGE ? List.of() : Pages.find(store, query.apply(behind));
    }
  }

  private CustomerReplay.Result replay(Snapshot customer) {
    CustomerReplay replay = new CustomerReplay(before, after, customer);
    Query query = Queries.usageOfCustomer(customer.ref().id(), from, to, PAGE);
    pages(
        query::after,
        last -> List.of(value(last, UsageTracking.TIMESTAMP), last.ref().id()),
        record -> replay.record(record.fields()));
    return replay.end();
  }

  /** A value that the query has ordered by, so that it is there. */
  private static Object value(Snapshot document, String field) {
    return Objects.requireNonNull(document.fields().get(field), field);
  }

  private Replayed replayUser(Snapshot user) {
    String id = user.ref().id();
    String tier = FieldValues.text(user.fields().get(Users.TIER));
    UserReplay replay = new UserReplay(before, after, tier);
    transactions(id, replay);
    pages(
        behind -> Queries.idempotencyRecordsOf(CreditRefs.user(id).toString(), PAGE, behind),
        last -> List.of(last.ref().id()),
        record -> {
          if (record.fields().get(IdempotencyKeys.USAGE) != null
              && isWithin(record.fields().get(IdempotencyKeys.CREATED_AT))) {
            replay.callBelowACredit(record.fields());
          }
        });
    pages(
        behind -> Queries.capturesOfNothing(id, PAGE, behind),
        last -> List.of(last.ref().id()),
        hold -> {
          if (isCapturedCall(hold.fields())) {
            replay.callBelowACredit(hold.fields());
          }
        });
    replay.monthsWithoutAGrant(months(user.fields().get(Users.CREATED_AT)));
    return replay.end();
  }

  private boolean isWithin(@Nullable Object moment) {
    return moment instanceof Instant at && !at.isBefore(from) && at.isBefore(to);
  }

  /** Whether a hold was captured by a call that took no whole credit, in the period. */
  private boolean isCapturedCall(Map<String, Object> hold) {
    return HoldStatus.CAPTURED.wire().equals(hold.get(CreditHolds.STATUS))
        && hold.get(CreditTransactions.ACCRUED_MICROS) != null
        && isWithin(hold.get(CreditHolds.CLOSED_AT));
  }

  private void transactions(String userId, UserReplay replay) {
    List<Object> behind = List.of();
    while (true) {
      List<Snapshot> page = Pages.find(store, Queries.statement(userId, from, to, PAGE, behind));
      Map<String, Snapshot> jobs = jobs(page);
      for (Snapshot transaction : page) {
        Object job = transaction.fields().get(CreditTransactions.JOB_ID);
        replay.transaction(transaction.fields(), job == null ? null : jobs.get(job));
      }
      if (page.size() < PAGE) {
        return;
      }
      Snapshot last = page.get(page.size() - 1);
      behind =
          List.of(
              value(last, CreditTransactions.CREATED_AT), value(last, CreditTransactions.SEQUENCE));
    }
  }

  /** The jobs that were paid by transactions; a debit's job is only a label. */
  private Map<String, Snapshot> jobs(List<Snapshot> transactions) {
    List<DocRef> refs = new ArrayList<>();
    for (Snapshot each : transactions) {
      Map<String, Object> fields = each.fields();
      if (fields.get(CreditTransactions.HOLD_ID) != null
          && fields.get(CreditTransactions.JOB_ID) instanceof String job
          && DocRef.isId(job)) {
        refs.add(new DocRef(PodcastJobs.COLLECTION, job));
      }
    }
    Map<String, Snapshot> jobs = new HashMap<>();
    if (!refs.isEmpty()) {
      Pages.read(store, refs.stream().distinct().toList())
          .forEach(found -> jobs.put(found.ref().id(), found));
    }
    return jobs;
  }

  /** Calendar months that began in the period, with the one in which the user came. */
  private long months(@Nullable Object arrival) {
    Instant first = arrival instanceof Instant at && at.isAfter(from) ? at : from;
    YearMonth month = YearMonth.from(first.atZone(ZoneOffset.UTC));
    boolean isBegun = first.equals(from) && !start(month.atDay(1)).equals(from);
    long months = 0;
    for (YearMonth each = isBegun ? month.plusMonths(1) : month;
        start(each.atDay(1)).isBefore(to);
        each = each.plusMonths(1)) {
      months++;
    }
    return months;
  }
}
