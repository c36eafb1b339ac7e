package dev.meterkite.simulation;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Plays the rounds of a run, some side by side, and adds them up in their order. */
final class Rounds {
  /** What one round came to. */
  record Result(
      Plan plan,
      long operations,
      long steps,
      long audits,
      long instances,
      Duration virtual,
      Map<String, Long> applied,
      Map<String, Long> faults,
      List<String> findings,
      String digest) {}

  private final Fixture fixture;
  private final Defect defect;
  private final PrintStream out;

  Rounds(Fixture fixture, Defect defect, PrintStream out) {
    this.fixture = fixture;
    this.defect = defect;
    this.out = out;
  }

  /** Plays one again, and says what happened around a finding. */
  List<String> history(Plan plan, String finding) {
    try (Play play = new Play(plan, fixture, defect)) {
      FindingTrace trace = play.trace(finding);
      try {
        play.run();
      } catch (IllegalStateException e) {
        trace.add(String.valueOf(e.getMessage()));
      }
      return trace.lines();
    }
  }

  /** Plays one. */
  Result play(Plan plan) {
    try (Play play = new Play(plan, fixture, defect)) {
      List<String> findings = new ArrayList<>();
      try {
        play.run();
      } catch (IllegalStateException e) {
        findings.add(e.getMessage() + ": " + e.getCause());
      }
      findings.addAll(play.findings());
      return new Result(
          plan,
          play.journal().total(),
          play.steps(),
          play.audits(),
          play.cloud().started(),
          play.virtual(),
          play.journal().applied(),
          play.faults(),
          findings,
          play.digest());
    }
  }

  /** Plays all up to the first in which something is found; that one, or null. */
  @Nullable Result playAll(List<Plan> plans, int threads)
      throws InterruptedException, ExecutionException {
    long began = System.nanoTime();
    ExecutorService pool = Executors.newFixedThreadPool(Math.min(threads, plans.size()));
    List<Result> done = new ArrayList<>();
    try {
      List<Future<Result>> all = new ArrayList<>();
      plans.forEach(plan -> all.add(pool.submit(() -> play(plan))));
      for (Future<Result> each : all) {
        Result result = each.get();
        done.add(result);
        out.printf(
            Locale.ROOT,
            "round %d, seed %d: %,d operations, %,d steps, %s of virtual time, %,d instances, %d"
                + " audits, %d findings, digest %s%n",
            done.size(),
            result.plan().seed(),
            result.operations(),
            result.steps(),
            hours(result.virtual()),
            result.instances(),
            result.audits(),
            result.findings().size(),
            result.digest().substring(0, 16));
        out.flush();
        if (!result.findings().isEmpty()) {
          return result;
        }
      }
    } finally {
      pool.shutdownNow();
    }
    print(done, Duration.ofNanos(System.nanoTime() - began));
    return null;
  }

  private static String hours(Duration time) {
    return time.toHours() + " h " + time.toMinutesPart() + " min";
  }

  private void print(List<Result> done, Duration took) {
    long operations = done.stream().mapToLong(Result::operations).sum();
    Map<String, Long> applied = new TreeMap<>();
    Map<String, Long> faults = new TreeMap<>();
    for (Result each : done) {
      each.applied().forEach((what, count) -> applied.merge(what, count, Long::sum));
      each.faults().forEach((what, count) -> faults.merge(what, count, Long::sum));
    }
    out.printf(
        Locale.ROOT,
        "%,d operations in %,d s: %,d a second%n",
        operations,
        took.toSeconds(),
        operations * 1_000 / Math.max(1, took.toMillis()));
    out.println("applied: " + text(applied));
    out.println("faults:");
    faults.forEach((what, count) -> out.printf(Locale.ROOT, "  %,9d  %s%n", count, what));
    out.println("no findings");
    out.println("digest " + digest(done));
    out.flush();
  }

  private static String text(Map<String, Long> counts) {
    List<String> parts = new ArrayList<>();
    counts.forEach((what, count) -> parts.add(String.format(Locale.ROOT, "%,d %s", count, what)));
    return String.join(", ", parts);
  }

  /** Of all rounds; of one alone its own. */
  private static String digest(List<Result> done) {
    if (done.size() == 1) {
      return done.get(0).digest();
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      done.forEach(each -> digest.update(each.digest().getBytes(StandardCharsets.US_ASCII)));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
