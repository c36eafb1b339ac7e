package dev.meterkite.simulation;

import dev.meterkite.local.Console;
import dev.meterkite.local.line.ToolLine;
import dev.meterkite.local.line.WrongLineException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

/**
 * The command line of {@code simulate.sh}. Ends with status 0 when the books balance, 1 with a
 * finding or where the play failed, 2 for a wrong command line.
 */
public final class SimulationMain {
  private static final int MOST_FINDINGS = 20;

  private SimulationMain() {}

  public static void main(String[] args) {
    System.exit(run(args, System.out, System.err));
  }

  /** What the script takes. */
  public static ToolLine line() {
    return SimulationOptions.LINE;
  }

  static int run(String[] args, PrintStream out, PrintStream err) {
    List<String> words = Arrays.asList(args);
    Optional<String> help = SimulationOptions.LINE.helpFor(words, Console.columns());
    if (help.isPresent()) {
      out.print(help.get());
      return 0;
    }
    SimulationOptions options;
    try {
      options = SimulationOptions.parse(words);
    } catch (WrongLineException e) {
      err.println(Console.wrapped(String.valueOf(e.getMessage())));
      return 2;
    }
    Path home = Path.of(System.getProperty("meterkite.home", "")).toAbsolutePath();
    try (Fixture fixture = new Fixture(home.resolve("functions.tsv"))) {
      return play(options, fixture, Defect.NONE, out);
    } catch (ExecutionException | RuntimeException e) {
      e.printStackTrace(err);
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  static int play(SimulationOptions options, Fixture fixture, Defect defect, PrintStream out)
      throws InterruptedException, ExecutionException {
    Rounds rounds = new Rounds(fixture, defect, out);
    Rounds.Result failed = rounds.playAll(options.plans(), options.threads());
    if (failed == null) {
      return 0;
    }
    failed.findings().stream()
        .limit(MOST_FINDINGS)
        .forEach(finding -> out.println("FINDING " + finding));
    out.printf("seed %d, step %,d%n", failed.plan().seed(), failed.steps());
    out.println("looking for the shortest play that still fails ...");
    Shrinking.Smallest smallest = new Shrinking(rounds).of(failed);
    print(smallest, options, out);
    out.println("what happened around it:");
    rounds
        .history(smallest.result().plan(), smallest.result().findings().get(0))
        .forEach(out::println);
    out.flush();
    return 1;
  }

  private static void print(
      Shrinking.Smallest smallest, SimulationOptions options, PrintStream out) {
    Plan plan = smallest.result().plan();
    out.printf(
        "after %,d operations, at step %,d: %s%n",
        smallest.result().operations(),
        smallest.result().steps(),
        smallest.result().findings().get(0));
    List<String> kinds =
        Arrays.stream(Kind.values())
            .filter(kind -> !smallest.without().contains(kind) && !options.without().contains(kind))
            .map(Kind::word)
            .toList();
    out.println("faults that matter: " + kinds);
    String without =
        java.util.stream.Stream.concat(options.without().stream(), smallest.without().stream())
            .distinct()
            .map(Kind::word)
            .collect(Collectors.joining(","));
    out.printf(
        "./simulate.sh --seed %d --operations %d --audit-every %d --clients %d --users %d"
            + " --customers %d%s%n",
        plan.seed(),
        plan.size().operations(),
        plan.size().auditEvery(),
        plan.size().clients(),
        plan.size().users(),
        plan.size().customers(),
        without.isEmpty() ? "" : " --without " + without);
    out.flush();
  }
}
