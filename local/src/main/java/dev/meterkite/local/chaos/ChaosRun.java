package dev.meterkite.local.chaos;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.local.EventRelay;
import dev.meterkite.local.FunctionClient;
import dev.meterkite.local.LocalHost;
import dev.meterkite.local.Options;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * One run: a host whose functions are killed and reach Firestore over a {@link FaultyLink}, the
 * workload against it, then calm, all that is due, and the audit.
 */
final class ChaosRun implements AutoCloseable {
  private static final List<String> SCHEDULES =
      List.of("reset-quotas", "expire-credits", "reconcile-ledger", "check-providers");
  private static final Duration CALM_WITHIN = Duration.ofMinutes(20);
  private static final Duration SCHEDULE_WITHIN = Duration.ofMinutes(3);
  private static final int MOST_SWEEPS = 200;

  /** In so long a play some five processes are killed. */
  private static final Duration LONG_RUN = Duration.ofMinutes(2);

  /** Longer than any reservation stands, and shorter than a month. */
  private static final Duration UNTIL_RESERVATIONS_LAPSE = Duration.ofHours(2);

  /** Longer than any hold lasts. */
  private static final Duration UNTIL_HOLDS_LAPSE = Duration.ofDays(8);

  private final ChaosOptions options;
  private final PrintStream out;
  private final FaultPlan plan;
  private final FaultyLink link;
  private final LocalHost host;
  private final FirestoreStore store;
  private final FunctionClient caller;
  private final World world;
  private final Journal journal = new Journal();
  private final Actor.Stage stage;
  private Map<String, Long> disturbed = Map.of();
  private final Queue<CompletableFuture<?>> fired = new ConcurrentLinkedQueue<>();
  private final HttpClient http = HttpClient.newHttpClient();

  ChaosRun(ChaosOptions options, Path table, Path work, PrintStream out) {
    this.options = options;
    this.out = out;
    plan = new FaultPlan(options.seed());
    Options ofHost =
        Options.forTests().withProcesses(options.processes()).withChaos(plan.eventSeed());
    List<FaultyLink> made = new ArrayList<>();
    try {
      host =
          LocalHost.start(
              ofHost,
              (emulator, process) -> {
                if (made.isEmpty()) {
                  made.add(new FaultyLink(emulator, options.processes(), plan::call));
                }
                return made.get(0).host(process);
              },
              table,
              work);
    } catch (RuntimeException e) {
      made.forEach(FaultyLink::close);
      throw e;
    }
    link = made.get(0);
    store = host.openStore();
    caller = new FunctionClient(host, host.tokens().service());
    world = new World(options.users(), options.customers());
    stage = new Actor.Stage(calls(caller), store, host.clock(), world, journal, options.seed());
  }

  private static Calls calls(FunctionClient caller) {
    return (function, key, body) -> {
      HttpResponse<String> response = caller.post(function, key, body);
      Map<String, String> headers = new HashMap<>();
      response.headers().map().forEach((name, values) -> headers.put(name, values.get(0)));
      return new Calls.Answer(response.statusCode(), headers, response.body());
    };
  }

  FirestoreStore store() {
    return store;
  }

  Journal journal() {
    return journal;
  }

  /** Plays, and returns when everything that was begun is finished and nothing is in the way. */
  void play() throws InterruptedException, ExecutionException {
    world.create(store, host.clock().instant());
    awaitEvents();
    FaultInjection disturbances =
        new FaultInjection(
            new FaultInjection.Targets(
                plan,
                host.processes().orElseThrow(),
                link,
                host.clock(),
                this::fireTwice,
                new OtherPrograms(store, host.clock(), world, journal)));
    long began = System.nanoTime();
    link.calm(false);
    disturbances.start();
    try (Backlog backlog = new Backlog(host)) {
      new ChaosWorkload(stage, backlog::isLong).play(options.callers(), new End(began)::isReached);
    } finally {
      link.calm(true);
      disturbances.close();
    }
    disturbed = disturbances.counts();
    print(Duration.ofNanos(System.nanoTime() - began));
  }

  /** How often each disturbance happened in the play, by its name in lower case. */
  Map<String, Long> disturbed() {
    return disturbed;
  }

  /** How many calls to Firestore met each fault. */
  Map<FaultPlan.Fault, Long> met() {
    return link.met();
  }

  /** What the processes handed over to each other, so far. */
  RelayWatch.Counts relays() {
    return link.relays().counts();
  }

  /** When the run is long enough; says now and then how far it is. */
  private final class End {
    private static final Duration SAY_EVERY = Duration.ofSeconds(30);

    private final long began;
    private long said;

    End(long began) {
      this.began = began;
      this.said = began;
    }

    synchronized boolean isReached() {
      long now = System.nanoTime();
      if (now - said > SAY_EVERY.toNanos()) {
        said = now;
        out.printf(
            Locale.ROOT,
            "%5d s  %,d operations, %,d events on their way%n",
            TimeUnit.NANOSECONDS.toSeconds(now - began),
            journal.total(),
            host.events().counts().pending());
      }
      return options.operations() > 0
          ? journal.total() >= options.operations()
          : now - began >= options.time().toNanos();
    }
  }

