package dev.meterkite.local;

import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.usage.GroupedUsage;
import dev.meterkite.model.whatif.CustomerReplay;
import dev.meterkite.model.whatif.Note;
import dev.meterkite.model.whatif.Replayed;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The difference that other plans make, by customer and by user: the {@value #MOST_ROWS} largest of
 * each, and the sums of all. Of the others only the sums are kept; the CSV file has all.
 */
final class ReplayReport implements AutoCloseable {
  static final int MOST_ROWS = 20;
  private static final int LONGEST_ID = 24;
  private static final int MICROS = 6;
  private static final String CRLF = "\r\n";
  private static final String ROW = "  %-24s %10s %11s %9s %9s %11s";

  private final PrintStream out;
  private final Options.Span span;
  private final Plans before;
  private final Plans after;
  private final @Nullable Path part;
  private final @Nullable BufferedWriter csv;
  private final Table customers = new Table();
  private final Table users = new Table();
  private CustomerReplay.Result ofCustomers = CustomerReplay.Result.NONE;
  private Replayed ofUsers = Replayed.NONE;

  /** A line and by what it is ordered. */
  private record Row(String line, BigDecimal difference) {}

  /** The largest differences. */
  private static final class Table {
    private final PriorityQueue<Row> largest =
        new PriorityQueue<>(Comparator.comparing((Row row) -> row.difference().abs()));
    private long all;
    private long different;

    void add(Row row) {
      all++;
      if (row.difference().signum() != 0) {
        different++;
        largest.add(row);
        if (largest.size() > MOST_ROWS) {
          Row unused = largest.remove();
        }
      }
    }

    List<String> lines() {
      List<Row> rows = new ArrayList<>(largest);
      rows.sort(Comparator.comparing((Row row) -> row.difference().abs()).reversed());
      return rows.stream().map(Row::line).toList();
    }
  }

  /**
   * A report on a replay; nothing is printed before {@link #print}.
   *
   * @param before the plans in force
   * @param after the others
   */
  ReplayReport(PrintStream out, Options.Span span, Plans before, Plans after) throws IOException {
    this.out = out;
    this.span = span;
    this.before = before;
    this.after = after;
    Path file = span.csv();
    part = file == null ? null : file.resolveSibling(file.getFileName() + ".part");
    csv = part == null ? null : Files.newBufferedWriter(part, StandardCharsets.UTF_8);
    csv(
        "kind,id,charged_before,charged_after,granted_before,granted_after,difference,records,"
            + "scenes");
  }

  /** Adds a customer. */
  void add(String id, CustomerReplay.Result result) {
    if (result.records() == 0) {
      return;
    }
    ofCustomers = ofCustomers.plus(result);
    BigDecimal difference = usd(result.difference());
    customers.add(new Row(line(shown(id), result), difference));
    csv(
        String.join(
            ",",
            "customer",
            GroupedUsage.guarded(id),
            usd(result.before()).toPlainString(),
            usd(result.after()).toPlainString(),
            "",
            "",
            difference.toPlainString(),
            Long.toString(result.records()),
            Long.toString(result.scenes())));
  }

  /** Adds a user. */
  void add(String id, Replayed result) {
    BigDecimal difference = difference(result);
    if (result.found() == 0 && difference.signum() == 0) {
      return;
    }
    ofUsers = ofUsers.plus(result);
    users.add(new Row(line(shown(id), result), difference));
    csv(
        String.join(
            ",",
            "user",
            GroupedUsage.guarded(id),
            result.before().charged(creditBefore()).toPlainString(),
            result.after().charged(creditAfter()).toPlainString(),
            Long.toString(result.before().granted()),
            Long.toString(result.after().granted()),
            difference.toPlainString(),
            "",
            ""));
  }

  private long creditBefore() {
    return before.priceBook().creditMicros();
  }

  private long creditAfter() {
    return after.priceBook().creditMicros();
  }

  private BigDecimal difference(Replayed result) {
    return result.difference(creditBefore(), creditAfter());
  }

  private static BigDecimal usd(long micros) {
    return BigDecimal.valueOf(micros, MICROS);
  }

  private void csv(String line) {
    if (csv != null) {
      try {
        csv.write(line + CRLF);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static String shown(String id) {
    return id.length() > LONGEST_ID ? id.substring(0, LONGEST_ID - 1) + "…" : id;
  }

  private static String line(String name, CustomerReplay.Result result) {
    return ROW.formatted(
        name,
        result.records(),
        result.scenes(),
        number(usd(result.before())),
        number(usd(result.after())),
        signed(usd(result.difference())));
  }

  private String line(String name, Replayed result) {
    return ROW.formatted(
        name,
        number(result.before().charged(creditBefore())),
        number(result.after().charged(creditAfter())),
        result.before().granted(),
        result.after().granted(),
        signed(difference(result)));
  }

  private static String number(BigDecimal value) {
    return String.format(Locale.ROOT, "%.2f", value.setScale(2, RoundingMode.HALF_UP));
  }

  private static String signed(BigDecimal value) {
    return value.signum() > 0 ? "+" + number(value) : number(value);
  }

  /**
   * Prints everything and finishes the CSV file.
   *
   * @throws LocalHostException where there was nothing to price
   */
  void print() throws IOException {
    if (customers.all + users.all == 0) {
      throw new LocalHostException(
          "There are no usage records, debits, jobs or grants from %s until %s."
              .formatted(span.from(), span.to()));
    }
    out.printf(
        "From %s until %s, under plans %s in place of %s.%n",
        span.from(), span.to(), after.version(), before.version());
    if (customers.all > 0) {
      out.println();
      out.println(ROW.formatted("customers, in USD", "records", "scenes", "cost", "then", "more"));
      print(customers, line(all(customers), ofCustomers), ofCustomers.notes());
    }
    if (users.all > 0) {
      out.println();
      out.println(
          ROW.formatted("users, in credits", "charged", "then", "granted", "then", "left more"));
      print(users, line(all(users), ofUsers), ofUsers.notes());
    }
    finish();
    out.println();
    out.println("Nothing was written to Firestore.");
  }

  private static String all(Table table) {
    return "all " + table.all;
  }

  private void print(Table table, String sums, Map<Note, Long> notes) {
    table.lines().forEach(out::println);
    long more = table.different - table.largest.size();
    if (more > 0) {
      out.println("  and " + more + " more");
    }
    out.println(sums);
    notes.forEach((note, count) -> out.println("  " + count + " " + note.text()));
  }

  private void finish() throws IOException {
    if (csv != null && part != null && span.csv() != null) {
      csv.close();
      Files.move(part, span.csv(), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Leaves no file behind that is not whole. */
  @Override
  public void close() throws IOException {
    if (csv != null && part != null) {
      csv.close();
      boolean unused = Files.deleteIfExists(part);
    }
  }
}
