package dev.meterkite.local.chaos;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.local.chaos.Calls.Answer;
import dev.meterkite.local.chaos.Journal.Operation;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.usage.UsageIds;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One caller, and the pipeline that it stands for. Of a hundred steps some forty spend or give
 * credits, twenty-five hold and settle, ten report usage one by one or in lists of up to two
 * hundred, and the others reserve model tokens, report outcomes, drive jobs on and register users.
 */
public final class Actor {
  private static final int MOST_OPEN = 20;
  private static final long STRETCH = 50;

  /** So many of a hundred steps are of credits. */
  private static final int OF_CREDITS = 66;

  private static final double SHARE_REPEATED = 0.03;
  private static final int LARGEST_BATCH = 200;

  /** What all actors share. */
  public record Stage(
      Calls calls, Store store, InstantSource clock, World world, Journal journal, long seed) {}

  /**
   * A hold or a reservation that waits for its settlement.
   *
   * @param owner the user, or the quota's document
   */
  private record Open(String id, String owner, long amount) {}

  private final Stage stage;
  private final String name;
  private final Deque<Open> holds = new ArrayDeque<>();
  private final Deque<Open> refundable = new ArrayDeque<>();
  private final Deque<Open> reservations = new ArrayDeque<>();
  private final Deque<String> jobs = new ArrayDeque<>();
  private final Map<String, String> usersOfJobs = new HashMap<>();
  private Random random = new Random(0);
  private long number;
  private int calls;

  /**
   * @param name no other actor of the stage has it; part of its keys
   */
  public Actor(Stage stage, String name) {
    this.stage = stage;
    this.name = name;
  }

  /**
   * Does the n-th thing.
   *
   * @param quietly whether it has to be one of credits, of whose documents no function is told
   */
  public void step(long n, boolean quietly) throws InterruptedException {
    number = n;
    calls = 0;
    random = new Random(stage.seed * 1_000_003 + n * 7_919);
    int kind = random.nextInt(quietly ? OF_CREDITS : 100);
    if (kind < 32) {
      debit();
    } else if (kind < 38) {
      grant();
    } else if (kind < 50) {
      hold();
    } else if (kind < 62) {
      settleOldest();
    } else if (kind < OF_CREDITS) {
      refund();
    } else if (kind < 72) {
      usage(1);
    } else if (kind < 76) {
      usage(2 + random.nextInt(LARGEST_BATCH - 1));
    } else if (kind < 83) {
      reserve();
    } else if (kind < 90) {
      settleReservation();
    } else if (kind < 93) {
      report();
    } else if (kind < 99) {
      drive();
    } else {
      register();
    }
  }

  /** Ends what is under way; one hold and one reservation of each ten are left to lapse. */
  public void finish() throws InterruptedException {
    while (!jobs.isEmpty()) {
      end(jobs.remove());
    }
    while (!holds.isEmpty()) {
      if (random.nextInt(10) == 0) {
        holds.remove();
      } else {
        settle(holds.remove());
      }
    }
    while (!reservations.isEmpty()) {
      if (random.nextInt(10) == 0) {
        reservations.remove();
      } else {
        settle(reservations.remove(), random.nextInt(2_000));
      }
    }
  }

  /**
   * In one of three stretches of steps all callers are busy with one user, so that the processes
   * hand their commands over to each other.
   */
  private String user() {
    double draw = random.nextDouble();
    return isOfOneUser() ? stage.world.user(0) : stage.world.drawnUser(draw);
  }

  private boolean isOfOneUser() {
    return number / STRETCH % 3 == 1;
  }

  private void debit() throws InterruptedException {
    String user = user();
    // One in twenty may be more than the user has.
    long amount = 1L + random.nextInt(random.nextInt(20) == 0 ? 3_000 : 30);
    String key = key();
    JsonObject answer =
        credits(
            CreditCommands.DEBIT,
            user,
            key,
            -amount,
            "{\"user_id\":\"%s\",\"amount\":%d,\"description\":\"%s\"}"
                .formatted(user, amount, key));
    if (answer != null && refundable.size() < MOST_OPEN) {
      refundable.add(new Open(marker(CreditCommands.DEBIT, user, key), user, amount));
    }
  }

  private void grant() throws InterruptedException {
    grant(user());
  }

