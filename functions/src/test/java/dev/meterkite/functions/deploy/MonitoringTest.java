package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.log.Invocation;
import dev.meterkite.functions.log.Log;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.credits.CreditOutcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What monitoring/ asks for is what the code logs: metrics by the log lines that they match,
 * policies and the dashboard by the metrics, runbooks by the policies.
 */
class MonitoringTest {
  private static final Path HOME = Shell.ROOT.resolve("monitoring");
  private static final Pattern USER_METRIC =
      Pattern.compile("metric\\.type=\"logging\\.googleapis\\.com/user/([a-z_]+)\"");
  private static final Pattern PLATFORM_METRIC =
      Pattern.compile("metric\\.type=\"((?:run|pubsub)\\.googleapis\\.com/[a-z_/]+)\"");
  private static final Pattern LABEL = Pattern.compile("metric\\.label\\.([a-z_]+)");

  private static final Map<String, JsonObject> LINES =
      new TreeMap<>(
          Map.of(
              "ok",
              line(log -> log.invocation(invocation("debit-credits", "ok", 200, 1, false))),
              "refused",
              line(
                  log ->
                      log.invocation(
                          invocation("debit-credits", "insufficient_credits", 402, 1, false))),
              "unavailable",
              line(log -> log.invocation(invocation("debit-credits", "unavailable", 503, 1, true))),
              "event to be repeated",
              line(log -> log.invocation(invocation("on-job-written", "unavailable", 0, 1, true))),
              "contended",
              line(log -> log.invocation(invocation("debit-credits", "ok", 200, 4, false))),
              "alert",
              line(log -> log.alert("ledger_mismatch", "emergency", "a-1")),
              "warning",
              line(log -> log.warn("something", Map.of("function", "debit-credits")))));

  private static Invocation invocation(
      String function, String outcome, int status, int attempts, boolean warning) {
    return new Invocation(
        function, "r-1", outcome, status, Duration.ofMillis(7), attempts, 1, warning);
  }

