package dev.meterkite.local;

import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * What the functions do, shown on a host of their own: a section for each feature, and at the end
 * the books, checked from the documents.
 */
final class Demo {
  private static final Logger LOG = Logger.getLogger(Demo.class.getName());

  /** How much is played. */
  record Size(int calls, int users, int routed, Duration hotUser) {
    static final Size FULL = new Size(1_500, 200, 30, Duration.ofSeconds(4));
  }

  private static final int MOST_FINDINGS_SHOWN = 20;
  private static final int MOST_ALERTS = 10_000;
  private static final List<String> NEXT =
      List.of(
          "./run-local.sh                    for the README's walk",
          "./run-local.sh demo --chaos       events late and doubled",
          "./run-local.sh demo --trace FILE  traffic of your own");

  private Demo() {}

  /** The sections in their order. A new one is one line here. */
  private static List<DemoSection> sections(LlmTrace trace, Size size) {
    return List.of(
        new DemoTraffic(trace, size.users()),
        new DemoHotUser(size.hotUser()),
        new DemoCredits(),
        new DemoUsage(trace),
        new DemoRouter(size.routed()));
  }

  /** The sub-command: 0 when the books balance, 1 when not. */
  static int run(LocalHost host, Options options, PrintStream out) throws InterruptedException {
    Stream.of(Logger.getLogger("").getHandlers())
        .filter(ConsoleHandler.class::isInstance)
        .forEach(terminal -> terminal.setLevel(Level.OFF));
    return run(host, options, Screen.of(out), Size.FULL);
  }

  /**
   * The demo in another size.
   *
   * @throws LocalHostException with one sentence for the terminal; the log has the trace
   */
  static int run(LocalHost host, Options options, Screen screen, Size size)
      throws InterruptedException {
    Path file = options.trace();
    LlmTrace trace = file == null ? LlmTrace.generated(size.calls(), 1) : LlmTrace.read(file);
    try (FirestoreStore store = host.openStore()) {
      return play(new DemoStage(host, store, screen), sections(trace, size));
    } catch (InterruptedException | LocalHostException e) {
      throw e;
    } catch (Exception e) {
      LOG.log(Level.SEVERE, "the demo failed", e);
      throw new LocalHostException("The demo stopped: " + sentence(e) + ". The log says more.", e);
    }
  }

  /** What a failure comes from, on one line. */
  private static String sentence(Throwable failure) {
    Throwable root = failure;
    boolean unanswered = false;
    while (root.getCause() != null) {
      unanswered |= root instanceof StoreException;
      root = root.getCause();
    }
    String message = String.valueOf(root.getMessage()).lines().findFirst().orElse("");
    return (unanswered ? "Firestore does not answer, " : root.getClass().getSimpleName() + ", ")
        + message;
  }

  static int play(DemoStage stage, List<DemoSection> sections) throws Exception {
    for (DemoSection section : sections) {
      stage.screen().heading(section.name());
      section.play(stage);
      stage.screen().blank();
    }
    stage.awaitEvents();
    List<String> findings = new ArrayList<>();
    for (DemoSection section : sections) {
      section.check(stage).forEach(finding -> findings.add(section.name() + ": " + finding));
    }
    findings.addAll(stage.books().findings());
    findings.addAll(stage.surprises());
    return verdict(stage, findings);
  }

  private static int verdict(DemoStage stage, List<String> findings) {
    Screen screen = stage.screen();
    List<Snapshot> alerts = stage.find(Query.of(ModelRouterAlerts.COLLECTION, MOST_ALERTS));
    long resolved =
        alerts.stream()
            .filter(alert -> "resolved".equals(alert.fields().get(ModelRouterAlerts.STATUS)))
            .count();
    screen.heading("In the end");
    screen.row("transactions in the books", stage.books().transactions());
    screen.row("alerts raised, of them resolved", alerts.size() + ", " + resolved);
    screen.row("calls repeated for want of an answer", stage.repeats());
    screen.blank();
    if (!findings.isEmpty()) {
      screen.heading("THE BOOKS ARE WRONG:");
      findings.stream().limit(MOST_FINDINGS_SHOWN).forEach(screen::say);
      return 1;
    }
    screen.heading(
        "The books balance: %,d users, read from the documents alone. Every balance is the sum of its"
                .formatted(stage.books().users())
            + " transactions, no sequence has a gap, no job is paid twice, nothing is held, every"
            + " acknowledged debit is there once.");
    screen.blank();
    screen.heading("What to try next:");
    NEXT.forEach(line -> screen.out().println("  " + line));
    return 0;
  }
}
