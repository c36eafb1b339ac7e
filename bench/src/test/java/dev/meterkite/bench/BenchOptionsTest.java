package dev.meterkite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The command line, and the small parts that need no run. */
class BenchOptionsTest {
  @Test
  void everyOption_isRead() {
    BenchOptions options =
        BenchOptions.parse(
            List.of(
                "--only",
                "bare",
                "--repeat",
                "5",
                "--seconds",
                "7",
                "--customers",
                "9",
                "--document-rate",
                "2",
                "--trace",
                "t.csv",
                "--out",
                "o"));
    assertEquals("bare", String.valueOf(options.only()));
    assertEquals(5, options.repeat());
    assertEquals(Duration.ofSeconds(7), options.length());
    assertEquals(9, options.customers());
    assertEquals(2, options.documentRate());
    assertEquals(Path.of("t.csv"), options.trace());
    assertEquals(Path.of("o"), options.out());
  }

  @Test
  void quick_isBriefer_whereverItStands() {
    BenchOptions quick = BenchOptions.parse(List.of("--only", "raw", "--quick"));
    assertEquals(1, quick.repeat());
    assertEquals("raw", String.valueOf(quick.only()));
    assertEquals(3, BenchOptions.full().repeat());
    assertEquals(100_000, BenchOptions.full().customers());
  }

  @Test
  void wrongCommandLine_saysWhatIsWrong_andEndsWithStatus2() {
    for (List<String> wrong :
        List.of(
            List.of("--fast"),
            List.of("--repeat"),
            List.of("--repeat", "0"),
            List.of("--repeat", "1000001"),
            List.of("--seconds", "x"),
            List.of("--only", "("))) {
      assertThrows(
          IllegalArgumentException.class, () -> BenchOptions.parse(wrong), wrong::toString);
      ByteArrayOutputStream said = new ByteArrayOutputStream();
      PrintStream err = new PrintStream(said, true, StandardCharsets.UTF_8);
      assertEquals(2, Bench.run(wrong, Path.of(""), err, err));
      assertEquals(1, said.toString(StandardCharsets.UTF_8).strip().lines().count());
    }
  }

  /** What {@code bench.sh --help} prints; written anew by {@code -Dmeterkite.write=true}. */
  @Test
  void checkedInHelp_isPicoclis() throws IOException {
    Path folder = Path.of("").toAbsolutePath().getParent().resolve("local/help/bench");
    for (Map.Entry<String, String> file : BenchOptions.LINE.files().entrySet()) {
      Path there = folder.resolve(file.getKey());
      if (Boolean.getBoolean("meterkite.write")) {
        Files.createDirectories(folder);
        Files.writeString(there, file.getValue());
      }
      assertEquals(file.getValue(), Files.readString(there), file.getKey());
    }
  }

  @Test
  void traceThatIsMissing_endsWithStatus1() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(said, true, StandardCharsets.UTF_8);
    assertEquals(1, Bench.run(List.of("--trace", "nowhere.csv"), Path.of(""), err, err));
    assertTrue(said.toString(StandardCharsets.UTF_8).contains("nowhere.csv"));
    assertEquals(0, Bench.run(List.of("--help"), Path.of(""), err, err));
  }
}
