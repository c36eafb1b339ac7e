package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.ForwardingStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.functions.usage.Metering;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.stripe.StripeEvent;
import java.io.OutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What stands still for an hour: Firestore, Eventarc, Cloud Scheduler, Stripe. Five hours of
 * callers, a pipeline, events, schedules and payments are played minute by minute in virtual time,
 * with the second hour as it is named; then every balance, payment and transaction is what it is
 * without a standstill.
 */
class StandstillTest {
  private static final Instant START = Instant.parse("2026-03-10T10:00:00Z");
  private static final int FROM = 60;
  private static final int TO = 120;
  private static final int END = 300;
  private static final String USER = "u";

  private final ExecutorService turns = Executors.newSingleThreadExecutor();

  @AfterEach
  void stop() {
    turns.shutdownNow();
  }

  /** What stands still in the second hour. */
  private enum Still {
    NOTHING,
    FIRESTORE,
    /** The service account of credits is disabled; that of usage goes on. */
    ACCOUNT,
    /** Events come after the hour, in any order and twice. */
    EVENTARC,
    /** Events of the hour never come. */
    EVENTS_LOST,
    SCHEDULER,
    STRIPE,
    ALL
  }

  /** Firestore: while it stands nothing is answered, and what was under way may yet be applied. */
  private static final class Firestore extends ForwardingStore {
    private boolean stands;
    private StoreException.Kind kind = StoreException.Kind.UNKNOWN;
    private int underWay = 3;

    Firestore(Store store) {
      super(store);
    }

    private <T> CompletableFuture<T> unless(Supplier<CompletableFuture<T>> call) {
      return stands
          ? CompletableFuture.failedFuture(new StoreException(kind, "while it stands still"))
          : call.get();
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      return unless(() -> super.read(refs));
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      return unless(() -> super.find(query));
    }

    @Override
    public CompletableFuture<Number> total(Query query, String sum) {
      return unless(() -> super.total(query, sum));
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      if (stands && kind == StoreException.Kind.UNKNOWN && underWay-- > 0) {
        return super.commit(mutations).thenCompose(times -> unless(() -> super.commit(mutations)));
      }
      return unless(() -> super.commit(mutations));
    }
  }

  /** The product around the functions of credits. */
  private final class World {
    private final Still still;
    private final Random random = new Random(7);
    private final MemoryStore documents = new MemoryStore();
    private final Firestore firestore = new Firestore(documents);
    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final Backend backend;
    private final Credits credits;
    private final DueCredits due;
    private final OnJobWritten onJob;
    private final OnUserCreated onUser;
    private final StripeEvents stripe;
    private final Metering metering;

    /** What callers, the pipeline and Stripe try each minute until it is done. */
    private final List<BooleanSupplier> open = new ArrayList<>();

    private final List<Runnable> events = new ArrayList<>();
    private final List<StripeEvent> toldLater = new ArrayList<>();
    private final List<Map<String, Object>> sweeps = new ArrayList<>();
    private int minute;

    World(Still still) {
      this.still = still;
      Settings settings =
          new Settings(
              Map.of("GOOGLE_CLOUD_PROJECT", "p", "STRIPE_PRICES", "{\"price_100\": 100}"));
      PrintStream nowhere =
          new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
      this.backend =
          new Backend(
              settings,
              firestore,
              now::get,
              (delay, task) -> turns.execute(task),
              Edge.of(settings),
              Intake.of(settings),
              new Log(Optional.empty(), now::get, nowhere));
      this.credits = new Credits(backend, new CurrentPlans(backend));
      this.due = new DueCredits(backend, credits);
      this.onJob = new OnJobWritten(backend.intake(), credits);
      this.onUser = new OnUserCreated(backend.intake(), credits);
      this.stripe = new StripeEvents(backend, credits);
      this.metering = new Metering(backend.with(documents));
    }

    private boolean stands(Still... what) {
      return minute >= FROM && minute < TO && (still == Still.ALL || List.of(what).contains(still));
    }

