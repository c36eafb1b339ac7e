package dev.meterkite.bench;

import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The workloads, each on documents of its own, which it creates: users with more credits than a run
 * can spend, customers without a quota, models with limits that nothing reaches.
 */
final class Workloads {
  private static final int CUSTOMERS = 50;
  private static final int MODELS = 8;
  private static final int DOCUMENTS_A_COMMIT = 500;
  private static final int COMMITS_AT_ONCE = 4;
  private static final int MOST_TRIES = 5;
  private static final long PLENTY = 1_000_000_000_000L;
  private static final Map<String, Object> NEW_USER =
      Map.of(
          Users.TIER,
          "pro",
          Users.CREDITS_BALANCE,
          PLENTY,
          Users.CREATED_AT,
          Instant.parse("2026-01-01T00:00:00Z"));

  private final Supplier<FirestoreStore> store;
  private final AzureTrace trace;
  private final int users;
  private final String run = Long.toString(System.currentTimeMillis(), 36);
  private int made;
  private @Nullable DocRef lastUser;
  private Map<String, Object> opened = Map.of();

  /**
   * @param store the one to use now, past any proxy
   * @param users how many there are where there are many
   */
  Workloads(Supplier<FirestoreStore> store, AzureTrace trace, int users) {
    this.store = store;
    this.trace = trace;
    this.users = users;
  }

  /** What no other workload of any run begins its ids and keys with. */
  private String prefix() {
    return run + "-" + made++;
  }

  /** Debits of one user by this function. */
  Workload hotUser(String function) {
    String prefix = prefix();
    createUsers(prefix, 1);
    return n -> debit(function, prefix, 0, n);
  }

  /**
   * Debits of one user by the tokens of a call, at a price of the seeded catalogue: 82.5 micro-USD,
   * so that one of 121 debits takes a credit.
   */
  Workload hotUserByTokens() {
    String prefix = prefix();
    createUsers(prefix, 1);
    return n ->
        new Workload.Call(
            "debit-credits",
            prefix + "-debit-" + n,
            "{\"user_id\":\""
                + prefix
                + "-0\",\"usage\":{\"provider\":\"openai\",\"model_id\":\"gpt-4o-mini\","
                + "\"input_tokens\":374,\"output_tokens\":44}}");
  }

  /** Debits of so many users, one after the other. */
  Workload inTurn(int count) {
    String prefix = prefix();
    createUsers(prefix, count);
    return n -> debit("debit-credits", prefix, (int) (n % count), n);
  }

  /** Debits of many users, the k-th as often as 1/k of the first. */
  Workload manyUsers() {
    String prefix = prefix();
    createUsers(prefix, users);
    Zipf zipf = new Zipf(users);
    return n -> debit("debit-credits", prefix, zipf.draw(n), n);
  }

  private static Workload.Call debit(String function, String prefix, int user, long n) {
    return new Workload.Call(
        function,
        prefix + "-debit-" + n,
        "{\"user_id\":\"" + prefix + "-" + user + "\",\"amount\":1}");
  }

  /** A hold and its capture, an operation of two calls, over many users by Zipf. */
  Workload holdsAndCaptures() {
    String prefix = prefix();
    createUsers(prefix, users);
    Zipf zipf = new Zipf(users);
    return new Workload() {
      @Override
      public Call first(long n) {
        return new Call(
            "hold-credits",
            prefix + "-hold-" + n,
            "{\"user_id\":\"" + prefix + "-" + zipf.draw(n) + "\",\"amount\":30}");
      }

      @Override
      public @Nullable Call then(long n, Call answered, String answer) {
        return answered.function().equals("hold-credits")
            ? new Call(
                "settle-hold",
                prefix + "-capture-" + n,
                "{\"hold_id\":\"" + member(answer, "hold_id") + "\",\"action\":\"capture\"}")
            : null;
      }
    };
  }

