package dev.meterkite.model.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.OneByOne;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.CircuitState;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.HealthStatus;
import dev.meterkite.model.health.ProviderErrors;
import dev.meterkite.model.quotas.QuotaLimits;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The rules over scripted incidents, with 2 % of all calls failing for no reason. Seconds go by;
 * probes come every 60.
 */
class IncidentSimulationTest {
  private static final Instant T0 = Instant.parse("2026-03-01T00:00:00Z");
  private static final double BACKGROUND = 0.02;
  private static final int INTERVAL = 60;
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final ProviderErrors.Verdict FAULT =
      new ProviderErrors.Verdict(ProviderErrors.Kind.PROVIDER_FAULT, null);

  /** One provider's document under observation. */
  private static final class Provider {
    private final String name;
    private final OneByOne<HealthState, HealthCommand> documents =
        new OneByOne<>(new HealthRules());
    private HealthStatus status = HealthStatus.UNKNOWN;
    private int entered;
    private int left;

    Provider(String name) {
      this.name = name;
    }

    HealthState state() {
      return documents.state(HealthRules.owner(name));
    }

    void observe(boolean success, int second) {
      documents.answer(
          HealthRules.observe(
              new HealthCommand.Observe(name, success ? 200 : 1_000, success ? null : FAULT, null)),
          T0.plusSeconds(second));
      HealthStatus next = state().status();
      if (next != status) {
        entered += next == HealthStatus.UNAVAILABLE ? 1 : 0;
        left += status == HealthStatus.UNAVAILABLE ? 1 : 0;
        status = next;
      }
    }
  }

  private static boolean succeeds(Random random, boolean down) {
    return !down && random.nextDouble() >= BACKGROUND;
  }

  /** A probe as check-providers makes it: what says something against a provider is asked twice. */
  private static boolean probed(Random random, boolean down) {
    boolean first = succeeds(random, down);
    return first || succeeds(random, down);
  }

  @Test
  void outageByProbesAlone_leavesHealthyWithinThreeIntervalsAndIsOneIncident() {
    int incidents = DEEP ? 2_000 : 60;
    for (int seed = 0; seed < incidents; seed++) {
      Random random = new Random(seed);
      Provider provider = new Provider("openai");
      int down = 30 * INTERVAL + random.nextInt(INTERVAL);
      int up = down + 30 * INTERVAL + random.nextInt(3_600);
      int end = up + 100 * INTERVAL;
      for (int second = 0; second < end; second += INTERVAL) {
        boolean out = second >= down && second < up;
        provider.observe(probed(random, out), second);
      }
      String where = "seed " + seed;
      assertEquals(1, provider.entered, where);
      assertEquals(1, provider.left, where);
      assertLeftWithin(random(seed), 3 * INTERVAL, false, where);
    }
  }

  private static Random random(int seed) {
    return new Random(1_000_000L + seed);
  }

  /** Runs a provider that is healthy into an outage and takes the time until that shows. */
  private static void assertLeftWithin(Random random, int seconds, boolean calls, String where) {
    Provider provider = new Provider("fresh");
    int down = 20 * INTERVAL + random.nextInt(INTERVAL);
    for (int second = 0; second <= down + 2 * seconds; second++) {
      if (second >= down && provider.status != HealthStatus.HEALTHY) {
        assertTrue(second - 1 - down < seconds, where + ": after " + (second - down) + " s");
        return;
      }
      if (calls || second % INTERVAL == 0) {
        boolean out = second >= down;
        boolean probe = second % INTERVAL == 0;
        provider.observe(probe ? probed(random, out) : succeeds(random, out), second);
      }
    }
    throw new AssertionError(where + ": still healthy");
  }

  @Test
  void outageWithOneCallASecond_leavesHealthyWithinTwoIntervals() {
    int incidents = DEEP ? 2_000 : 60;
    for (int seed = 0; seed < incidents; seed++) {
      assertLeftWithin(random(seed), 2 * INTERVAL, true, "seed " + seed);
    }
  }

  @Test
  void outageWithOneCallASecond_isOneIncident() {
    int incidents = DEEP ? 300 : 10;
    for (int seed = 0; seed < incidents; seed++) {
      Random random = new Random(seed);
      Provider provider = new Provider("openai");
      int down = 600;
      int up = down + 900 + random.nextInt(900);
      for (int second = 0; second < up + 6_000; second++) {
        boolean out = second >= down && second < up;
        boolean open =
            provider.state().circuit().at(T0.plusSeconds(second)).state() == CircuitState.OPEN;
        boolean probe = second % INTERVAL == 0;
        if (probe || !open) {
          provider.observe(probe ? probed(random, out) : succeeds(random, out), second);
        }
      }
      assertEquals(1, provider.entered, "seed " + seed);
      assertEquals(1, provider.left, "seed " + seed);
    }
  }