    /** Plays it, and says in which minute everything was caught up with after the hour. */
    int play() {
      write(
          CreditRefs.user(USER),
          Map.of("user_id", USER, "tier", "payg", "credits_balance", 1_000L));
      write(new DocRef("customers", "lab-1"), Map.of("customer_id", "lab-1", "bundle_tier", "pro"));
      int caughtUp = 0;
      for (minute = 0; minute < END; minute++) {
        now.set(START.plus(Duration.ofMinutes(minute)));
        firestore.stands = stands(Still.FIRESTORE, Still.ACCOUNT);
        firestore.kind =
            still == Still.ACCOUNT ? StoreException.Kind.DENIED : StoreException.Kind.UNKNOWN;
        if (stands(Still.ACCOUNT)) {
          others();
        }
        plan();
        open.removeIf(each -> attempt(each));
        deliver();
        if (minute % 60 == 0 && !stands(Still.SCHEDULER)) {
          attempt(() -> sweeps.add(due.sweep()));
        }
        if (minute >= TO && !isCaughtUp()) {
          caughtUp = minute + 1;
        }
      }
      assertTrue(isCaughtUp(), () -> "never caught up: " + find("podcast_jobs") + find("users"));
      return caughtUp;
    }

    private void others() {
      Map<String, Object> record =
          Map.of("customer_id", "lab-1", "scene_id", "s-" + minute, "action", "export");
      assertEquals(
          200, metering.record(List.of(record), true, "k-" + minute, "h" + minute).status());
    }

    /** False where it has to be tried again. */
    private boolean attempt(BooleanSupplier call) {
      try {
        return call.getAsBoolean();
      } catch (RuntimeException e) {
        assertTrue(firestore.stands, () -> minute + ": " + e);
        return false;
      }
    }

    private void plan() {
      if (minute == 185) {
        // Without its event a new user has no ledger before its first command.
        open.add(() -> credits.carryOut(CreditCommands.view("new")).status() == 200);
      }
      if (minute >= 180) {
        return; // two hours to settle
      }
      String key = "debit-" + minute;
      open.add(
          () ->
              credits.carryOut(CreditCommands.debit(USER, 1, null, null, key, "h")).status()
                  == 200);
      if (minute % 7 == 0) {
        job("job-" + minute, minute % 2 == 0 ? "completed" : "failed");
      }
      if (minute == 45) {
        open.add(
            () ->
                credits
                        .carryOut(
                            CreditCommands.hold(
                                USER, 20, null, Duration.ofMinutes(40), "hold", "h"))
                        .status()
                    == 200);
      }
      if (minute == 75) {
        DocRef ref = CreditRefs.user("new");
        Map<String, Object> fields =
            Map.of("user_id", "new", "tier", "enthu", "created_at", now.get());
        open.add(
            () -> {
              write(ref, fields);
              happened(() -> onUser.accept(FakeEvent.of(ref, Map.of(), fields)));
              return true;
            });
      }
      if (minute % 25 == 10) {
        buys(minute);
      }
    }

    /** A job that is queued, and ends five minutes later. */
    private void job(String id, String end) {
      DocRef ref = new DocRef("podcast_jobs", id);
      Map<String, Object> queued = new HashMap<>();
      queued.put("user_id", USER);
      queued.put("topic", "kites");
      queued.put("duration_min", 4L);
      queued.put("status", "queued");
      queued.put("created_at", now.get());
      int begins = minute;
      boolean[] begun = {false};
      open.add(
          () -> {
            if (!begun[0]) {
              write(ref, queued);
              happened(() -> onJob.accept(FakeEvent.of(ref, Map.of(), queued)));
              begun[0] = true;
            }
            if (minute < begins + 5) {
              return false;
            }
            Map<String, Object> before = firestore.read(List.of(ref)).join().get(0).fields();
            Map<String, Object> after = new HashMap<>(before);
            after.put("status", end);
            write(ref, after);
            happened(() -> onJob.accept(FakeEvent.of(ref, before, after)));
            return true;
          });
    }

    /** Stripe sells a package, and tells until it is answered 200. */
    private void buys(int number) {
      Map<String, Object> session = new HashMap<>();
      session.put("id", "cs_" + number);
      session.put("mode", "payment");
      session.put("payment_status", "paid");
      session.put("customer", "cus_1");
      session.put("payment_intent", "pi_" + number);
      session.put("currency", "usd");
      session.put("amount_subtotal", BigDecimal.valueOf(600));
      session.put("metadata", Map.of("user_id", USER, "price_id", "price_100"));
      StripeEvent event =
          new StripeEvent("evt_" + number, "checkout.session.completed", now.get(), session);
      if (stands(Still.STRIPE)) {
        toldLater.add(event);
        toldLater.add(event);
      } else {
        open.add(() -> stripe.take(event).status() == 200);
      }
    }

