package dev.meterkite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole benchmark, each case for a tenth of a second: that it plays and reports, not how fast.
 */
class BenchTest {
  private static final Path HOME = Path.of("..");

  /** What a slow machine may answer; anything else is a call that was made wrongly. */
  private static final Set<String> OF_SLOWNESS = Set.of("429", "503", "io", "unanswered");

  /** Each workload once; all cases in the deep form. */
  private static final Pattern DAILY =
      Pattern.compile(
          "counts/(debit/1$|debit-usage/1$|debit/32|usage-500)"
              + "|service/(debit/16|plain/1$|quotas|many)|fast/debit/16"
              + "|bare/(debit/64|debit/open-50|plain/1$|raw|zipf|holds|usage-50/|mixed/open|sweep)"
              + "|postgres/1$");

  @TempDir private Path folder;

  @Test
  void everyCase_isPlayedAndReported() throws Exception {
    BenchOptions tiny =
        new BenchOptions(
            Boolean.getBoolean("meterkite.deep") ? null : DAILY,
            1,
            Duration.ZERO,
            Duration.ofMillis(100),
            Duration.ofMillis(200),
            150,
            20,
            1,
            50,
            null,
            null,
            folder);
    Results results = Bench.measure(tiny, HOME, System.out);
    JsonObject json =
        JsonParser.parseString(Files.readString(folder.resolve("results.json"))).getAsJsonObject();
    Map<String, JsonObject> cases = new HashMap<>();
    for (JsonElement each : json.getAsJsonArray("cases")) {
      cases.put(each.getAsJsonObject().get("name").getAsString(), each.getAsJsonObject());
    }
    for (Case each : Case.all(AzureTrace.generated(10, 1), tiny)) {
      boolean isWanted = tiny.only() == null || tiny.only().matcher(each.name()).find();
      if (isWanted && (!each.isPostgres() || results.postgres() != null)) {
        checkPlay(each.name(), cases.get(each.name()));
      }
    }
    // On a machine under load many cases have no answer yet when their tenth of a second is over.
    assertTrue(
        cases.values().stream().mapToDouble(BenchTest::achieved).filter(rate -> rate > 0).count()
            > cases.size() / 4,
        "most calls failed");
    assertEquals(2.0, written(cases, "counts/debit/1"), 0.2);
    assertEquals(2.0, written(cases, "counts/debit-usage/1"), 0.2);
    assertEquals(0, results.row("bare/sweep").orElseThrow().middle().failedPercent());
    checkReport(Files.readString(folder.resolve("README.md")));
    for (String plot : List.of("one-user-service.svg", "one-user-bare.svg", "latency.svg")) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(folder.resolve(plot).toFile());
    }
  }

  private static double achieved(JsonObject each) {
    return each.getAsJsonArray("plays")
        .get(0)
        .getAsJsonObject()
        .get("achieved_per_second")
        .getAsDouble();
  }

  private static double written(Map<String, JsonObject> cases, String name) {
    return cases
        .get(name)
        .getAsJsonArray("plays")
        .get(0)
        .getAsJsonObject()
        .get("documents_written")
        .getAsDouble();
  }

  private static void checkPlay(String name, JsonObject reported) {
    assertNotNull(reported, name);
    for (JsonElement each : reported.getAsJsonArray("plays")) {
      JsonObject play = each.getAsJsonObject();
      assertTrue(play.get("operations").getAsLong() > 0, name);
      for (String failure : play.getAsJsonObject("failures").keySet()) {
        assertTrue(OF_SLOWNESS.contains(failure), () -> name + " was answered " + failure);
      }
    }
  }

  private static void checkReport(String report) {
    for (String part :
        List.of(
            "**Machine.**",
            "| aim | measured |",
            "## An operation in round trips, reads and writes",
            "## Store at the pace of the real service",
            "## A document that takes 20 commits a second",
            "## Bare emulator",
            "## PostgreSQL",
            "## What stands in the way")) {
      assertTrue(report.contains(part), part);
    }
    int columns = 0;
    for (String line : report.lines().toList()) {
      int here = line.startsWith("|") ? line.split("\\|", -1).length : 0;
      assertTrue(columns == 0 || here == 0 || here == columns, line);
      columns = here;
    }
    assertTrue(!report.contains("NaN") && !report.contains("null"), report);
  }
}