  /** Gives a user something, outside of the steps. */
  public void grant(String user) throws InterruptedException {
    long amount = 1L + random.nextInt(200);
    String key = key();
    String expiry =
        random.nextBoolean()
            ? ",\"expires_at\":\"" + now().plus(Duration.ofHours(48 + random.nextInt(1_000))) + "\""
            : "";
    credits(
        CreditCommands.GRANT,
        user,
        key,
        amount,
        "{\"user_id\":\"%s\",\"amount\":%d,\"type\":\"purchase\",\"description\":\"%s\"%s}"
            .formatted(user, amount, key, expiry));
  }

  private void hold() throws InterruptedException {
    String user = user();
    long amount = 1L + random.nextInt(30);
    String key = key();
    JsonObject answer =
        credits(
            CreditCommands.HOLD,
            user,
            key,
            amount,
            "{\"user_id\":\"%s\",\"amount\":%d}".formatted(user, amount));
    if (answer != null) {
      holds.add(new Open(marker(CreditCommands.HOLD, user, key), user, amount));
    }
    if (holds.size() > MOST_OPEN) {
      settle(holds.remove());
    }
  }

  private void settleOldest() throws InterruptedException {
    if (!holds.isEmpty()) {
      settle(holds.remove());
    }
  }

  private void settle(Open hold) throws InterruptedException {
    boolean capture = random.nextInt(3) > 0;
    boolean part = capture && random.nextBoolean();
    long amount = !capture ? 0 : part ? 1L + random.nextInt((int) hold.amount) : hold.amount;
    String asked = part ? ",\"amount\":" + amount : "";
    credits(
        CreditCommands.SETTLE,
        hold.owner,
        key(),
        -amount,
        "{\"hold_id\":\"%s\",\"action\":\"%s\"%s}"
            .formatted(hold.id, capture ? "capture" : "release", asked));
  }

  private void refund() throws InterruptedException {
    if (refundable.isEmpty()) {
      return;
    }
    Open debit = refundable.remove();
    long amount = 1L + random.nextInt((int) debit.amount);
    String key = key();
    credits(
        CreditCommands.REFUND,
        debit.owner,
        key,
        amount,
        "{\"transaction_id\":\"%s\",\"amount\":%d,\"reason\":\"%s\"}"
            .formatted(debit.id, amount, key));
  }

  /** Calls, and notes what became of it; null unless it was applied. */
  private @Nullable JsonObject credits(
      String function, String user, String key, long amount, String body)
      throws InterruptedException {
    Instant begun = stage.journal.now();
    Answer response = call(function, key, body);
    Outcome outcome = outcome(function, response);
    stage.journal.note(
        marker(function, user, key),
        new Operation(function, user, amount, outcome, null, begun, stage.journal.now()));
    return response != null && outcome == Outcome.APPLIED ? json(response) : null;
  }

  private static String marker(String function, String user, String key) {
    return Ids.marker(function, CreditRefs.user(user), key);
  }