  @Test
  void quietYearOfProbes_isNeverUnavailable() {
    assertEquals(0, falseAlarms(0));
  }

  /** Half a million probes a year; the full count of years with -Dmeterkite.deep=true. */
  @Test
  void quietCentury_isNeverUnavailable() {
    int years = DEEP ? 100 : 3;
    for (int seed = 1; seed <= years; seed++) {
      assertEquals(0, falseAlarms(seed), "year " + seed);
    }
    System.out.println("quiet years of probes without a false alarm: " + years);
  }

  private static int falseAlarms(int seed) {
    Random random = new Random(seed);
    Instant now = T0;
    HealthRules rules = new HealthRules();
    HealthState state = rules.decode(Snapshot.absent(HealthRules.owner("p")));
    int alarms = 0;
    for (long probe = 0; probe < 365L * 24 * 60; probe++) {
      HealthStatus before = state.status();
      now = now.plusSeconds(INTERVAL);
      state = next(rules, state, probed(random, false), now);
      boolean entered =
          state.status() == HealthStatus.UNAVAILABLE && before != HealthStatus.UNAVAILABLE;
      alarms += entered ? 1 : 0;
    }
    return alarms;
  }

  private static HealthState next(
      HealthRules rules, HealthState state, boolean success, Instant now) {
    Decision<HealthState> decision =
        rules.decide(
            state,
            null,
            HealthRules.observe(new HealthCommand.Observe("p", 200, success ? null : FAULT, null)),
            now);
    return decision instanceof Decision.Applied<HealthState> applied ? applied.next() : state;
  }

  @Test
  void routedCalls_succeedWhileOneOfTwoProvidersIsDown() {
    int seeds = DEEP ? 100 : 4;
    double worst = 1;
    for (int seed = 0; seed < seeds; seed++) {
      worst = Math.min(worst, availability(new Random(seed)));
    }
    System.out.println("availability of routed calls in an outage, the worst: " + worst);
    assertTrue(worst >= 0.95, "worst availability " + worst);
  }

  /** The share of calls that succeed during a half-hour outage of the better of two providers. */
  private static double availability(Random random) {
    Map<String, Provider> providers =
        Map.of("openai", new Provider("openai"), "google", new Provider("google"));
    QuotaLimits none = new QuotaLimits(ZoneOffset.UTC, Map.of());
    List<CatalogModel> catalogue =
        List.of(model("openai", 1_000_000, none), model("google", 1_500_000, none));
    RouteRequest request = new RouteRequest(null, TaskType.LLM, 1_000, 500, null, Set.of(), null);
    int calls = 0;
    int succeeded = 0;
    for (int second = 0; second < 600 + 1_800; second++) {
      Instant now = T0.plusSeconds(second);
      boolean down = second >= 600;
      if (second % INTERVAL == 0) {
        for (Provider provider : providers.values()) {
          provider.observe(probed(random, down && provider.name.equals("openai")), second);
        }
      }
      @Nullable Candidate chosen = choose(catalogue, providers, request, now);
      boolean success =
          chosen != null && succeeds(random, down && chosen.provider().equals("openai"));
      if (chosen != null) {
        providers.get(chosen.provider()).observe(success, second);
      }
      calls += down ? 1 : 0;
      succeeded += down && success ? 1 : 0;
    }
    return (double) succeeded / calls;
  }

  private static CatalogModel model(String provider, long price, QuotaLimits none) {
    return new CatalogModel(
        provider, "m", Set.of(TaskType.LLM), true, 100_000, Set.of(), price, price, none);
  }

  private static @Nullable Candidate choose(
      List<CatalogModel> catalogue,
      Map<String, Provider> providers,
      RouteRequest request,
      Instant now) {
    List<Candidate> candidates = new ArrayList<>();
    for (CatalogModel model : catalogue) {
      candidates.add(
          Candidate.of(model, providers.get(model.provider()).state(), null, request, now));
    }
    return Router.choose(candidates, List.of())
        .selected()
        .map(Router.Scored::candidate)
        .orElse(null);
  }
}
