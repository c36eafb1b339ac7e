package dev.meterkite.local;

import dev.meterkite.functions.store.FirestoreStore;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the functions do, shown on a host of their own: a section for each feature, and at the end
 * the books, checked from the documents.
 */
final class Demo {
  private static final int GENERATED_CALLS = 3_000;
  private static final int USERS = 200;
  private static final int ROUTED_CALLS = 60;
  private static final int MOST_FINDINGS_SHOWN = 20;

  private Demo() {}

  /** The sections in their order. A new one is one line here. */
  private static List<DemoSection> sections(Trace trace, int users, int routed) {
    return List.of(
        new DemoTraffic(trace, users),
        new DemoCredits(),
        new DemoUsage(trace),
        new DemoRouter(routed));
  }

  /** The sub-command: 0 when the books balance, 1 when not. */
  static int run(LocalHost host, Options options, PrintStream out) throws Exception {
    return run(host, options, out, USERS, ROUTED_CALLS);
  }

  /** The same with so many users, and so many calls of models while a provider is down. */
  static int run(LocalHost host, Options options, PrintStream out, int users, int routed)
      throws Exception {
    Path file = options.trace();
    Trace trace = file == null ? Trace.generated(GENERATED_CALLS, 1) : Trace.read(file);
    try (FirestoreStore store = host.openStore()) {
      return play(new DemoStage(host, store, out), sections(trace, users, routed));
    }
  }

  private static int play(DemoStage stage, List<DemoSection> sections) throws Exception {
    for (DemoSection section : sections) {
      stage.out().printf("%s%n", section.name());
      section.play(stage);
      stage.out().println();
    }
    List<String> findings = new ArrayList<>();
    if (!stage.awaitEvents()) {
      findings.add("events are still on their way after a minute");
    }
    for (DemoSection section : sections) {
      section.check(stage).forEach(finding -> findings.add(section.name() + ": " + finding));
    }
    findings.addAll(stage.books().findings());
    findings.addAll(stage.surprises());
    return verdict(stage, findings);
  }

  private static int verdict(DemoStage stage, List<String> findings) {
    stage.out().println("At the end");
    stage.row("transactions in the books", stage.books().transactions());
    stage.row("calls made again for want of an answer", stage.repeats());
    stage.out().println();
    if (findings.isEmpty()) {
      stage
          .out()
          .printf(
              "The books balance: %d users, every balance the sum of its transactions, no gap in a"
                  + " sequence,%nno job paid twice, nothing held, every acknowledged debit there"
                  + " once.%n",
              stage.books().users());
      return 0;
    }
    stage.out().println("THE BOOKS ARE WRONG:");
    findings.stream()
        .limit(MOST_FINDINGS_SHOWN)
        .forEach(finding -> stage.out().println("  " + finding));
    return 1;
  }
}
