package dev.meterkite.local;

import com.google.gson.JsonObject;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.usage.UsageAction;
import dev.meterkite.model.usage.UsageIds;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A month of usage: the calls of the trace are records of five customers, sent in lists, some of
 * them twice; another program writes, edits and deletes some directly; then the month ends, its
 * counters begin anew, its books close, and the report is compared with the records.
 */
final class DemoUsage implements DemoSection {
  private static final int CUSTOMERS = 5;
  private static final int A_LIST = 50;
  private static final int SCENE_EVERY = 20;
  private static final long QUOTA = 10;
  private static final int FOREIGN = 12;
  private static final int PAGE = 1_000;

  private final LlmTrace trace;
  private long recorded;
  private long refused;
  private long replayed;
  private YearMonth month = YearMonth.of(2000, 1);

  DemoUsage(LlmTrace trace) {
    this.trace = trace;
  }

  @Override
  public String name() {
    return "A month of usage: the calls as records of %d customers, %d scenes each"
        .formatted(CUSTOMERS, QUOTA);
  }

  private static String customer(long index) {
    return "demo-lab-" + index % CUSTOMERS;
  }

  @Override
  public void play(DemoStage stage) throws IOException, InterruptedException {
    Instant now = stage.host().clock().instant().truncatedTo(ChronoUnit.MICROS);
    month = YearMonth.from(now.atZone(ZoneOffset.UTC));
    Map<DocRef, Map<String, Object>> customers = new LinkedHashMap<>();
    for (int i = 0; i < CUSTOMERS; i++) {
      customers.put(
          UsageIds.customerRef(customer(i)),
          Map.of(Customers.BUNDLE_TIER, "pro", Customers.MONTHLY_SCENE_QUOTA, QUOTA));
    }
    stage.create(customers);
    long began = System.nanoTime();
    sendLists(stage, now);
    double seconds = (System.nanoTime() - began) / 1e9;
    writeDirectly(stage, now);
    stage.row("records", recorded);
    stage.row("scenes beyond the quota, refused", refused);
    stage.row("lists answered as the first time", replayed);
    stage.row("records a second", "%,.0f".formatted(recorded / Math.max(0.001, seconds)));
    stage.row("records of another program", FOREIGN - FOREIGN / 3);
    awaitCounted(stage);
    endMonth(stage);
  }

  private void sendLists(DemoStage stage, Instant now) throws IOException, InterruptedException {
    List<LlmTrace.Call> calls = trace.calls();
    for (int from = 0; from < calls.size(); from += A_LIST) {
      StringBuilder records = new StringBuilder();
      for (int i = from; i < Math.min(calls.size(), from + A_LIST); i++) {
        records.append(i == from ? "" : ",").append(record(i, calls.get(i), now));
      }
      String body = "{\"records\": [" + records + "]}";
      send(stage, "usage-" + from, body, true);
      if (from % (5 * A_LIST) == 0) {
        send(stage, "usage-" + from, body, false);
      }
    }
  }

  private static String record(int index, LlmTrace.Call call, Instant now) {
    boolean scene = index % SCENE_EVERY == 0;
    return """
    {"customer_id": "%s", "scene_id": "demo-scene-%d", "action": "%s", "timestamp": "%s",
     "episodes_generated": %d, "compute_minutes": %s,
     "details": {"context_tokens": %d, "generated_tokens": %d}}
    """
        .formatted(
            customer(index / SCENE_EVERY),
            index % 7,
            scene ? UsageAction.SCENE_GENERATED : "llm_call",
            now,
            scene ? 10 : 0,
            call.generated() / 1_000.0,
            call.context(),
            call.generated());
  }

  private void send(DemoStage stage, String key, String body, boolean first)
      throws IOException, InterruptedException {
    HttpResponse<String> response = stage.service().post("record-usage", key, body);
    JsonObject answer = stage.expect(200, "record-usage", response).orElse(null);
    if (answer != null && first) {
      answer
          .getAsJsonArray("results")
          .forEach(
              result -> {
                boolean done =
                    result.getAsJsonObject().get("status").getAsString().equals("recorded");
                recorded += done ? 1 : 0;
                refused += done ? 0 : 1;
              });
    } else if (answer != null) {
      replayed += response.headers().firstValue("Idempotency-Replayed").isPresent() ? 1 : 0;
    }
  }

  /** Another program writes; a third of its records it edits, another third it deletes. */
  private static void writeDirectly(DemoStage stage, Instant now) {
    for (int i = 0; i < FOREIGN; i++) {
      DocRef ref = new DocRef(UsageTracking.COLLECTION, "demo-foreign-" + i);
      stage.write(Mutation.replace(ref, foreign(i, now, 5)));
      if (i % 3 == 1) {
        stage.write(Mutation.replace(ref, foreign(i, now, 7)));
      } else if (i % 3 == 2) {
        stage.write(Mutation.delete(ref));
      }
    }
  }

  private static Map<String, Object> foreign(int index, Instant now, long episodes) {
    return Map.of(
        UsageTracking.CUSTOMER_ID,
        customer(index),
        UsageTracking.SCENE_ID,
        "demo-scene-0",
        UsageTracking.ACTION,
        UsageAction.EPISODES_GENERATED,
        UsageTracking.TIMESTAMP,
        now,
        UsageTracking.EPISODES_GENERATED,
        episodes);
  }

