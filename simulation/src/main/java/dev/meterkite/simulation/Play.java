package dev.meterkite.simulation;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.EventDelivery;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.ScheduledCalls;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.simulated.Tally;
import dev.meterkite.functions.simulated.TimeToLive;
import dev.meterkite.local.TokenIssuer;
import dev.meterkite.local.chaos.Actor;
import dev.meterkite.local.chaos.Audit;
import dev.meterkite.local.chaos.Calls;
import dev.meterkite.local.chaos.Journal;
import dev.meterkite.local.chaos.World;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Users;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Plays one {@link Plan}: clients, other programs, events and schedules against functions. After
 * every so many operations all comes to rest and is audited.
 */
final class Play implements AutoCloseable {
  /** Longer than any commit is late. */
  private static final Duration UNTIL_LANDED = Duration.ofSeconds(90);

  /** Longer than any reservation stands, and shorter than a month. */
  private static final Duration UNTIL_RESERVATIONS_LAPSE = Duration.ofHours(2);

  /** Longer than any hold lasts. */
  private static final Duration UNTIL_HOLDS_LAPSE = Duration.ofDays(8);

  /** Longer than any client repeats a call. */
  private static final Duration UNTIL_DELETED = Duration.ofHours(2);

  /** So many of all operations are of trades. */
  private static final double SHARE_OF_TRADES = 0.2;

  private static final Duration LOOK_EVERY = Duration.ofSeconds(20);
  private static final int MOST_SWEEPS = 300;

  private final Plan plan;
  private final Defect defect;
  private final Simulation simulation;
  private final Scheduler scheduler;
  private final Documents documents;
  private final SimulatedStore store;
  private final SimulatedStore calmStore;
  private final EventDelivery events;
  private final ScheduledCalls schedules;
  private final Cloud cloud;
  private final World world;
  private final Journal journal;
  private final EarlierStates history;
  private final Errors errors = new Errors();
  private final Client client;
  private final Client scheduled;
  private final Actor.Stage stage;
  private final Disturbances disturbances;
  private final TimeToLive ends;
  private final List<Trade> trades;

  /** What goes wrong beyond the cloud. */
  private final Tally tally = new Tally();

  private final List<String> findings = new ArrayList<>();

  /** What the audit of chaos.sh would not have seen. */
  private final List<String> beyond = new ArrayList<>();

  private long started;
  private long audits;

  Play(Plan plan, Fixture fixture) {
    this(plan, fixture, Defect.NONE);
  }

  /** With a fault of the product. */
  Play(Plan plan, Fixture fixture, Defect defect) {
    TokenIssuer tokens = fixture.tokens();
    List<FunctionEntry> functions = fixture.functions().entries();
    String ofScheduler = tokens.scheduler();
    this.plan = plan;
    this.defect = defect;
    this.simulation = new Simulation(plan.seed(), plan.start());
    this.scheduler = new Scheduler(simulation);
    this.documents = new Documents(simulation, plan.store().platform());
    this.store =
        new SimulatedStore(simulation, documents, plan.store().pace(), plan.ills().faults());
    this.calmStore = new SimulatedStore(simulation, documents, plan.store().pace(), Faults.NONE);
    OutageProneProviders providers = new OutageProneProviders(simulation, scheduler, tally);
    this.cloud =
        new Cloud(
            simulation,
            scheduler,
            functions,
            new Cloud.Fixtures(
                settings(tokens), fixture.callers(), new Log(Optional.empty(), simulation, errors)),
            providers,
            defect);
    this.events =
        new EventDelivery(
            simulation,
            documents,
            plan.ills().events(),
            functions,
            (function, event) -> cloud.deliver(function.name(), event));
    this.schedules =
        new ScheduledCalls(
            simulation,
            plan.ills().schedules(),
            functions,
            ZoneOffset.UTC,
            function ->
                cloud.call(function.name(), Request.post("{}").token(ofScheduler), () -> false));
    this.journal = new Journal(simulation);
    this.history = new EarlierStates(simulation, documents);
    this.world = new World(plan.size().users(), plan.size().customers());
    this.client = client(tokens.service());
    this.scheduled = client(ofScheduler);
    this.stage =
        new Actor.Stage(
            client,
            new Connection(scheduler, calmStore, null),
            cloud.clock(),
            world,
            journal,
            plan.seed());
    this.disturbances =
        new Disturbances(
            simulation, scheduler, cloud, schedules, stage, plan.ills().weather(), cloud.tally());
    this.ends =
        new TimeToLive(
            simulation, documents, fixture.ends(), cloud.clock(), UNTIL_DELETED, this::expires);
    this.trades =
        List.of(
            new Shop(
                simulation,
                documents,
                cloud.clock(),
                journal,
                new StripePosts(simulation, scheduler, cloud, tally)),
            new ChargedCalls(
                simulation, documents, history, cloud.clock(), journal, stage.store(), client),
            new RoutedCalls(simulation, documents, history, journal, client, providers),
            new Operator(simulation, documents, journal, client(tokens.admin())));
  }

