package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.EventFaults;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.Platform;
import dev.meterkite.functions.simulated.ScheduleFaults;
import java.nio.file.Path;
import java.time.Instant;

final class Try {
  public static void main(String[] args) throws Exception {
    long seed = Long.parseLong(args[0]);
    long operations = Long.parseLong(args[1]);
    try (Fixture fixture = new Fixture(Path.of("functions.tsv"))) {
      for (int i = 0; i < Integer.getInteger("times", 1); i++) {
        long began = System.nanoTime();
        Plan plan =
            new Plan(
                seed,
                Instant.parse("2026-01-31T23:50:00Z"),
                operations,
                Long.parseLong(args[2]),
                32,
                50,
                20,
                Faults.SOME,
                EventFaults.MANY,
                ScheduleFaults.MANY,
                Weather.STORM,
                Pace.UNEVEN,
                Platform.SERVICE);
        try (Play play = new Play(plan, fixture)) {
          play.run();
          long ms = (System.nanoTime() - began) / 1_000_000;
          System.out.printf(
              "%,d operations in %,d ms, %,d steps, virtual %s, %s %n",
              play.journal().total(),
              ms,
              play.steps(),
              play.virtual(),
              play.digest().substring(0, 16));
          System.out.println(play.faults());
          System.out.println(
              play.events().events()
                  + " events, "
                  + play.events().attempts()
                  + " attempts, "
                  + play.cloud().started()
                  + " instances");
          play.findings().stream().limit(30).forEach(x -> System.out.println("FINDING " + x));
          System.out.println(play.journal().applied() + " " + play.journal().surprises());
        }
      }
    }
    System.exit(0);
  }
}
