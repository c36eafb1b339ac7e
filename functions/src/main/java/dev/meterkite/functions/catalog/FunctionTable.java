package dev.meterkite.functions.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code functions.tsv}: lines that begin with {@code #} and empty lines are passed over, the
 * first other line names the columns, each further one is a function. A mistake fails with the
 * number of its line.
 */
public final class FunctionTable {
  private static final List<String> COLUMNS =
      List.of(
          "name",
          "class",
          "kind",
          "trigger",
          "account",
          "memory",
          "cpu",
          "concurrency",
          "min",
          "max",
          "timeout",
          "retry",
          "roles");
  private static final String NONE = "-";

  private final Map<String, FunctionEntry> byName;
  private final Map<String, Integer> lines;

  private FunctionTable(Map<String, FunctionEntry> byName, Map<String, Integer> lines) {
    this.byName = byName;
    this.lines = lines;
  }

  /** The table in a file. */
  public static FunctionTable read(Path file) throws IOException {
    return parse(Files.readString(file));
  }

  /**
   * The table in a text.
   *
   * @throws IllegalArgumentException with the line's number for a wrong header, a wrong value or a
   *     name that came before
   */
  public static FunctionTable parse(String text) {
    Map<String, FunctionEntry> byName = new LinkedHashMap<>();
    Map<String, Integer> lines = new LinkedHashMap<>();
    boolean headerSeen = false;
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      List<String> cells = Arrays.asList(line.split("\t", -1));
      try {
        if (!headerSeen) {
          headerSeen = isHeader(cells);
        } else {
          add(byName, entry(cells));
          lines.put(cells.get(0), number);
        }
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
      }
    }
    return new FunctionTable(byName, lines);
  }

  private static boolean isHeader(List<String> cells) {
    if (!cells.equals(COLUMNS)) {
      throw new IllegalArgumentException("the columns are " + COLUMNS + ", not " + cells);
    }
    return true;
  }

  private static void add(Map<String, FunctionEntry> byName, FunctionEntry entry) {
    if (byName.putIfAbsent(entry.name(), entry) != null) {
      throw new IllegalArgumentException("name: " + entry.name() + " stands there twice");
    }
  }

  private static FunctionEntry entry(List<String> cells) {
    if (cells.size() != COLUMNS.size()) {
      throw new IllegalArgumentException(
          cells.size() + " columns instead of " + COLUMNS.size() + ", separated by tabs");
    }
    FunctionEntry.Kind kind = kind(cells.get(2));
    String trigger = cells.get(3);
    if (kind == FunctionEntry.Kind.HTTP && !trigger.equals(NONE)) {
      throw new IllegalArgumentException("trigger of an http function: " + trigger);
    }
    String roles = cells.get(12);
    return new FunctionEntry(
        cells.get(0),
        cells.get(1),
        kind,
        kind == FunctionEntry.Kind.EVENT ? event(trigger) : null,
        kind == FunctionEntry.Kind.SCHEDULE_HTTP ? trigger : null,
        cells.get(4),
        Integer.parseInt(cells.get(5)),
        Double.parseDouble(cells.get(6)),
        Integer.parseInt(cells.get(7)),
        Integer.parseInt(cells.get(8)),
        Integer.parseInt(cells.get(9)),
        Duration.ofSeconds(Integer.parseInt(cells.get(10))),
        truth(cells.get(11)),
        roles.equals(NONE) ? List.of() : Arrays.asList(roles.split(",", -1)));
  }

  private static FunctionEntry.Kind kind(String word) {
    return Arrays.stream(FunctionEntry.Kind.values())
        .filter(kind -> kind.word().equals(word))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("kind: " + word));
  }

  private static FunctionEntry.EventTrigger event(String trigger) {
    String[] words = trigger.split(" ", -1);
    if (words.length != 2) {
      throw new IllegalArgumentException("trigger is TYPE PATTERN, not " + trigger);
    }
    return new FunctionEntry.EventTrigger(words[0], words[1]);
  }

  private static boolean truth(String word) {
    if (!word.equals("true") && !word.equals("false")) {
      throw new IllegalArgumentException("retry: " + word);
    }
    return word.equals("true");
  }

  /** All functions in the order of the file. */
  public List<FunctionEntry> entries() {
    return new ArrayList<>(byName.values());
  }

  /**
   * The number of a function's line in the file, from 1.
   *
   * @throws IllegalArgumentException for a function that is not in the table
   */
  public int line(String name) {
    Integer line = lines.get(name);
    if (line == null) {
      throw new IllegalArgumentException("no function " + name);
    }
    return line;
  }

  /** The function of that name. */
  public Optional<FunctionEntry> find(@Nullable String name) {
    return name == null ? Optional.empty() : Optional.ofNullable(byName.get(name));
  }
}
