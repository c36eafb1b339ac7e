package dev.meterkite.model.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.health.ProviderErrors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * The health rules over scripted incidents in virtual time, beside the circuit breakers of
 * resilience4j and Failsafe on the same calls. A call that a rule withholds goes elsewhere and is
 * good there; what counts is how many fail, how many are withheld though the model is well, and how
 * soon the model is back.
 *
 * <p>{@code -Dmeterkite.seeds=N} sets the number of runs of each shape, {@code -Dmeterkite.shapes=}
 * and {@code -Dmeterkite.rules=} the beginning of the names of those to run.
 */
class IncidentSimulationTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final int SEEDS = Integer.getInteger("meterkite.seeds", DEEP ? 300 : 5);
  private static final String RULES = System.getProperty("meterkite.rules", "");
  private static final String SHAPES = System.getProperty("meterkite.shapes", "");
  private static final long MINUTE = 60_000;
  private static final long BEFORE = 20 * MINUTE;
  private static final long AFTER = 15 * MINUTE;
  private static final ProviderErrors.Verdict FAULT =
      new ProviderErrors.Verdict(ProviderErrors.Kind.PROVIDER_FAULT, null);

  /** How a call ends: with what, and after how long. */
  private record Outcome(ProviderErrors.Verdict error, long took) {}

  /** What happens to calls. */
  private interface World {
    Outcome call(String model, long now, Random random);
  }

  /**
   * @param every milliseconds between calls on average
   * @param jitter whether calls come at random moments
   * @param models the models that the calls are spread over
   * @param length of the incident; 0 where there is none
   * @param probes whether a free endpoint is probed each minute, which fails in the incident
   */
  private record Shape(
      String name,
      long every,
      int burst,
      boolean jitter,
      List<String> models,
      long length,
      boolean probes,
      World world) {
    Shape(String name, long length, World world) {
      this(name, 1_000, 1, true, List.of("m"), length, false, world);
    }

    Shape probed() {
      return new Shape(name + ", probed", every, burst, jitter, models, length, true, world);
    }

    Shape each(String how, long millis, int calls) {
      return new Shape(name + how, millis, calls, jitter, models, length, probes, world);
    }
  }

  /** What became of the calls of one run. */
  private static final class Run {
    long failed;
    long failing;
    long firstTrial = -1;
    long back = -1;
    int alerts;
    long siblingKept;
    long siblingOffered;
  }

  private record Ended(long at, long began, String model, ProviderErrors.Verdict error) {}

  private static Outcome good() {
    return new Outcome(null, 800);
  }

  private static boolean in(long now, long length) {
    return now >= BEFORE && now < BEFORE + length;
  }

  private static World failing(double share, long took, long length) {
    return (model, now, random) ->
        in(now, length) && random.nextDouble() < share ? new Outcome(FAULT, took) : good();
  }

  private static World flaps(long down, long period, long length) {
    return (model, now, random) ->
        in(now, length) && (now - BEFORE) % period < down ? new Outcome(FAULT, 300) : good();
  }

  private static World limited(boolean hint, long length) {
    return (model, now, random) -> {
      if (!in(now, length)) {
        return good();
      }
      long left = Math.min(20_000, BEFORE + length - now);
      return new Outcome(
          new ProviderErrors.Verdict(
              ProviderErrors.Kind.RATE_LIMITED, hint ? Breakers.at(now + 50 + left) : null),
          50);
    };
  }

  private static List<Shape> shapes() {
    List<Shape> shapes = new ArrayList<>();
    Shape outage = new Shape("full outage, 4 min", 4 * MINUTE, failing(1, 300, 4 * MINUTE));
    Shape longOutage = new Shape("full outage, 81 min", 81 * MINUTE, failing(1, 300, 81 * MINUTE));
    shapes.add(outage);
    shapes.add(outage.probed());
    shapes.add(longOutage.probed());
    shapes.add(new Shape("41 % fail, 57 min", 57 * MINUTE, failing(0.41, 300, 57 * MINUTE)));
    shapes.add(new Shape("10 % fail, 37 min", 37 * MINUTE, failing(0.10, 300, 37 * MINUTE)));
    shapes.add(
        new Shape("45 % stall for 30 s, 30 min", 30 * MINUTE, failing(0.45, 30_000, 30 * MINUTE)));
    World one =
        (model, now, random) ->
            model.equals("m") && in(now, 60 * MINUTE) ? new Outcome(FAULT, 300) : good();
    shapes.add(
        new Shape(
            "one of two models dead, 60 min",
            1_000,
            1,
            true,
            List.of("m", "sibling"),
            60 * MINUTE,
            false,
            one));
    shapes.add(
        new Shape(
            "both models dead, 30 min",
            1_000,
            1,
            true,
            List.of("m", "sibling"),
            30 * MINUTE,
            false,
            failing(1, 300, 30 * MINUTE)));
    shapes.add(
        new Shape(
            "long answers of 67 s, 60 min",
            60 * MINUTE,
            (model, now, random) -> new Outcome(null, in(now, 60 * MINUTE) ? 67_000 : 800)));
    shapes.add(new Shape("429 with a hint, 10 min", 10 * MINUTE, limited(true, 10 * MINUTE)));
    shapes.add(new Shape("429 without a hint, 10 min", 10 * MINUTE, limited(false, 10 * MINUTE)));
    shapes.add(new Shape("outage of 60 s", MINUTE, failing(1, 300, MINUTE)));
    shapes.add(
        new Shape(
            "flaps, 20 of each 60 s, 30 min", 30 * MINUTE, flaps(20_000, MINUTE, 30 * MINUTE)));
    shapes.add(
        new Shape(
            "flaps, 60 of each 120 s, 30 min",
            30 * MINUTE,
            flaps(MINUTE, 2 * MINUTE, 30 * MINUTE)));
    shapes.add(
        new Shape("outage, 60 min", 60 * MINUTE, failing(1, 300, 60 * MINUTE))
            .each(", a call a minute", MINUTE, 1));
    shapes.add(outage.each(", a call each 10 s", 10_000, 1));
    shapes.add(outage.each(", ten calls a second", 100, 1));
    shapes.add(outage.each(", 20 calls each 20 s", 20_000, 20));
    return shapes;
  }

  private static Map<String, Supplier<Breakers>> rules() {
    Map<String, Supplier<Breakers>> rules = new LinkedHashMap<>();
    rules.put("Meterkite", Breakers.Ours::new);
    rules.put("resilience4j, defaults", () -> new Breakers.Resilience4j(false));
    rules.put("resilience4j, tuned", () -> new Breakers.Resilience4j(true));
    rules.put("Failsafe, defaults", () -> new Breakers.Failsafe(false));
    rules.put("Failsafe, tuned", () -> new Breakers.Failsafe(true));
    return rules;
  }

  /**
   * @param instances processes that share the state, with clocks up to two seconds apart
   */
  private static Run run(Shape shape, Breakers rule, int seed, int instances) {
    Random world = new Random(seed);
    Random arrivals = new Random(1_000_000L + seed);
    PriorityQueue<Ended> ends =
        new PriorityQueue<>((one, other) -> Long.compare(one.at(), other.at()));
    Run run = new Run();
    long end = BEFORE + shape.length() + AFTER;
    long stop = BEFORE + shape.length();
    long nextProbe = arrivals.nextInt((int) MINUTE);
    long now = 0;
    for (long call = 0; now < end; call++) {
      now +=
          call % shape.burst() != 0
              ? 1
              : shape.jitter()
                  ? Math.max(1, shape.every() / 2 + (long) (arrivals.nextDouble() * shape.every()))
                  : shape.every();
      while (!ends.isEmpty() && ends.peek().at() <= now) {
        report(rule, ends.poll());
      }
      while (shape.probes() && nextProbe <= now) {
        rule.probed(!in(nextProbe, shape.length()), nextProbe);
        nextProbe += MINUTE;
      }
      String model = shape.models().get((int) (call % shape.models().size()));
      Outcome outcome = shape.world().call(model, now, world);
      long skewed = now + (instances > 1 ? (call % instances) * 4_000L / instances - 2_000 : 0);
      boolean allowed = rule.allows(model, Math.max(0, skewed));
      boolean counted = in(now, shape.length());
      run.failing += counted && outcome.error() != null ? 1 : 0;
      if (model.equals("sibling")) {
        run.siblingOffered++;
        run.siblingKept += allowed ? 1 : 0;
      }
      if (allowed) {
        run.failed += counted && outcome.error() != null ? 1 : 0;
        ends.add(
            new Ended(
                Math.max(0, skewed) + outcome.took(), Math.max(0, skewed), model, outcome.error()));
        if (now >= stop && run.firstTrial < 0 && model.equals("m")) {
          run.firstTrial = now - stop;
        }
      }
      boolean closed = rule.isClosed("m", now);
      if (now >= stop && closed && run.back < 0) {
        run.back = now - stop;
      }
    }
    run.alerts = rule.alerts();
    return run;
  }

  private static void report(Breakers rule, Ended ended) {
    rule.report(ended.model(), ended.began(), ended.at(), ended.error());
  }

  private static long median(List<Run> runs, java.util.function.ToLongFunction<Run> figure) {
    long[] figures = runs.stream().mapToLong(figure).sorted().toArray();
    return figures[figures.length / 2];
  }

  private static List<Run> runs(Shape shape, Supplier<Breakers> rule, int instances) {
    List<Run> runs = new ArrayList<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      runs.add(run(shape, rule.get(), seed, instances));
    }
    return runs;
  }

  private static String seconds(long millis) {
    return millis < 0 ? "never" : String.format(Locale.ROOT, "%d", (millis + 500) / 1_000);
  }

  /** Upper bounds of the medians: failed calls, seconds to the first trial and until it is back. */
  private static final Map<String, long[]> BOUNDS =
      Map.ofEntries(
          Map.entry("full outage, 4 min", new long[] {13, 30, 60}),
          Map.entry("full outage, 4 min, probed", new long[] {6, 35, 60}),
          Map.entry("full outage, 81 min, probed", new long[] {6, 35, 60}),
          Map.entry("41 % fail, 57 min", new long[] {135, 30, 100}),
          Map.entry("10 % fail, 37 min", new long[] {90, 30, 110}),
          Map.entry("45 % stall for 30 s, 30 min", new long[] {151, 30, 80}),
          Map.entry("one of two models dead, 60 min", new long[] {134, 35, 60}),
          Map.entry("both models dead, 30 min", new long[] {135, 35, 60}),
          Map.entry("long answers of 67 s, 60 min", new long[] {0, 2, 2}),
          Map.entry("429 with a hint, 10 min", new long[] {31, 5, 5}),
          Map.entry("429 without a hint, 10 min", new long[] {13, 61, 61}),
          Map.entry("outage of 60 s", new long[] {7, 30, 60}),
          Map.entry("flaps, 20 of each 60 s, 30 min", new long[] {60, 35, 100}),
          Map.entry("flaps, 60 of each 120 s, 30 min", new long[] {70, 35, 100}));

  @Test
  void shapes_besideTheirPeers() {
    Map<Shape, List<Run>> ours = new LinkedHashMap<>();
    System.out.println("| shape | rule | failed | alerts | first trial, s | back, s |");
    for (Shape shape : shapes()) {
      rules()
          .forEach(
              (name, rule) -> {
                if (!shape.name().startsWith(SHAPES) || !name.startsWith(RULES)) {
                  return;
                }
                List<Run> runs = runs(shape, rule, 1);
                System.out.println(row(shape, name, runs));
                if (name.equals("Meterkite")) {
                  ours.put(shape, runs);
                }
              });
    }
    ours.forEach(IncidentSimulationTest::check);
  }

  private static String row(Shape shape, String rule, List<Run> runs) {
    return "| "
        + String.join(
            " | ",
            shape.name(),
            rule,
            median(runs, run -> run.failed) + " of " + median(runs, run -> run.failing),
            "" + median(runs, run -> run.alerts),
            seconds(median(runs, run -> run.firstTrial)),
            seconds(median(runs, run -> run.back)))
        + " |";
  }

  private static void check(Shape shape, List<Run> runs) {
    long more = runs.stream().filter(run -> run.alerts > 1).count();
    assertTrue(more <= SEEDS / 20 + 1, shape.name() + ": more than one alert in " + more);
    runs.forEach(
        run ->
            assertEquals(
                run.siblingOffered,
                Math.max(
                    run.siblingKept,
                    shape.name().startsWith("one of two") ? 0 : run.siblingOffered),
                shape.name()));
    long[] bounds = BOUNDS.get(shape.name());
    if (bounds != null) {
      String where = row(shape, "Meterkite", runs);
      assertTrue(median(runs, run -> run.failed) <= bounds[0], where);
      assertTrue(median(runs, run -> run.firstTrial) <= bounds[1] * 1_000, where);
      assertTrue(median(runs, run -> run.back) <= bounds[2] * 1_000, where);
    }
  }

  /** An outage is told although nobody calls the model after its third failure. */
  @Test
  void everyOutageOfFourMinutes_isAlertedOnce() {
    Shape outage = shapes().get(0);
    for (Run run : runs(outage, Breakers.Ours::new, 1)) {
      assertEquals(1, run.alerts);
    }
  }

  /** Four processes whose clocks differ by up to four seconds share one document. */
  @Test
  void instancesWithSkewedClocks_doAsWell() {
    for (Shape shape : List.of(shapes().get(0), shapes().get(3), shapes().get(12))) {
      List<Run> runs = runs(shape, Breakers.Ours::new, 4);
      System.out.println(row(shape, "Meterkite, 4 instances", runs));
      long[] bounds = BOUNDS.get(shape.name());
      assertTrue(median(runs, run -> run.failed) <= bounds[0] * 3 / 2, shape.name());
      assertTrue(median(runs, run -> run.back) <= bounds[2] * 1_500, shape.name());
      assertTrue(median(runs, run -> run.alerts) <= 1, shape.name());
    }
  }

  /** Independent errors, one call a second, for a day: after a day in which they become usual. */
  @Test
  void c54_quietDays_raiseNoAlarms() {
    int days = DEEP ? 40 : 1;
    Map<Double, Double> most = Map.of(0.01, 0.0, 0.02, 0.05, 0.07, 0.5);
    for (double errors : List.of(0.01, 0.02, 0.07)) {
      int alerts = 0;
      int changes = 0;
      long withheld = 0;
      for (int seed = 0; seed < days; seed++) {
        Random random = new Random(seed);
        Breakers.Ours rule = new Breakers.Ours();
        for (int second = 0; second < 2 * 86_400; second++) {
          int before = rule.alerts();
          long now = second * 1_000L;
          if (rule.allows("m", now)) {
            boolean bad = random.nextDouble() < errors;
            rule.report("m", now, now + 800, bad ? FAULT : null);
          } else if (second >= 86_400) {
            withheld++;
          }
          if (second >= 86_400) {
            alerts += rule.alerts() - before;
            changes += 2 * (rule.alerts() - before);
          }
        }
      }
      System.out.printf(
          Locale.ROOT,
          "quiet days with %.0f %% errors: %.3f alerts a day, %.2f %% of calls withheld%n",
          100 * errors,
          (double) alerts / days,
          100.0 * withheld / days / 86_400);
      assertTrue((double) changes / days <= 2, errors + ": " + changes);
      assertTrue(!DEEP || (double) alerts / days <= most.get(errors), errors + ": " + alerts);
    }
  }
}
