package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.MortalStore;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CommandRelays;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * One play of several engines, clients that repeat what they do not know, a store with faults and
 * processes that crash, all drawn from one seed and checked after every step.
 */
final class Schedule {
  private static final int CLIENTS = 40;
  private static final int TRIES = 4;
  private static final List<String> ACCOUNTS = List.of("a", "b");
  private static final List<DocRef> OWNERS = ACCOUNTS.stream().map(Account::ref).toList();
  private static final DocRef POT = new DocRef(Account.POTS, "pot");

  /** So few refused keys in the owner that both they and those with documents are common. */
  private static final int RING = 2;

  private static final Duration ARRIVALS = Duration.ofMinutes(1);
  private static final Duration HOT_ARRIVALS = Duration.ofSeconds(2);

  /** What a planted defect replaces; the engine as it is by default. */
  interface Variant {
    /** What the engine does not rely on its memory for. */
    default Safeguards<Account, Account.Change> safeguards() {
      return new Safeguards<>() {};
    }

    default Limits limits() {
      return limits(RING);
    }

    /** Small bounds, with room for so many refused keys in the owner. */
    static Limits limits(int ring) {
      return new Limits(
          6,
          3_000_000,
          30,
          Duration.ofSeconds(10),
          30,
          10,
          Duration.ofSeconds(30),
          ring,
          Duration.ofMinutes(4));
    }

    default Store store(SimulatedStore store) {
      return store;
    }

    default Command<Account.Change> command(Command<Account.Change> command) {
      return command;
    }
  }

  /** A client's call and what it was told. */
  private record Told(
      String account, String key, long amount, Instant asked, Instant told, Reply reply) {}

  /** An owner that was looked at, as it was then. */
  private record Checked(Instant version, Account state) {}

  final Simulation simulation;
  final SimulatedStore store;
  long relaysCreated;
  long relaysAnswered;
  long relaysRecalled;
  private final Variant variant;
  private final Faults faults;
  private final List<Host> processes = new ArrayList<>();
  private final List<Told> history = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();
  private final Map<String, Instant> lastAsked = new HashMap<>();
  private final Map<DocRef, Checked> owners = new HashMap<>();

  /** Every second play is of up to 16 processes that all write at once, and hand over. */
  private final boolean hot;

  private final boolean mayLoseProcessor;
  private final Map<DocRef, Snapshot> closed = new HashMap<>();
  private int open;

  /** A process: its engine lives until it crashes; what it planned dies with it. */
  private final class Host {
    GroupCommit<Account, Account.Change> engine;
    int generation;

    /** Calls without an answer; without any the processor may be gone. */
    int calls;

    private final List<Runnable> asleep = new ArrayList<>();

    Host() {
      start();
    }

    CompletableFuture<Reply> submit(Command<Account.Change> command) {
      calls++;
      List<Runnable> woken = List.copyOf(asleep);
      asleep.clear();
      woken.forEach(task -> simulation.after(Duration.ZERO, task));
      CompletableFuture<Reply> reply = engine.submit(command);
      reply.whenComplete((answer, failure) -> calls--);
      return reply;
    }

    private void run(int mine, Runnable task) {
      if (generation != mine) {
        return;
      }
      if (calls == 0 && mayLoseProcessor) {
        asleep.add(() -> run(mine, task));
      } else {
        task.run();
      }
    }

    void start() {
      int mine = ++generation;
      Store wrapped = variant.store(store);
      engine =
          new GroupCommit<>(
              Account.RULES,
              new MortalStore(wrapped, () -> generation == mine),
              (delay, task) -> simulation.after(delay, () -> run(mine, task)),
              simulation,
              simulation,
              simulation.random(),
              variant.limits(),
              String::valueOf,
              variant.safeguards());
      calls = 0;
    }
  }

