package dev.meterkite.functions;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The places of a function besides its line in {@code functions.tsv}, and what they lack. Each
 * message names the line of the function, the file, and its line where there is one.
 */
final class FunctionPlaces {
  private static final String CONTRACT = "functions/src/test/resources/contract.tsv";
  private static final String README = "README.md";
  private static final String OPENAPI = "docs/openapi.yaml";
  private static final String COST = "docs/cost.md";
  private static final String ARCHITECTURE = "docs/architecture.md";
  private static final String OPERATIONS = "docs/operations.md";
  private static final Pattern FUNCTION_ROW = Pattern.compile("\\| `([a-z0-9-]+)` \\|.*");
  private static final Pattern OPENAPI_PATH = Pattern.compile("  /([a-z0-9-]+):");
  private static final Pattern ROLES = Pattern.compile(" +x-roles: \\[(.*)]");

  private final Path home;
  private final FunctionTable table;
  private final List<String> messages = new ArrayList<>();

  private static final String HOSTING = "firebase.json";

  private FunctionPlaces(Path home) throws IOException {
    this.home = home;
    this.table = FunctionTable.read(home.resolve("functions.tsv"));
  }

  /** Everything that some function lacks, or that is left of one that is gone. */
  static List<String> messages(Path home) throws IOException {
    FunctionPlaces places = new FunctionPlaces(home);
    for (FunctionEntry entry : places.table.entries()) {
      places.look(entry);
    }
    places.leftOvers();
    return places.messages;
  }

  /** A line of a file that mentions something, with its number. */
  private record Line(String file, int number, String text) {
    @Override
    public String toString() {
      return file + ":" + number;
    }
  }

  private void look(FunctionEntry entry) throws IOException {
    inCode(entry);
    inContract(entry);
    inReadme(entry);
    if (entry.kind() == FunctionEntry.Kind.EVENT) {
      inArchitecture(entry, "### " + entry.name(), "a section");
    } else {
      inOpenApi(entry);
      if (lines(HOSTING).stream().noneMatch(line -> line.text().contains(path(entry)))) {
        missing(
            entry,
            HOSTING,
            "no rewrite to it; write it with -Dmeterkite.write=true and HostingTest");
      }
    }
    if (entry.kind() == FunctionEntry.Kind.SCHEDULE_HTTP) {
      inArchitecture(entry, "| `" + entry.name() + "` |", "a row in its table of sweeps");
    }
    if (!entry.roles().contains("stripe") && rows(COST, "costs", entry.name()).isEmpty()) {
      missing(
          entry,
          COST,
          "no row; call the function in CostTest and write the table with -Dmeterkite.write=true");
    }
    String account = "| `meterkite-" + entry.account() + "` |";
    if (lines(OPERATIONS).stream().noneMatch(line -> line.text().startsWith(account))) {
      missing(entry, OPERATIONS, "no row for its account meterkite-" + entry.account());
    }
  }

  private static String path(FunctionEntry entry) {
    return "\"/api/" + entry.name() + '"';
  }