  private void print(Duration took) {
    long operations = journal.total();
    out.printf(
        Locale.ROOT,
        "%,d operations in %d s (%d a second): %,d applied, %,d refused, %,d without an answer in"
            + " the end%n",
        operations,
        took.toSeconds(),
        operations * 1_000 / Math.max(1, took.toMillis()),
        journal.answered(),
        journal.refused(),
        journal.unknown());
    out.println("applied: " + text(journal.applied()));
    EventRelay.Counts events = host.events().counts();
    out.printf(
        Locale.ROOT,
        "%,d calls repeated, %,d replays, %,d events delivered, %,d deliveries failed, %,d given"
            + " up%n",
        caller.repeats(),
        journal.replays(),
        events.delivered(),
        events.failedAttempts(),
        events.dropped());
    out.println("calls to Firestore: " + text(link.met()));
    out.println("disturbances: " + text(disturbed));
    RelayWatch.Counts relays = relays();
    out.printf(
        Locale.ROOT,
        "relays: %,d opened, %,d served, %,d taken back, %,d left by killed processes; %,d hosts"
            + " killed while %,d relays of others were open%n",
        relays.opened(),
        relays.served(),
        relays.takenBack(),
        relays.abandoned(),
        relays.hostsKilled(),
        relays.openAtKills());
    out.flush();
  }

  private static String text(Map<?, Long> counts) {
    List<String> parts = new ArrayList<>();
    counts.forEach(
        (name, count) ->
            parts.add(
                String.format(
                    Locale.ROOT,
                    "%,d %s",
                    count,
                    name.toString().toLowerCase(Locale.ROOT).replace('_', ' '))));
    return String.join(", ", parts);
  }

  /** One of the schedules, twice at once; whatever it answers. */
  private void fireTwice(long pick) {
    HttpRequest request = fire(SCHEDULES.get((int) (pick % SCHEDULES.size())));
    for (int i = 0; i < 2; i++) {
      fired.add(
          http.sendAsync(request, HttpResponse.BodyHandlers.discarding())
              .handle((response, failure) -> null));
    }
  }

  private HttpRequest fire(String name) {
    return HttpRequest.newBuilder(URI.create(host.url() + "/local/fire?function=" + name))
        .timeout(SCHEDULE_WITHIN)
        .POST(HttpRequest.BodyPublishers.noBody())
        .build();
  }

  /**
   * Lets everything come to rest and checks it: usage and quotas once reservations have lapsed,
   * credits once holds have.
   */
  List<String> settle() throws InterruptedException, IOException {
    link.awaitLanded();
    CompletableFuture.allOf(fired.toArray(CompletableFuture[]::new)).join();
    awaitEvents();
    sweep("reset-quotas");
    host.clock().advance(UNTIL_RESERVATIONS_LAPSE);
    sweep("reset-quotas");
    awaitEvents();
    List<String> findings = new ArrayList<>(findings(Audit.ofCounters(store, journal)));
    host.clock().advance(UNTIL_HOLDS_LAPSE);
    useChangedBalances();
    sweep("expire-credits");
    awaitEvents();
    sweep("reconcile-ledger");
    findings.addAll(findings(Audit.ofCredits(store, journal)));
    long dropped = host.events().counts().dropped();
    if (dropped > 0) {
      findings.add(dropped + " events were given up");
    }
    long ended = host.processes().orElseThrow().endedByThemselves();
    if (ended > 0) {
      findings.add(ended + " processes of functions ended by themselves");
    }
    if (mustKillHosts() && relays().hostsKilled() == 0) {
      findings.add("no process was killed while relays of others relied on it");
    }
    return findings;
  }

  /** Whether the run is so long that a host must have died; a single process has no relays. */
  private boolean mustKillHosts() {
    return options.processes() > 1
        && options.operations() == 0
        && options.time().compareTo(LONG_RUN) >= 0;
  }

  /** What another program has changed is found, and put right, by the next use. */
  private void useChangedBalances() throws InterruptedException, IOException {
    Set<String> users = new TreeSet<>(journal.foreignBalances.keySet());
    users.addAll(journal.wiped);
    Actor actor = new Actor(stage, "afterwards");
    for (String user : users) {
      actor.grant(user);
    }
  }

  private List<String> findings(Audit audit) {
    out.printf(
        Locale.ROOT,
        "%,d documents read, %d findings%n",
        audit.documents(),
        audit.findings().size());
    return audit.findings();
  }

  private void awaitEvents() throws InterruptedException {
    if (!host.awaitEvents(CALM_WITHIN)) {
      throw new IllegalStateException("events do not come to rest: " + host.events().counts());
    }
  }

  /** Fires a schedule until it says that nothing is left. */
  private void sweep(String name) throws InterruptedException, IOException {
    for (int i = 0; i < MOST_SWEEPS; i++) {
      HttpResponse<String> response = http.send(fire(name), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() == 200 && !more(response.body())) {
        return;
      }
    }
    throw new IllegalStateException(name + " does not come to an end");
  }

  private static boolean more(String answer) {
    try {
      JsonObject counts = JsonParser.parseString(answer).getAsJsonObject();
      return counts.has("more") && counts.get("more").getAsBoolean();
    } catch (JsonSyntaxException e) {
      throw new IllegalStateException("no counts: " + answer, e);
    }
  }

  @Override
  public void close() {
    try (link;
        host) {
      store.close();
    }
  }
}
