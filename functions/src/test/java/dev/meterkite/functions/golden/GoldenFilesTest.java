package dev.meterkite.functions.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What each function answers, logs and stores, byte for byte. The files under {@code
 * src/test/resources/golden} hold requests and what followed them; {@code -Dmeterkite.write=true}
 * writes what follows now. A change of these files is a change that callers or other readers of the
 * documents can notice.
 */
class GoldenFilesTest {
  private static final Path FILES = Path.of("src/test/resources/golden");

  @Test
  void functions_answerAndStoreTheSameBytes() throws Exception {
    FunctionTable table = FunctionTable.read(Path.of("..", "functions.tsv"));
    Set<String> unused = new TreeSet<>();
    table.entries().stream().map(FunctionEntry::name).forEach(unused::add);
    try (GoldenTokens tokens = new GoldenTokens()) {
      for (Path file : files()) {
        GoldenRun run = new GoldenRun(table, tokens);
        List<GoldenFile.Step> steps = GoldenFile.steps(Files.readAllLines(file));
        List<List<String>> printed = new ArrayList<>();
        for (GoldenFile.Step step : steps) {
          printed.add(run.play(step));
        }
        check(file, GoldenFile.render(steps, printed));
        unused.removeAll(run.used());
      }
    }
    assertEquals(Set.of(), unused, "functions that no golden file calls");
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(FILES)) {
      return files.sorted().toList();
    }
  }

  private static void check(Path file, String now) throws IOException {
    if (Boolean.getBoolean("meterkite.write")) {
      Files.writeString(file, now);
    }
    String before = Files.readString(file);
    if (!before.equals(now)) {
      fail(firstDifference(file, before.split("\n", -1), now.split("\n", -1)));
    }
  }

  private static String firstDifference(Path file, String[] before, String[] now) {
    int line = 0;
    while (line < before.length && line < now.length && before[line].equals(now[line])) {
      line++;
    }
    return "%s:%d%nwas: %s%nnow: %s"
        .formatted(
            file,
            line + 1,
            line < before.length ? before[line] : "(end)",
            line < now.length ? now[line] : "(end)");
  }
}
