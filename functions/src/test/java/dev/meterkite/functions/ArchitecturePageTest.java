package dev.meterkite.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/architecture.md has the data flow of every trigger, and every schedule. */
class ArchitecturePageTest {
  @Test
  void everyTriggerAndSchedule_isDescribed() throws IOException {
    Path home = Path.of("..").toAbsolutePath().normalize();
    String page = Files.readString(home.resolve("docs/architecture.md"));
    List<FunctionEntry> entries = FunctionTable.read(home.resolve("functions.tsv")).entries();
    List<String> sections =
        Pattern.compile("^### (.+)$", Pattern.MULTILINE)
            .matcher(page)
            .results()
            .map(section -> section.group(1))
            .sorted()
            .toList();
    assertEquals(
        entries.stream()
            .filter(entry -> entry.event() != null)
            .map(FunctionEntry::name)
            .sorted()
            .toList(),
        sections);
    for (FunctionEntry entry : entries) {
      if (entry.event() != null) {
        String pattern = "`" + entry.event().pattern() + "` " + entry.event().change();
        assertTrue(page.contains(pattern), pattern);
      } else if (entry.schedule() != null) {
        assertTrue(page.contains("| `" + entry.name() + "` |"), entry.name());
      }
    }
  }
}