  private static JsonObject line(Consumer<Log> write) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write.accept(
        new Log(
            Optional.of("p"),
            InstantSource.system(),
            new PrintStream(out, true, StandardCharsets.UTF_8)));
    return JsonParser.parseString(out.toString(StandardCharsets.UTF_8)).getAsJsonObject();
  }

  private static Map<String, JsonObject> files(String folder) throws IOException {
    try (Stream<Path> files = Files.list(HOME.resolve(folder))) {
      Map<String, JsonObject> all = new TreeMap<>();
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        assertTrue(name.endsWith(".json"), name);
        all.put(
            name.substring(0, name.length() - ".json".length()),
            JsonParser.parseString(Files.readString(file)).getAsJsonObject());
      }
      return all;
    }
  }

  /** Which of the lines a filter of Cloud Logging takes; of its language, what ours use. */
  private static Set<String> taken(String filter) {
    Set<String> taken = new TreeSet<>(LINES.keySet());
    for (String term : filter.split(" AND ", -1)) {
      if (term.equals("resource.type=\"cloud_run_revision\"")) {
        continue; // Functions of the 2nd generation, and containers, are revisions of Cloud Run.
      }
      Matcher parts =
          Pattern.compile("(severity|jsonPayload\\.([a-z_]+))(:|>=|=)(\\*|\"?[A-Za-z_0-9]+\"?)")
              .matcher(term);
      assertTrue(parts.matches(), term);
      String field = parts.group(2) == null ? "severity" : parts.group(2);
      assertTrue(LINES.values().stream().anyMatch(line -> line.has(field)), "no line has " + field);
      taken.removeIf(name -> !holds(LINES.get(name).get(field), parts.group(3), parts.group(4)));
    }
    return taken;
  }

  private static boolean holds(JsonElement value, String operator, String operand) {
    if (value == null || operand.equals("*")) {
      return value != null;
    }
    String text = operand.replace("\"", "");
    if (operator.equals("=")) {
      return value.getAsString().equals(text);
    }
    List<String> severities = List.of("DEBUG", "INFO", "WARNING", "ERROR");
    return text.matches("[0-9]+")
        ? value.getAsDouble() >= Double.parseDouble(text)
        : severities.indexOf(value.getAsString()) >= severities.indexOf(text);
  }

  @Test
  void everyMetric_countsTheLinesThatItIsFor() throws IOException {
    Map<String, Set<String>> taken = new TreeMap<>();
    files("metrics").forEach((name, file) -> taken.put(name, taken(text(file, "filter"))));
    Set<String> invocations =
        Set.of("ok", "refused", "unavailable", "event to be repeated", "contended");
    assertEquals(
        Map.of(
            "meterkite_requests", invocations,
            "meterkite_latency", invocations,
            "meterkite_failures", Set.of("unavailable", "event to be repeated"),
            "meterkite_contention", Set.of("contended"),
            "meterkite_refused_debits", Set.of("refused"),
            "meterkite_alerts", Set.of("alert")),
        taken);
    Set<String> codes =
        Arrays.stream(CreditOutcome.values()).map(CreditOutcome::code).collect(Collectors.toSet());
    assertTrue(codes.contains("insufficient_credits"));
  }

  @Test
  void everyLabelOfAMetric_isAFieldOfItsLines() throws IOException {
    files("metrics")
        .forEach(
            (name, file) -> {
              JsonObject extractors = file.getAsJsonObject("labelExtractors");
              Set<String> labels = new TreeSet<>();
              file.getAsJsonObject("metricDescriptor")
                  .getAsJsonArray("labels")
                  .forEach(label -> labels.add(text(label.getAsJsonObject(), "key")));
              assertEquals(labels, extractors.keySet(), name);
              extractors
                  .entrySet()
                  .forEach(
                      entry ->
                          assertEquals(
                              "EXTRACT(jsonPayload." + entry.getKey() + ")",
                              entry.getValue().getAsString()));
              for (String line : taken(text(file, "filter"))) {
                labels.forEach(label -> assertTrue(LINES.get(line).has(label), name + label));
              }
            });
    assertEquals(
        "EXTRACT(jsonPayload.duration_ms)",
        text(files("metrics").get("meterkite_latency"), "valueExtractor"));
  }

  @Test
  void policiesAndDashboard_useMetricsThatExist() throws IOException {
    Map<String, JsonObject> metrics = files("metrics");
    Set<String> used = new TreeSet<>();
    for (JsonObject policy : files("policies").values()) {
      filters(policy).forEach(filter -> used.addAll(checked(filter, metrics)));
    }
    JsonObject dashboard =
        JsonParser.parseString(Files.readString(HOME.resolve("dashboard.json"))).getAsJsonObject();
    List<String> shown = filters(dashboard);
    assertTrue(shown.size() >= 8, shown::toString);
    shown.forEach(filter -> used.addAll(checked(filter, metrics)));
    assertEquals(metrics.keySet(), used, "a metric that nobody looks at");
  }

  /** The texts of all members of this name, however deep. */
  private static List<String> filters(JsonElement node) {
    if (node.isJsonArray()) {
      return node.getAsJsonArray().asList().stream().flatMap(e -> filters(e).stream()).toList();
    } else if (!node.isJsonObject()) {
      return List.of();
    }
    return node.getAsJsonObject().entrySet().stream()
        .flatMap(
            entry ->
                Set.of("filter", "denominatorFilter").contains(entry.getKey())
                    ? Stream.of(entry.getValue().getAsString())
                    : filters(entry.getValue()).stream())
        .toList();
  }

  /** The metrics of ours in a filter, which has one at least, ours or the platform's. */
  private static Set<String> checked(String filter, Map<String, JsonObject> metrics) {
    Set<String> names =
        USER_METRIC.matcher(filter).results().map(m -> m.group(1)).collect(Collectors.toSet());
    assertTrue(metrics.keySet().containsAll(names), filter);
    assertTrue(!names.isEmpty() || PLATFORM_METRIC.matcher(filter).find(), filter);
    for (String name : names) {
      Set<String> labels = metrics.get(name).getAsJsonObject("labelExtractors").keySet();
      LABEL.matcher(filter).results().forEach(m -> assertTrue(labels.contains(m.group(1)), filter));
    }
    return names;
  }

  @Test
  void everyWordInAFilter_isOneThatTheCodeKnows() throws IOException {
    Set<String> functions =
        FunctionTable.read(Shell.ROOT.resolve("functions.tsv")).entries().stream()
            .map(FunctionEntry::name)
            .collect(Collectors.toSet());
    Set<String> types =
        Arrays.stream(AlertType.values()).map(AlertType::wire).collect(Collectors.toSet());
    Pattern label = Pattern.compile("metric\\.label\\.([a-z_]+)=(?:one_of\\()?((?:\"[^\"]+\",?)+)");
    int found = 0;
    for (JsonObject policy : files("policies").values()) {
      for (String filter : filters(policy)) {
        for (Matcher m = label.matcher(filter); m.find(); found++) {
          Set<String> words = Set.of(m.group(2).replace("\"", "").split(",", -1));
          Set<String> known =
              switch (m.group(1)) {
                case "function" -> functions;
                case "alert_type" -> types;
                default -> Set.of("ok");
              };
          assertTrue(known.containsAll(words), filter);
        }
      }
    }
    assertTrue(found >= 6, "the search found " + found);
  }

  @Test
  void everyPolicy_hasItsRunbook() throws IOException {
    Map<String, JsonObject> policies = files("policies");
    String text = Files.readString(Shell.ROOT.resolve("docs/runbooks.md"));
    Set<String> runbooks =
        Pattern.compile("^## (.+)$", Pattern.MULTILINE)
            .matcher(text)
            .results()
            .map(m -> m.group(1))
            .collect(Collectors.toSet());
    assertEquals(policies.keySet(), runbooks);
    policies.forEach(
        (name, policy) -> {
          JsonObject documentation = policy.getAsJsonObject("documentation");
          assertTrue(text(documentation, "content").endsWith("docs/runbooks.md#" + name), name);
          assertFalse(text(policy, "displayName").isBlank());
          assertFalse(policy.getAsJsonArray("conditions").isEmpty(), name);
        });
  }

  private static String text(JsonObject object, String member) {
    return object.get(member).getAsString();
  }
}