  Schedule(long seed, Faults faults, Variant variant) {
    this.simulation = new Simulation(seed);
    this.store = new SimulatedStore(simulation, faults);
    this.variant = variant;
    this.faults = faults;
    store.watch(this::count);
    for (String account : ACCOUNTS) {
      store
          .documents()
          .apply(
              List.of(
                  Mutation.create(Account.ref(account), Map.of("balance", 0L, "foreign", "kept"))));
    }
    this.hot = seed % 2 == 1;
    this.mayLoseProcessor = hot && simulation.chance(0.3);
    int count = hot ? 2 + simulation.random().nextInt(15) : 1 + simulation.random().nextInt(3);
    for (int i = 0; i < count; i++) {
      processes.add(new Host());
    }
  }

  private void count(List<Mutation> applied) {
    for (Mutation mutation : applied) {
      if (mutation.ref().collection().equals(CommandRelays.COLLECTION)
          && mutation.condition() != Mutation.Condition.DELETE) {
        if (mutation.condition() == Mutation.Condition.ABSENT) {
          relaysCreated++;
        } else if (mutation.fields().containsKey(CommandRelays.ANSWERS)) {
          relaysAnswered++;
        } else {
          relaysRecalled++;
        }
      }
    }
  }

  /** Plays to the end. */
  void play() {
    long[] amounts = {-30, -20, -10, 10, 20, 40, 0};
    Duration arrivals = hot ? HOT_ARRIVALS : ARRIVALS;
    for (int i = 0; i < CLIENTS; i++) {
      // Two accounts share a key: it must not matter.
      String key = "key-" + i / 2 + (i % 6 < 2 ? "o" : "");
      String account = simulation.chance(0.05) ? "missing" : ACCOUNTS.get(i % ACCOUNTS.size());
      long amount = amounts[simulation.random().nextInt(amounts.length)];
      boolean pot = simulation.chance(0.3);
      boolean asks = simulation.chance(0.5);
      Command<Account.Change> command =
          variant.command(Account.change(account, key, amount, pot ? POT : null, asks));
      simulation.after(simulation.between(Duration.ZERO, arrivals), () -> call(command, TRIES));
      if (simulation.chance(0.1)) {
        Command<Account.Change> other =
            variant.command(Account.change(account, key, amount + 1, pot ? POT : null, asks));
        simulation.after(simulation.between(Duration.ZERO, arrivals), () -> call(other, 1));
      }
    }
    for (int crashes = simulation.random().nextInt(4); crashes > 0; crashes--) {
      Host victim = processes.get(simulation.random().nextInt(processes.size()));
      simulation.after(simulation.between(Duration.ZERO, arrivals), victim::start);
    }
    long checked = -1;
    while (simulation.step()) {
      if (store.documents().commits() != checked) {
        checked = store.documents().commits();
        checkBooks();
        checkRelays();
      }
    }
    checkAnswers();
    // With so many, one host after the other may die, and the pot that both accounts share is hot:
    // a command may run out of time. ManyWritersTest says how fast they are.
    if (faults.equals(Faults.NONE) && !hot) {
      checkProgress();
    }
  }

  /** Without faults nobody is told that there is no answer. */
  private void checkProgress() {
    for (Told told : history) {
      assertTrue(
          !(told.reply() instanceof Reply.Unavailable),
          () -> "no answer to " + told.key() + ": " + told.reply());
    }
  }

  private void call(Command<Account.Change> command, int tries) {
    Instant asked = simulation.instant();
    lastAsked.put(command.owner().id() + command.key(), asked);
    Host process = processes.get(simulation.random().nextInt(processes.size()));
    boolean[] waiting = {true};
    open++;
    CompletableFuture<Reply> future = process.submit(command);
    future.whenComplete(
        (reply, failure) -> {
          if (!waiting[0]) {
            return;
          }
          waiting[0] = false;
          open--;
          // What is thrown in here nobody would see.
          if (failure == null) {
            heard(command, asked, reply, tries);
          } else {
            failures.add(failure);
          }
        });
    // A client whose process crashed, or that lost patience, repeats with the same key elsewhere.
    simulation.after(
        simulation.between(Duration.ofSeconds(2), Duration.ofSeconds(30)),
        () -> {
          if (waiting[0]) {
            waiting[0] = false;
            open--;
            again(command, tries);
          }
        });
  }

