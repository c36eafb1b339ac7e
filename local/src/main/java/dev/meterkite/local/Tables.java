package dev.meterkite.local;

import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UserLedger;
import dev.meterkite.model.schema.Schema.Users;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Ledger, usage and decisions as JSON lines that a warehouse such as BigQuery loads as they are: a
 * flat object a line, timestamps as RFC 3339, whole numbers as numbers.
 *
 * <p>All transactions and decisions up to the watermark are written, which is two minutes before
 * the run begins, because a commit may be under way so long; and usage as it is counted by now.
 * {@code watermark.json} says so, with the number of rows. They are written only where they agree
 * with the books: a user's amounts in the order of their sequence without a gap add up to the
 * balance that each of them notes and to that of the user; the counted parts of usage records add
 * up to the summaries; Firestore counts as many decisions. Usage that is counted while it is read
 * may not agree at first, so a run looks {@value #READINGS} times.
 *
 * <p>Nothing is changed in the past: a refund is a transaction, and a late correction of usage is a
 * part with a negative count, each a row of its own.
 */
final class Tables {
  static final List<String> ALL = List.of("ledger", "usage", "decisions");

  /** The longest time of a function: no commit of a moment before is still under way. */
  static final Duration LAG = Duration.ofMinutes(2);

  private static final int READINGS = 3;
  private static final int PAGE = 300;
  private static final int MOST_FINDINGS = 20;

  private static final List<String> LEDGER =
      List.of(
          CreditTransactions.TRANSACTION_ID,
          CreditTransactions.USER_ID,
          CreditTransactions.SEQUENCE,
          CreditTransactions.TYPE,
          CreditTransactions.AMOUNT,
          CreditTransactions.BALANCE_AFTER,
          CreditTransactions.JOB_ID,
          CreditTransactions.HOLD_ID,
          CreditTransactions.REVERSES,
          CreditTransactions.EXPIRES_AT,
          CreditTransactions.COST_MICROS,
          CreditTransactions.CHARGE_EXACT,
          CreditTransactions.PRICE_VERSION,
          CreditTransactions.CREATED_AT);

  private static final List<String> DECISIONS =
      List.of(
          RoutingDecisions.JOB_ID,
          RoutingDecisions.TASK_TYPE,
          RoutingDecisions.SELECTED_PROVIDER,
          RoutingDecisions.SELECTED_MODEL,
          RoutingDecisions.SCORE,
          RoutingDecisions.INPUT_TOKENS,
          RoutingDecisions.OUTPUT_TOKENS,
          RoutingDecisions.ESTIMATED_COST_MICROS,
          RoutingDecisions.ATTEMPT_OF,
          RoutingDecisions.TIMESTAMP);

  private static final List<String> FIGURES =
      List.of(
          UsageSummaries.COUNT,
          UsageSummaries.EPISODES_GENERATED,
          UsageSummaries.COMPUTE_MS,
          UsageSummaries.STORAGE_BYTES,
          UsageSummaries.BILLABLE_COST_MICROS);

  private final Store store;
  private final InstantSource clock;
  private final PrintStream out;
  private final List<String> findings = new ArrayList<>();

  Tables(Store store, InstantSource clock, PrintStream out) {
    this.store = store;
    this.clock = clock;
    this.out = out;
  }

  /**
   * Writes the tables.
   *
   * @param only which of {@link #ALL}; empty for all
   * @throws LocalHostException where rows and books do not agree; then nothing is written, and the
   *     files of an earlier run stay
   */
  int exportTo(Path folder, Set<String> only) throws IOException {
    Map<String, Object> counts = new LinkedHashMap<>();
    Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();
    Instant until = watermark();
    for (int reading = 0; reading == 0 || (!findings.isEmpty() && reading < READINGS); reading++) {
      findings.clear();
      until = watermark();
      for (String table : ALL) {
        if (only.isEmpty() || only.contains(table)) {
          tables.put(table, rows(table, until));
        }
      }
    }
    if (!findings.isEmpty()) {
      throw new LocalHostException(disagreement());
    }
    Files.createDirectories(folder);
    for (Map.Entry<String, List<Map<String, Object>>> table : tables.entrySet()) {
      write(folder.resolve(table.getKey() + ".jsonl"), table.getValue());
      counts.put(table.getKey(), (long) table.getValue().size());
      out.printf("  %-24s %d%n", table.getKey(), table.getValue().size());
    }
    Map<String, Object> watermark = new LinkedHashMap<>();
    watermark.put("until", until);
    watermark.put("rows", counts);
    write(folder.resolve("watermark.json"), List.of(watermark));
    return 0;
  }

  private String disagreement() {
    int more = findings.size() - MOST_FINDINGS;
    return "The rows do not agree with the books, so nothing is written. "
        + findings.stream().limit(MOST_FINDINGS).collect(Collectors.joining("; "))
        + (more > 0 ? "; and " + more + " more." : ".");
  }

  private Instant watermark() {
    return clock.instant().minus(LAG).truncatedTo(ChronoUnit.MICROS);
  }

  private static void write(Path file, List<Map<String, Object>> rows) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.write(part, rows.stream().map(Json::write).toList());
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private List<Map<String, Object>> rows(String table, Instant until) {
    return switch (table) {
      case "ledger" -> ledger(until);
      case "usage" -> usage();
      default -> decisions(until);
    };
  }

  private void each(String collection, Consumer<Snapshot> action) {
    Query query = Query.of(collection, PAGE).ascending(Query.ID);
    List<Snapshot> page = Pages.find(store, query);
    while (!page.isEmpty()) {
      page.forEach(action);
      page = Pages.find(store, query.after(List.of(page.get(page.size() - 1).ref().id())));
    }
  }

  private static Map<String, Object> row(Map<String, Object> fields, List<String> names) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (String name : names) {
      Object value = JsonValues.shown(fields.get(name));
      if (value != null) {
        row.put(name, value);
      }
    }
    return row;
  }

  private static long whole(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof Number number ? number.longValue() : 0;
  }

  private List<Map<String, Object>> ledger(Instant until) {
    Map<String, Snapshot> users = new TreeMap<>();
    each(Users.COLLECTION, user -> users.put(user.ref().id(), user));
    // Read behind the users: what their ledgers know is there.
    Map<String, TreeMap<Long, Map<String, Object>>> all = new TreeMap<>();
    each(
        CreditTransactions.COLLECTION,
        transaction -> {
          long sequence = whole(transaction.fields(), CreditTransactions.SEQUENCE);
          if (sequence > 0) {
            String user = String.valueOf(transaction.fields().get(CreditTransactions.USER_ID));
            all.computeIfAbsent(user, id -> new TreeMap<>()).put(sequence, transaction.fields());
          }
        });
    all.forEach(this::checkUser);
    users.forEach((id, user) -> checkBalance(user, all.getOrDefault(id, new TreeMap<>())));
    return all.values().stream()
        .flatMap(user -> user.values().stream())
        .filter(
            fields ->
                fields.get(CreditTransactions.CREATED_AT) instanceof Instant at
                    && !at.isAfter(until))
        .map(fields -> row(fields, LEDGER))
        .toList();
  }

  /** A user's rows follow one another from the first on, and each notes the sum of all before. */
  private void checkUser(String user, SortedMap<Long, Map<String, Object>> rows) {
    long expected = 0;
    long balance = 0;
    for (Map.Entry<Long, Map<String, Object>> row : rows.entrySet()) {
      expected++;
      balance += whole(row.getValue(), CreditTransactions.AMOUNT);
      boolean fits =
          row.getKey() == expected
              && balance == whole(row.getValue(), CreditTransactions.BALANCE_AFTER);
      if (!fits) {
        findings.add("ledger: user " + user + " is wrong at sequence " + row.getKey());
        return;
      }
    }
  }

  /** The transaction that the user's ledger ends with is there, and notes its balance. */
  private void checkBalance(Snapshot user, SortedMap<Long, Map<String, Object>> rows) {
    if (user.fields().get(Users.LEDGER) instanceof Map<?, ?> ledger) {
      long sequence = whole(ledger, UserLedger.SEQUENCE);
      Map<String, Object> last = rows.get(sequence);
      long balance = last == null ? 0 : whole(last, CreditTransactions.BALANCE_AFTER);
      if ((sequence > 0 && last == null) || whole(ledger, UserLedger.BALANCE) != balance) {
        findings.add("ledger: user " + user.ref().id() + " has another balance than its rows");
      }
    }
  }

  private List<Map<String, Object>> usage() {
    List<Map<String, Object>> rows = new ArrayList<>();
    Map<String, Long> sums = new TreeMap<>();
    each(
        UsageCounts.COLLECTION,
        count -> {
          int number = 0;
          for (Object part :
              count.fields().get(UsageCounts.PARTS) instanceof List<?> parts ? parts : List.of()) {
            if (part instanceof Map<?, ?> counted) {
              rows.add(usageRow(count, ++number, counted, sums));
            }
          }
        });
    each(UsageSummaries.COLLECTION, summary -> subtract(summary, sums));
    sums.values().removeIf(sum -> sum == 0);
    sums.forEach((what, sum) -> findings.add("usage: rows have " + sum + " more of " + what));
    return rows;
  }

  private static Map<String, Object> usageRow(
      Snapshot count, int number, Map<?, ?> counted, Map<String, Long> sums) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put(UsageCounts.USAGE_ID, count.ref().id());
    row.put("part", (long) number);
    for (String name : List.of(UsageCounts.CUSTOMER_ID, UsageCounts.DAY, UsageCounts.ACTION)) {
      row.put(name, Objects.toString(counted.get(name)));
    }
    row.putAll(
        row(
            count.fields(),
            List.of(
                UsageCounts.SCENE_ID,
                UsageCounts.TIMESTAMP,
                UsageCounts.CORRECTS,
                UsageCounts.CORRECTION,
                UsageCounts.LATE_FOR,
                UsageCounts.UPDATED_AT)));
    for (String figure : FIGURES) {
      long value = whole(counted, figure);
      row.put(figure, value);
      String key =
          String.join(
              " ",
              figure,
              Objects.toString(counted.get(UsageCounts.CUSTOMER_ID)),
              Objects.toString(counted.get(UsageCounts.DAY)),
              Objects.toString(counted.get(UsageCounts.ACTION)));
      sums.merge(key, value, Long::sum);
    }
    return row;
  }

  private static void subtract(Snapshot summary, Map<String, Long> sums) {
    String customer = Objects.toString(summary.fields().get(UsageSummaries.CUSTOMER_ID));
    String month = Objects.toString(summary.fields().get(UsageSummaries.MONTH));
    if (!(summary.fields().get(UsageSummaries.DAYS) instanceof Map<?, ?> days)) {
      return;
    }
    days.forEach(
        (day, actions) ->
            ((Map<?, ?>) actions)
                .forEach(
                    (action, figures) -> {
                      for (String figure : FIGURES) {
                        String key =
                            String.join(" ", figure, customer, month + "-" + day, "" + action);
                        sums.merge(key, -whole((Map<?, ?>) figures, figure), Long::sum);
                      }
                    }));
  }

  private List<Map<String, Object>> decisions(Instant until) {
    List<Map<String, Object>> rows = new ArrayList<>();
    each(
        RoutingDecisions.COLLECTION,
        decision -> {
          if (decision.fields().get(RoutingDecisions.TIMESTAMP) instanceof Instant at
              && !at.isAfter(until)) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("decision_id", decision.ref().id());
            row.putAll(row(decision.fields(), DECISIONS));
            rows.add(row);
          }
        });
    Query counted =
        Query.of(RoutingDecisions.COLLECTION, 1)
            .where(RoutingDecisions.TIMESTAMP, Query.Op.LESS_OR_EQUAL, until);
    long count = store.total(counted, null).join().longValue();
    if (count != rows.size()) {
      findings.add("decisions: " + rows.size() + " rows, but " + count + " documents");
    }
    return rows;
  }
}
