package dev.meterkite.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The README's tables say what the code says. */
class ReadmeTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();

  private static List<List<String>> rows(String name) throws IOException {
    String text = Files.readString(HOME.resolve("README.md"));
    int from = text.indexOf("|---", text.indexOf("<!-- " + name));
    List<List<String>> rows = new ArrayList<>();
    for (String line :
        text.substring(text.indexOf('\n', from) + 1, text.indexOf("<!-- /" + name))
            .split("\n", -1)) {
      if (line.isBlank()) {
        continue;
      }
      rows.add(
          List.of(line.strip().substring(1).split("\\|", -1)).stream()
              .map(cell -> cell.strip().replace("`", ""))
              .toList());
    }
    return rows;
  }

  @Test
  void functions_areThoseOfTheTable() throws IOException {
    List<String> expected = new ArrayList<>();
    for (FunctionEntry entry : FunctionTable.read(HOME.resolve("functions.tsv")).entries()) {
      expected.add(entry.name() + " | " + FunctionPlaces.calledBy(entry));
    }
    // One a line, in the order of the table, so that the difference is seen.
    assertEquals(
        String.join("\n", expected),
        rows("functions").stream()
            .map(row -> row.get(0) + " | " + row.get(1))
            .collect(Collectors.joining("\n")));
  }

  @Test
  void settings_areThoseOfTheCode() throws IOException {
    assertEquals(
        Settings.VARIABLES.stream()
            .map(
                variable ->
                    List.of(
                        variable.name(),
                        variable.byDefault(),
                        variable.unit(),
                        variable.meaning(),
                        ""))
            .toList(),
        rows("settings"));
  }
}