  private Client client(String token) {
    return new Client(simulation, scheduler, cloud, cloud.tally(), token);
  }

  static Settings settings(TokenIssuer tokens) {
    Map<String, String> values = new HashMap<>();
    values.put("TOKEN_ISSUERS", tokens.setting());
    values.put("SERVICE_ACCOUNTS", TokenIssuer.SERVICE_ACCOUNT);
    values.put("SCHEDULER_ACCOUNTS", TokenIssuer.SCHEDULER_ACCOUNT);
    values.put("STRIPE_WEBHOOK_SECRET", StripePosts.SECRET);
    values.put("STRIPE_PRICES", Shop.PRICES);
    for (String provider : List.of("OPENAI", "ANTHROPIC", "GOOGLE")) {
      values.put(provider + "_API_KEY", "simulated");
    }
    return new Settings(values);
  }

  /** Keeps what happens around a finding; to be asked for before the play begins. */
  FindingTrace trace(String finding) {
    FindingTrace trace = new FindingTrace(simulation, finding);
    documents.listen(trace::changed);
    client.trace(trace);
    return trace;
  }

  Journal journal() {
    return journal;
  }

  /** What is wrong; empty when the books balance. */
  List<String> findings() {
    List<String> all = new ArrayList<>(findings);
    all.addAll(beyond);
    return all;
  }

  /** Whether the audit of chaos.sh has found nothing of it. */
  boolean isBeyondChaos() {
    return findings.isEmpty() && !beyond.isEmpty();
  }

  long audits() {
    return audits;
  }

  long steps() {
    return simulation.steps();
  }

  /** How long it took in virtual time. */
  Duration virtual() {
    return Duration.between(plan.start(), simulation.instant());
  }

  Cloud cloud() {
    return cloud;
  }

  EventDelivery events() {
    return events;
  }

  /** A hash over all documents. */
  String digest() {
    return documents.digest();
  }

  /** All faults so far by kind. */
  Map<String, Long> faults() {
    Map<String, Long> all = new TreeMap<>(cloud.tally().counts());
    all.putAll(store.tally().counts());
    all.putAll(tally.counts());
    all.putAll(events.tally().counts());
    all.putAll(schedules.tally().counts());
    return all;
  }

