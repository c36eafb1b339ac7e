package dev.meterkite.local;

import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.UserLedger;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * All transactions with a sequence. A run writes those of a user from the sequence on where the
 * last run ended, up to the first one that was made behind the watermark: so the rows of a user
 * never have a gap, whatever the clocks of two processes say, and the {@code balance_after} of the
 * last one is the user's balance at that time.
 */
final class LedgerTable implements WarehouseTable {
  private static final List<String> COLUMNS =
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

  private final Store store;

  LedgerTable(Store store) {
    this.store = store;
  }

  @Override
  public String name() {
    return "ledger";
  }

  @Override
  public List<String> summed() {
    return List.of(CreditTransactions.AMOUNT);
  }

  @Override
  public Rows rows(List<Map<String, Object>> earlier, Instant until) {
    List<String> findings = new ArrayList<>();
    Map<String, Snapshot> users = new TreeMap<>();
    Pages.each(store, Users.COLLECTION, user -> users.put(user.ref().id(), user));
    // Read behind the users: what their ledgers know is there.
    Map<String, NavigableMap<Long, Map<String, Object>>> all = transactions();
    all.forEach((user, transactions) -> checkUser(user, transactions, findings));
    users.forEach(
        (id, user) -> checkBalance(user, all.getOrDefault(id, new TreeMap<>()), findings));
    Map<String, Map<String, Object>> ends = ends(earlier);
    earlier.stream()
        .filter(row -> !isThere(row, all))
        .map(LedgerTable::differs)
        .forEach(findings::add);
    List<Map<String, Object>> rows = new ArrayList<>();
    all.forEach(
        (user, transactions) ->
            transactions
                .tailMap(
                    WarehouseTable.whole(
                        ends.getOrDefault(user, Map.of()), CreditTransactions.SEQUENCE),
                    false)
                .values()
                .stream()
                .takeWhile(fields -> isBy(fields, until))
                .map(fields -> WarehouseTable.row(fields, COLUMNS))
                .forEach(rows::add));
    return new Rows(rows, 0, findings);
  }

  private Map<String, NavigableMap<Long, Map<String, Object>>> transactions() {
    Map<String, NavigableMap<Long, Map<String, Object>>> all = new TreeMap<>();
    Pages.each(
        store,
        CreditTransactions.COLLECTION,
        transaction -> {
          long sequence = WarehouseTable.whole(transaction.fields(), CreditTransactions.SEQUENCE);
          if (sequence > 0) {
            String user = String.valueOf(transaction.fields().get(CreditTransactions.USER_ID));
            all.computeIfAbsent(user, id -> new TreeMap<>()).put(sequence, transaction.fields());
          }
        });
    return all;
  }

  /** The last row of each user in earlier runs. */
  private static Map<String, Map<String, Object>> ends(List<Map<String, Object>> earlier) {
    Map<String, Map<String, Object>> ends = new HashMap<>();
    for (Map<String, Object> row : earlier) {
      ends.merge(
          user(row),
          row,
          (one, other) ->
              WarehouseTable.whole(one, CreditTransactions.SEQUENCE)
                      > WarehouseTable.whole(other, CreditTransactions.SEQUENCE)
                  ? one
                  : other);
    }
    return ends;
  }

  private static boolean isBy(Map<String, Object> fields, Instant until) {
    return fields.get(CreditTransactions.CREATED_AT) instanceof Instant at && !at.isAfter(until);
  }

  /**
   * A user's transactions follow one another from the first on, each with the sum of all before.
   */
  private static void checkUser(
      String user, SortedMap<Long, Map<String, Object>> rows, List<String> findings) {
    long expected = 0;
    long balance = 0;
    for (Map.Entry<Long, Map<String, Object>> row : rows.entrySet()) {
      expected++;
      balance += WarehouseTable.whole(row.getValue(), CreditTransactions.AMOUNT);
      boolean fits =
          row.getKey() == expected
              && balance == WarehouseTable.whole(row.getValue(), CreditTransactions.BALANCE_AFTER);
      if (!fits) {
        findings.add("ledger: user " + user + " is wrong at sequence " + row.getKey());
        return;
      }
    }
  }

  /** The transaction that the user's ledger ends with is there, and notes its balance. */
  private static void checkBalance(
      Snapshot user, SortedMap<Long, Map<String, Object>> rows, List<String> findings) {
    if (user.fields().get(Users.LEDGER) instanceof Map<?, ?> ledger) {
      long sequence = WarehouseTable.whole(ledger, UserLedger.SEQUENCE);
      Map<String, Object> last = rows.get(sequence);
      long balance =
          last == null ? 0 : WarehouseTable.whole(last, CreditTransactions.BALANCE_AFTER);
      if ((sequence > 0 && last == null)
          || WarehouseTable.whole(ledger, UserLedger.BALANCE) != balance) {
        findings.add("ledger: user " + user.ref().id() + " has another balance than its rows");
      }
    }
  }

  /** Whether a document still says what an earlier row says. */
  private static boolean isThere(
      Map<String, Object> row, Map<String, NavigableMap<Long, Map<String, Object>>> all) {
    Map<String, Object> there =
        all.getOrDefault(user(row), new TreeMap<>())
            .get(WarehouseTable.whole(row, CreditTransactions.SEQUENCE));
    return there != null
        && Stream.of(CreditTransactions.AMOUNT, CreditTransactions.BALANCE_AFTER)
            .allMatch(name -> WarehouseTable.whole(there, name) == WarehouseTable.whole(row, name));
  }

  private static String user(Map<String, Object> row) {
    return String.valueOf(row.get(CreditTransactions.USER_ID));
  }

  private static String differs(Map<String, Object> row) {
    return "ledger: user %s is not what earlier rows say at sequence %d"
        .formatted(user(row), WarehouseTable.whole(row, CreditTransactions.SEQUENCE));
  }
}