  /** Usage records of fifty customers in batches of so many; an operation is a batch. */
  Workload usage(int batch) {
    String prefix = prefix();
    create(CUSTOMERS, i -> customer(prefix, i, Map.of()));
    return n -> usage(prefix, batch, n);
  }

  private static Workload.Call usage(String prefix, int batch, long n) {
    String customer = prefix + "-" + n % CUSTOMERS;
    Instant now = Instant.now();
    StringBuilder body = new StringBuilder(batch > 1 ? "{\"records\":[" : "");
    for (int i = 0; i < batch; i++) {
      body.append(i > 0 ? "," : "")
          .append("{\"customer_id\":\"")
          .append(customer)
          .append("\",\"scene_id\":\"scene-")
          .append(n % 1_000)
          .append("\",\"action\":\"scene_generated\",\"timestamp\":\"")
          .append(now)
          .append("\",\"episodes_generated\":10}");
    }
    body.append(batch > 1 ? "]}" : "");
    return new Workload.Call("record-usage", prefix + "-usage-" + n, body.toString());
  }

  /** Each call of the trace reserves an estimate on one of eight models and settles the real. */
  Workload reserveAndSettle() {
    String prefix = prefix();
    create(MODELS, i -> model(prefix, i));
    return new Workload() {
      @Override
      public Call first(long n) {
        return new Call(
            "reserve-quota",
            prefix + "-reserve-" + n,
            "{\"provider\":\""
                + prefix
                + "\",\"model_id\":\"m"
                + spread(n, MODELS)
                + "\",\"tokens\":"
                + trace.call(n).estimated()
                + "}");
      }

      @Override
      public @Nullable Call then(long n, Call answered, String answer) {
        return answered.function().equals("reserve-quota")
            ? new Call(
                "settle-quota",
                prefix + "-settle-" + n,
                "{\"reservation_id\":\""
                    + member(answer, "reservation_id")
                    + "\",\"tokens\":"
                    + trace.call(n).real()
                    + "}")
            : null;
      }
    };
  }

  /**
   * Everything at once: of a hundred operations 55 debits, 15 holds with their captures, 15
   * reservations with their settlements, 13 single usage records, 2 batches of fifty.
   */
  Workload mixed() {
    Workload debits = manyUsers();
    Workload holds = holdsAndCaptures();
    Workload quotas = reserveAndSettle();
    Workload single = usage(1);
    Workload batches = usage(50);
    return new Workload() {
      private Workload of(long n) {
        int share = spread(n, 100);
        if (share < 55) {
          return debits;
        } else if (share < 70) {
          return holds;
        } else if (share < 85) {
          return quotas;
        }
        return share < 98 ? single : batches;
      }

      @Override
      public Call first(long n) {
        return of(n).first(n);
      }

      @Override
      public @Nullable Call then(long n, Call answered, String answer) {
        return of(n).then(n, answered, answer);
      }
    };
  }

  /** Customers whose month was over a while ago, so that a sweep has to reset each. */
  void dueCustomers(int count) {
    String prefix = prefix();
    Instant due = Instant.now().minus(Duration.ofDays(1));
    create(
        count,
        i ->
            customer(
                prefix,
                i,
                Map.of(
                    Customers.MONTHLY_SCENE_QUOTA,
                    100L,
                    Customers.SCENES_GENERATED_THIS_MONTH,
                    7L,
                    Customers.QUOTA_RESET_AT,
                    due.minus(Duration.ofDays(31)),
                    Customers.QUOTA_DUE_AT,
                    due)));
  }

  /**
   * Makes users from now on copies of the last one that was made, whose ledger the functions have
   * opened since. What opens a ledger looks for transactions of an older system, and for that the
   * emulator reads whatever the run has written so far: no play should measure it.
   */
  void copyLastUser() {
    opened = store.get().read(List.of(Objects.requireNonNull(lastUser))).join().get(0).fields();
  }

