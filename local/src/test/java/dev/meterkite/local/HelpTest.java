package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.local.line.ToolLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What {@code run-local.sh --help} and {@code chaos.sh --help} print without a build is what
 * picocli prints; written anew by {@code -Dmeterkite.write=true}.
 */
class HelpTest {
  @Test
  void checkedInHelp_isPicoclis() throws IOException {
    for (ToolLine line : List.of(Options.LINE, dev.meterkite.local.chaos.ChaosMain.line())) {
      assertChecked(line.tool(), line.files());
    }
  }

  private static void assertChecked(String tool, Map<String, String> files) throws IOException {
    Path folder = Path.of("").toAbsolutePath().getParent().resolve("local/help").resolve(tool);
    if (Boolean.getBoolean("meterkite.write")) {
      Files.createDirectories(folder);
      for (Map.Entry<String, String> file : files.entrySet()) {
        Files.writeString(folder.resolve(file.getKey()), file.getValue());
      }
    }
    Map<String, String> there = new TreeMap<>();
    try (Stream<Path> listing = Files.list(folder)) {
      for (Path file : listing.toList()) {
        there.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    assertEquals(new TreeMap<>(files), there);
  }

  @Test
  void help_isAsWideAsItIsAsked() {
    for (Map.Entry<String, String> file : Options.LINE.files().entrySet()) {
      if (file.getKey().startsWith("help-60")) {
        file.getValue().lines().forEach(line -> assertTrue(line.length() <= 60, line));
      }
    }
    assertEquals(Options.LINE.help("demo", 80), Options.LINE.files().get("help-80-demo.txt"));
  }
}