  private void inCode(FunctionEntry entry) {
    String source = "functions/src/main/java/" + entry.entryPoint().replace('.', '/') + ".java";
    try {
      Class.forName(entry.entryPoint(), false, FunctionPlaces.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      messages.add(at(entry) + "there is no class " + entry.entryPoint() + " (" + source + ")");
    }
    String name = entry.entryPoint();
    String feature = name.substring(0, name.lastIndexOf('.'));
    feature = feature.substring(feature.lastIndexOf('.') + 1);
    if (!ArchitectureTest.ARROWS.containsKey(feature)) {
      missing(
          entry,
          "functions/src/test/java/dev/meterkite/functions/ArchitectureTest.java",
          "no entry for its package " + feature + " in ARROWS");
    }
  }

  private void inContract(FunctionEntry entry) throws IOException {
    Optional<Line> line =
        lines(CONTRACT).stream()
            .filter(each -> each.text().startsWith(entry.name() + "\t"))
            .findFirst();
    if (line.isEmpty()) {
      missing(entry, CONTRACT, "no line (name, method, trigger, roles, idempotency key)");
      return;
    }
    String[] cells = line.get().text().split("\t", -1);
    compare(entry, line.get(), "trigger", trigger(entry), cells[2]);
    String roles = entry.roles().isEmpty() ? "-" : String.join(",", entry.roles());
    compare(entry, line.get(), "roles", roles, cells[3]);
  }

  private void inReadme(FunctionEntry entry) throws IOException {
    List<Line> rows = rows(README, "functions", entry.name());
    if (rows.isEmpty()) {
      missing(entry, README, "no row in its table of functions");
      return;
    }
    String calledBy = rows.get(0).text().split("\\|", -1)[2].strip().replace("`", "");
    compare(entry, rows.get(0), "callers", calledBy(entry), calledBy);
  }

  private void inOpenApi(FunctionEntry entry) throws IOException {
    List<Line> lines = lines(OPENAPI);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).text().equals("  /" + entry.name() + ":")) {
        for (Line line : lines.subList(i + 1, lines.size())) {
          Matcher roles = ROLES.matcher(line.text());
          if (roles.matches()) {
            String wanted = String.join(", ", entry.roles());
            compare(entry, line, "x-roles", wanted, roles.group(1));
            return;
          } else if (OPENAPI_PATH.matcher(line.text()).matches()) {
            break;
          }
        }
        missing(entry, lines.get(i).toString(), "no x-roles");
        return;
      }
    }
    missing(entry, OPENAPI, "no path /" + entry.name());
  }

  private void inArchitecture(FunctionEntry entry, String start, String what) throws IOException {
    if (lines(ARCHITECTURE).stream().noneMatch(line -> line.text().startsWith(start))) {
      missing(entry, ARCHITECTURE, "no " + what.replaceFirst("^a ", ""));
    }
  }

  /** Rows, lines and paths of functions that the table does not have. */
  private void leftOvers() throws IOException {
    for (Line line : lines(CONTRACT)) {
      if (!line.text().startsWith("#") && !line.text().isBlank()) {
        leftOver(line, line.text().split("\t", -1)[0]);
      }
    }
    for (Line line : lines(OPENAPI)) {
      Matcher path = OPENAPI_PATH.matcher(line.text());
      if (path.matches()) {
        leftOver(line, path.group(1));
      }
    }
    for (Line line : rows(README, "functions", null)) {
      leftOver(line, nameOf(line));
    }
    for (Line line : rows(COST, "costs", null)) {
      leftOver(line, nameOf(line));
    }
  }

  private void leftOver(Line line, String name) {
    if (table.find(name).isEmpty()) {
      messages.add(line + ": functions.tsv has no function " + name);
    }
  }

  private void compare(FunctionEntry entry, Line line, String what, String wanted, String found) {
    if (!wanted.equals(found)) {
      messages.add(
          at(entry) + line + " has the " + what + " \"" + found + "\", not \"" + wanted + "\"");
    }
  }

  private void missing(FunctionEntry entry, String file, String what) {
    messages.add(at(entry) + file + " has " + what);
  }

  private String at(FunctionEntry entry) {
    return "functions.tsv:" + table.line(entry.name()) + " " + entry.name() + ": ";
  }

  /** The rows of the table behind a marker, all of them or those of one function. */
  private List<Line> rows(String file, String marker, String name) throws IOException {
    List<Line> rows = new ArrayList<>();
    boolean inside = false;
    for (Line line : lines(file)) {
      if (line.text().startsWith("<!-- " + marker)) {
        inside = true;
      } else if (line.text().startsWith("<!-- /" + marker)) {
        inside = false;
      } else if (inside && FUNCTION_ROW.matcher(line.text()).matches()) {
        if (name == null || nameOf(line).equals(name)) {
          rows.add(line);
        }
      }
    }
    return rows;
  }

  private static String nameOf(Line row) {
    Matcher matcher = FUNCTION_ROW.matcher(row.text());
    return matcher.matches() ? matcher.group(1) : "";
  }

  private List<Line> lines(String file) throws IOException {
    List<Line> lines = new ArrayList<>();
    for (String text : Arrays.asList(Files.readString(home.resolve(file)).split("\n", -1))) {
      lines.add(new Line(file, lines.size() + 1, text));
    }
    return lines;
  }

  private static String trigger(FunctionEntry entry) {
    FunctionEntry.EventTrigger event = entry.event();
    return event != null
        ? event.change() + " " + event.pattern()
        : Objects.requireNonNullElse(entry.schedule(), "-");
  }

  /** Who calls a function, as the README's table says it. */
  static String calledBy(FunctionEntry entry) {
    return switch (entry.kind()) {
      case HTTP -> String.join(", ", entry.roles());
      case EVENT -> {
        FunctionEntry.EventTrigger event = Objects.requireNonNull(entry.event());
        yield event.pattern() + " " + event.change();
      }
      case SCHEDULE_HTTP -> String.join(", ", entry.roles()) + " at " + entry.schedule();
    };
  }
}
