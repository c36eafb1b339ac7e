package dev.meterkite.functions.simulated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.events.cloud.firestore.v1.DocumentEventData;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import io.cloudevents.CloudEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What surrounds the simulated database: events, schedules, ends of documents, pace, faults. */
class PlatformTest {
  private static final DocRef JOB = new DocRef("podcast_jobs", "job");
  private static final List<FunctionEntry> ENTRIES = entries();

  private final Simulation simulation = new Simulation(1);
  private final List<CloudEvent> delivered = new ArrayList<>();
  private final List<String> functions = new ArrayList<>();
  private boolean fails;

  private static List<FunctionEntry> entries() {
    try {
      return FunctionTable.read(Path.of("..", "functions.tsv")).entries();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private CompletableFuture<?> take(FunctionEntry function, CloudEvent event) {
    functions.add(function.name());
    delivered.add(event);
    return fails
        ? CompletableFuture.failedFuture(new IllegalStateException("fails"))
        : CompletableFuture.completedFuture(null);
  }

  private EventDelivery delivery(Documents documents, EventFaults faults) {
    return new EventDelivery(simulation, documents, faults, ENTRIES, this::take);
  }

  private static DocumentEventData data(CloudEvent event) {
    try {
      return DocumentEventData.parseFrom(event.getData().toBytes());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  private void rest() {
    boolean more;
    do {
      more = simulation.step();
    } while (more);
  }

  @Test
  void changes_reachTheTriggersThatMatch() {
    Documents documents = new Documents(simulation, Platform.SERVICE);
    EventDelivery delivery = delivery(documents, EventFaults.NONE);
    documents.apply(List.of(Mutation.create(JOB, Map.of("n", 1L, "kept", "k"))));
    documents.apply(List.of(Mutation.create(new DocRef("users", "u"), Map.of())));
    documents.apply(List.of(Mutation.create(new DocRef("credit_holds", "h"), Map.of())));
    rest();
    assertEquals(Set.of("on-job-written", "on-user-created"), new TreeSet<>(functions));
    delivered.clear();
    documents.apply(List.of(Mutation.blind(JOB, Map.of("n", 2L), Map.of())));
    documents.apply(List.of(Mutation.blind(new DocRef("users", "u"), Map.of("n", 2L), Map.of())));
    rest();
    assertEquals(1, delivered.size(), "on-user-created is called for new ones alone");
    DocumentEventData update = data(delivered.get(0));
    assertEquals(2, update.getValue().getFieldsOrThrow("n").getIntegerValue());
    assertEquals(1, update.getOldValue().getFieldsOrThrow("n").getIntegerValue());
    assertEquals(List.of("n"), update.getUpdateMask().getFieldPathsList());
    documents.apply(List.of(Mutation.delete(JOB)));
    rest();
    assertTrue(!data(delivered.get(1)).hasValue() && data(delivered.get(1)).hasOldValue());
    assertEquals(4, delivery.events());
    assertEquals(0, delivery.pending());
  }

  @Test
  void differencesOfTheEmulator_areSwitches() {
    Map<Platform, Integer> noChange = new LinkedHashMap<>();
    for (Platform platform : List.of(Platform.SERVICE, Platform.EMULATOR)) {
      delivered.clear();
      Documents documents = new Documents(simulation, platform);
      EventDelivery delivery = delivery(documents, EventFaults.NONE);
      documents.apply(List.of(Mutation.delete(JOB)));
      documents.apply(List.of(Mutation.create(JOB, Map.of("n", 1L)), Mutation.delete(JOB)));
      documents.apply(List.of(Mutation.create(JOB, Map.of("n", 1L, "t", "x".repeat(300_000)))));
      documents.apply(List.of(Mutation.blind(JOB, Map.of("n", 1L), Map.of())));
      documents.apply(List.of(Mutation.blind(JOB, Map.of("n", 2L), Map.of())));
      rest();
      noChange.put(platform, delivered.size());
      assertEquals(
          platform == Platform.SERVICE ? 1 : 0, delivery.tally().count("event: too large"));
    }
    assertEquals(Map.of(Platform.SERVICE, 1, Platform.EMULATOR, 5), noChange);
    DocumentEventData last = data(delivered.get(delivered.size() - 1));
    assertEquals(List.of(), last.getUpdateMask().getFieldPathsList());
  }

  @Test
  void commitThatIsTooLarge_isRefusedAsByEach() {
    List<Mutation> six = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      six.add(Mutation.create(new DocRef("things", "t" + i), Map.of("t", "x".repeat(900_000))));
    }
    Documents emulator = new Documents(simulation, Platform.EMULATOR);
    StoreException failure = assertThrows(StoreException.class, () -> emulator.apply(six));
    assertEquals(StoreException.Kind.UNKNOWN, failure.kind());
    assertEquals(List.of(), emulator.all());
    new Documents(simulation, Platform.SERVICE).apply(six);
  }

  @Test
  void failedEvent_isRepeatedForADayAndThenGivenUp() {
    Documents documents = new Documents(simulation, Platform.SERVICE);
    EventDelivery delivery = delivery(documents, EventFaults.NONE);
    fails = true;
    documents.apply(List.of(Mutation.create(JOB, Map.of("n", 1L))));
    simulation.pass(Duration.ofMinutes(5));
    // 10 s, 20 s, 40 s and 80 s behind each other.
    assertEquals(5, delivered.size());
    simulation.pass(Duration.ofHours(23));
    assertEquals(1, delivery.pending());
    simulation.pass(Duration.ofHours(2));
    assertEquals(0, delivery.pending());
    assertEquals(JOB, delivery.deadLetters().get(0).change().ref());
    assertEquals(1, new TreeSet<>(delivered.stream().map(CloudEvent::getId).toList()).size());
  }

  @Test
  void eventWithoutAnAnswer_isRepeatedAfterTheTimeout() {
    Documents documents = new Documents(simulation, Platform.SERVICE);
    List<Instant> attempts = new ArrayList<>();
    EventDelivery delivery =
        new EventDelivery(
            simulation,
            documents,
            EventFaults.NONE,
            ENTRIES,
            (function, event) -> {
              attempts.add(simulation.instant());
              return attempts.size() == 1
                  ? new CompletableFuture<>()
                  : CompletableFuture.completedFuture(null);
            });
    documents.apply(List.of(Mutation.create(JOB, Map.of("n", 1L))));
    rest();
    assertEquals(Duration.ofSeconds(70), Duration.between(attempts.get(0), attempts.get(1)));
    assertEquals(0, delivery.pending());
  }

  @Test
  void events_areLateDoubledReorderedAndLost() {
    Documents documents = new Documents(simulation, Platform.SERVICE);
    EventDelivery delivery = delivery(documents, EventFaults.MANY);
    for (long i = 0; i < 2_000; i++) {
      documents.apply(List.of(Mutation.blind(JOB, Map.of("n", i), Map.of())));
    }
    rest();
    Map<String, Long> faults = delivery.tally().counts();
    for (String kind :
        List.of("lost", "repeated", "repeated under another id", "late", "held back")) {
      assertTrue(faults.get("event: " + kind) > 0, () -> kind + " in " + faults);
    }
    assertTrue(delivered.size() > 2_200, () -> "delivered " + delivered.size());
    List<Long> order =
        delivered.stream()
            .map(e -> data(e).getValue().getFieldsOrThrow("n").getIntegerValue())
            .toList();
    assertNotEquals(order.stream().sorted().toList(), order);
    assertEquals(2_000 - faults.get("event: lost"), new TreeSet<>(order).size());
  }

  private static Map<String, List<Instant>> calls(
      List<FunctionEntry> entries, ScheduleFaults faults, String start, int days, ZoneId zone) {
    Simulation time = new Simulation(1, Instant.parse(start));
    Map<String, List<Instant>> calls = new LinkedHashMap<>();
    ScheduledCalls scheduled =
        new ScheduledCalls(
            time,
            faults,
            entries,
            zone,
            function -> {
              calls.computeIfAbsent(function.name(), n -> new ArrayList<>()).add(time.instant());
              return CompletableFuture.completedFuture(null);
            });
    scheduled.start();
    time.pass(Duration.ofDays(days));
    return calls;
  }

  @Test
  void schedules_runInTheirMinutes_alsoOverLeapDaysAndMonthEnds() {
    Map<String, List<Instant>> calls =
        calls(ENTRIES, ScheduleFaults.NONE, "2028-02-27T12:00:00Z", 4, ZoneOffset.UTC);
    assertEquals(4 * 24 * 60 - 1, calls.get("check-providers").size());
    assertEquals(
        List.of("2028-02-28T03:10", "2028-02-29T03:10", "2028-03-01T03:10", "2028-03-02T03:10"),
        texts(calls.get("reconcile-ledger")));
  }

  /** In Berlin 02:30 is left out on 29 March, and comes twice on 25 October 2026. */
  @Test
  void schedulesInAZone_missAndDoubleTheHourOfDaylightSaving() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("..", "functions.tsv"));
    List<FunctionEntry> atHalfPastTwo =
        FunctionTable.parse(String.join("\n", lines).replace("10 3 * * *", "30 2 * * *")).entries();
    ZoneId zone = ZoneId.of("Europe/Berlin");
    Map<String, List<Instant>> spring =
        calls(atHalfPastTwo, ScheduleFaults.NONE, "2026-03-28T22:45:00Z", 2, zone);
    Map<String, List<Instant>> autumn =
        calls(atHalfPastTwo, ScheduleFaults.NONE, "2026-10-24T21:45:00Z", 2, zone);
    assertEquals(List.of("2026-03-30T00:30"), texts(spring.get("reconcile-ledger")));
    assertEquals(
        List.of("2026-10-25T00:30", "2026-10-25T01:30", "2026-10-26T01:30"),
        texts(autumn.get("reconcile-ledger")));
  }

  private static List<String> texts(List<Instant> moments) {
    return moments.stream().map(PlatformTest::text).toList();
  }

  private static String text(Instant moment) {
    return moment.toString().substring(0, 16);
  }

  @Test
  void schedules_areMissingDoubledAndLate() {
    Map<String, List<Instant>> calls =
        calls(ENTRIES, ScheduleFaults.MANY, "2026-01-01T00:00:00Z", 3, ZoneOffset.UTC);
    int runs = calls.get("check-providers").size();
    assertTrue(runs > 4_200 * 0.93 && runs < 4_400 * 1.07, () -> "runs " + runs);
    assertTrue(
        calls.get("expire-credits").stream().anyMatch(at -> !text(at).endsWith(":00")),
        "none late");
  }

  @Test
  void expiredDocuments_areDeletedSomeTimeLater_andNotByTheEmulator() throws IOException {
    Map<String, String> ends =
        TimeToLive.ofIndexes(Files.readString(Path.of("..", "firestore.indexes.json")));
    assertEquals("expire_at", ends.get("idempotency_keys"));
    for (Platform platform : List.of(Platform.SERVICE, Platform.EMULATOR)) {
      Documents documents = new Documents(simulation, platform);
      List<Snapshot> deleted = new ArrayList<>();
      documents.listen(
          change -> deleted.addAll(change.after().exists() ? List.of() : List.of(change.before())));
      Instant end = simulation.instant().plus(Duration.ofDays(1));
      for (int i = 0; i < 100; i++) {
        documents.apply(
            List.of(
                Mutation.create(new DocRef("idempotency_keys", "k" + i), Map.of("expire_at", end)),
                Mutation.create(
                    new DocRef("idempotency_keys", "t" + i), Map.of("expire_at", "no"))));
      }
      TimeToLive ttl = new TimeToLive(simulation, documents, ends);
      ttl.start();
      simulation.pass(Duration.ofHours(24).minusSeconds(1));
      assertEquals(0, deleted.size());
      simulation.pass(Duration.ofHours(24));
      boolean deletes = platform == Platform.SERVICE;
      assertTrue(deletes ? deleted.size() > 80 && deleted.size() < 100 : deleted.isEmpty());
      simulation.pass(Duration.ofDays(5));
      assertEquals(deletes ? 100 : 0, deleted.size());
      ttl.stop();
    }
  }

  @Test
  void document_takesTenCommitsAtOnceAndThenOneASecond() {
    SimulatedStore store = new SimulatedStore(simulation, Pace.SERVICE);
    List<Duration> answered = new ArrayList<>();
    List<Duration> aborted = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      var unused =
          store
              .commit(List.of(Mutation.blind(JOB, Map.of(), Map.of("n", 1L))))
              .whenComplete(
                  (times, failure) ->
                      (failure == null ? answered : aborted)
                          .add(Duration.between(Simulation.START, simulation.instant())));
    }
    Documents documents = store.documents();
    DocRef other = new DocRef("podcast_jobs", "other");
    simulation.await(store.commit(List.of(Mutation.create(other, Map.of("n", 1L)))));
    assertTrue(answered.size() <= 10, "nobody waits for another document's turn");
    rest();
    assertTrue(answered.size() >= 12 && answered.size() <= 13, () -> "answered " + answered);
    assertEquals((long) answered.size(), documents.get(JOB).fields().get("n"));
    assertTrue(answered.get(9).toMillis() < 50 && answered.get(10).toMillis() >= 990);
    assertEquals(20, answered.size() + aborted.size());
    assertTrue(aborted.stream().allMatch(at -> at.toMillis() >= 3_000 && at.toMillis() < 3_100));
  }

