package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {
  private static final Map<String, Integer> COMMANDS = Map.of("up", 0, "export", 1);

  @Test
  void nothing_isUpOnTheDefaultPort() {
    Options options = Options.parse(List.of(), COMMANDS);
    assertEquals(new Options("up", List.of(), 8080, 0, null, true, null, false, true), options);
  }

  @Test
  void everyOption_isRead() {
    Options options =
        parse(
            "export --port 9 out --processes 3 --chaos --seed -5 --no-schedules --trace t --dry-run"
                + " --no-rules");
    assertEquals(
        new Options("export", List.of("out"), 9, 3, -5L, false, Path.of("t"), true, false),
        options);
  }

  @Test
  void chaosWithoutASeed_choosesOne() {
    assertNotNull(parse("--chaos").chaosSeed());
    assertNull(parse("").chaosSeed());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "down",
        "up up",
        "export",
        "export a b",
        "--port",
        "--port x",
        "--port -1",
        "--port 65536",
        "--processes 17",
        "--seed 5",
        "--chaos --seed x",
        "--keep",
        "--trace"
      })
  void wrongLine_isRefused(String line) {
    assertThrows(IllegalArgumentException.class, () -> parse(line));
  }

  private static Options parse(String line) {
    List<String> words = line.isEmpty() ? List.of() : Arrays.asList(line.split(" ", -1));
    return Options.parse(words, COMMANDS);
  }
}
