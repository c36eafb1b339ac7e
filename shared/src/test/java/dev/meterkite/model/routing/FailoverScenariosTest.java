package dev.meterkite.model.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The sixteen kinds of failure that the public Failover Bench plays, with a caller that knows
 * nothing but the contract: it asks the router, calls, reports, and does as {@code retry} says.
 *
 * <p>A scenario passes where the request ends as it should, within 4 calls and 30 s, with no more
 * calls of the failing model than stated, no charge but that of the answer, and all other models in
 * use; and where the first model is called again after the incident.
 */
class FailoverScenariosTest {
  private static final int MOST_CALLS = 4;
  private static final long DEADLINE = 30_000;
  private static final long RETURN = 30_000;
  private static final long EVERY = 4_000;
  private static final int REQUESTS = 24;

  /** How a caller treats advice. */
  private enum Manner {
    OBEYS,
    /** Calls the same model again at once, whatever the advice is. */
    INSISTS,
    /** Asks the router again, but does not name the decision whose call failed. */
    FORGETS,
    /** Asks for another model at once, whatever the advice is. */
    LEAVES,
    /** Does as advised, but asks the next model to go on with the begun answer. */
    CONTINUES
  }

  /** How a request ended. */
  private record Ended(
      @Nullable CatalogModel servedBy, int callsOfFirst, int callsOfOthers, long took) {
    private String end() {
      return servedBy == null ? "refused" : servedBy.modelId();
    }

    int calls() {
      return callsOfFirst + callsOfOthers;
    }
  }

  /** One run of a script. */
  private static final class Play {
    private final FailoverScript script;
    private final Manner manner;
    private final FailoverWorld world = new FailoverWorld();
    private final long offset;
    private int callsOfFirst;
    private long calledAt;
    private boolean siblingsKept = true;

    /**
     * @param offset when the first request comes, after the beginning of the incident
     */
    Play(FailoverScript script, Manner manner, long offset) {
      this.script = script;
      this.manner = manner;
      this.offset = offset;
    }

    private FailoverScript.Reply call(CatalogModel model, boolean again, long now) {
      if (!model.equals(FailoverWorld.FIRST)) {
        return script.other(again && manner == Manner.CONTINUES);
      }
      if (now >= script.until()) {
        return FailoverScript.good();
      }
      callsOfFirst++;
      calledAt = callsOfFirst == 1 ? now : calledAt;
      return script.first().reply(callsOfFirst, now - calledAt);
    }

    Ended request(long began) {
      long now = began;
      int first = 0;
      int others = 0;
      Optional<FailoverWorld.Routed> routed = world.route(null, now);
      while (routed.isPresent() && first + others < MOST_CALLS) {
        FailoverWorld.Routed at = routed.get();
        FailoverScript.Reply reply = call(at.model(), first + others > 0, now);
        now += reply.took();
        first += at.model().equals(FailoverWorld.FIRST) ? 1 : 0;
        others += at.model().equals(FailoverWorld.FIRST) ? 0 : 1;
        FailoverWorld.Advice advice = world.report(at, reply, now);
        siblingsKept &= world.isInUse(FailoverWorld.SIBLING, now);
        siblingsKept &= world.isInUse(FailoverWorld.OTHER, now);
        if (reply.good()) {
          world.settle(at, FailoverWorld.TOKENS, now);
          return new Ended(at.model(), first, others, now - began);
        }
        switch (done(advice.advice())) {
          case "same" -> now += manner == Manner.INSISTS ? 0 : advice.waitMs();
          case "other" -> {
            world.settle(at, 0, now);
            routed = world.route(manner == Manner.FORGETS ? null : at.decisionId(), now);
          }
          default -> {
            world.settle(at, 0, now);
            return new Ended(null, first, others, now - began);
          }
        }
      }
      return new Ended(null, first, others, now - began);
    }

    private String done(String advice) {
      return switch (manner) {
        case OBEYS, FORGETS, CONTINUES -> advice;
        case INSISTS -> "same";
        case LEAVES -> "other";
      };
    }

    /** When the first model serves at the first call, with a request each four seconds; or -1. */
    long back() {
      long now = script.until();
      for (int i = 0; i < REQUESTS; i++) {
        Ended ended = request(now);
        if (FailoverWorld.FIRST.equals(ended.servedBy()) && ended.calls() == 1) {
          return now - script.until();
        }
        now += EVERY;
      }
      return -1;
    }

