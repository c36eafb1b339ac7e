package dev.meterkite.bench;

import com.google.firestore.v1.CommitRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is measured.
 *
 * @param name its parts separated by slashes: the store, the workload, the load, for example {@code
 *     bare/debit/64}
 * @param title for people
 * @param way how the functions reach the store; null where no functions are needed
 * @param processes how many processes host the functions
 * @param play one play of it
 */
record Case(
    String name, String title, BenchEnvironment.@Nullable Way way, int processes, Play play) {
  /** One play of a case. */
  interface Play {
    Figures on(BenchEnvironment stage, Results results) throws IOException, InterruptedException;
  }

  /** What is played over HTTP; called once for each play, since each has documents of its own. */
  private interface Loaded {
    Workload on(Workloads workloads);
  }

  /** The load of an open loop, which may depend on what was measured before. */
  private interface Load {
    Arrivals after(Results results, BenchOptions options);
  }

  private static final String SWEEP = "bare/sweep";
  private static final int SEED = 1;
  private static final int[] CALLERS = {1, 16, 64, 256};
  private static final int[] CALLERS_OF_FAST = {16, 64};
  private static final int MOST_PROCESSES = 16;
  private static final int[] CALLERS_OF_TRANSACTIONS = {1, 16, 64};
  private static final int BATCH = 32;
  private static final int LARGEST_BATCH = 500;
  private static final int CALLERS_OF_BATCHES = 16;
  private static final double SERVICE_RATE = 200;

  /** More operations than any lead-in makes. */
  private static final long FAR = 1_000_000_000;

  /** Everything there is to measure, in the order in which it is measured. */
  static List<Case> all(AzureTrace trace, BenchOptions options) {
    return parts(trace, options).stream().flatMap(List::stream).toList();
  }

  /**
   * The same in parts, each for an emulator of its own: it keeps all documents in memory, and is
   * soon busy with nothing but that.
   */
  static List<List<Case>> parts(AzureTrace trace, BenchOptions options) {
    List<Case> limits = new ArrayList<>();
    limits.add(sweep());
    counted(limits);
    raw(limits);
    postgres(limits);
    List<Case> bare = new ArrayList<>();
    bare(bare, trace, options.processes());
    List<Case> service = new ArrayList<>();
    service(service, trace, options.processes());
    return List.of(limits, bare, service);
  }

  /** Before all others: for its queries the emulator reads whatever has been written. */
  private static Case sweep() {
    return new Case(
        SWEEP,
        "reset-quotas over customers that are due",
        BenchEnvironment.Way.BARE,
        1,
        (stage, results) -> stage.sweep(stage.options().customers()));
  }

  private static Case http(
      String name,
      String title,
      BenchEnvironment.Way way,
      int processes,
      Loaded workload,
      Load load) {
    return new Case(
        name,
        title,
        way,
        processes,
        (stage, results) ->
            stage.load(
                workload.on(stage.workloads()),
                load.after(results, stage.options()),
                stage.options().lead(),
                stage.options().length()));
  }

  private static Case callers(
      String name,
      String title,
      BenchEnvironment.Way way,
      int processes,
      Loaded workload,
      int callers) {
    return http(
        name + "/" + callers,
        title + ", " + callers + (callers == 1 ? " caller" : " callers"),
        way,
        processes,
        workload,
        (results, options) -> Arrivals.callers(callers));
  }

  /** What an operation asks of the store, and the commits that the raw limit repeats. */
  private static void counted(List<Case> all) {
    all.add(counted("counts/debit", "debit, alone", Case::hot, 1, null));
    all.add(counted("counts/debit", "debits of one user", Case::hot, BATCH, Results.DEBITS));
    all.add(counted("counts/debit", "debits of one user", Case::hot, 64, null));
    all.add(
        counted(
            "counts/debit-usage", "debit by tokens, alone", Workloads::hotUserByTokens, 1, null));
    all.add(
        counted(
            "counts/debit-usage",
            "debits of one user by tokens",
            Workloads::hotUserByTokens,
            64,
            null));
    all.add(counted("counts/plain", "runTransaction, alone", Case::plain, 1, null));
    all.add(counted("counts/zipf", "debits of many users by Zipf", Workloads::manyUsers, 64, null));
    all.add(counted("counts/holds", "hold and capture", Workloads::holdsAndCaptures, 64, null));
    all.add(counted("counts/usage-1", "usage record", w -> w.usage(1), 16, null));
    all.add(counted("counts/usage-50", "batch of 50 usage records", w -> w.usage(50), 4, null));
    all.add(
        counted(
            "counts/usage-500",
            "batch of 500 usage records",
            w -> w.usage(LARGEST_BATCH),
            1,
            Results.USAGE));
    all.add(counted("counts/quotas", "reserve and settle", Workloads::reserveAndSettle, 64, null));
    all.add(counted("counts/mixed", "everything mixed", Workloads::mixed, 64, null));
  }

  /**
   * Counts from a rest to a rest, so that no call is left out or belongs to another operation.
   *
   * @param as what the largest commit that goes by is kept as; null to keep none
   */
  private static Case counted(
      String name, String title, Loaded workload, int callers, @Nullable String as) {
    return new Case(
        name + "/" + callers,
        title + ", " + callers + (callers == 1 ? " caller" : " callers"),
        BenchEnvironment.Way.COUNTED,
        1,
        (stage, results) -> {
          Workload played = workload.on(stage.workloads());
          // The opening of ledgers and summaries comes first and is not counted.
          stage.load(played, Arrivals.callers(callers), Duration.ZERO, stage.options().lead());
          stage.proxy().takeLargest();
          Meters.Reading before = stage.meters().read();
          Figures figures =
              stage.load(
                  played.from(FAR),
                  Arrivals.callers(callers),
                  Duration.ZERO,
                  stage.options().length());
          Figures.Cost cost = stage.meters().read().since(before, figures.operations());
          CommitRequest largest = stage.proxy().takeLargest();
          if (as != null && largest != null) {
            results.remember(as, largest);
          }
          return figures.withCost(cost);
        });
  }

  private static Workload hot(Workloads workloads) {
    return workloads.hotUser("debit-credits");
  }

  private static Workload plain(Workloads workloads) {
    return workloads.hotUser(BenchEnvironment.PLAIN);
  }

  private static void service(List<Case> all, AzureTrace trace, int many) {
    BenchEnvironment.Way way = BenchEnvironment.Way.SERVICE;
    for (int callers : CALLERS) {
      all.add(callers("service/debit", "debits of one user", way, 1, Case::hot, callers));
    }
    all.add(open("service/debit/open", "debits of one user", way, Case::hot, SERVICE_RATE));
    for (int callers : CALLERS_OF_TRANSACTIONS) {
      all.add(callers("service/plain", "one user by runTransaction", way, 1, Case::plain, callers));
    }
    all.add(
        callers("service/zipf", "debits of many users by Zipf", way, 1, Workloads::manyUsers, 64));
    all.add(
        open(
            "service/zipf/open",
            "debits of many users by Zipf",
            way,
            Workloads::manyUsers,
            SERVICE_RATE));
    all.add(callers("service/holds", "hold and capture", way, 1, Workloads::holdsAndCaptures, 64));
    usage(all, "service", way);
    all.add(
        http(
            "service/quotas/trace",
            "reserve and settle by the trace, 100 a second",
            way,
            1,
            Workloads::reserveAndSettle,
            (results, options) -> Arrivals.recorded(trace.gapsAt(SERVICE_RATE / 2))));
    all.add(
        open("service/mixed/open", "everything mixed", way, Workloads::mixed, SERVICE_RATE / 2));
    for (int callers : CALLERS) {
      all.add(
          callers(
              "service/many-processes/debit", "debits of one user", way, many, Case::hot, callers));
    }
    for (int callers : CALLERS_OF_FAST) {
      fast("fast/debit", all, 1, callers);
    }
    for (int callers : CALLERS_OF_FAST) {
      fast("fast/many-processes/debit", all, many, callers);
    }
    all.add(
        callers(
            "service/" + MOST_PROCESSES + "-processes/debit",
            "debits of one user",
            way,
            MOST_PROCESSES,
            Case::hot,
            256));
  }

  private static void fast(String name, List<Case> all, int processes, int callers) {
    all.add(
        callers(
            name, "debits of one user", BenchEnvironment.Way.FAST, processes, Case::hot, callers));
  }

  private static Case open(
      String name, String title, BenchEnvironment.Way way, Loaded workload, double perSecond) {
    return http(
        name,
        title + ", " + Math.round(perSecond) + " a second offered",
        way,
        1,
        workload,
        (results, options) -> Arrivals.rate(perSecond, SEED));
  }

  /** An open loop at a share of the rate that another case reached in this run. */
  private static Case share(String name, String title, Loaded workload, double share, String of) {
    return http(
        name,
        title + ", " + Math.round(share * 100) + " % of the closed loop's rate offered",
        BenchEnvironment.Way.BARE,
        1,
        workload,
        (results, options) -> Arrivals.rate(Math.max(10, share * results.rate(of, 1_000)), SEED));
  }

  private static void usage(List<Case> all, String store, BenchEnvironment.Way way) {
    int callers = CALLERS_OF_BATCHES;
    all.add(callers(store + "/usage-1", "single usage records", way, 1, w -> w.usage(1), callers));
    all.add(
        callers(store + "/usage-50", "batches of 50 usage records", way, 1, w -> w.usage(50), 4));
    all.add(
        callers(
            store + "/usage-500",
            "batches of 500 usage records",
            way,
            1,
            w -> w.usage(LARGEST_BATCH),
            2));
  }

  /** The hot user last, when compilers have seen everything. */
  private static void bare(List<Case> all, AzureTrace trace, int many) {
    BenchEnvironment.Way way = BenchEnvironment.Way.BARE;
    all.add(callers("bare/users", "debits of 64 users in turn", way, 1, w -> w.inTurn(64), 64));
    all.add(callers("bare/zipf", "debits of many users by Zipf", way, 1, Workloads::manyUsers, 64));
    all.add(callers("bare/holds", "hold and capture", way, 1, Workloads::holdsAndCaptures, 64));
    usage(all, "bare", way);
    all.add(callers("bare/quotas", "reserve and settle", way, 1, Workloads::reserveAndSettle, 64));
    all.add(
        http(
            "bare/quotas/trace",
            "reserve and settle by the trace, half of the closed loop's rate",
            way,
            1,
            Workloads::reserveAndSettle,
            (results, options) ->
                Arrivals.recorded(
                    trace.gapsAt(Math.max(10, results.rate("bare/quotas/64", 400) / 2)))));
    all.add(callers("bare/mixed", "everything mixed", way, 1, Workloads::mixed, 64));
    all.add(
        share("bare/mixed/open-50", "everything mixed", Workloads::mixed, 0.5, "bare/mixed/64"));
    for (int callers : CALLERS) {
      all.add(callers("bare/debit", "debits of one user", way, 1, Case::hot, callers));
    }
    all.add(
        callers(
            "bare/debit-usage",
            "debits of one user by tokens",
            way,
            1,
            Workloads::hotUserByTokens,
            64));
    all.add(share("bare/debit/open-50", "debits of one user", Case::hot, 0.5, "bare/debit/64"));
    all.add(share("bare/debit/open-80", "debits of one user", Case::hot, 0.8, "bare/debit/64"));
    for (int callers : CALLERS_OF_TRANSACTIONS) {
      all.add(callers("bare/plain", "one user by runTransaction", way, 1, Case::plain, callers));
    }
    for (int callers : CALLERS) {
      all.add(
          callers(
              "bare/many-processes/debit", "debits of one user", way, many, Case::hot, callers));
    }
    all.add(
        callers(
            "bare/many-processes/zipf",
            "debits of many users by Zipf",
            way,
            many,
            Workloads::manyUsers,
            64));
  }

  /** Commits that were seen before, so that no function has a part in them. */
  private static void raw(List<Case> all) {
    all.add(raw("bare/raw/1", "raw commits of one debit", Results.DEBITS, 1, 1));
    all.add(
        raw(
            "bare/raw/users-64",
            "raw commits of one debit, 64 users at once",
            Results.DEBITS,
            1,
            64));
    all.add(raw("bare/raw/32", "raw commits of 32 debits", Results.DEBITS, BATCH, 1));
    all.add(raw("bare/raw/usage-500", "raw commits of 500 usage records", Results.USAGE, 0, 1));
  }

  /**
   * @param creates documents that a commit creates; 0 for as many as the functions' own
   * @param documents how many owners are committed to at once
   */
  private static Case raw(
      String name, String title, String remembered, int creates, int documents) {
    return new Case(
        name,
        title,
        null,
        0,
        (stage, results) -> {
          CommitRequest commit = results.remembered(remembered);
          BenchOptions options = stage.options();
          return RawCommits.run(
              creates == 0 ? commit : RawCommits.ofSize(commit, creates),
              remembered.equals(Results.USAGE) ? "usage_tracking" : "credit_transactions",
              documents,
              stage.emulator().host(),
              stage.metersOfStore(),
              options.lead(),
              options.length());
        });
  }

  private static void postgres(List<Case> all) {
    for (int clients : CALLERS) {
      all.add(postgres(clients, true));
    }
    all.add(postgres(64, false));
  }

  private static Case postgres(int clients, boolean durable) {
    return new Case(
        "postgres/" + (durable ? "" : "not-durable/") + clients,
        "one statement with a row lock, synchronous_commit "
            + (durable ? "on" : "off")
            + ", "
            + clients
            + (clients == 1 ? " client" : " clients"),
        null,
        0,
        (stage, results) ->
            Objects.requireNonNull(results.postgres())
                .debits(clients, durable, stage.options().length()));
  }

  /**
   * Whether it is played once: counts do not vary, a second sweep would read the first's, and
   * transactions that queue up run into their time limits again.
   */
  boolean once() {
    boolean queue = name.contains("/plain/") && !name.endsWith("/1");
    return way == BenchEnvironment.Way.COUNTED || name.equals(SWEEP) || queue;
  }

  boolean isPostgres() {
    return name.startsWith("postgres/");
  }
}
