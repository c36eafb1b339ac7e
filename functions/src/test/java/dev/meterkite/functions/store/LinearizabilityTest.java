package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.MortalStore;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.store.PlantedDefectsTest.Defect;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.rules.CreditRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.quotas.QuotaLimits;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.quotas.ReservationId;
import dev.meterkite.model.time.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Concurrent histories of one user and of one quota, by the real rules and several engines over a
 * store with faults and crashes, each explained by a serial order; and planted defects, which make
 * some of them inexplicable.
 */
class LinearizabilityTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final int HISTORIES =
      Integer.getInteger("meterkite.seeds", DEEP ? 100_000 : 1_500);
  private static final long FIRST = Long.getLong("meterkite.seed", 0);
  private static final int MOST_SEEDS = 500;
  private static final Duration ARRIVALS = Duration.ofSeconds(20);
  private static final Duration HOT_ARRIVALS = Duration.ofMillis(500);
  private static final int TRIES = 3;
  private static final Limits LIMITS =
      new Limits(
          6,
          3_000_000,
          30,
          Duration.ofSeconds(10),
          30,
          10,
          Duration.ofSeconds(30),
          1,
          Duration.ofMinutes(4));
  private static final long BALANCE = 60;
  private static final long LIMIT = 100;

  /** Engines that crash, clients that repeat what they do not know, and what they were told. */
  private abstract static class Play<S, I> {
    final Simulation simulation;
    final SimulatedStore store;
    final History history = new History();
    private final Rules<S, I> rules;
    private final Defect defect;

    /** Whether up to 16 engines are asked at once, so that they hand over. */
    private final boolean hot;

    private final List<Replica> processes = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();

    Play(long seed, Rules<S, I> rules, Defect defect) {
      this.simulation = new Simulation(seed);
      this.store =
          new SimulatedStore(simulation, simulation.chance(0.3) ? Faults.NONE : Faults.MANY);
      this.rules = rules;
      this.defect = defect;
      this.hot = simulation.chance(0.5);
      int count = hot ? 2 + simulation.random().nextInt(15) : 1 + simulation.random().nextInt(3);
      for (int i = count; i > 0; i--) {
        processes.add(new Replica());
      }
    }

    private final class Replica {
      GroupCommit<S, I> engine;
      int generation;

      Replica() {
        start();
      }

      void start() {
        int mine = ++generation;
        Store seen = defect == null ? store : defect.store(store);
        // The domain's time stands still: what lapses and resets has tests of its own.
        engine =
            new GroupCommit<>(
                rules,
                new MortalStore(seen, () -> generation == mine),
                (delay, task) ->
                    simulation.after(
                        delay,
                        () -> {
                          if (generation == mine) {
                            task.run();
                          }
                        }),
                () -> Simulation.START,
                simulation,
                simulation.random(),
                LIMITS,
                Json::write,
                safeguards(defect));
      }
    }

    /** A client's operation under one key: what is known of it and what it means. */
    final class Client {
      private final String name;
      private final Command<I> command;
      private final Instant first = simulation.instant();
      private boolean heard;
      private int attempts;

      Client(String name, Command<I> command) {
        this.name = name;
        this.command = command;
      }
    }

    /**
     * What an answer or a refusal means for the history.
     *
     * @param first when the client first asked; the reply is to what it asked at {@code asked}
     */
    abstract List<History.Operation> meaning(
        String name, I input, Instant first, Instant asked, Instant told, Reply reply);

    /** What an operation would do that nobody has heard of. */
    abstract History.Operation unheard(String name, I input, Instant asked);

    /** What a client does next. */
    abstract void answered(String name, I input, JsonObject answer);

    void ask(String name, Command<I> command) {
      Client client = new Client(name, command);
      clients.add(client);
      attempt(client);
    }

    private void attempt(Client client) {
      Instant asked = simulation.instant();
      int attempt = ++client.attempts;
      boolean[] waiting = {true};
      Replica process = processes.get(simulation.random().nextInt(processes.size()));
      var unused =
          process
              .engine
              .submit(client.command)
              .whenComplete(
                  (reply, failure) -> {
                    // What is thrown in here nobody would see.
                    if (failure != null) {
                      wrong.add("failed: " + failure);
                    } else if (waiting[0]) {
                      waiting[0] = false;
                      told(client, asked, reply);
                    }
                  });
      simulation.after(
          simulation.between(Duration.ofSeconds(2), Duration.ofSeconds(30)),
          () -> {
            if (waiting[0]) {
              waiting[0] = false;
              if (attempt < TRIES) {
                attempt(client);
              }
            }
          });
    }

    private void told(Client client, Instant asked, Reply reply) {
      if (reply instanceof Reply.Unavailable || reply instanceof Reply.Busy) {
        if (client.attempts < TRIES) {
          attempt(client);
        }
        return;
      }
      if (reply instanceof Reply.Conflict) {
        wrong.add("conflict of " + client.name);
        return;
      }
      client.heard = true;
      meaning(client.name, client.command.input(), client.first, asked, simulation.instant(), reply)
          .forEach(history::add);
      if (reply instanceof Reply.Answered answered) {
        answered(
            client.name,
            client.command.input(),
            JsonParser.parseString(answered.json()).getAsJsonObject());
      }
    }

    Optional<String> play(long first, long second) {
      if (simulation.chance(0.6)) {
        Replica victim = processes.get(simulation.random().nextInt(processes.size()));
        simulation.after(simulation.between(Duration.ZERO, ARRIVALS), victim::start);
      }
      while (simulation.step()) {
        // Everything happens in there.
      }
      for (Client client : clients) {
        if (!client.heard) {
          history.add(unheard(client.name, client.command.input(), client.first));
        }
      }
      return wrong.isEmpty() ? history.unexplained(first, second) : Optional.of(wrong.toString());
    }

    void later(Runnable task) {
      Duration arrivals = hot ? HOT_ARRIVALS : ARRIVALS;
      simulation.after(simulation.between(Duration.ZERO, arrivals), task);
    }
  }

  /** Those of the engine, or fewer for a defect that leaves one out. */
  private static <S, I> Safeguards<S, I> safeguards(Defect defect) {
    return new Safeguards<>() {
      @Override
      public boolean mustReadFirst(Batch<I> batch, BatchDecision<S, I> decision) {
        return defect != Defect.REFUSAL_FROM_THE_CACHE
            && Safeguards.super.mustReadFirst(batch, decision);
      }
    };
  }

  private static History.Operation operation(
      String name, Instant asked, Instant told, long first, long second, History.Check before) {
    return new History.Operation(name, asked, told, first, second, "", "", before);
  }

  private static long figure(Object object) {
    return object instanceof Number number ? number.longValue() : Long.MIN_VALUE;
  }

  /** One user: balance and held. */
  private static final class User extends Play<CreditState, CreditCommand> {
    private static final String ID = "u";
    private int settlements;

    User(long seed, Defect defect) {
      super(seed, new CreditRules(ForeignBalance.PUT_BACK, CurrentPlans.seeded()), defect);
      store
          .documents()
          .apply(
              List.of(
                  Mutation.create(
                      CreditRefs.user(ID), Map.of("tier", "payg", "credits_balance", BALANCE))));
      for (int i = 0; i < 9; i++) {
        String key = "key-" + i;
        long amount = 5L * (1 + simulation.random().nextInt(8));
        int kind = simulation.random().nextInt(4);
        later(() -> ask(key, command(kind, key, amount)));
      }
    }

    private static Command<CreditCommand> command(int kind, String key, long amount) {
      return switch (kind) {
        case 0, 1 -> CreditCommands.debit(ID, amount, null, null, key, "h");
        case 2 -> CreditCommands.grant(ID, amount, TransactionType.PURCHASE, null, null, key, "h");
        default -> CreditCommands.hold(ID, amount, null, Duration.ofDays(1), key, "h");
      };
    }

    @Override
    void answered(String name, CreditCommand input, JsonObject answer) {
      if (input instanceof CreditCommand.Hold hold) {
        for (int i = 1 + simulation.random().nextInt(2); i > 0; i--) {
          boolean capture = simulation.chance(0.5);
          String key = "settle-" + settlements++;
          simulation.after(
              simulation.between(Duration.ZERO, Duration.ofSeconds(10)),
              () ->
                  ask(
                      key + " of " + hold.amount(),
                      CreditCommands.settle(ID, hold.holdId(), capture, null, key, "h")));
        }
      }
    }

    private static long amount(String name) {
      return Long.parseLong(name.substring(name.lastIndexOf(' ') + 1));
    }

    @Override
    History.Operation unheard(String name, CreditCommand input, Instant asked) {
      return effect(name, input, asked, null, (balance, held) -> true);
    }

    private static History.Operation effect(
        String name, CreditCommand input, Instant asked, Instant told, History.Check right) {
      if (input instanceof CreditCommand.Debit debit) {
        long x = debit.amount();
        return operation(name, asked, told, -x, 0, (b, h) -> b - h >= x && right.holds(b - x, h));
      } else if (input instanceof CreditCommand.Grant grant) {
        long x = grant.amount();
        return operation(name, asked, told, x, 0, (b, h) -> right.holds(b + x, h));
      } else if (input instanceof CreditCommand.Hold hold) {
        long x = hold.amount();
        return operation(name, asked, told, 0, x, (b, h) -> b - h >= x && right.holds(b, h + x));
      }
      CreditCommand.Settle settle = (CreditCommand.Settle) input;
      long x = amount(name);
      long spent = settle.capture() ? x : 0;
      return new History.Operation(
          name,
          asked,
          told,
          -spent,
          -x,
          settle.holdId(),
          "",
          (b, h) -> right.holds(b - spent, h - x));
    }

    @Override
    List<History.Operation> meaning(
        String name, CreditCommand input, Instant first, Instant asked, Instant told, Reply reply) {
      if (reply instanceof Reply.Answered answered) {
        JsonObject json = JsonParser.parseString(answered.json()).getAsJsonObject();
        long balance = json.get("balance").getAsLong();
        long held = json.get("held").getAsLong();
        return List.of(effect(name, input, first, told, (b, h) -> b == balance && h == held));
      }
      Map<String, Object> figures = ((Reply.Refused) reply).figures();
      if (input instanceof CreditCommand.Settle settle) {
        return List.of(
            new History.Operation(
                name + " refused", asked, told, 0, 0, "", settle.holdId(), (b, h) -> true));
      }
      long balance = figure(figures.get("balance"));
      long available = figure(figures.get("available"));
      long required = figure(figures.get("required"));
      // What was refused once is refused again from memory, with the figures of the moment.
      return List.of(
          operation(name + " refused", first, told, 0, 0, (b, h) -> b - h < required),
          operation(
              name + " refused with " + figures,
              asked,
              told,
              0,
              0,
              (b, h) -> b == balance && b - h == available));
    }
  }

  /** One quota: used and reserved. */
  private static final class Quota extends Play<QuotaState, QuotaCommand> {
    private static final DocRef OWNER = QuotaRules.owner("p", "m");
    private static final QuotaLimits LIMITS =
        new QuotaLimits(ZoneOffset.UTC, Map.of(Window.DAY, new QuotaLimits.Limit(LIMIT, null)));
    private int settlements;

    Quota(long seed, Defect defect) {
      super(seed, new QuotaRules(), defect);
      for (int i = 0; i < 9; i++) {
        String key = "key-" + i;
        long tokens = 5L * (1 + simulation.random().nextInt(8));
        later(
            () ->
                ask(
                    key,
                    QuotaRules.reserve(
                        OWNER,
                        key,
                        "h",
                        new QuotaCommand.Reserve(
                            "p", "m", tokens, 0, Duration.ofHours(1), LIMITS))));
      }
    }

    @Override
    void answered(String name, QuotaCommand input, JsonObject answer) {
      if (input instanceof QuotaCommand.Reserve reserve) {
        ReservationId id =
            ReservationId.parse(answer.get("reservation_id").getAsString()).orElseThrow();
        for (int i = 1 + simulation.random().nextInt(2); i > 0; i--) {
          long real = simulation.random().nextInt((int) reserve.tokens() + 1);
          String key = "settle-" + settlements++;
          simulation.after(
              simulation.between(Duration.ZERO, Duration.ofSeconds(10)),
              () -> ask(key + " of " + reserve.tokens(), QuotaRules.settle(id, real, key, "h")));
        }
      }
    }

    @Override
    History.Operation unheard(String name, QuotaCommand input, Instant asked) {
      return effect(name, input, asked, null, (used, reserved) -> true);
    }

    private static History.Operation effect(
        String name, QuotaCommand input, Instant asked, Instant told, History.Check right) {
      if (input instanceof QuotaCommand.Reserve reserve) {
        long x = reserve.tokens();
        return operation(
            name, asked, told, 0, x, (u, r) -> u + r + x <= LIMIT && right.holds(u, r + x));
      }
      QuotaCommand.Settle settle = (QuotaCommand.Settle) input;
      long reserved = Long.parseLong(name.substring(name.lastIndexOf(' ') + 1));
      return new History.Operation(
          name,
          asked,
          told,
          settle.tokens(),
          -reserved,
          settle.reservation(),
          "",
          (u, r) -> right.holds(u + settle.tokens(), r - reserved));
    }

    @Override
    List<History.Operation> meaning(
        String name, QuotaCommand input, Instant first, Instant asked, Instant told, Reply reply) {
      if (reply instanceof Reply.Answered answered) {
        JsonObject json = JsonParser.parseString(answered.json()).getAsJsonObject();
        long remaining = json.get("tokens_remaining").getAsLong();
        return List.of(effect(name, input, first, told, (u, r) -> LIMIT - u - r == remaining));
      }
      if (input instanceof QuotaCommand.Settle settle) {
        return List.of(
            new History.Operation(
                name + " refused", asked, told, 0, 0, "", settle.reservation(), (u, r) -> true));
      }
      long x = ((QuotaCommand.Reserve) input).tokens();
      // An earlier attempt may still land: a reservation of nobody's lapses by itself.
      return List.of(
          operation(name + " refused", asked, told, 0, 0, (u, r) -> u + r + x > LIMIT),
          unheard(name + " late", input, first));
    }
  }

  private static Optional<String> user(long seed, Defect defect) {
    return new User(seed, defect).play(BALANCE, 0);
  }

  private static Optional<String> quota(long seed, Defect defect) {
    return new Quota(seed, defect).play(0, 0);
  }

  @Test
  void everyHistoryOfAUser_hasASerialOrder() {
    LongStream.range(FIRST, FIRST + HISTORIES)
        .parallel()
        .forEach(seed -> assertEquals(Optional.empty(), user(seed, null), "seed " + seed));
    System.out.println("histories of a user: " + HISTORIES + ", each with a serial order");
  }

  @Test
  void everyHistoryOfAQuota_hasASerialOrder() {
    LongStream.range(FIRST, FIRST + HISTORIES)
        .parallel()
        .forEach(seed -> assertEquals(Optional.empty(), quota(seed, null), "seed " + seed));
    System.out.println("histories of a quota: " + HISTORIES + ", each with a serial order");
  }

  /** Those that change what one owner's clients are told; the books find the others. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "NO_PRECONDITION_ON_THE_OWNER",
        "MARKER_MAY_EXIST_AND_OWNER_UNCONDITIONAL",
        "NO_MARKER",
        "UNKNOWN_TAKEN_FOR_SUCCESS",
        "REFUSAL_FROM_THE_CACHE",
        "MARKERS_NOT_READ_AGAIN",
        "OWNER_AND_MARKERS_IN_TWO_COMMITS",
        "STALE_READS"
      })
  void plantedDefect_makesAHistoryInexplicable(Defect defect) {
    for (long seed = 0; seed < MOST_SEEDS; seed++) {
      if (isFound(defect, seed, true)) {
        System.out.println("planted " + defect + ": history " + seed + " of a user");
        return;
      }
      if (isFound(defect, seed, false)) {
        System.out.println("planted " + defect + ": history " + seed + " of a quota");
        return;
      }
    }
    fail("not found in " + MOST_SEEDS + " histories: " + defect);
  }

  private static boolean isFound(Defect defect, long seed, boolean ofUser) {
    try {
      return (ofUser ? user(seed, defect) : quota(seed, defect)).isPresent();
    } catch (IllegalStateException undecided) {
      return false;
    } catch (AssertionError e) {
      return true;
    }
  }
}