    /** All requests of the incident: one, or one each four seconds. */
    List<Ended> requests() {
      List<Ended> requests = new ArrayList<>();
      requests.add(request(offset));
      if (script.name().equals(FailoverScript.outage().name())) {
        for (long at = offset + EVERY; at < script.until(); at += EVERY) {
          requests.add(request(at));
        }
      }
      return requests;
    }

    boolean isOnlyTheAnswerCharged(List<Ended> requests) {
      for (CatalogModel model :
          List.of(FailoverWorld.FIRST, FailoverWorld.OTHER, FailoverWorld.SIBLING)) {
        long served = requests.stream().filter(one -> model.equals(one.servedBy())).count();
        if (world.tokensUsed(model) != served * FailoverWorld.TOKENS) {
          return false;
        }
      }
      return true;
    }
  }

  private static FailoverScript script(String name) {
    return FailoverScript.all().stream()
        .filter(one -> one.name().equals(name))
        .findAny()
        .orElseThrow();
  }

  /** What was wrong; empty where nothing was. */
  private static List<String> faults(
      String name, String end, int first, int others, long millis, Manner manner, long offset) {
    List<String> faults = new ArrayList<>();
    Play play = new Play(script(name), manner, offset);
    List<Ended> requests = play.requests();
    for (Ended ended : requests) {
      boolean most = ended.callsOfFirst() <= first && ended.callsOfOthers() <= others;
      boolean timely = ended.took() <= millis && ended.took() <= DEADLINE;
      boolean right = ended.end().equals(end);
      boolean asStated =
          manner != Manner.OBEYS
              || !ended.equals(requests.get(0))
              || (ended.callsOfFirst() == first
                  && ended.callsOfOthers() == others
                  && ended.took() == millis);
      if (!most || !asStated || !timely || !right) {
        faults.add(ended.toString());
      }
    }
    if (!play.isOnlyTheAnswerCharged(requests)) {
      faults.add("charged for more than its answers");
    }
    if (!play.siblingsKept) {
      faults.add("another model lost its calls");
    }
    long back = play.back();
    if (back < 0 || back > RETURN) {
      faults.add("back after " + back);
    }
    return faults;
  }

  private static final String[] ROWS = {
    "1 rate limit, wait 2 s; first; 2; 0; 2900",
    "2 rate limit without a hint; other; 1; 1; 900",
    "3 one 500; first; 2; 0; 1400",
    "4 503 for good; other; 2; 1; 1500",
    "5 connection reset; first; 2; 0; 1320",
    "6 no answer; other; 1; 1; 10800",
    "7 first token after 20 s; other; 1; 1; 10800",
    "8 stream cut; other; 2; 1; 2500",
    "9 stream stalls; other; 1; 1; 11100",
    "10 unreadable piece; other; 2; 1; 1600",
    "11 stream without an end mark; first; 1; 0; 800",
    "12 request too long; other; 1; 1; 900",
    "13 content refused; refused; 1; 0; 100",
    "14 stream cut, no begun answers elsewhere; other; 2; 1; 2500",
    "15 down for a minute; other; 2; 1; 1500",
    "16 503 for good, charges; other; 2; 1; 1500"
  };

  private static List<String> faults(String row, Manner manner, long offset) {
    String[] cells = row.split("; ", 5);
    return faults(
        cells[0],
        cells[1],
        Integer.parseInt(cells[2]),
        Integer.parseInt(cells[3]),
        Long.parseLong(cells[4]),
        manner,
        offset);
  }

  static List<String> rows() {
    return List.of(ROWS);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void callerThatObeys_isServed(String row) {
    long phases = row.startsWith(FailoverScript.outage().name()) ? EVERY : 1;
    for (long offset = 0; offset < phases; offset += 200) {
      assertEquals(List.of(), faults(row, Manner.OBEYS, offset), row + ", from " + offset);
    }
  }

  @Test
  void sixteenAreScripted() {
    assertEquals(FailoverScript.all().size(), ROWS.length);
    assertEquals(16, ROWS.length);
  }

  /** A caller that does not do as advised passes fewer. */
  @ParameterizedTest
  @CsvSource({"OBEYS, 16", "INSISTS, 3", "FORGETS, 6", "LEAVES, 12", "CONTINUES, 15"})
  void caller_passesAsManyScenariosAsItObeys(Manner manner, int passed) {
    long count = rows().stream().filter(row -> faults(row, manner, 0).isEmpty()).count();
    assertEquals(passed, count);
  }
}
