package dev.meterkite.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages that follow a call through the code name classes and methods that exist. */
class WalkPagesTest {
  private static final List<Path> SOURCES =
      List.of(
          Path.of("src/main/java/dev/meterkite/functions"),
          Path.of("../shared/src/main/java/dev/meterkite/model"));
  private static final Pattern NAMED =
      Pattern.compile("`((?:[a-z]+/)*)([A-Z][A-Za-z]+)((?:\\.[A-Za-z]+)*)(?:\\([^`]*\\))?`");

  @ParameterizedTest
  @ValueSource(strings = {"a-debit.md", "a-job-event.md"})
  void walk_namesWhatExists(String page) throws IOException {
    List<String> missing = new ArrayList<>();
    Matcher named = NAMED.matcher(Files.readString(Path.of("../docs", page)));
    int found = 0;
    while (named.find()) {
      String source = source(named.group(1) + named.group(2));
      boolean known = !source.isEmpty();
      for (String part : named.group(3).split("\\.", -1)) {
        known &= source.matches("(?s).*\\b" + part + "\\b.*");
      }
      if (known) {
        found++;
      } else {
        missing.add(named.group());
      }
    }
    assertEquals(List.of(), missing);
    assertTrue(found >= 10, "only " + found + " names: the page has another form by now");
  }

  /** The source of a class, as named with the end of its path; "" for none. */
  private static String source(String name) throws IOException {
    for (Path root : SOURCES) {
      try (Stream<Path> files = Files.walk(root)) {
        Path file = files.filter(each -> each.endsWith(name + ".java")).findFirst().orElse(null);
        if (file != null) {
          return Files.readString(file);
        }
      }
    }
    return "";
  }
}
