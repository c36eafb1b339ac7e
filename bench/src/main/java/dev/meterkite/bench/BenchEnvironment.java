package dev.meterkite.bench;

import com.sun.net.httpserver.HttpServer;
import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.local.TokenIssuer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark plays on: an emulator, the proxy before it, an issuer of tokens, and processes
 * of functions, which are replaced when another number of them or another way to the store is asked
 * for. Document triggers are not registered: in the cloud they run elsewhere.
 */
final class BenchEnvironment implements AutoCloseable {
  static final String PROJECT = "meterkite-bench";
  static final String PLAIN = "plain-debit";

  /** The functions that are hosted: those that the workloads call. */
  static final List<String> FUNCTIONS =
      List.of(
          "debit-credits",
          "hold-credits",
          "settle-hold",
          "record-usage",
          "reserve-quota",
          "settle-quota",
          "reset-quotas",
          PLAIN);

  /** A way from the functions to the emulator. */
  enum Way {
    /** Straight. */
    BARE,
    /** Through the proxy, which counts and does nothing else. */
    COUNTED,
    /** Through the proxy, at the pace of the real service. */
    SERVICE,
    /** As {@link #SERVICE}, but one document takes {@link #FAST_RATE} commits a second. */
    FAST
  }

  /** Commits a second of a document in the {@link Way#FAST} store. */
  static final double FAST_RATE = 20;

  /** An emulator, and a client past any proxy. */
  private record Database(FirestoreEmulator emulator, FirestoreStore store)
      implements AutoCloseable {
    static Database open(Path work) {
      FirestoreEmulator emulator =
          FirestoreEmulator.startOrAttach(null, work.resolve("emulator.log"));
      return new Database(
          emulator,
          FirestoreStore.open(
              new Settings(
                  Map.of(
                      "FIRESTORE_EMULATOR_HOST",
                      emulator.host(),
                      "GOOGLE_CLOUD_PROJECT",
                      PROJECT))));
    }

    @Override
    public void close() {
      store.close();
      emulator.close();
    }
  }

  /** What a set of processes was started for. */
  private record Hosting(boolean proxied, int processes) {}

  private final BenchOptions options;
  private final Path work;
  private final Version version;
  private final Path table;
  private final HttpServer issuer;
  private final TokenIssuer tokens;
  private final StoreProxy proxy;
  private final Workloads workloads;
  private Database database;
  private @Nullable Hosting hosting;
  private @Nullable Instances instances;

  /**
   * @param version whose functions are hosted; the baseline beside them only where they are ours
   */
  BenchEnvironment(BenchOptions options, Version version, AzureTrace trace) throws IOException {
    this.options = options;
    this.version = version;
    work = Files.createTempDirectory("meterkite-bench");
    table = version.isOurs() ? withBaseline(version.functions()) : version.functions();
    issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    tokens = new TokenIssuer("http://127.0.0.1:" + issuer.getAddress().getPort());
    serveKeys();
    database = Database.open(work);
    proxy = new StoreProxy(database.emulator().host());
    workloads = new Workloads(() -> database.store(), trace, options.users());
  }

  /** The table of functions with the baseline as one more. */
  private Path withBaseline(Path functions) throws IOException {
    String line =
        String.join(
            "\t",
            PLAIN,
            PlainDebit.class.getName(),
            "http",
            "-",
            "credits",
            "512",
            "1",
            "80",
            "0",
            "10",
            "30",
            "false",
            "service");
    String all = Files.readString(functions).stripTrailing() + "\n" + line + "\n";
    FunctionTable.parse(all);
    return Files.writeString(work.resolve("functions.tsv"), all);
  }

  private void serveKeys() {
    byte[] keys = tokens.jwks().getBytes(StandardCharsets.UTF_8);
    issuer.createContext(
        "/jwks.json",
        exchange -> {
          exchange.sendResponseHeaders(200, keys.length);
          exchange.getResponseBody().write(keys);
          exchange.close();
        });
    issuer.start();
  }

  /** Has so many processes of functions on this way to the store, warmed up. */
  void host(Way way, int processes) throws IOException {
    Hosting wanted = new Hosting(way != Way.BARE, processes);
    proxy.pace(null);
    if (!wanted.equals(hosting)) {
      stopInstances();
      hosting = wanted;
      instances = start(wanted);
      warmUp(options.warmUp().multipliedBy(shares(way, processes)));
      if (way == Way.SERVICE || way == Way.FAST) {
        emptyStore();
      }
    }
    proxy.pace(
        switch (way) {
          case BARE, COUNTED -> null;
          case SERVICE -> StoreProxy.Pace.of(options.documentRate());
          case FAST -> StoreProxy.Pace.of(FAST_RATE);
        });
  }

