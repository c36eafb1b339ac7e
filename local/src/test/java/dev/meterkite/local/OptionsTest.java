package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.local.line.WrongLineException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
  @Test
  void nothing_isUpOnTheDefaultPort() {
    Options options = Options.parse(List.of());
    assertEquals(
        new Options(
            "up", List.of(), 8080, 0, 0, null, true, true, null, false, Set.of(), false, null,
            null),
        options);
  }

  @Test
  void everyOption_isRead() {
    assertEquals(
        new Options(
            "export",
            List.of("out"),
            9,
            7,
            3,
            -5L,
            false,
            false,
            null,
            false,
            Set.of(),
            false,
            null,
            null),
        parse(
            "export --port 9 out --processes=3 --chaos --seed -5 --no-schedules --no-rules"
                + " --firestore-port 7"));
    assertEquals(Path.of("t"), parse("demo --trace t").trace());
    assertTrue(parse("adopt --dry-run").dryRun());
    assertEquals(
        Instant.parse("2026-10-01T12:00:00Z"),
        parse("tables out --until 2026-10-01T12:00:00Z").until());
  }

  @Test
  void optionBeforeTheCommand_isRead_andTheLastOfTwoCounts() {
    assertEquals(9, parse("--port 9 export out").port());
    assertEquals("export", parse("--port 9 export out").command());
    assertEquals(10, parse("up --port 9 --port 10").port());
    assertEquals("up", parse("--chaos").command());
  }

  @Test
  void chaosWithoutASeed_choosesOne() {
    assertNotNull(parse("--chaos").chaosSeed());
    assertNull(parse("").chaosSeed());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          down             | Unknown command down; ./run-local.sh --help says what there is.
          up up            | Unknown word up; ./run-local.sh up --help says what there is.
          export           | export needs DIR.
          export a b       | Unknown word b; ./run-local.sh export --help says what there is.
          --port           | --port needs a value.
          --port x         | --port takes a whole number from 0 to 65535, not x.
          up --port -1     | --port takes a whole number from 0 to 65535, not -1.
          demo --port 65536| --port takes a whole number from 0 to 65535, not 65536.
          --processes 17   | --processes takes a whole number from 0 to 16, not 17.
          --seed 5         | --seed needs --chaos.
          up --keep        | Unknown option --keep; ./run-local.sh up --help says what there is.
          --keep           | Unknown option --keep; ./run-local.sh --help says what there is.
          demo --trace     | --trace needs a value.
          replay --from 2026-10-01 --to 2026-11-01 | replay needs --plans.
          replay --plans p --to 2026-11-01         | replay needs --from.
          replay --plans p --from 2026-11-01       | replay needs --to.
          replay --from 1.10.26     | --from takes a day such as 2026-10-01, not 1.10.26.
          replay --to 2026-02-30    | --to takes a day such as 2026-10-01, not 2026-02-30.
          replay --to +99999-01-01  | --to takes a day such as 2026-10-01, not +99999-01-01.
          replay --plans p --from 2026-10-01 --to 2026-10-01 | --to must be a day behind --from, which is not in the period.
          up --trace t     | Unknown option --trace; ./run-local.sh up --help says what there is.
          """)
  void wrongLine_isRefusedInOneSentence(String line, String sentence) {
    WrongLineException e = assertThrows(WrongLineException.class, () -> parse(line));
    assertEquals(sentence, e.getMessage());
  }

  private static Options parse(String line) {
    List<String> words = line.isEmpty() ? List.of() : Arrays.asList(line.split(" ", -1));
    return Options.parse(words);
  }
}
