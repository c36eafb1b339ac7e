package dev.meterkite.local;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Debits, grants, holds, captures, releases and refunds over HTTP by many callers, each of whom
 * repeats a call with its key until it is answered; and what must then stand in the documents: each
 * acknowledged operation exactly once, and nothing else.
 *
 * <p>The same seed plans the same sequences. A sequence has its own keys and closes the holds that
 * it has opened; users are shared by all of them.
 */
final class CreditWorkload {
  private static final int MOST_COMMANDS = 8;
  private static final int PAGE = 500;
  private static final long OPENING_BALANCE = 60;
  private static final double SHARE_REPEATED = 0.1;
  private static final List<String> OPEN = List.of("held");

  private final Caller caller;
  private final long seed;
  private final int users;
  private final int sequences;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong replays = new AtomicLong();

  /** What was acknowledged: the amount by the id of its transaction, the status of each hold. */
  private final Map<String, Long> transactions = new ConcurrentHashMap<>();

  private final Map<String, String> holds = new ConcurrentHashMap<>();
  private final List<String> surprises = new ArrayList<>();

  CreditWorkload(Caller caller, long seed, int users, int sequences) {
    this.caller = caller;
    this.seed = seed;
    this.users = users;
    this.sequences = sequences;
  }

  /** The users, each with a balance of an older system. */
  void createUsers(Store store) {
    List<Mutation> all = new ArrayList<>();
    for (int i = 0; i < users; i++) {
      all.add(
          Mutation.replace(
              new DocRef(Users.COLLECTION, user(i)),
              Map.of(
                  Users.USER_ID,
                  user(i),
                  Users.TIER,
                  "payg",
                  Users.CREDITS_BALANCE,
                  OPENING_BALANCE)));
    }
    Pages.commit(store, () -> all);
  }

  private String user(int index) {
    return "worker-" + seed + "-" + index;
  }

