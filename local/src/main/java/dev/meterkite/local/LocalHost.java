package dev.meterkite.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.meterkite.emulator.EmulatorProject;
import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.http.Origins;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.routing.Routing;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.model.plans.CreditPackage;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.UserTier;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Everything at once on this machine: the emulator, each function behind an invoker, document
 * events, schedules, tokens, the clock, and one front for all. {@link #close} takes it down in the
 * opposite order, within seconds.
 */
public final class LocalHost implements AutoCloseable {
  /** The project that the functions work in. */
  public static final String PROJECT = "meterkite-local";

  /** The security rules, beside the table of functions. */
  private static final String RULES = "firestore.rules";

  /** The operator's console, beside the table too. */
  private static final String CONSOLE = "console/app";

  private static final Logger LOG = Logger.getLogger(LocalHost.class.getName());
  private static final String FIRESTORE = "FIRESTORE_EMULATOR_HOST";
  private static final String PROPERTY_PREFIX = "meterkite.env.";
  private static final Duration PROBE_WITHIN = Duration.ofSeconds(10);
  private static final long POLL_MILLIS = 20;

  private final String project;
  private final FunctionTable table;
  private final Backends backends;
  private final Deque<AutoCloseable> toClose = new ArrayDeque<>();

  /** Where the functions reach Firestore. */
  public interface Route {
    /** The emulator itself. */
    Route DIRECT = (emulator, process) -> emulator;

    /**
     * The address for one process, as host:port; asked once for each.
     *
     * @param emulator where the emulator is, as host:port
     * @param process the index of the process, from 0; 0 where the functions run in this one
     */
    String host(String emulator, int process);
  }

  private final Front front;
  private final TokenIssuer tokens;
  private final LocalClock clock;
  private final EventRelay events;
  private final FirestoreEmulator emulator;
  private final StubProviders providers;
  private final @Nullable ChildProcesses processes;

  private LocalHost(
      Options options,
      String project,
      @Nullable String running,
      Route route,
      Path tableFile,
      Path work)
      throws IOException, InterruptedException {
    this.project = project;
    this.table = FunctionTable.read(tableFile);
    List<FunctionEntry> entries = table.entries();
    this.backends = new Backends(entries.stream().map(FunctionEntry::name).toList());
    try {
      Files.createDirectories(work);
      front = closing(new Front(options.port(), table, backends));
      tokens = new TokenIssuer(url() + "/local");
      clock = closing(new LocalClock(work));
      Long seed = options.chaosSeed();
      Chaos chaos = seed == null ? Chaos.none() : Chaos.ofSeed(seed);
      events = closing(new EventRelay(entries, backends, chaos, clock));
      notInterrupted();
      emulator =
          closing(
              emulator(running, work.resolve("firestore-emulator.log"), options.firestorePort()));
      if (options.rules()) {
        closing(new RulesFile(emulator.project(project), tableFile.resolveSibling(RULES)));
      }
      providers = closing(new StubProviders());
      notInterrupted();
      processes = hostFunctions(options, route, tableFile, work);
      notInterrupted();
      registerTriggers();
      seedCatalogue();
      notInterrupted();
      Schedules schedules = closing(new Schedules(entries, backends, tokens));
      if (options.schedules()) {
        schedules.start();
      }
      DemoRuns demo =
          closing(
              DemoRuns.of(
                  tableFile.toAbsolutePath().normalize().resolveSibling(""),
                  options.command().equals("demo")));
      front.start(
          new LocalEndpoints(
              project,
              emulator.host(),
              table,
              backends,
              tokens,
              clock,
              schedules,
              events,
              providers,
              front.traffic(),
              demo),
          ConsoleFiles.of(tableFile.resolveSibling(CONSOLE)));
      Loopback.daemon(tokens::prepare, "token-keys").start();
    } catch (IOException | InterruptedException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Starts everything and returns when all of it answers.
   *
   * @param table the list of functions
   * @param work a folder for logs and the clock's file, created where it is missing
   * @throws LocalHostException or another exception with a message for the terminal; nothing is
   *     left running then
   */
  public static LocalHost start(Options options, Path table, Path work) {
    return start(options, Route.DIRECT, table, work);
  }

  /** As {@link #start(Options, Path, Path)}, with something between the functions and Firestore. */
  public static LocalHost start(Options options, Route route, Path table, Path work) {
    return start(options, PROJECT, System.getenv(FIRESTORE), route, table, work);
  }

  static LocalHost start(
      Options options, String project, @Nullable String running, Path table, Path work) {
    return start(options, project, running, Route.DIRECT, table, work);
  }

  private static LocalHost start(
      Options options,
      String project,
      @Nullable String running,
      Route route,
      Path table,
      Path work) {
    try {
      return new LocalHost(options, project, running, route, table, work);
    } catch (IOException e) {
      throw new LocalHostException("The local host does not start: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalHostException("Interrupted while starting", e);
    }
  }

  private FirestoreEmulator emulator(@Nullable String running, Path log, int port) {
    return running == null || running.isBlank()
        ? FirestoreEmulator.start(events.host(), log, port, ClassArchives.folder())
        : FirestoreEmulator.attach(running);
  }

  /** A signal breaks the start off where it is. */
  private static void notInterrupted() throws InterruptedException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedException();
    }
  }

  private <T extends AutoCloseable> T closing(T part) {
    toClose.push(part);
    return part;
  }

  private @Nullable ChildProcesses hostFunctions(
      Options options, Route route, Path tableFile, Path work) {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("GOOGLE_CLOUD_PROJECT", project);
    environment.put("TOKEN_ISSUERS", tokens.setting());
    environment.put("SERVICE_ACCOUNTS", TokenIssuer.SERVICE_ACCOUNT);
    environment.put("SCHEDULER_ACCOUNTS", TokenIssuer.SCHEDULER_ACCOUNT);
    environment.put("CLOCK_FILE", clock.file().toString());
    environment.put("LOG_FORMAT", "jul");
    environment.putAll(providers.environment());
    Settings given = Settings.ofProcess();
    environment.put("ALLOWED_ORIGINS", origins(given));
    boolean hasSecret = !given.stripeWebhookSecrets().isEmpty();
    environment.put(
        "STRIPE_WEBHOOK_SECRET",
        hasSecret ? String.join(",", given.stripeWebhookSecrets()) : "whsec_local");
    boolean hasPrices = hasSecret || !given.stripePrices().equals("{}");
    environment.put("STRIPE_PRICES", hasPrices ? given.stripePrices() : stripePrices());
    environment.put("STRIPE_TRIAL_CREDITS", given.stripeTrialCredits().wire());
    environment.put("STRIPE_SUBTOTALS", given.stripeSubtotals() ? "on" : "off");
    if (options.processes() > 0) {
      List<Map<String, String>> environments = new ArrayList<>();
      for (int i = 0; i < options.processes(); i++) {
        Map<String, String> own = new LinkedHashMap<>(environment);
        own.put(FIRESTORE, route.host(emulator.host(), i));
        environments.add(own);
      }
      return closing(
          ChildProcesses.start(environments, tableFile, table.entries(), backends, work));
    }
    environment.put(FIRESTORE, route.host(emulator.host(), 0));
    // Here nobody is left to call once the host stops.
    environment.put("DRAIN_SECONDS", "1");
    environment.forEach((name, value) -> System.setProperty(PROPERTY_PREFIX + name, value));
    // None is chosen in advance: on a busy machine somebody else takes it before it is bound.
    Map<String, Integer> anyPort = new LinkedHashMap<>();
    table.entries().forEach(entry -> anyPort.put(entry.name(), 0));
    FunctionServers servers = closing(FunctionServers.start(table.entries(), anyPort));
    backends.add(servers.ports());
    return null;
  }

  /** Every origin of this machine, and those that the environment names. */
  private static String origins(Settings given) {
    try {
      Origins.of(given.allowedOrigins());
    } catch (IllegalArgumentException e) {
      throw new LocalHostException(String.valueOf(e.getMessage()), e);
    }
    return Stream.concat(Stream.of(Origins.LOOPBACK), given.allowedOrigins().stream())
        .collect(Collectors.joining(","));
  }

  /** A price for all that is sold: {@code price_} and the tier or the credits of the package. */
  private static String stripePrices() {
    Plans plans = CurrentPlans.seeded();
    Stream<String> tiers =
        plans.tiers().stream()
            .filter(tier -> tier.monthlyCredits() > 0 && plans.rank(tier.word()) > 0)
            .map(UserTier::word)
            .map(tier -> "\"price_" + tier + "\":\"" + tier + "\"");
    Stream<String> packages =
        plans.packages().stream()
            .map(CreditPackage::credits)
            .map(credits -> "\"price_" + credits + "\":" + credits);
    return Stream.concat(tiers, packages).collect(Collectors.joining(",", "{", "}"));
  }

  private void registerTriggers() throws InterruptedException {
    EmulatorProject documents = emulator.project(project);
    documents.registerTrigger(
        EventRelay.probe(),
        "google.cloud.firestore.document.v1.created",
        EventRelay.probe() + "/{id}");
    if (!emulator.owned() && !probe(PROBE_WITHIN)) {
      // One that somebody else started may post its events elsewhere, or nowhere.
      throw new LocalHostException(
          "The emulator at FIRESTORE_EMULATOR_HOST="
              + emulator.host()
              + " does not post its document events to this host, so no trigger would run.\n"
              + "Unset FIRESTORE_EMULATOR_HOST: the local host then starts an emulator of its"
              + " own.");
    }
    for (FunctionEntry entry : table.entries()) {
      if (entry.event() != null) {
        FunctionEntry.EventTrigger trigger = Objects.requireNonNull(entry.event());
        documents.registerTrigger(entry.name(), trigger.type(), trigger.pattern());
      }
    }
  }

  /** Models that the catalogue lacks are added; those that are there stay as they are. */
  private void seedCatalogue() {
    EmulatorProject documents = emulator.project(project);
    Routing.seed()
        .forEach(
            (id, body) -> {
              String path = "model_catalog?documentId=" + URLEncoder.encode(id, UTF_8);
              int status = documents.asCaller("POST", path, body, "owner").status();
              if (status != 200 && status != 409) {
                throw new LocalHostException("The model catalogue was not written: " + status);
              }
            });
  }

  /**
   * Whether an event comes from the emulator within this time; it posts them one after the other,
   * so all events of earlier writes have come before.
   */
  public boolean probe(Duration within) throws InterruptedException {
    EmulatorProject documents = emulator.project(project);
    String id = UUID.randomUUID().toString();
    String document = EventRelay.probe() + "/" + id;
    CountDownLatch arrived = events.probe(id);
    documents.put(document, "{}");
    boolean inTime = arrived.await(within.toNanos(), TimeUnit.NANOSECONDS);
    documents.delete(document);
    return inTime;
  }

  /**
   * Returns when no event is on its way any more, neither in the emulator nor here.
   *
   * @return whether that came about within this time
   */
  public boolean awaitEvents(Duration within) throws InterruptedException {
    long deadline = System.nanoTime() + within.toNanos();
    long before;
    do {
      before = events.counts().received();
      while (events.counts().pending() > 0) {
        if (System.nanoTime() > deadline) {
          return false;
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
      if (!probe(Duration.ofNanos(deadline - System.nanoTime()))) {
        return false;
      }
    } while (events.counts().received() > before);
    return true;
  }

  /** The front, for example {@code http://127.0.0.1:8080}. */
  public String url() {
    return "http://127.0.0.1:" + front.port();
  }

  /** Where a function answers, behind the front. */
  public URI function(String name) {
    return URI.create(url() + "/" + name);
  }

  /** The functions that are hosted. */
  public FunctionTable table() {
    return table;
  }

  /** Each function's own port, without the front; of the first process where there are several. */
  public Map<String, Integer> ports() {
    return backends.first();
  }

  public String project() {
    return project;
  }

  /** The emulator, as host:port. */
  public String firestore() {
    return emulator.host();
  }

  /** Makes what lets the next start be faster, beside everything else, until this is closed. */
  synchronized void makeArchives() {
    if (!toClose.isEmpty()) { // Else a signal has closed this already.
      ClassArchives unused = closing(ClassArchives.make(emulator.classes()));
    }
  }

  /** The documents over REST, past all rules. */
  public EmulatorProject documents() {
    return emulator.project(project);
  }

  /** The documents past all functions, as other programs see them; the caller closes it. */
  public FirestoreStore openStore() {
    return FirestoreStore.open(
        new Settings(
            Map.of("FIRESTORE_EMULATOR_HOST", firestore(), "GOOGLE_CLOUD_PROJECT", project)));
  }

  public TokenIssuer tokens() {
    return tokens;
  }

  public LocalClock clock() {
    return clock;
  }

  public EventRelay events() {
    return events;
  }

  /** The stand-ins of the providers, which check-providers probes here. */
  StubProviders providers() {
    return providers;
  }

  /** The functions' processes, where they do not run in this JVM. */
  public Optional<ChildProcesses> processes() {
    return Optional.ofNullable(processes);
  }

  /** Takes everything down; a second call does nothing. */
  @Override
  public synchronized void close() {
    while (!toClose.isEmpty()) {
      try {
        toClose.pop().close();
      } catch (Exception e) {
        LOG.log(Level.WARNING, "a part of the local host did not stop", e);
      }
    }
  }
}