  private void usage(int count) throws InterruptedException {
    int index = random.nextInt(stage.world.customers());
    String customer = stage.world.customer(index);
    String key = key();
    List<String> ids = new ArrayList<>();
    List<String> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Instant at = now().minusMillis(random.nextInt(60_000));
      String scene = "scene-" + random.nextInt(20);
      String action = random.nextInt(3) > 0 ? "scene_generated" : "episodes_generated";
      items.add(
          "{\"customer_id\":\"%s\",\"scene_id\":\"%s\",\"action\":\"%s\",\"timestamp\":\"%s\",\"episodes_generated\":%d}"
              .formatted(customer, scene, action, at, random.nextInt(10)));
      ids.add(UsageIds.record(customer, scene, action, at, UsageIds.positional(key, i)));
    }
    String body = count == 1 ? items.get(0) : "{\"records\":[" + String.join(",", items) + "]}";
    Answer response = call("record-usage", key, body);
    Outcome outcome = outcome("record-usage", response);
    if (response == null || outcome != Outcome.APPLIED) {
      ids.forEach(id -> noteRecord(id, outcome));
      return;
    }
    JsonArray results = json(response).getAsJsonArray("results");
    if (results.size() != ids.size()) {
      stage.journal.surprise("record-usage answered " + results.size() + " of " + ids.size());
    }
    for (int i = 0; i < Math.min(ids.size(), results.size()); i++) {
      JsonObject result = results.get(i).getAsJsonObject();
      JsonElement id = result.get("id");
      if (id == null || !id.getAsString().equals(ids.get(i))) {
        stage.journal.surprise("record-usage answered " + result + " for " + ids.get(i));
      }
      boolean refused = result.get("status").getAsString().equals("refused");
      noteRecord(ids.get(i), refused ? Outcome.REFUSED : Outcome.APPLIED);
    }
  }

  private void noteRecord(String id, Outcome outcome) {
    stage.journal.records.put(id, outcome);
    stage.journal.count("record-usage", outcome);
  }

  private void reserve() throws InterruptedException {
    String model = stage.world.model(random.nextInt(World.MODELS));
    DocRef quota = QuotaRules.owner(World.PROVIDER, model);
    long tokens = 1L + random.nextInt(2_000);
    String key = key();
    Instant begun = stage.journal.now();
    Answer response =
        call(
            QuotaRules.RESERVE,
            key,
            "{\"provider\":\"%s\",\"model_id\":\"%s\",\"tokens\":%d,\"ttl_seconds\":%d}"
                .formatted(World.PROVIDER, model, tokens, 60 + random.nextInt(3_000)));
    String marker = Ids.marker(QuotaRules.RESERVE, quota, key);
    Outcome outcome = outcome(QuotaRules.RESERVE, response);
    stage.journal.note(
        marker,
        new Operation(
            QuotaRules.RESERVE, quota.id(), tokens, outcome, null, begun, stage.journal.now()));
    if (outcome == Outcome.APPLIED) {
      reservations.add(new Open(marker, quota.id(), tokens));
    }
    if (reservations.size() > MOST_OPEN) {
      settle(reservations.remove(), tokens);
    }
  }

  private void settleReservation() throws InterruptedException {
    if (!reservations.isEmpty()) {
      settle(reservations.remove(), random.nextInt(2_500));
    }
  }

  private void settle(Open reservation, long tokens) throws InterruptedException {
    String key = key();
    Instant begun = stage.journal.now();
    Answer response =
        call(
            QuotaRules.SETTLE,
            key,
            "{\"reservation_id\":\"%s:%s\",\"tokens\":%d}"
                .formatted(reservation.owner, reservation.id, tokens));
    DocRef quota = new DocRef("model_quotas", reservation.owner);
    stage.journal.note(
        Ids.marker(QuotaRules.SETTLE, quota, key),
        new Operation(
            QuotaRules.SETTLE,
            reservation.owner,
            tokens,
            outcome(QuotaRules.SETTLE, response),
            reservation.id,
            begun,
            stage.journal.now()));
  }

  private void report() throws InterruptedException {
    String provider = "provider-" + random.nextInt(3);
    String key = key();
    Answer response =
        call(
            "report-outcome",
            key,
            "{\"provider\":\"%s\",\"success\":%s,\"latency_ms\":%d%s}"
                .formatted(
                    provider,
                    random.nextInt(4) > 0,
                    100 + random.nextInt(4_000),
                    random.nextBoolean() ? ",\"http_status\":503" : ""));
    Outcome outcome = outcome("report-outcome", response);
    stage.journal.reports.put(key, new Journal.Report(provider, outcome));
    stage.journal.count("report-outcome", outcome);
  }

  /** Begins a job, or drives one on that has begun. */
  private void drive() {
    if (jobs.size() < MOST_OPEN && random.nextBoolean()) {
      begin();
    } else if (!jobs.isEmpty()) {
      String job = jobs.remove();
      if (random.nextBoolean()) {
        write(job, Map.of(PodcastJobs.STATUS, "running", PodcastJobs.UPDATED_AT, now()));
        jobs.add(job);
      } else {
        end(job);
      }
    }
  }

  private void begin() {
    String job = "job-" + number;
    String user = user();
    usersOfJobs.put(job, user);
    stage.journal.jobs.put(job, new Journal.Job(user, "queued"));
    World.write(stage.store, Mutation.replace(ref(job), document(job, "queued")));
    stage.journal.count(PodcastJobs.COLLECTION, Outcome.APPLIED);
    jobs.add(job);
  }

  private Map<String, Object> document(String job, String status) {
    Map<String, Object> fields = new HashMap<>();
    fields.put(PodcastJobs.JOB_ID, job);
    fields.put(PodcastJobs.USER_ID, String.valueOf(usersOfJobs.get(job)));
    fields.put(PodcastJobs.TOPIC, "chaos");
    // Known again when the document is set anew.
    fields.put(PodcastJobs.DURATION_MIN, 1 + (job.hashCode() & 15));
    fields.put(PodcastJobs.STATUS, status);
    fields.put(PodcastJobs.CREATED_AT, now());
    fields.put(PodcastJobs.UPDATED_AT, now());
    fields.replaceAll(
        (name, value) -> value instanceof Integer number ? Long.valueOf(number) : value);
    return fields;
  }

  /** What a job of this workload costs: standard in all, a credit a minute. */
  static long price(Snapshot job) {
    return job.fields().get(PodcastJobs.DURATION_MIN) instanceof Long minutes ? minutes : 0;
  }

  /** Ends a job in one of four ways; now and then by a {@code set()} of the whole document. */
  private void end(String job) {
    String status = List.of("completed", "completed", "failed", "cancelled").get(random.nextInt(4));
    Journal.Job known = new Journal.Job(String.valueOf(usersOfJobs.remove(job)), status);
    if (random.nextInt(20) == 0) {
      stage.journal.jobs.put(job, new Journal.Job(known.user(), null));
      World.write(stage.store, Mutation.delete(ref(job)));
      stage.journal.count(PodcastJobs.COLLECTION, Outcome.APPLIED);
      return;
    }
    stage.journal.jobs.put(job, known);
    if (random.nextInt(10) == 0) {
      usersOfJobs.put(job, known.user());
      World.write(stage.store, Mutation.replace(ref(job), document(job, status)));
      usersOfJobs.remove(job);
      stage.journal.count(PodcastJobs.COLLECTION, Outcome.APPLIED);
    } else {
      write(job, Map.of(PodcastJobs.STATUS, status, PodcastJobs.UPDATED_AT, now()));
    }
  }

  private void write(String job, Map<String, Object> fields) {
    World.write(stage.store, Mutation.blind(ref(job), fields, Map.of()));
    stage.journal.count(PodcastJobs.COLLECTION, Outcome.APPLIED);
  }

  private static DocRef ref(String job) {
    return new DocRef(PodcastJobs.COLLECTION, job);
  }

  /** A user who registers, without any balance yet. */
  private void register() {
    String user = "registered-" + number;
    World.create(
        stage.store,
        Mutation.create(
            CreditRefs.user(user),
            Map.of(
                Users.USER_ID,
                user,
                Users.EMAIL,
                user + "@example.com",
                Users.TIER,
                random.nextBoolean() ? "free" : "enthu",
                Users.CREATED_AT,
                now())));
    stage.journal.registered.add(user);
    stage.journal.count(Users.COLLECTION, Outcome.APPLIED);
  }

  private Instant now() {
    return stage.clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private String key() {
    return "c" + stage.seed + "-" + number + "-" + calls++ + "-" + name;
  }

  /** The last answer; null when there never was one. Now and then asks a second time. */
  private @Nullable Answer call(String function, String key, String body)
      throws InterruptedException {
    try {
      Answer response = stage.calls.post(function, key, body);
      noteReplay(response);
      if (response.status() == 200 && random.nextDouble() < SHARE_REPEATED) {
        repeat(function, key, body, response);
      }
      return response;
    } catch (IOException noAnswer) {
      return null;
    }
  }

  private void repeat(String function, String key, String body, Answer first)
      throws InterruptedException {
    Answer again;
    try {
      again = stage.calls.post(function, key, body);
    } catch (IOException noAnswer) {
      return; // The first answer holds.
    }
    noteReplay(again);
    boolean sure = again.status() < 500 && again.status() != 429;
    if (sure && (again.status() != 200 || !again.body().equals(first.body()))) {
      stage.journal.surprise(
          "%s answered %s and then %d %s"
              .formatted(function, first.body(), again.status(), again.body()));
    }
  }

  private void noteReplay(Answer response) {
    if (response.isReplay()) {
      stage.journal.replayed();
    }
  }

  private Outcome outcome(String function, @Nullable Answer response) {
    if (response != null && response.status() == 500) {
      stage.journal.surprise(function + " answered 500 to the end: " + response.body());
    }
    if (response == null || response.status() == 429 || response.status() >= 500) {
      return Outcome.UNKNOWN;
    }
    if (response.status() == 200) {
      return Outcome.APPLIED;
    }
    // The clock may have passed the expiry of a grant while it was tried.
    boolean late = response.status() == 400 && response.body().contains("must be later than");
    if (response.status() != 402 && response.status() != 409 && !late) {
      stage.journal.surprise(function + " answered " + response.status() + ": " + response.body());
    }
    return Outcome.REFUSED;
  }

  private static JsonObject json(Answer response) {
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }
}