  /** Plays to the end, or to the first audit that finds something. */
  void run() {
    scheduler.play(
        () -> {
          try {
            defect.begins(cloud.clock());
            cloud.calm(calmStore);
            world.create(stage.store(), cloud.clock().instant());
            for (Trade each : trades) {
              each.create(stage.store(), cloud.clock().instant());
            }
            schedules.start();
            ends.start();
            while (journal.total() < plan.size().operations()
                && findings().isEmpty()
                && !scheduler.isInterrupted()) {
              long until =
                  Math.min(plan.size().operations(), journal.total() + plan.size().auditEvery());
              play(until);
              settle();
            }
            schedules.stop();
            ends.stop();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        });
  }

  private void play(long until) {
    schedules.pause(false);
    cloud.storm(store, plan.ills().weather());
    client.hangsUp(plan.ills().weather().requests().hangsUp());
    disturbances.start();
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (int i = 0; i < plan.size().clients(); i++) {
      String name = audits + "-" + i;
      CompletableFuture<Void> end = scheduler.promise();
      ends.add(end);
      scheduler.start(null, () -> act(name, until, end));
    }
    ends.forEach(CompletableFuture::join);
    disturbances.stop();
    cloud.calm(calmStore);
    client.hangsUp(0);
  }

  private void act(String name, long until, CompletableFuture<Void> end) {
    try {
      Actor actor = new Actor(stage, name);
      while (journal.total() < until) {
        if (simulation.chance(SHARE_OF_TRADES)) {
          trades.get(simulation.random().nextInt(trades.size())).step(name);
        } else {
          actor.step(started++, false);
        }
      }
      actor.finish();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    end.complete(null);
  }

  /**
   * Lets everything come to rest and checks it: usage and quotas once reservations have lapsed,
   * credits once holds have.
   */
  private void settle() throws IOException, InterruptedException {
    audits++;
    while (trades.stream().anyMatch(Trade::isBusy)) {
      scheduler.sleep(LOOK_EVERY);
    }
    // Each run of a schedule has new events, for which it would have to be waited too.
    schedules.pause(true);
    scheduler.sleep(UNTIL_LANDED);
    // The comparison of summaries with records goes back some days; time has leaped by weeks.
    events.redeliver(function -> function.name().equals("on-usage-written"));
    awaitEvents();
    Reckoning reckoning = new Reckoning(documents, events, journal, history);
    sweep("check-providers");
    beyond.addAll(reckoning.ofProviders(cloud.clock().instant()));
    awaitEvents();
    beyond.addAll(new OutageDrill(scheduler, documents, events, journal, client).play(audits));
    sweep("reset-quotas");
    cloud.leap(UNTIL_RESERVATIONS_LAPSE);
    sweep("reset-quotas");
    awaitEvents();
    findings.addAll(Audit.ofCounters(new AtOnce(documents, history), journal).findings());
    beyond.addAll(reckoning.ofCounters());
    cloud.leap(UNTIL_HOLDS_LAPSE);
    useChangedBalances();
    sweep("expire-credits");
    awaitEvents();
    sweep("reconcile-ledger");
    findings.addAll(Audit.ofCredits(new AtOnce(documents, history), journal).findings());
    beyond.addAll(reckoning.ofCredits(cloud.clock().instant()));
    // Hours have passed since, for events that were held back, and lots have ended in them.
    Instant due = cloud.clock().instant();
    sweep("expire-credits");
    trades.forEach(each -> beyond.addAll(each.findings(due)));
    errors.kept().forEach(line -> findings.add("a function failed: " + line));
    if (!events.deadLetters().isEmpty()) {
      findings.add(events.deadLetters().size() + " events were given up");
    }
  }

  /** What another program has changed is found, and put right, by the next use. */
  private void useChangedBalances() throws InterruptedException {
    Set<String> users = new TreeSet<>(journal.foreignBalances.keySet());
    users.addAll(journal.wiped);
    users.addAll(withoutLedger());
    Actor actor = new Actor(stage, "afterwards-" + audits);
    for (String user : users) {
      actor.grant(user);
    }
  }

  /**
   * Whoever registered has a ledger by now, but where the event was lost: the first use opens it.
   */
  private Set<String> withoutLedger() {
    Set<String> users = new TreeSet<>();
    for (String user : journal.registered) {
      if (documents.get(CreditRefs.user(user)).fields().get(Users.LEDGER) == null) {
        users.add(user);
      }
    }
    if (users.size() > events.tally().count("event: lost")) {
      findings.add("ledgers were not opened, though no event was lost: " + users);
    }
    return users;
  }

  private void expires(Snapshot document) {
    tally.add("document: deleted after its end");
    history.expires(document);
  }

  private void awaitEvents() {
    while (events.pending() > 0) {
      scheduler.sleep(LOOK_EVERY);
    }
  }

  /** Calls a schedule until it says that nothing is left. */
  private void sweep(String name) throws IOException, InterruptedException {
    for (int i = 0; i < MOST_SWEEPS; i++) {
      Calls.Answer answer = scheduled.post(name, null, "{}");
      if (answer.status() == 200) {
        JsonObject counts = JsonParser.parseString(answer.body()).getAsJsonObject();
        if (!counts.has("more") || !counts.get("more").getAsBoolean()) {
          return;
        }
      }
    }
    throw new IllegalStateException(name + " does not come to an end");
  }

  @Override
  public void close() {
    scheduler.close();
  }
}
