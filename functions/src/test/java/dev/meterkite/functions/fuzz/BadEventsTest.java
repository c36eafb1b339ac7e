package dev.meterkite.functions.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.firestore.v1.Value;
import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.hosted.HostedProcess;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Events that are wrong in every way, and documents that are, at every trigger, over HTTP: an event
 * that can never succeed is logged once and acknowledged, and does nothing. A39.
 */
class BadEventsTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final int EVENTS = DEEP ? 20_000 : 500;
  private static final int DOCUMENTS = DEEP ? 4_000 : 100;
  private static final int AT_ONCE = 100;
  private static final String OUTCOME = ".*\"outcome\":\"([^\"]*)\".*|.*\"message\":\"([^\"]*)\".*";

  /** Fields that name a document. */
  private static final Set<String> ABOUT =
      Set.of(
          "user_id",
          "customer_id",
          "scene_id",
          "job_id",
          "hold_id",
          "transaction_id",
          "alert_id",
          "reservation_id",
          "provider");

  private static final Duration LOG_BEHIND = Duration.ofMinutes(1);
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final Duration QUIET = Duration.ofMillis(300);

  private static HostedProcess functions;
  private static FirestoreStore store;
  private static ProjectDocuments documents;
  private static List<FunctionEntry> triggers;

  @BeforeAll
  static void start() {
    functions = HostedProcess.shared();
    store = FirestoreStore.open(functions.settings());
    documents = new ProjectDocuments(EmulatorForTests.shared().host(), functions.project());
    triggers = functions.functions().stream().filter(entry -> entry.event() != null).toList();
  }

  private static String collection(FunctionEntry trigger) {
    return trigger.event().pattern().split("/", -1)[0];
  }

  @Test
  void mangledEvents_areLoggedOnceAndAcknowledged() throws IOException {
    Map<String, String> before = documents.snapshot();
    int lines = linesOnceQuiet();
    List<String> failed = new ArrayList<>();
    for (long seed = 1; seed <= EVENTS; seed++) {
      FunctionEntry trigger = trigger(seed);
      BadEvents event = new BadEvents(collection(trigger), seed);
      Wire.Reply reply = Wire.send(functions.port(trigger.name()), event.request(), false);
      if (reply.status() != 200 || !reply.body().isEmpty()) {
        failed.add("seed " + seed + " " + trigger.name() + " " + event.story + ": " + reply);
      }
    }
    System.out.println("mangled events: " + EVENTS);
    assertEquals(List.of(), failed.stream().limit(10).toList());
    assertEquals(before, documents.snapshot());
    // One line an event; a new alert has one of its own, for those who watch the log.
    List<String> said = said(lines, EVENTS);
    assertEquals(EVENTS, outcomes(said));
    assertEquals(List.of(), said.stream().filter(BadEventsTest::isError).limit(3).toList());
  }

  /** How many lines the functions have said, once those of earlier calls have all come. */
  private static int linesOnceQuiet() {
    int lines;
    do {
      lines = functions.lines().size();
      LockSupport.parkNanos(QUIET.toNanos());
    } while (lines != functions.lines().size());
    return lines;
  }

  /** What the functions said since then; lines come through a pipe, some time after the answers. */
  private static List<String> said(int since, long outcomes) {
    long deadline = System.nanoTime() + LOG_BEHIND.toNanos();
    List<String> said;
    do {
      said = List.copyOf(functions.lines().subList(since, functions.lines().size()));
      LockSupport.parkNanos(PAUSE.toNanos());
    } while (outcomes(said) < outcomes && System.nanoTime() < deadline);
    return said;
  }

  private static long outcomes(List<String> said) {
    return said.stream().filter(line -> line.contains("\"outcome\"")).count();
  }

  private static boolean isError(String line) {
    return line.contains("\"severity\":\"ERROR\"") || !line.startsWith("{");
  }

  /** A document that makes no sense blocks no queue, and is left alone after a round or two. */
  @Test
  void garbageDocuments_areAcknowledgedAndSoonLeftAlone() throws IOException {
    int lines = functions.lines().size();
    for (long first = 1; first <= DOCUMENTS; first += AT_ONCE) {
      Map<Long, BadEvents> events = new LinkedHashMap<>();
      for (long seed = first; seed < first + AT_ONCE; seed++) {
        events.put(seed, store(seed));
      }
      deliver(events);
      deliver(events);
      Set<Map.Entry<String, String>> moved = movedByDelivering(events);
      if (!moved.isEmpty()) {
        // The minute of a quota's window may have ended just then; not a second time so soon.
        moved = movedByDelivering(events);
      }
      assertEquals(Set.of(), moved, "written again and again, ids are garbage-SEED");
    }
    functionsCopeWithGarbage();
    List<String> said = functions.lines().subList(lines, functions.lines().size());
    Map<String, Integer> outcomes = new TreeMap<>();
    said.forEach(line -> outcomes.merge(line.replaceAll(OUTCOME, "$1$2"), 1, Integer::sum));
    System.out.println("garbage documents: " + DOCUMENTS + ", outcomes " + outcomes);
    assertEquals(List.of(), said.stream().filter(BadEventsTest::isError).limit(3).toList());
  }

  private static Set<Map.Entry<String, String>> movedByDelivering(Map<Long, BadEvents> events)
      throws IOException {
    Map<String, String> settled = documents.snapshot();
    deliver(events);
    Set<Map.Entry<String, String>> moved = new HashSet<>(documents.snapshot().entrySet());
    moved.removeAll(settled.entrySet());
    return moved;
  }

  /** Sweeps, pages and commands over what lies there now: refused or done, never failed. */
  private static void functionsCopeWithGarbage() throws IOException {
    List<String> failed = new ArrayList<>();
    for (Form form : Form.all(functions)) {
      boolean named = form.fields().keySet().stream().anyMatch(ABOUT::contains);
      for (long seed = 1; seed <= (named ? DOCUMENTS / 8 : 1); seed++) {
        Map<String, String> fields = new LinkedHashMap<>(form.fields());
        String id = form.posts() ? "\"garbage-" + seed + "\"" : "garbage-" + seed;
        ABOUT.forEach(name -> fields.computeIfPresent(name, (field, value) -> id));
        RequestDraft draft = new RequestDraft(form);
        draft.put(fields);
        draft.header("Idempotency-Key", "garbage-" + seed);
        Wire.Reply reply = Wire.send(form.port(), draft.bytes(), false);
        boolean noModel = reply.status() == 503 && reply.body().contains("no_candidate");
        if (reply.status() >= 500 && !noModel) {
          failed.add(form.entry().name() + " " + fields + ": " + reply);
        }
      }
    }
    assertEquals(List.of(), failed);
  }

  private static FunctionEntry trigger(long seed) {
    return triggers.get((int) (seed % triggers.size()));
  }

  private static BadEvents store(long seed) {
    String collection = collection(trigger(seed));
    Map<String, Value> fields = new Garbage(new Random(seed)).document(collection);
    DocRef ref = new DocRef(collection, "garbage-" + seed);
    Map<String, Object> stored = new LinkedHashMap<>();
    fields.forEach((name, value) -> stored.put(FieldPath.of(name), value));
    store.commit(List.of(Mutation.replace(ref, stored))).join();
    return BadEvents.written(collection, ref.id(), fields, seed);
  }

  private static void deliver(Map<Long, BadEvents> events) throws IOException {
    List<String> failed = new ArrayList<>();
    for (Map.Entry<Long, BadEvents> event : events.entrySet()) {
      FunctionEntry trigger = trigger(event.getKey());
      Wire.Reply reply =
          Wire.send(functions.port(trigger.name()), event.getValue().request(), false);
      if (reply.status() != 200) {
        failed.add("seed " + event.getKey() + " " + trigger.name() + ": " + reply);
      }
    }
    assertEquals(List.of(), failed);
  }
}
