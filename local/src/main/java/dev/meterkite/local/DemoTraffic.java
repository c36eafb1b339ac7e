package dev.meterkite.local;

import com.google.gson.JsonObject;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.schema.Schema.Users;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The main job on real input: every call of a trace is debited by its tokens, at the price of a
 * real model, from one of the users; every fiftieth is a podcast job with a life; some calls are
 * made twice, as clients do.
 */
final class DemoTraffic implements DemoSection {
  private static final int CALLERS = 64;
  private static final int JOB_EVERY = 50;
  private static final int REPEAT_EVERY = 40;
  private static final long OPENING_BALANCE = 40;
  private static final long PACKAGE = 250;
  private static final int MOST_PURCHASES = 5;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private final LlmTrace trace;
  private final int users;
  private final DemoCharges charges = new DemoCharges();
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicLong refusals = new AtomicLong();
  private final AtomicLong replays = new AtomicLong();
  private final AtomicLong purchases = new AtomicLong();
  private @Nullable DemoJobs jobs;

  DemoTraffic(LlmTrace trace, int users) {
    this.trace = trace;
    this.users = users;
  }

  @Override
  public String name() {
    return "%,d calls (%s) for %d users by %d callers, every fiftieth a podcast job"
        .formatted(trace.calls().size(), trace.source(), users, CALLERS);
  }

  @Override
  public void play(DemoStage stage) throws InterruptedException, ExecutionException {
    createUsers(stage);
    DemoJobs jobs = new DemoJobs(stage);
    this.jobs = jobs;
    Progress progress = new Progress(stage.screen(), "calls", trace.calls().size());
    long began = System.nanoTime();
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try {
      List<Future<?>> all = new ArrayList<>();
      AtomicLong next = new AtomicLong();
      for (int i = 0; i < CALLERS; i++) {
        all.add(callers.submit(() -> callInTurn(stage, jobs, next, progress)));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      callers.shutdownNow();
    }
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    jobs.finish();
    jobs.awaitPayments();
    show(stage, jobs, took);
  }

  private void createUsers(DemoStage stage) {
    Map<DocRef, Map<String, Object>> created = new LinkedHashMap<>();
    for (int i = 0; i < users; i++) {
      created.put(
          new DocRef(Users.COLLECTION, user(i)),
          Map.of(
              Users.USER_ID,
              user(i),
              Users.EMAIL,
              user(i) + "@example.com",
              Users.TIER,
              "pro",
              Users.CREDITS_BALANCE,
              OPENING_BALANCE,
              Users.CREATED_AT,
              stage.host().clock().instant()));
    }
    stage.create(created);
  }

  private static String user(int index) {
    return "user-%03d".formatted(index);
  }

  private Void callInTurn(DemoStage stage, DemoJobs jobs, AtomicLong next, Progress progress)
      throws IOException, InterruptedException {
    long index;
    while ((index = next.getAndIncrement()) < trace.calls().size()) {
      call(stage, jobs, index, trace.calls().get((int) index));
      progress.step();
    }
    return null;
  }

  private void call(DemoStage stage, DemoJobs jobs, long index, LlmTrace.Call call)
      throws IOException, InterruptedException {
    // A few users make most of the calls: the first tenth of them nearly half. Seeds that follow
    // one another begin with nearly the same number.
    Random random = new Random(index * GOLDEN);
    int user = (int) (users * Math.pow(random.nextDouble(), 3));
    if (index % JOB_EVERY == 0) {
      jobs.order(index, user(user), random);
    } else {
      DemoCharges.Model model = charges.model(index);
      String key = debit(stage, "call-" + index, user, model, call);
      if (index % REPEAT_EVERY == 1) {
        attempt(stage, key, user, model, call);
      }
    }
    jobs.advance();
  }

  /** Debits a call, after a purchase where credits are wanting; the key by which it was done. */
  private String debit(
      DemoStage stage, String first, int user, DemoCharges.Model model, LlmTrace.Call call)
      throws IOException, InterruptedException {
    String key = first;
    for (int purchase = 1; !attempt(stage, key, user, model, call); purchase++) {
      if (purchase > MOST_PURCHASES) {
        stage.surprise(first + " was refused after " + MOST_PURCHASES + " purchases");
        return key;
      }
      refusals.incrementAndGet();
      key = first + "-" + purchase;
      buy(stage, key, user);
    }
    return key;
  }

  /** Whether a debit was answered by anything but a refusal for want of credits. */
  private boolean attempt(
      DemoStage stage, String key, int user, DemoCharges.Model model, LlmTrace.Call call)
      throws IOException, InterruptedException {
    String body = "{\"user_id\": \"%s\", \"usage\": %s}".formatted(user(user), model.usage(call));
    HttpResponse<String> response = stage.service().post("debit-credits", key, body);
    if (response.statusCode() == 402) {
      return false;
    }
    Optional<JsonObject> answer = stage.expect(200, "debit-credits", response);
    if (answer.isEmpty()) {
      return true;
    }
    if (response.headers().firstValue("Idempotency-Replayed").isPresent()) {
      replays.incrementAndGet();
    }
    ExactMicros cost = model.cost(call);
    String charged = answer.get().get("charge_exact").getAsString();
    if (!charged.equals(cost.text())) {
      stage.surprise(key + " costs " + cost.text() + " micro-USD and was charged " + charged);
    }
    // By key: where an answer was lost, the replay is the first that is heard of the debit.
    if (acknowledged.add(key)) {
      charges.add(user(user), cost);
    }
    return true;
  }

  private void buy(DemoStage stage, String key, int user) throws IOException, InterruptedException {
    String body =
        "{\"user_id\": \"%s\", \"amount\": %d, \"type\": \"purchase\"}"
            .formatted(user(user), PACKAGE);
    HttpResponse<String> response = stage.service().post("grant-credits", "buy-" + key, body);
    if (stage.expect(200, "grant-credits", response).isPresent()) {
      purchases.incrementAndGet();
    }
  }

  private void show(DemoStage stage, DemoJobs jobs, Duration took) {
    long operations = trace.calls().size() + replays.get() + refusals.get() + purchases.get();
    double seconds = Math.max(0.001, took.toMillis() / 1_000.0);
    stage.row("tokens", trace.calls().stream().mapToLong(LlmTrace.Call::tokens).sum());
    stage.row("models", charges.modelCount());
    stage.row("whole credits debited", charges.wholeCredits());
    stage.row("refused for want of credits", refusals.get());
    stage.row("purchases", purchases.get());
    stage.row("repeats answered as the first time", replays.get());
    jobs.summary().forEach(stage::row);
    stage.row("seconds", "%.1f".formatted(seconds));
    stage.row("operations a second", "%,.0f".formatted(operations / seconds));
    charges.show(stage.screen());
  }

  @Override
  public List<String> check(DemoStage stage) {
    List<String> findings = new ArrayList<>();
    for (int i = 0; i < users; i++) {
      stage.books().compare(user(i), charges.of(user(i)));
    }
    if (jobs == null || jobs.open() > 0) {
      findings.add("jobs without an end of their payment");
    }
    return findings;
  }
}
