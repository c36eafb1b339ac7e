package dev.meterkite.functions.spans;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.credits.Credits;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.ForwardingStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.functions.usage.Metering;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.spans.SpanReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Spans while Firestore does not answer: the sender is told to come again, and pays once. */
class SpansOutageTest {
  private static final Instant NOW = Instant.parse("2026-03-10T10:00:00Z");

  private final ExecutorService turns = Executors.newSingleThreadExecutor();
  private final Firestore firestore = new Firestore();
  private final Spans spans = spans();

  @AfterEach
  void stop() {
    turns.shutdownNow();
  }

  /** While it is cut nothing is answered, though commits of users are applied. */
  private static final class Firestore extends ForwardingStore {
    private boolean cut;

    Firestore() {
      super(new MemoryStore());
    }

    private static <T> CompletableFuture<T> unanswered() {
      return CompletableFuture.failedFuture(new StoreException(StoreException.Kind.UNKNOWN, "cut"));
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      return cut ? unanswered() : super.read(refs);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      if (!cut) {
        return super.commit(mutations);
      }
      boolean ofUsers =
          mutations.stream().anyMatch(each -> each.ref().collection().equals("users"));
      return ofUsers ? super.commit(mutations).thenCompose(times -> unanswered()) : unanswered();
    }
  }

  private Spans spans() {
    Settings settings = new Settings(Map.of("GOOGLE_CLOUD_PROJECT", "p"));
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    Backend backend =
        new Backend(
            settings,
            firestore,
            () -> NOW,
            (delay, task) -> turns.execute(task),
            Edge.of(settings),
            Intake.of(settings),
            new Log(Optional.empty(), () -> NOW, nowhere));
    return new Spans(
        backend, new Credits(backend, new CurrentPlans(backend)), new Metering(backend));
  }

  private static SpanReader.Result span(int number, String who, String id) {
    List<Object> attributes = new ArrayList<>();
    Map.of(
            "gen_ai.operation.name",
            "chat",
            "gen_ai.provider.name",
            "openai",
            "gen_ai.request.model",
            "gpt-4o",
            who,
            id)
        .forEach(
            (key, value) ->
                attributes.add(Map.of("key", key, "value", Map.of("stringValue", value))));
    attributes.add(Map.of("key", "gen_ai.usage.input_tokens", "value", Map.of("intValue", "4000")));
    SpanReader.Result result =
        SpanReader.read(
            null,
            Map.of(
                "traceId",
                "5b8efff798038103d269b633813fc60c",
                "spanId",
                "eee19b7ec3c1b17" + number,
                "endTimeUnixNano",
                NOW.toEpochMilli() + "000000",
                "attributes",
                attributes));
    return assertInstanceOf(SpanReader.Result.Called.class, result);
  }

  private void set(String collection, String id, Map<String, Object> fields) {
    firestore.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  private Map<String, Object> read(String collection, String id) {
    return firestore.read(List.of(new DocRef(collection, id))).join().get(0).fields();
  }

  @Test
  void callsThatMayBeCharged_areA503_andARepeatChargesThemOnce() {
    set("users", "ada", Map.of("user_id", "ada", "tier", "payg", "credits_balance", 100L));
    set("customers", "lab-1", Map.of("customer_id", "lab-1", "bundle_tier", "pro"));
    SpanBatch users = new SpanBatch(List.of(span(1, "user.id", "ada"), span(2, "user.id", "ada")));
    SpanBatch customers = new SpanBatch(List.of(span(3, "meterkite.customer_id", "lab-1")));
    // The first one of each reads the price, and the documents that the engines then keep.
    assertEquals("{}", spans.take(new SpanBatch(List.of(span(4, "user.id", "ada")))).body());
    firestore.cut = true;
    for (SpanBatch batch : List.of(users, customers)) {
      Answer answer = spans.take(batch);
      assertEquals(503, answer.status(), answer.body());
      assertTrue(answer.headers().containsKey("Retry-After"), answer::toString);
    }
    firestore.cut = false;
    for (int i = 0; i < 2; i++) {
      assertEquals("{}", spans.take(users).body());
      assertEquals("{}", spans.take(customers).body());
    }
    // 4,000 tokens at 2.5 micro-USD are one credit; three calls.
    assertEquals(97L, read("users", "ada").get("credits_balance"));
    Map<?, ?> days = (Map<?, ?>) read("usage_summaries", "lab-1_2026-03").get("days");
    Map<?, ?> counted = (Map<?, ?>) ((Map<?, ?>) days.get("10")).get("model_chat");
    assertEquals(1L, counted.get("count"));
    assertEquals(10_000L, counted.get("billable_cost_micros"));
  }
}
