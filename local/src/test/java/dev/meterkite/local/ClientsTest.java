package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of clients/, by their own tests, against a local host and a connection with faults. */
class ClientsTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();

  @TempDir static Path folder;
  private static LocalHost host;
  private static FaultyFront faults;

  @TempDir Path copy;

  @BeforeAll
  static void start() throws IOException {
    Options options = Options.forTests().withProcesses(1);
    host = LocalHost.start(options, "clients", null, HOME.resolve("functions.tsv"), folder);
    faults = new FaultyFront(host.url());
  }

  @AfterAll
  static void stop() {
    faults.close();
    host.close();
  }

  private static Map<String, String> addresses() {
    return Map.of("METERKITE_URL", host.url(), "METERKITE_FAULTS", faults.url());
  }

  @Test
  void python_passesItsOwnTests() {
    Program.PYTHON.orSkip();
    Program.Ended tests =
        Program.run(
            HOME.resolve("clients/python"),
            addresses(),
            "python3",
            "-B",
            "-W",
            "error",
            "-m",
            "unittest",
            "-v");
    assertEquals(0, tests.status(), tests.output());
    assertTrue(tests.output().matches("(?s).*Ran \\d\\d tests.*"), tests.output());
    assertTrue(tests.output().strip().endsWith("OK"), () -> "skipped: " + tests.output());
  }

  @Test
  void typescript_compilesAndPassesItsOwnTests() throws IOException {
    Path source = HOME.resolve("clients/typescript");
    for (String file :
        List.of("meterkite.ts", "meterkite.test.mjs", "package.json", "tsconfig.json")) {
      Files.copy(source.resolve(file), copy.resolve(file));
    }
    Program.npmInstall(copy);
    Program.Ended tests = Program.run(copy, addresses(), "npm", "test");
    assertEquals(0, tests.status(), tests.output());
    assertTrue(tests.output().matches("(?s).*# pass \\d\\d\n.*"), tests.output());
    assertTrue(tests.output().contains("# skipped 0\n"), tests.output());
  }
}
