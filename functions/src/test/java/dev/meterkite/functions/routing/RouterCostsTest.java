package dev.meterkite.functions.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.alerts.Alerting;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.health.Providers;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.quotas.Quotas;
import dev.meterkite.functions.store.EmulatedStore;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.usage.CountedStore;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.StoredSize;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.ReservationId;
import dev.meterkite.model.routing.RouteRequest;
import dev.meterkite.model.routing.TaskType;
import dev.meterkite.model.schema.Ids;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the router costs in calls of Firestore, counted at the gRPC layer too. */
class RouterCostsTest {
  private static final DocRef QUOTA = QuotaRules.owner("p", "m");
  private static final long LIMIT = 2_000_000;
  private static final int TRACE_CALLS = Boolean.getBoolean("meterkite.deep") ? 19_366 : 3_000;

  private final EmulatedStore emulated = new EmulatedStore();
  private final CountedStore store = new CountedStore(emulated.store());
  private final Backend backend =
      new Backend(
          emulated.settings(),
          store,
          InstantSource.system(),
          new Pauses(),
          Edge.of(emulated.settings()),
          Intake.of(emulated.settings()),
          Log.ofProcess(emulated.settings()));
  private final Alerting alerting = Alerting.of(backend);
  private final Quotas quotas = new Quotas(backend, alerting);
  private final Providers providers = new Providers(backend, quotas, alerting);
  private final Routing routing = new Routing(backend, quotas, providers, alerting);
  private final List<String> table = new ArrayList<>();

  private void set(DocRef ref, Map<String, Object> fields) {
    emulated.store().commit(List.of(Mutation.replace(ref, fields))).join();
  }

  private void quota(long limit) {
    set(
        QUOTA,
        Map.of(
            "provider",
            "p",
            "model_id",
            "m",
            "tokens_used",
            0L,
            "tokens_limit",
            limit,
            "reset_at",
            Instant.now().plus(Duration.ofDays(3650))));
  }

  private long rpcs() {
    return emulated.calls("Commit")
        + emulated.calls("BatchGetDocuments")
        + emulated.calls("RunQuery");
  }

  private void costs(String operation, Runnable run) {
    store.cost();
    long before = rpcs();
    run.run();
    CountedStore.Cost cost = store.cost();
    assertEquals(rpcs() - before, cost.trips(), operation);
    table.add(operation + ": " + cost.trips() + " " + cost.reads() + " " + cost.writes());
  }

  private String reserve(String key) {
    Reply reply =
        quotas.call(
            QuotaRules.reserve(
                QUOTA,
                key,
                "h",
                new QuotaCommand.Reserve("p", "m", 10, 1, QuotaRules.DEFAULT_TTL, null)));
    return JsonParser.parseString(((Reply.Answered) reply).json())
        .getAsJsonObject()
        .get("reservation_id")
        .getAsString();
  }

  private void settle(String reservation) {
    assertTrue(
        quotas.settle(ReservationId.parse(reservation).orElseThrow(), 7, "s", "h")
            instanceof Reply.Answered);
  }

  private void route() {
    Answer answer =
        routing.route(RouteRequest.of(TaskType.LLM, RouteRequest.Size.tokens(900, 100)), null, "h");
    assertEquals(200, answer.status(), answer.body());
  }

  private void catalogue(int models, boolean windows) {
    for (int i = 0; i < models; i++) {
      Map<String, Object> fields = new HashMap<>();
      fields.put("provider", "p" + i % 4);
      fields.put("model_id", "m" + i);
      fields.put("task_types", List.of("llm"));
      fields.put("context_tokens", 100_000L);
      fields.put("input_cost_micros_per_million", 1_000_000L + i);
      fields.put("output_cost_micros_per_million", 1_000_000L + i);
      if (windows) {
        fields.put("windows", Map.of("day", Map.of("tokens_limit", 1_000_000_000L)));
      }
      set(new DocRef("model_catalog", QuotaRules.id("p" + i % 4, "m" + i)), fields);
    }
  }