  private void heard(Command<Account.Change> command, Instant asked, Reply reply, int tries) {
    history.add(
        new Told(
            command.owner().id(),
            command.key(),
            command.input().amount(),
            asked,
            simulation.instant(),
            reply));
    if (reply instanceof Reply.Unavailable || simulation.chance(0.1)) {
      again(command, tries);
    }
  }

  private void again(Command<Account.Change> command, int tries) {
    if (tries > 0) {
      simulation.after(
          simulation.between(Duration.ZERO, Duration.ofSeconds(20)),
          () -> call(command, tries - 1));
    }
  }

  /** What must be true of the documents at every moment. */
  private void checkBooks() {
    long applied = 0;
    long potted = 0;
    for (DocRef account : OWNERS) {
      Account state = checkOwner(store.documents().get(account));
      applied += state.sequence();
      potted += state.potted();
    }
    long counted =
        (Long) store.documents().get(Account.COUNTER).fields().getOrDefault("applied", 0L);
    assertEquals(applied, counted, "commands counted blindly");
    assertEquals(
        potted,
        store.documents().get(POT).fields().getOrDefault("total", 0L),
        "a document beside the owner");
  }

  /** A relay is answered or recalled once, and then never changes until it is deleted. */
  private void checkRelays() {
    closed.keySet().removeIf(relay -> !store.documents().get(relay).exists());
    for (Snapshot relay : store.documents().all(CommandRelays.COLLECTION)) {
      Snapshot before =
          RelayDocuments.isOpen(relay)
              ? closed.get(relay.ref())
              : closed.putIfAbsent(relay.ref(), relay);
      assertTrue(before == null || before.equals(relay), "a closed relay was changed");
    }
  }

  /** Looks at an owner as it stands, once a state. */
  private Account checkOwner(Snapshot owner) {
    Checked last = owners.get(owner.ref());
    if (last != null && Objects.equals(last.version(), owner.updateTime())) {
      return last.state();
    }
    Account state = Account.RULES.decode(owner);
    assertTrue(state.balance() >= 0, "negative balance");
    assertEquals("kept", owner.fields().get("foreign"), "a field of somebody else's");
    CommitLog log = CommitLog.of(owner);
    assertTrue(log.refused().size() <= variant.limits().refused(), "the ring outgrew its bound");
    owners.put(owner.ref(), new Checked(owner.updateTime(), state));
    return state;
  }

  /** What must be true of everything that anybody was told. */
  private void checkAnswers() {
    assertEquals(0, open, "calls without an end");
    assertEquals(List.of(), failures, "calls that failed");
    Map<String, String> answers = new HashMap<>();
    Map<String, Map<Long, Long>> amounts = new HashMap<>();
    for (Snapshot document : store.documents().all()) {
      if (document.ref().collection().equals(Account.CHANGES)) {
        amount(amounts, document.fields());
      }
    }
    for (Told told : history) {
      if (told.reply() instanceof Reply.Answered answered && told.amount() != 0) {
        String before = answers.putIfAbsent(told.account() + told.key(), answered.json());
        assertTrue(
            before == null || before.equals(answered.json()), "two answers to " + told.key());
        explain(amounts, told, answered.json());
      }
    }
    assertOneMarkerAChange(answers);
    for (Told told : history) {
      checkRefusal(told, answers);
    }
    checkOrder();
  }

  private static void amount(Map<String, Map<Long, Long>> amounts, Map<String, Object> change) {
    Long before =
        amounts
            .computeIfAbsent((String) change.get("account"), account -> new HashMap<>())
            .put((Long) change.get("sequence"), (Long) change.get("amount"));
    assertTrue(before == null, "two changes with one sequence");
  }

