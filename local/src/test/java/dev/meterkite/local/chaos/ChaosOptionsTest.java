package dev.meterkite.local.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.StringTokenizer;
import org.junit.jupiter.api.Test;

class ChaosOptionsTest {
  private static List<String> words(String line) {
    return Collections.list(new StringTokenizer(line)).stream().map(String::valueOf).toList();
  }

  @Test
  void nothingSaid_isAMinute() {
    ChaosOptions options = ChaosOptions.parse(List.of());
    assertEquals(ChaosOptions.DEFAULTS, options);
    assertEquals(Duration.ofMinutes(1), options.time());
    assertEquals(0, options.operations());
  }

  @Test
  void everyOption_isTaken() {
    assertEquals(
        new ChaosOptions(Duration.ofMinutes(30), 0, 4, -5, 3, 64, 1_000, 80),
        ChaosOptions.parse(
            words(
                "--seconds 1800 --rounds 4 --seed -5 --processes 3 --callers 64 --users 1000"
                    + " --customers 80")));
    ChaosOptions counted = ChaosOptions.parse(List.of("--operations", "1000000"));
    assertEquals(1_000_000, counted.operations());
  }

  @Test
  void whatIsWrong_isSaid() {
    for (String words :
        List.of(
            "--seconds",
            "--seconds 0",
            "--seconds x",
            "--rounds 0",
            "--processes 9",
            "--users 9",
            "--help2")) {
      IllegalArgumentException wrong =
          assertThrows(IllegalArgumentException.class, () -> ChaosOptions.parse(words(words)));
      assertTrue(wrong.getMessage().contains(words(words).get(0)), wrong.getMessage());
    }
  }

  @Test
  void wrongCommandLine_endsWithStatus2_andHelpWith0() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    assertEquals(2, ChaosMain.run(new String[] {"--sooner"}, out, out));
    assertTrue(said.toString(StandardCharsets.UTF_8).contains("Unknown option --sooner"));
    assertEquals(0, ChaosMain.run(new String[] {"--help"}, out, out));
    assertTrue(said.toString(StandardCharsets.UTF_8).contains("--operations N"));
  }
}