  /** Waits until what was written directly is counted: afterwards it would be late. */
  private void awaitCounted(DemoStage stage) throws InterruptedException {
    for (int i = 0; i < CUSTOMERS; i++) {
      DocRef customer = UsageIds.customerRef(customer(i));
      long episodes = sum(stage, customer(i)).episodes();
      stage.await(
          "the counting of records written directly for " + customer.id(),
          () -> number(stage.read(customer), Customers.TOTAL_EPISODES_GENERATED) == episodes);
    }
  }

  private void endMonth(DemoStage stage) throws IOException, InterruptedException {
    Instant end = start(month.plusMonths(1).atDay(1));
    until(stage, end);
    long reset = count(stage.fire("reset-quotas"), "customers_reset");
    until(stage, end.plus(Duration.ofDays(3)));
    stage.row("counters reset at the end of the month", reset);
    stage.row(
        "summaries closed three days later", count(stage.fire("reset-quotas"), "months_closed"));
  }

  private static long count(JsonObject answer, String name) {
    return answer.has(name) ? answer.get(name).getAsLong() : 0;
  }

  private static void until(DemoStage stage, Instant moment) {
    Duration ahead = Duration.between(stage.host().clock().instant(), moment);
    if (!ahead.isNegative()) {
      stage.host().clock().advance(ahead.plusMillis(1));
    }
  }

  @Override
  public List<String> check(DemoStage stage) throws IOException, InterruptedException {
    List<String> findings = new ArrayList<>();
    long total = 0;
    for (int i = 0; i < CUSTOMERS; i++) {
      Sum sum = sum(stage, customer(i));
      total += sum.count();
      for (String by : List.of("action", "scene", "day", "month")) {
        String report = report(stage, customer(i), by);
        if (!report.equals(sum.toString())) {
          findings.add(
              "%s by %s: the report says %s, the records %s"
                  .formatted(customer(i), by, report, sum));
        }
      }
      checkCustomer(stage, customer(i), sum, findings);
    }
    long expected = recorded + FOREIGN - FOREIGN / 3;
    if (total != expected) {
      findings.add("%d records, not %d".formatted(total, expected));
    }
    return findings;
  }

  /** Records, their episodes and cost. */
  private record Sum(long count, long scenes, long episodes, long costMicros) {
    @Override
    public String toString() {
      return count + " records, " + episodes + " episodes, " + costMicros + " micro-USD";
    }
  }

  private Sum sum(DemoStage stage, String customer) {
    Sum sum = new Sum(0, 0, 0, 0);
    Query query =
        Queries.usageOfCustomer(
            customer, start(month.atDay(1)), start(month.plusMonths(1).atDay(1)), PAGE);
    List<Snapshot> page = List.of();
    do {
      if (!page.isEmpty()) {
        Snapshot last = page.get(page.size() - 1);
        Object time = last.fields().getOrDefault(UsageTracking.TIMESTAMP, Instant.EPOCH);
        query = query.after(List.of(time, last.ref().id()));
      }
      page = stage.find(query);
      for (Snapshot record : page) {
        boolean scene =
            UsageAction.SCENE_GENERATED.equals(record.fields().get(UsageTracking.ACTION));
        sum =
            new Sum(
                sum.count() + 1,
                sum.scenes() + (scene ? 1 : 0),
                sum.episodes() + number(record, UsageTracking.EPISODES_GENERATED),
                sum.costMicros() + number(record, UsageTracking.ESTIMATED_COST_MICROS));
      }
    } while (page.size() == PAGE);
    return sum;
  }

  private static long number(Snapshot document, String field) {
    return document.fields().get(field) instanceof Long number ? number : 0;
  }

  private String report(DemoStage stage, String customer, String by)
      throws IOException, InterruptedException {
    LocalDate first = month.atDay(1);
    HttpResponse<String> response =
        stage
            .service()
            .get(
                "usage-report?customer_id=%s&from=%s&to=%s&group_by=%s"
                    .formatted(customer, first, first.plusMonths(1), by));
    return stage
        .expect(200, "usage-report", response)
        .map(answer -> answer.getAsJsonObject("totals"))
        .map(
            totals ->
                new Sum(
                        totals.get("count").getAsLong(),
                        0,
                        totals.get("episodes_generated").getAsLong(),
                        totals.get("billable_cost_micros").getAsLong())
                    .toString())
        .orElse("nothing");
  }

  private void checkCustomer(DemoStage stage, String customer, Sum sum, List<String> findings) {
    Snapshot counters = stage.read(UsageIds.customerRef(customer));
    Snapshot summary = stage.read(UsageIds.summaryRef(customer, month));
    if (number(counters, Customers.TOTAL_SCENES_GENERATED) != sum.scenes()
        || number(counters, Customers.TOTAL_EPISODES_GENERATED) != sum.episodes()
        || sum.scenes() > QUOTA) {
      findings.add(customer + "'s counters are not those of " + sum);
    }
    if (number(counters, Customers.SCENES_GENERATED_THIS_MONTH) != 0
        || counters.fields().containsKey(Customers.QUOTA_DUE_AT)) {
      findings.add(customer + "'s counter did not begin anew");
    }
    if (!summary.fields().containsKey(UsageSummaries.CLOSED_AT)) {
      findings.add(customer + "'s month is not closed");
    }
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
