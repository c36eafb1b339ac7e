package dev.meterkite.local.chaos;

import dev.meterkite.emulator.EmulatorUnavailableException;
import dev.meterkite.local.Console;
import dev.meterkite.local.LocalHostException;
import dev.meterkite.local.Stop;
import dev.meterkite.local.line.ToolLine;
import dev.meterkite.local.line.WrongLineException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The command line of {@code chaos.sh}. Ends with status 0 when the books balance, 1 with a finding
 * or where the run failed, 2 for a wrong command line.
 */
public final class ChaosMain {
  private ChaosMain() {}

  public static void main(String[] args) {
    System.exit(run(args, System.out, System.err));
  }

  /** What the script takes. */
  public static ToolLine line() {
    return ChaosOptions.LINE;
  }

  static int run(String[] args, PrintStream out, PrintStream err) {
    List<String> words = Arrays.asList(args);
    Optional<String> help = ChaosOptions.LINE.helpFor(words, Console.columns());
    if (help.isPresent()) {
      out.print(help.get());
      return 0;
    }
    ChaosOptions options;
    try {
      options = ChaosOptions.parse(words);
    } catch (WrongLineException e) {
      err.println(Console.wrapped(String.valueOf(e.getMessage())));
      return 2;
    }
    try (Stop stop = Stop.of(out, err)) {
      return run(options, stop);
    }
  }

  private static int run(ChaosOptions options, Stop stop) {
    Path home = Path.of(System.getProperty("meterkite.home", "")).toAbsolutePath();
    Path work = home.resolve(Path.of("local", "target", "chaos"));
    for (Handler handler : Logger.getLogger("").getHandlers()) {
      handler.setLevel(Level.WARNING);
    }
    try {
      Files.createDirectories(work);
      return play(options, home.resolve("functions.tsv"), work, stop.out());
    } catch (LocalHostException | EmulatorUnavailableException e) {
      stop.err().println(Console.wrapped(String.valueOf(e.getMessage())));
      return 1;
    } catch (IOException | ExecutionException | RuntimeException e) {
      e.printStackTrace(stop.err());
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  /** Ends with the first round that has a finding, so that its logs are there. */
  private static int play(ChaosOptions options, Path table, Path work, PrintStream out)
      throws IOException, InterruptedException, ExecutionException {
    if (options.rounds() > 1 && System.getenv("FIRESTORE_EMULATOR_HOST") != null) {
      throw new LocalHostException(
          "Each round needs an empty store: unset FIRESTORE_EMULATOR_HOST.");
    }
    long operations = 0;
    for (int round = 0; round < options.rounds(); round++) {
      ChaosOptions next = options.seeded(options.seed() + round);
      out.println("seed " + next.seed() + "; logs in " + work);
      out.flush();
      List<String> findings;
      try (ChaosRun run = new ChaosRun(next, table, work, out)) {
        run.play();
        findings = run.settle();
        operations += run.journal().total();
      }
      findings.forEach(finding -> out.println("FINDING " + finding));
      if (!findings.isEmpty()) {
        out.println(findings.size() + " findings");
        return 1;
      }
      out.printf(Locale.ROOT, "The books balance, after %,d operations in all.%n", operations);
      out.flush();
    }
    return 0;
  }
}