  private void createUsers(String prefix, int count) {
    lastUser = new DocRef(Users.COLLECTION, prefix + "-0");
    create(
        count,
        i -> {
          Map<String, Object> user = new HashMap<>(NEW_USER);
          user.putAll(opened);
          user.put(Users.USER_ID, prefix + "-" + i);
          user.put(Users.EMAIL, prefix + "-" + i + "@example.com");
          return Mutation.replace(new DocRef(Users.COLLECTION, prefix + "-" + i), user);
        });
  }

  private static Mutation customer(String prefix, int i, Map<String, Object> more) {
    Map<String, Object> customer = new HashMap<>(more);
    customer.put(Customers.ORGANIZATION_NAME, "Lab " + i);
    customer.put(Customers.BUNDLE_TIER, "enterprise");
    return Mutation.replace(new DocRef(Customers.COLLECTION, prefix + "-" + i), customer);
  }

  private static Mutation model(String prefix, int i) {
    Map<String, Object> quota = new HashMap<>();
    quota.put(ModelQuotas.PROVIDER, prefix);
    quota.put(ModelQuotas.MODEL_ID, "m" + i);
    quota.put(ModelQuotas.TOKENS_USED, 0L);
    quota.put(ModelQuotas.TOKENS_LIMIT, PLENTY);
    quota.put(ModelQuotas.RESET_AT, Instant.now().plus(Duration.ofDays(3_650)));
    return Mutation.replace(new DocRef(ModelQuotas.COLLECTION, prefix + "_m" + i), quota);
  }

  private void create(int count, IntFunction<Mutation> document) {
    List<CompletableFuture<Object>> underWay = new ArrayList<>();
    for (int from = 0; from < count; from += DOCUMENTS_A_COMMIT) {
      List<Mutation> commit = new ArrayList<>();
      for (int i = from; i < Math.min(count, from + DOCUMENTS_A_COMMIT); i++) {
        commit.add(document.apply(i));
      }
      underWay.add(commit(commit, MOST_TRIES));
      if (underWay.size() == COMMITS_AT_ONCE) {
        underWay.forEach(CompletableFuture::join);
        underWay.clear();
      }
    }
    underWay.forEach(CompletableFuture::join);
  }

  /** Whole documents are replaced, so that a commit without an answer may be sent again. */
  private CompletableFuture<Object> commit(List<Mutation> documents, int tries) {
    return store
        .get()
        .commit(documents)
        .<Object>thenApply(done -> done)
        .exceptionallyCompose(
            failure ->
                tries > 1 ? commit(documents, tries - 1) : CompletableFuture.failedFuture(failure));
  }

  /** The text of a member that stands in an answer once. */
  static String member(String json, String name) {
    int at = json.indexOf('"' + name + '"');
    int begin = json.indexOf('"', json.indexOf(':', at)) + 1;
    if (at < 0 || begin == 0) {
      throw new IllegalStateException("no " + name + " in " + json);
    }
    return json.substring(begin, json.indexOf('"', begin));
  }

  /** A number below {@code most} that is the same for the same n, and even over many n. */
  private static int spread(long n, int most) {
    return (int) Long.remainderUnsigned(mix(n), most);
  }

  /** SplitMix64. */
  private static long mix(long n) {
    long z = (n + 1) * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** Numbers from 0 to size − 1, the k-th with a chance proportional to 1 / (k + 1). */
  static final class Zipf {
    private final double[] cumulative;

    Zipf(int size) {
      cumulative = new double[size];
      double sum = 0;
      for (int k = 0; k < size; k++) {
        sum += 1.0 / (k + 1);
        cumulative[k] = sum;
      }
    }

    int draw(long n) {
      double chance = (mix(n) >>> 11) * 0x1.0p-53 * cumulative[cumulative.length - 1];
      int at = Arrays.binarySearch(cumulative, chance);
      return Math.min(cumulative.length - 1, at < 0 ? -at - 1 : at);
    }
  }
}