  /** The amount in an answer is the one asked for, and the one in the books at that sequence. */
  private static void explain(Map<String, Map<Long, Long>> amounts, Told told, String json) {
    assertEquals(told.amount(), figure(json, "amount"), "answered for somebody else");
    long sequence = figure(json, "sequence");
    Map<Long, Long> booked = amounts.computeIfAbsent(told.account(), account -> new HashMap<>());
    Long amount = booked.putIfAbsent(sequence, told.amount());
    assertTrue(amount == null || amount == told.amount(), "acknowledged and lost: " + told.key());
  }

  /** As many markers as applied commands, and each acknowledged command has its own. */
  private void assertOneMarkerAChange(Map<String, String> answers) {
    long applied =
        ACCOUNTS.stream()
            .mapToLong(
                account ->
                    Account.RULES.decode(store.documents().get(Account.ref(account))).sequence())
            .sum();
    long markers =
        store.documents().all().stream()
            .filter(document -> document.fields().containsKey("answer"))
            .count();
    assertEquals(applied, markers, "applied commands and their markers");
    assertTrue(answers.size() <= markers, "acknowledged without a marker");
    long documents =
        store.documents().all().stream()
            .filter(document -> !document.ref().collection().equals(CommandRelays.COLLECTION))
            .count();
    long refusals =
        store.documents().all().stream()
            .filter(document -> document.fields().containsKey("code"))
            .count();
    long others =
        2L
            + refusals
            + (store.documents().get(POT).exists() ? 1 : 0)
            + (store.documents().get(Account.COUNTER).exists() ? 1 : 0);
    assertEquals(markers + others, documents, "something was left behind");
  }

  /** A command whose last answer was a refusal, and that nobody sent again, never applies. */
  private void checkRefusal(Told told, Map<String, String> answers) {
    if (!(told.reply() instanceof Reply.Refused refused)
        || !lastAsked.get(told.account() + told.key()).equals(told.asked())) {
      return;
    }
    boolean applied =
        Account.change(told.account(), told.key(), told.amount()).markers().stream()
            .anyMatch(marker -> store.documents().get(marker).exists());
    assertTrue(
        !applied || answers.containsKey(told.account() + told.key()),
        "refused and yet applied: " + told.key());
    assertTrue(
        !applied || refused.outcome() != Account.Refusal.INSUFFICIENT,
        "acknowledged, then refused: " + told.key());
  }

  /** One serial order explains all answers: what was told before another was asked comes first. */
  private void checkOrder() {
    for (String account : ACCOUNTS) {
      List<Told> told =
          history.stream()
              .filter(each -> each.account().equals(account) && sequence(each) >= 0)
              .toList();
      for (Told first : told) {
        for (Told second : told) {
          if (first.told().isBefore(second.asked()) && !replayed(second)) {
            assertTrue(
                sequence(first) <= sequence(second), () -> first.key() + " after " + second.key());
          }
        }
      }
    }
  }

  private static boolean replayed(Told told) {
    return told.reply() instanceof Reply.Answered answered && answered.replayed();
  }

  /** The sequence at which the answer was true, or -1 for answers that carry none. */
  private static long sequence(Told told) {
    if (told.reply() instanceof Reply.Answered answered) {
      return figure(answered.json(), "sequence");
    }
    if (told.reply() instanceof Reply.Refused refused
        && refused.figures().get("sequence") instanceof Long at) {
      return at;
    }
    return -1;
  }

  private static long figure(String json, String name) {
    int from = json.indexOf(name + "=") + name.length() + 1;
    int to = from;
    while (to < json.length() && "-0123456789".indexOf(json.charAt(to)) >= 0) {
      to++;
    }
    return Long.parseLong(json.substring(from, to));
  }
}
