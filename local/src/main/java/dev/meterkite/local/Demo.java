package dev.meterkite.local;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.Users;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The main job on real input: every call of a trace debits credits of one of 200 users, every
 * fiftieth is a podcast job with a life; some calls are made twice, as clients do. At the end the
 * books are checked from the documents.
 */
final class Demo {
  static final int USERS = 200;
  private static final int CALLERS = 64;
  private static final int GENERATED_CALLS = 3_000;
  private static final int JOB_EVERY = 50;
  private static final int REPEAT_EVERY = 40;
  private static final long OPENING_BALANCE = 40;
  private static final long PACKAGE = 250;

  private final LocalHost host;
  private final PrintStream out;
  private final Trace trace;
  private final FirestoreStore store;
  private final Caller caller;
  private final DemoJobs jobs;
  private final AtomicLongArray spent = new AtomicLongArray(USERS);
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicLong refusals = new AtomicLong();
  private final AtomicLong replays = new AtomicLong();
  private final AtomicLong purchases = new AtomicLong();
  private final AtomicLong surprises = new AtomicLong();

  private Demo(LocalHost host, Trace trace, FirestoreStore store, PrintStream out) {
    this.host = host;
    this.trace = trace;
    this.store = store;
    this.out = out;
    this.caller = new Caller(host);
    this.jobs = new DemoJobs(store, host.clock());
  }

  /** The sub-command: 0 when the books balance, 1 when not. */
  static int run(LocalHost host, Options options, PrintStream out) throws Exception {
    Path file = options.trace();
    Trace trace = file == null ? Trace.generated(GENERATED_CALLS, 1) : Trace.read(file);
    Settings settings =
        new Settings(
            Map.of(
                "FIRESTORE_EMULATOR_HOST", host.firestore(),
                "GOOGLE_CLOUD_PROJECT", host.project()));
    try (FirestoreStore store = FirestoreStore.open(settings)) {
      return new Demo(host, trace, store, out).play();
    }
  }

  private int play() throws InterruptedException, ExecutionException {
    createUsers();
    out.printf(
        "Playing %,d calls (%s) for %d users with %d callers.%n",
        trace.calls().size(), trace.source(), USERS, CALLERS);
    Progress progress =
        new Progress(out, "calls", trace.calls().size(), Boolean.getBoolean("meterkite.terminal"));
    long began = System.nanoTime();
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try {
      List<Future<?>> all = new ArrayList<>();
      AtomicLong next = new AtomicLong();
      for (int i = 0; i < CALLERS; i++) {
        all.add(callers.submit(() -> callInTurn(next, progress)));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      callers.shutdownNow();
    }
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    jobs.finish();
    boolean settled = jobs.awaitPayments(host.events());
    return report(took, settled);
  }

  private void createUsers() {
    List<Mutation> users = new ArrayList<>();
    for (int i = 0; i < USERS; i++) {
      Map<String, Object> user = new LinkedHashMap<>();
      user.put(Users.USER_ID, user(i));
      user.put(Users.EMAIL, user(i) + "@example.com");
      user.put(Users.TIER, "pro");
      user.put(Users.CREDITS_BALANCE, OPENING_BALANCE);
      user.put(Users.CREATED_AT, host.clock().instant());
      users.add(Mutation.replace(new DocRef(Users.COLLECTION, user(i)), user));
    }
    store.commit(users).join();
  }

  private static String user(int index) {
    return "user-%03d".formatted(index);
  }

  private Void callInTurn(AtomicLong next, Progress progress)
      throws IOException, InterruptedException {
    long index;
    while ((index = next.getAndIncrement()) < trace.calls().size()) {
      call(index, trace.calls().get((int) index));
      progress.step();
    }
    return null;
  }

  private void call(long index, Trace.Call call) throws IOException, InterruptedException {
    // A few users make most of the calls: the first tenth of them nearly half.
    Random random = new Random(index);
    int user = (int) (USERS * Math.pow(random.nextDouble(), 3));
    if (index % JOB_EVERY == 0) {
      jobs.order(index, user(user), random);
    } else {
      debit("call-" + index, user, call.credits());
      if (index % REPEAT_EVERY == 1) {
        debit("call-" + index, user, call.credits());
      }
    }
    jobs.advance();
  }

  private void debit(String key, int user, long credits) throws IOException, InterruptedException {
    String body = "{\"user_id\": \"%s\", \"amount\": %d}".formatted(user(user), credits);
    HttpResponse<String> response = caller.post("debit-credits", key, body);
    if (response.statusCode() == 200) {
      if (response.headers().firstValue("Idempotency-Replayed").isPresent()) {
        replays.incrementAndGet();
      }
      // By key: where an answer was lost, the replay is the first that is heard of the debit.
      if (acknowledged.add(key)) {
        spent.addAndGet(user, credits);
      }
    } else if (response.statusCode() == 402) {
      refusals.incrementAndGet();
      buy(key, user);
    } else {
      surprise("debit-credits", response);
    }
  }

  private void buy(String key, int user) throws IOException, InterruptedException {
    String body =
        "{\"user_id\": \"%s\", \"amount\": %d, \"type\": \"purchase\"}"
            .formatted(user(user), PACKAGE);
    HttpResponse<String> response = caller.post("grant-credits", "buy-" + key, body);
    if (response.statusCode() == 200) {
      purchases.incrementAndGet();
    } else {
      surprise("grant-credits", response);
    }
  }

  private void surprise(String function, HttpResponse<String> response) {
    if (surprises.incrementAndGet() <= 3) {
      out.printf("%n%s answered %d: %s%n", function, response.statusCode(), response.body());
    }
  }

  private int report(Duration took, boolean settled) {
    Books books = Books.check(store);
    long credits = 0;
    for (int i = 0; i < USERS; i++) {
      credits += spent.get(i);
      books.compare(user(i), spent.get(i));
    }
    List<String> findings = new ArrayList<>(books.findings());
    if (surprises.get() > 0) {
      findings.add(surprises.get() + " unexpected answers");
    }
    if (!settled) {
      findings.add("jobs without an end of their payment: " + jobs.open());
    }
    long tokens = trace.calls().stream().mapToLong(Trace.Call::tokens).sum();
    double seconds = Math.max(0.001, took.toMillis() / 1_000.0);
    long operations = trace.calls().size() + replays.get() + purchases.get();
    row("calls", trace.calls().size());
    row("tokens", tokens);
    row("credits debited", credits);
    row("refused for want of credits", refusals.get());
    row("purchases", purchases.get());
    row("repeats answered as the first time", replays.get());
    row("calls made again for want of an answer", caller.repeats());
    jobs.summary().forEach(this::row);
    row("transactions in the books", books.transactions());
    out.printf("  %-42s %,14.1f%n", "seconds", seconds);
    out.printf("  %-42s %,14.0f%n%n", "operations a second", operations / seconds);
    if (findings.isEmpty()) {
      out.printf(
          "The books balance: %d users, every balance the sum of its transactions, no gap in a"
              + " sequence,%nno job paid twice, nothing held, every acknowledged debit there"
              + " once.%n",
          books.users());
      return 0;
    }
    out.println("THE BOOKS ARE WRONG:");
    findings.stream().limit(20).forEach(finding -> out.println("  " + finding));
    return 1;
  }

  private void row(String name, long value) {
    out.printf("  %-42s %,14d%n", name, value);
  }
}