    private void write(DocRef ref, Map<String, Object> fields) {
      firestore.commit(List.of(Mutation.replace(ref, fields))).join();
    }

    /** Something was written that a trigger listens to. */
    private void happened(Runnable event) {
      if (!stands(Still.EVENTS_LOST)) {
        events.add(event);
      }
    }

    private void deliver() {
      if (minute == TO) {
        events.addAll(List.copyOf(events)); // some come twice
        Collections.shuffle(events, random);
        Collections.shuffle(toldLater, random);
        toldLater.forEach(event -> open.add(() -> stripe.take(event).status() == 200));
        toldLater.clear();
      }
      if (!stands(Still.EVENTARC)) {
        events.removeIf(
            event ->
                attempt(
                    () -> {
                      event.run();
                      return true;
                    }));
      }
    }

    /** Nothing waits, and no job lacks what it should have. */
    private boolean isCaughtUp() {
      return events.isEmpty()
          && toldLater.isEmpty()
          && (minute < 186 || open.isEmpty())
          && find("podcast_jobs").stream()
              .allMatch(
                  job ->
                      job.fields().get("payment") instanceof Map<?, ?> payment
                          && String.valueOf(payment.get("status"))
                              .equals(wanted(job.fields().get("status"))))
          && heldOf(firestore.read(List.of(CreditRefs.user(USER))).join().get(0)) <= 4 * 4;
    }

    private String wanted(Object status) {
      return switch (String.valueOf(status)) {
        case "completed" -> "captured";
        case "failed" -> "released";
        default -> "held";
      };
    }

    private long heldOf(Snapshot user) {
      return (Long) ((Map<?, ?>) user.fields().get("ledger")).get("held");
    }

    private List<Snapshot> find(String collection) {
      return firestore.find(Query.of(collection, 10_000).ascending(Query.ID)).join();
    }

    /** Balances, payments, and how often which amount moved for what. */
    Map<String, Object> outcome() {
      Map<String, Object> outcome = new HashMap<>();
      for (Snapshot user : find("users")) {
        outcome.put(
            user.ref().toString(), user.fields().get("credits_balance") + "/" + heldOf(user));
      }
      for (Snapshot job : find("podcast_jobs")) {
        Map<?, ?> payment = (Map<?, ?>) job.fields().get("payment");
        outcome.put(job.ref().toString(), payment.get("status") + " " + payment.get("credits"));
      }
      for (Snapshot transaction : find("credit_transactions")) {
        Map<String, Object> fields = transaction.fields();
        String what = fields.get("type") + " " + fields.get("amount") + " " + fields.get("job_id");
        outcome.merge(what, 1, (one, other) -> (Integer) one + (Integer) other);
      }
      assertEquals(0L, new Reconciliation(backend).walk().get("mismatches"));
      return outcome;
    }

    Map<String, Object> lastSweep() {
      return sweeps.get(sweeps.size() - 1);
    }
  }

  @Test
  void afterAnHour_everythingIsAsWithoutOne() {
    World control = new World(Still.NOTHING);
    assertEquals(0, control.play(), "nothing to catch up with");
    Map<String, Object> expected = control.outcome();
    assertEquals(180, expected.get("deduction -1 null"), expected::toString);
    assertEquals(7, expected.get("purchase 100 null"), expected::toString);
    for (Still still : Still.values()) {
      World world = new World(still);
      int caughtUp = world.play();
      assertEquals(expected, world.outcome(), still.name());
      Map<String, Object> sweep = world.lastSweep();
      assertEquals(0L, sweep.get("failed"), still.name());
      assertEquals(false, sweep.get("more"), still.name());
      assertEquals(0L, sweep.get("jobs_found"), still + ": no event is missed any more");
      System.out.printf(
          "standstill of %s: caught up %d minutes after its end%n",
          still, Math.max(0, caughtUp - TO));
      int bound = still == Still.EVENTS_LOST ? 60 : still == Still.NOTHING ? 0 : 5;
      assertTrue(Math.max(0, caughtUp - TO) <= bound, still + " in minute " + caughtUp);
    }
  }
}
