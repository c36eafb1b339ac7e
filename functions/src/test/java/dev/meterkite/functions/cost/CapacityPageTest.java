package dev.meterkite.functions.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * docs/capacity.md says what follows from the counts of docs/cost.md and from functions.tsv; {@code
 * -Dmeterkite.write=true} writes its table anew.
 */
class CapacityPageTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = HOME.resolve("docs/capacity.md");
  private static final String BEGIN = "<!-- capacity: made of the rows of cost.md -->\n";
  private static final String END = "<!-- /capacity -->\n";
  private static final long SECONDS_BETWEEN_CALLS = 30;
  private static final long CALLS_A_MONTH = 8 * 3_600 / SECONDS_BETWEEN_CALLS * 30;

  /** What one call consists of: function and operation, as the rows of cost.md name them. */
  private static final List<String> CALL =
      List.of(
          "| `route-model` | a decision between two models |",
          "| `report-outcome` | a success |",
          "| `debit-credits` | a debit of tokens, no whole credit |");

  // Dollars a million, as in docs/cost.md: reads, writes, deletes, invocations.
  private static final List<BigDecimal> PRICES =
      List.of("0.30", "0.90", "0.10", "0.40").stream().map(BigDecimal::new).toList();

  /** Reads, writes, deletes and invocations of one call. */
  private static long[] call() throws IOException {
    String costs = Files.readString(HOME.resolve("docs/cost.md"));
    long[] sum = {1, 0, 0, 0}; // the app reads the balance once more
    for (String row : CALL) {
      MatchResult found =
          Pattern.compile(Pattern.quote(row) + " (\\d+) \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|")
              .matcher(costs)
              .results()
              .findFirst()
              .orElseThrow(() -> new AssertionError("docs/cost.md has no row " + row));
      for (int unit = 0; unit < sum.length; unit++) {
        sum[unit] += Long.parseLong(found.group(unit + 1));
      }
    }
    return sum;
  }

  private static String row(long users, long[] call) {
    long calls = users * CALLS_A_MONTH;
    BigDecimal dollars = BigDecimal.ZERO;
    for (int unit = 0; unit < call.length; unit++) {
      dollars = dollars.add(PRICES.get(unit).multiply(BigDecimal.valueOf(call[unit] * calls)));
    }
    return String.format(
        Locale.ROOT,
        "| %,d | %s | %,d | %,d | %,d | %,d | $%,.2f |%n",
        users,
        BigDecimal.valueOf(users)
            .divide(BigDecimal.valueOf(SECONDS_BETWEEN_CALLS), 2, RoundingMode.HALF_UP),
        calls,
        calls * call[0],
        calls * call[1],
        calls * call[3],
        dollars.movePointLeft(6));
  }

  @Test
  void table_followsFromTheCounts() throws IOException {
    String table =
        "| users at once | calls a second | calls a month | documents read | written |"
            + " invocations | Firestore and invocations a month |\n"
            + "|---|---|---|---|---|---|---|\n"
            + row(1, call())
            + row(100, call())
            + row(10_000, call());
    String page = Files.readString(PAGE);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END);
    if (Boolean.getBoolean("meterkite.write")) {
      Files.writeString(PAGE, page.substring(0, begin) + table + page.substring(end));
    } else {
      assertEquals(table, page.substring(begin, end), "write it with -Dmeterkite.write=true");
    }
  }

  @Test
  void figuresOfTheFunctions_areThoseOfTheTable() throws IOException {
    List<String> lines =
        Files.readAllLines(HOME.resolve("functions.tsv")).stream()
            .filter(line -> !line.startsWith("#") && !line.startsWith("name\t"))
            .toList();
    BigDecimal processors = BigDecimal.ZERO;
    for (String line : lines) {
      String[] cells = line.split("\t", -1);
      processors = processors.add(new BigDecimal(cells[6]).multiply(new BigDecimal(cells[9])));
    }
    List<FunctionEntry> entries = FunctionTable.read(HOME.resolve("functions.tsv")).entries();
    long triggers = entries.stream().filter(entry -> entry.event() != null).count();
    long schedules = entries.stream().filter(entry -> entry.schedule() != null).count();
    String page = Files.readString(PAGE).replaceAll("\\s+", " ");
    assertTrue(page.contains("allows " + processors + " CPUs"), "CPUs: " + processors);
    assertTrue(
        page.contains(entries.size() + " of 1,000 services and " + triggers + " of 500 triggers"),
        entries.size() + " services, " + triggers + " triggers");
    assertTrue(page.contains("deployment of " + entries.size() + " services"));
    assertTrue(page.contains(schedules + " jobs: $0." + schedules + "0"), schedules + " jobs");
  }
}