  /** Plays all sequences that are left, with this many callers, and returns when all are done. */
  void play(int callers) throws InterruptedException, ExecutionException {
    ExecutorService pool = Executors.newFixedThreadPool(callers);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        all.add(pool.submit(this::playInTurn));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private @Nullable Void playInTurn() throws IOException, InterruptedException {
    int index;
    while ((index = next.getAndIncrement()) < sequences) {
      new Sequence(index).play();
    }
    return null;
  }

  long answered() {
    return answered.get();
  }

  long refused() {
    return refused.get();
  }

  long replays() {
    return replays.get();
  }

  private synchronized void surprise(String what) {
    surprises.add(what);
  }

  /** One caller's commands, one after the other. */
  private final class Sequence {
    private final int index;
    private final Random random;
    private final String user;
    private final List<String> open = new ArrayList<>();
    private final Map<String, Long> refundable = new ConcurrentHashMap<>();
    private int commands;

    Sequence(int index) {
      this.index = index;
      this.random = new Random(seed * 1_000_003 + index);
      this.user = user(random.nextInt(users));
    }

    void play() throws IOException, InterruptedException {
      int count = 2 + random.nextInt(MOST_COMMANDS - 1);
      for (int i = 0; i < count; i++) {
        step(random.nextInt(100), 1L + random.nextInt(40));
      }
      while (!open.isEmpty()) {
        settle(open.remove(0), random.nextBoolean(), 0);
      }
    }

    private void step(int kind, long amount) throws IOException, InterruptedException {
      if (kind < 40) {
        spent(call("debit-credits", "\"user_id\": \"" + user + "\", \"amount\": " + amount));
      } else if (kind < 55) {
        spent(
            call(
                "grant-credits",
                "\"user_id\": \"%s\", \"amount\": %d, \"type\": \"purchase\""
                    .formatted(user, amount)));
      } else if (kind < 75) {
        hold(amount);
      } else if (kind < 90 && !open.isEmpty()) {
        settle(open.remove(0), random.nextInt(3) > 0, amount);
      } else if (!refundable.isEmpty()) {
        refund(amount);
      }
    }

    private void hold(long amount) throws IOException, InterruptedException {
      JsonObject answer =
          call("hold-credits", "\"user_id\": \"" + user + "\", \"amount\": " + amount);
      if (answer != null) {
        String id = answer.getAsJsonObject("hold").get("hold_id").getAsString();
        holds.put(id, "held");
        open.add(id);
      }
    }

    /** Captures, up to {@code most} where that is not 0, or releases. */
    private void settle(String hold, boolean capture, long most)
        throws IOException, InterruptedException {
      String amount = capture && most > 0 && most < 5 ? ", \"amount\": 1" : "";
      String action = capture ? "capture" : "release";
      JsonObject answer =
          call(
              "settle-hold",
              "\"hold_id\": \"%s\", \"action\": \"%s\"%s".formatted(hold, action, amount));
      if (answer == null) {
        holds.put(hold, "expired");
        return;
      }
      holds.put(hold, capture ? "captured" : "released");
      spent(answer);
    }

    private void refund(long most) throws IOException, InterruptedException {
      Map.Entry<String, Long> each = refundable.entrySet().iterator().next();
      long amount = Math.min(most, each.getValue());
      JsonObject answer =
          call(
              "refund-credits",
              "\"transaction_id\": \"%s\", \"amount\": %d, \"reason\": \"test\""
                  .formatted(each.getKey(), amount));
      if (answer != null) {
        refundable.put(each.getKey(), each.getValue() - amount);
        refundable.values().removeIf(left -> left == 0);
        spent(answer);
      }
    }

    /** Notes the transaction of an answer, if it has one. */
    private void spent(@Nullable JsonObject answer) {
      JsonElement transaction = answer == null ? null : answer.get("transaction");
      if (transaction != null && transaction.isJsonObject()) {
        JsonObject fields = transaction.getAsJsonObject();
        String id = fields.get(CreditTransactions.TRANSACTION_ID).getAsString();
        long amount = fields.get(CreditTransactions.AMOUNT).getAsLong();
        if (transactions.put(id, amount) != null) {
          surprise("two operations were answered with transaction " + id);
        }
        if (amount < 0) {
          refundable.put(id, -amount);
        }
      }
    }

    /** The answer to a call, or null when it was refused; now and then asks a second time. */
    private @Nullable JsonObject call(String function, String fields)
        throws IOException, InterruptedException {
      String key = "s" + seed + "-" + index + "-" + commands++;
      String body = "{" + fields + "}";
      HttpResponse<String> response = caller.post(function, key, body);
      countReplay(response);
      if (response.statusCode() == 402 || response.statusCode() == 409) {
        refused.incrementAndGet();
        return null;
      }
      if (response.statusCode() != 200) {
        surprise(function + " answered " + response.statusCode() + ": " + response.body());
        return null;
      }
      answered.incrementAndGet();
      if (random.nextDouble() < SHARE_REPEATED) {
        HttpResponse<String> again = caller.post(function, key, body);
        countReplay(again);
        if (again.statusCode() != 200 || !again.body().equals(response.body())) {
          surprise(
              "%s answered %s and then %d %s"
                  .formatted(function, response.body(), again.statusCode(), again.body()));
        }
      }
      return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    private void countReplay(HttpResponse<String> response) {
      if (response.headers().firstValue("Idempotency-Replayed").isPresent()) {
        replays.incrementAndGet();
      }
    }
  }

  /** What is wrong, from the documents alone; nobody may be writing meanwhile. */
  List<String> check(Store store) {
    List<String> findings = new ArrayList<>(surprises);
    findings.addAll(Books.check(store).findings());
    Map<String, Long> missing = new ConcurrentHashMap<>(transactions);
    each(
        store,
        CreditTransactions.COLLECTION,
        transaction -> {
          Object amount = transaction.fields().get(CreditTransactions.AMOUNT);
          Long acknowledged = missing.remove(transaction.ref().id());
          if (acknowledged == null ? !isOwn(transaction) : !acknowledged.equals(amount)) {
            findings.add(
                transaction.ref() + ": " + amount + " booked, " + acknowledged + " acknowledged");
          }
          if (!(transaction.fields().get(CreditTransactions.BALANCE_AFTER) instanceof Long balance)
              || balance < 0) {
            findings.add(transaction.ref() + " leaves a balance below zero");
          }
        });
    missing.forEach((id, amount) -> findings.add(id + ": " + amount + " acknowledged and lost"));
    Map<String, String> lost = new ConcurrentHashMap<>(holds);
    each(
        store,
        CreditHolds.COLLECTION,
        hold -> {
          Object status = hold.fields().get(CreditHolds.STATUS);
          String acknowledged = lost.remove(hold.ref().id());
          if (!String.valueOf(status).equals(acknowledged) || OPEN.contains(acknowledged)) {
            findings.add(hold.ref() + " is " + status + ", acknowledged as " + acknowledged);
          }
        });
    lost.keySet().forEach(id -> findings.add("hold " + id + " acknowledged and lost"));
    return findings;
  }

  /** Whether a transaction is none of the callers': an opening balance, or an expiry. */
  private static boolean isOwn(Snapshot transaction) {
    Object type = transaction.fields().get(CreditTransactions.TYPE);
    return "admin_adjustment".equals(type) || "expiration".equals(type);
  }

  /** Every document of this workload's users. */
  private void each(Store store, String collection, Consumer<Snapshot> action) {
    Query query = Query.of(collection, PAGE).ascending(Query.ID);
    List<Snapshot> page = Pages.find(store, query);
    while (!page.isEmpty()) {
      page.stream()
          .filter(
              document ->
                  String.valueOf(document.fields().get(Users.USER_ID))
                      .startsWith("worker-" + seed + "-"))
          .forEach(action);
      page = Pages.find(store, query.after(List.of(page.get(page.size() - 1).ref().id())));
    }
  }
}