  /** How often as long as one process: many warm up in turns on the cores that there are. */
  private static int shares(Way way, int processes) {
    int least = way == Way.BARE && processes > 1 ? 2 : 1;
    return Math.max(least, processes / 4);
  }

  /**
   * Goes on with an emulator that has none of the documents of the warm-up. The real service finds
   * documents by an index; the emulator reads all that there are for each query.
   */
  private void emptyStore() throws IOException {
    Database old = database;
    database = Database.open(work);
    proxy.forwardTo(database.emulator().host());
    old.close();
    load(
        workloads.hotUser("debit-credits"),
        Arrivals.callers(64),
        options.warmUp().dividedBy(10),
        Duration.ZERO);
  }

  private Instances start(Hosting wanted) throws IOException {
    return Instances.start(
        wanted.processes(),
        version.classPath(),
        table,
        version.isOurs()
            ? FUNCTIONS
            : FUNCTIONS.stream().filter(each -> !each.equals(PLAIN)).toList(),
        wanted.proxied() ? proxy.host() : database.emulator().host(),
        PROJECT,
        tokens,
        work);
  }

  /** Has one process that has served nothing yet, straight at the emulator. */
  void hostFresh() throws IOException {
    stopInstances();
    hosting = new Hosting(false, 1);
    instances = start(hosting);
  }

  /** Until the compilers have seen all of it: half of the time a hot user, half everything. */
  private void warmUp(Duration time) throws IOException {
    Duration half = time.dividedBy(2);
    load(workloads.hotUser("debit-credits"), Arrivals.callers(64), half, Duration.ZERO);
    workloads.copyLastUser();
    load(workloads.hotUser(PLAIN), Arrivals.callers(4), half.dividedBy(8), Duration.ZERO);
    load(workloads.mixed(), Arrivals.callers(64), half, Duration.ZERO);
  }

  Workloads workloads() {
    return workloads;
  }

  StoreProxy proxy() {
    return proxy;
  }

  FirestoreEmulator emulator() {
    return database.emulator();
  }

  BenchOptions options() {
    return options;
  }

  /** Plays a workload over HTTP on what is hosted. */
  Figures load(Workload workload, Arrivals arrivals, Duration lead, Duration length)
      throws IOException {
    return load(workload, arrivals, lead, length, nanos -> {});
  }

  /**
   * Likewise.
   *
   * @param successes takes, for each operation that succeeds, nanoseconds since the beginning
   */
  Figures load(
      Workload workload, Arrivals arrivals, Duration lead, Duration length, LongConsumer successes)
      throws IOException {
    return HttpLoad.run(
        hosted().ports(), tokens.service(), meters(), workload, arrivals, lead, length, successes);
  }

  Figures sweep(int customers) throws IOException, InterruptedException {
    workloads.dueCustomers(customers);
    int port = hosted().ports().getOrDefault("reset-quotas", List.of()).get(0);
    return SweepWorkload.run(port, customers, tokens.scheduler(), meters());
  }

  private Instances hosted() {
    if (instances == null) {
      throw new IllegalStateException("nothing is hosted");
    }
    return instances;
  }

  Meters meters() {
    boolean proxied = hosting != null && hosting.proxied();
    return new Meters(
        instances == null ? List.of() : instances.handles(),
        database.emulator().processHandle().stream().toList(),
        proxied ? proxy : null);
  }

  /** Of the store alone, for what is measured without functions. */
  Meters metersOfStore() {
    return new Meters(List.of(), database.emulator().processHandle().stream().toList(), null);
  }

  private void stopInstances() {
    if (instances != null) {
      instances.close();
      instances = null;
      hosting = null;
    }
  }

  @Override
  public void close() throws IOException {
    stopInstances();
    proxy.close();
    database.close();
    issuer.stop(0);
    List<Path> files = new ArrayList<>();
    try (var all = Files.walk(work)) {
      all.forEach(files::add);
    }
    for (int i = files.size() - 1; i >= 0; i--) {
      Files.deleteIfExists(files.get(i));
    }
  }
}