  /** A commit that waits and can only be refused is told at once. */
  @Test
  void commitOnAVersionThatIsGone_doesNotWait() {
    SimulatedStore store = new SimulatedStore(simulation, Pace.SERVICE);
    simulation.await(store.commit(List.of(Mutation.create(JOB, Map.of("n", 0L)))));
    for (int i = 0; i < 10; i++) {
      simulation.await(store.commit(List.of(Mutation.blind(JOB, Map.of(), Map.of("n", 1L)))));
    }
    Instant asked = simulation.instant();
    CompletableFuture<?> old =
        store.commit(List.of(Mutation.update(JOB, Map.of("n", 9L), Simulation.START)));
    assertThrows(RuntimeException.class, () -> simulation.await(old));
    assertTrue(Duration.between(asked, simulation.instant()).toMillis() < 100);
  }

  private static String run(long seed, Tally[] tally) {
    Simulation time = new Simulation(seed);
    SimulatedStore store =
        new SimulatedStore(time, new Documents(time, Platform.SERVICE), Pace.UNEVEN, Faults.MANY);
    StringBuilder heard = new StringBuilder();
    for (int i = 0; i < 2_000; i++) {
      DocRef ref = new DocRef("things", "t" + i % 7);
      long n = i;
      time.after(
          Duration.ofMillis(100L * i),
          () -> {
            var write =
                store
                    .commit(List.of(Mutation.blind(ref, Map.of("n", n), Map.of("sum", 1L))))
                    .whenComplete((times, failure) -> heard.append(failure).append(times));
            var read =
                store
                    .read(List.of(ref))
                    .whenComplete((found, failure) -> heard.append(failure).append(found));
          });
    }
    boolean more;
    do {
      more = time.step();
    } while (more);
    tally[0] = store.tally();
    return store.documents().digest() + heard.toString().hashCode();
  }

  @Test
  void sameSeed_sameFaultsAndDocuments() {
    Tally[] one = new Tally[1];
    Tally[] two = new Tally[1];
    assertEquals(run(7, one), run(7, two));
    assertEquals(one[0].counts(), two[0].counts());
    assertNotEquals(run(7, one), run(8, two));
    assertEquals(
        Set.of(
            "call: answered late",
            "call: unavailable",
            "commit: ABORTED",
            "commit: answer lost",
            "commit: applied late",
            "commit: applied twice",
            "commit: lost before it arrived",
            "read: lost"),
        one[0].counts().keySet());
  }
}