  @Test
  void operations_costWhatTheTableSays() {
    quota(LIMIT);
    List<String> reservations = new ArrayList<>();
    costs("reservation, cold", () -> reservations.add(reserve("a")));
    costs("reservation, warm", () -> reservations.add(reserve("b")));
    costs("settlement", () -> settle(reservations.get(0)));
    GroupCommit<HealthState, HealthCommand> health = backend.engine(new HealthRules());
    HealthCommand.Observe success =
        new HealthCommand.Observe("p", "m", 100, null, null, true, null);
    costs("outcome, cold", () -> health.call(HealthRules.observe(success)));
    costs("outcome, warm", () -> health.call(HealthRules.observe(success)));
    catalogue(1, true);
    costs("decision, catalogue unknown", this::route);
    costs("decision", this::route);
    String found = String.join("\n", table);
    System.out.println("operation: round trips, reads, writes\n" + found);
    assertEquals(
        """
        reservation, cold: 2 1 2
        reservation, warm: 1 0 2
        settlement: 1 0 2
        outcome, cold: 2 1 1
        outcome, warm: 1 0 1
        decision, catalogue unknown: 4 4 2
        decision: 2 2 2\
        """,
        found);
  }

  /** The prices of a catalogue are read once a minute, a query a model. */
  @Test
  void c22_fullPrices_areChargedByTheRouterToo() {
    catalogue(3, false);
    Map<String, Object> price = new HashMap<>();
    price.put("provider", "p1");
    price.put("model_id", "m1");
    price.put("effective_from", Instant.EPOCH);
    price.put(
        "components",
        List.of(
            Map.of("meter", "input", "unit", "token", "price", 10_000L),
            Map.of("meter", "output", "unit", "token", "price", 10_000L)));
    set(new DocRef("model_prices", "p1_m1_1970-01-01T00:00:00Z"), price);
    Answer answer =
        routing.route(RouteRequest.of(TaskType.LLM, RouteRequest.Size.tokens(900, 100)), null, "h");
    assertTrue(answer.body().contains("\"model_id\":\"m1\""), answer.body());
    assertTrue(answer.body().contains("\"cost_micros\":10,"), answer.body());
    store.cost();
    route();
    assertTrue(store.cost().reads() <= Routing.MOST_READS, "prices are known");
  }

  /** A thousand outcomes of one provider at once leave in few commits. */
  @Test
  void outcomesAtOnce_shareCommits() {
    GroupCommit<HealthState, HealthCommand> health = backend.engine(new HealthRules());
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    store.cost();
    for (int i = 0; i < 1_000; i++) {
      replies.add(
          health.submit(
              HealthRules.observe(
                  new HealthCommand.Observe("p", "m", 100, null, null, true, null))));
    }
    replies.forEach(reply -> assertTrue(reply.join() instanceof Reply.Answered));
    long writes = store.cost().writes();
    System.out.println("1,000 outcomes at once: " + writes + " writes");
    assertTrue(writes <= 20, writes + " writes");
  }

  /**
   * The calls of an hour of real traffic, where the file is there, reserve ahead and settle behind,
   * 32 at a time; 19,366 with -Dmeterkite.deep=true.
   */
  @Test
  void traceThroughOneQuota_sharesWrites_andRefusesNothingThatFits() throws IOException {
    List<long[]> calls = calls();
    long all = calls.stream().mapToLong(call -> call[0] + call[1]).sum();
    quota(all * 2); // More than 5 % stays free: whatever is refused is refused wrongly.
    store.cost();
    List<Mutation> commits = new ArrayList<>();
    int refused = 0;
    long spent = 0;
    long quotaWrites = 0;
    for (int from = 0; from < calls.size(); from += 32) {
      List<long[]> some = calls.subList(from, Math.min(calls.size(), from + 32));
      List<CompletableFuture<Reply>> reserved = new ArrayList<>();
      store.watch(commits);
      for (int i = 0; i < some.size(); i++) {
        reserved.add(
            quotas.submit(
                QuotaRules.reserve(
                    QUOTA,
                    "r" + (from + i),
                    "h",
                    new QuotaCommand.Reserve(
                        "p", "m", some.get(i)[0] + 1_024, 1, QuotaRules.DEFAULT_TTL, null))));
      }
      List<CompletableFuture<Reply>> settled = new ArrayList<>();
      for (int i = 0; i < some.size(); i++) {
        if (reserved.get(i).join() instanceof Reply.Answered answered) {
          String id =
              JsonParser.parseString(answered.json())
                  .getAsJsonObject()
                  .get("reservation_id")
                  .getAsString();
          spent += some.get(i)[0] + some.get(i)[1];
          settled.add(
              quotas.submit(
                  QuotaRules.settle(
                      ReservationId.parse(id).orElseThrow(),
                      some.get(i)[0] + some.get(i)[1],
                      "s" + (from + i),
                      "h")));
        } else {
          refused++;
        }
      }
      settled.forEach(reply -> assertTrue(reply.join() instanceof Reply.Answered));
      store.watch(null);
      quotaWrites += commits.stream().filter(mutation -> mutation.ref().equals(QUOTA)).count();
      commits.clear();
    }
    System.out.printf(
        "%,d calls of %,d tokens: %.3f writes of the quota document a call, %d refused%n",
        calls.size(), all, (double) quotaWrites / calls.size(), refused);
    assertEquals(0, refused);
    Map<String, Object> quota = emulated.store().read(List.of(QUOTA)).join().get(0).fields();
    assertEquals(spent, quota.get("tokens_used"));
    assertEquals(Map.of(), quota.get("reservations"));
    assertTrue(quotaWrites < calls.size(), quotaWrites + " writes");
  }

  private static List<long[]> calls() throws IOException {
    Path file = Path.of("../../shared/data/azure-llm-inference-conv-2023.csv");
    List<long[]> calls = new ArrayList<>();
    if (Files.isReadable(file)) {
      try (var lines = Files.lines(file)) {
        lines
            .skip(1)
            .limit(TRACE_CALLS)
            .map(line -> line.split(",", -1))
            .forEach(
                parts ->
                    calls.add(
                        new long[] {Long.parseLong(parts[1]), Long.parseLong(parts[2].strip())}));
      }
    }
    Random random = new Random(1);
    while (calls.size() < TRACE_CALLS) {
      calls.add(new long[] {1 + random.nextInt(4_000), 1 + random.nextInt(900)});
    }
    return calls;
  }

  /** Fifty candidates are looked at in two round trips, whoever else asks at the same time. */
  @Test
  void decisionsAtOnce_shareTheirReads() {
    catalogue(50, true);
    route();
    store.cost();
    List<CompletableFuture<Void>> calls = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      calls.add(CompletableFuture.runAsync(this::route, task -> thread(task)));
    }
    calls.forEach(CompletableFuture::join);
    CountedStore.Cost cost = store.cost();
    System.out.println("16 decisions among 50 candidates at once: " + cost);
    assertTrue(cost.reads() <= 16 * Routing.MOST_READS, cost::toString);
  }

  /** However many models there are, a call reads few documents and leaves a small one. */
  @Test
  void c58_decisionAmong183Models_readsTwentyDocuments_andIsSmall() {
    catalogue(183, true);
    for (String task : List.of("llm", "tts")) {
      set(new DocRef("model_catalog", "x_" + task), Map.of("provider", "x", "model_id", task));
    }
    route();
    store.cost();
    List<Mutation> commits = new ArrayList<>();
    store.watch(commits);
    Answer answer =
        routing.route(RouteRequest.of(TaskType.LLM, RouteRequest.Size.tokens(900, 100)), null, "h");
    store.watch(null);
    CountedStore.Cost cost = store.cost();
    long stored =
        commits.stream()
            .filter(mutation -> mutation.ref().collection().equals("routing_decisions"))
            .mapToLong(mutation -> mutation.fields().toString().length())
            .max()
            .orElseThrow();
    System.out.println(
        "decision among 183 models: "
            + cost
            + ", "
            + stored
            + " characters stored, "
            + answer.body().length()
            + " answered");
    assertTrue(cost.reads() <= Routing.MOST_READS, cost::toString);
    assertTrue(stored <= 8_000, "stored " + stored);
    assertTrue(answer.body().length() <= 2_000, answer.body());
  }

  /** What an explained call stores stays small, and its repeat answers the same where it can. */
  @Test
  void c58_explainedDecisions_storeAtMostEightKilobytes() {
    catalogue(183, true);
    Answer of183 = explained("small");
    Answer again = routing.route(explaining(), "small", "h");
    assertEquals(of183.body(), again.body());
    for (int i = 0; i < 40; i++) {
      String name =
          new Random(i)
              .ints(600, 'a', 'z' + 1)
              .mapToObj(Character::toString)
              .collect(Collectors.joining());
      Map<String, Object> fields = new HashMap<>();
      fields.put("provider", "q" + name.substring(0, 400));
      fields.put("model_id", name.substring(200));
      fields.put("task_types", List.of("tts"));
      fields.put("context_tokens", 100_000L);
      fields.put("input_cost_micros_per_million", 1L);
      fields.put("output_cost_micros_per_million", 1L);
      set(new DocRef("model_catalog", "long-" + i), fields);
    }
    Routing anew = new Routing(backend, quotas, providers, alerting);
    Answer first = anew.route(explaining(), "large", "h");
    assertTrue(stored("large") <= 8_000, "stored " + stored("large"));
    JsonObject repeated =
        JsonParser.parseString(anew.route(explaining(), "large", "h").body()).getAsJsonObject();
    assertTrue(listed(first) > 200, first.body());
    assertEquals(40, repeated.getAsJsonObject("excluded").get("task_type").getAsInt());
  }

  private static RouteRequest explaining() {
    return new RouteRequest(
        null, TaskType.LLM, RouteRequest.Size.tokens(900, 100), null, Set.of(), null, null, true);
  }

  private Answer explained(String key) {
    Answer answer = routing.route(explaining(), key, "h");
    assertEquals(200, answer.status(), answer.body());
    assertTrue(listed(answer) > 160, answer.body());
    assertTrue(stored(key) <= 8_000, "stored " + stored(key));
    return answer;
  }

  private static int listed(Answer answer) {
    return JsonParser.parseString(answer.body())
        .getAsJsonObject()
        .getAsJsonArray("excluded")
        .size();
  }

  private int stored(String key) {
    DocRef ref = new DocRef("routing_decisions", Ids.uuid("route-model", key));
    return StoredSize.of(emulated.store().read(List.of(ref)).join().get(0).fields());
  }

  /** A call that nothing can serve looks at all quotas, and still leaves a small document. */
  @Test
  void c58_decisionForNobody_isSmallToo() {
    catalogue(183, true);
    Map<String, Object> used = new HashMap<>();
    for (int i = 0; i < 183; i++) {
      used.put("provider", "p" + i % 4);
      used.put("model_id", "m" + i);
      used.put("tokens_used", 10L);
      used.put("tokens_limit", 1_500L);
      used.put("tokens_used", 1_000L);
      used.put("reset_at", Instant.now().plus(Duration.ofDays(3650)));
      set(QuotaRules.owner("p" + i % 4, "m" + i), used);
    }
    List<Mutation> commits = new ArrayList<>();
    store.watch(commits);
    Answer answer = routing.route(explaining(), null, "h");
    store.watch(null);
    assertEquals(503, answer.status(), answer.body());
    int size =
        commits.stream()
            .filter(mutation -> mutation.ref().collection().equals("routing_decisions"))
            .mapToInt(mutation -> StoredSize.of(mutation.fields()))
            .max()
            .orElseThrow();
    assertTrue(size <= 8_000, "stored " + size);
    assertTrue(size > 5_000, "stored " + size);
  }

  /** Models beyond the first page of the catalogue are seen, and cost a call no more reads. */
  @Test
  void catalogueOfManyPages_isSeenWhole() {
    List<Mutation> models = new ArrayList<>();
    for (int i = 0; i < 1_200; i++) {
      Map<String, Object> fields = new HashMap<>();
      fields.put("provider", "p");
      fields.put("model_id", String.format(Locale.ROOT, "m%04d", i));
      fields.put("task_types", List.of(i == 1_199 ? "llm" : "tts"));
      fields.put("context_tokens", 100_000L);
      fields.put("input_cost_micros_per_million", 1_000_000L);
      fields.put("output_cost_micros_per_million", 1_000_000L);
      models.add(
          Mutation.replace(new DocRef("model_catalog", "p_" + fields.get("model_id")), fields));
    }
    for (int from = 0; from < models.size(); from += 400) {
      emulated.store().commit(models.subList(from, from + 400)).join();
    }
    route();
    store.cost();
    Answer answer =
        routing.route(RouteRequest.of(TaskType.LLM, RouteRequest.Size.tokens(900, 100)), null, "h");
    assertTrue(answer.body().contains("m1199"), answer.body());
    assertTrue(store.cost().reads() <= Routing.MOST_READS);
  }

  private static void thread(Runnable task) {
    Thread thread = new Thread(task, "decision-" + UUID.randomUUID());
    thread.setDaemon(true);
    thread.start();
  }
}
