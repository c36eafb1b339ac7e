package dev.meterkite.functions.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.functions.hosted.HostedProcess;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Requests that are wrong in every way, at every HTTP function, over HTTP: each is refused as a
 * problem, none does anything, none fails. 2,000 of them, or 100,000 with {@code
 * -Dmeterkite.deep=true}; a failure names the seed that makes its request again.
 */
class BadRequestsTest {
  private static final int REQUESTS = Boolean.getBoolean("meterkite.deep") ? 100_000 : 2_000;

  /** Whatever tells of the code behind: frames of a stack trace, names of exceptions. */
  private static final Pattern TRACE =
      Pattern.compile(
          "\\bat"
              + " [\\w.$/]+\\([\\w.]*(:\\d+)?\\)|\\.java:\\d|\\w(Exception|Error)\\b|meterkite\\.functions");

  /**
   * What Jetty answers by itself, without a body, to what is no request or none that it takes:
   * malformed lines and headers, lengths that contradict each other, heads over 8 KiB, foreign
   * versions and expectations, malformed multipart bodies, {@code /favicon.ico}.
   */
  private static final Set<Integer> SERVERS_OWN = Set.of(400, 404, 414, 417, 426, 431, 505);

  private static HostedProcess functions;
  private static FirestoreStore store;
  private static ProjectDocuments documents;

  private final Map<String, Integer> answers = new ConcurrentSkipListMap<>();

  @BeforeAll
  static void start() {
    functions = HostedProcess.shared();
    store = FirestoreStore.open(functions.settings());
    documents = new ProjectDocuments(EmulatorForTests.shared().host(), functions.project());
  }

  private static void put(String collection, String id, Map<String, Object> fields) {
    store.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  @Test
  void badRequests_areRefusedAndDoNothing() throws IOException {
    // Something to be had, should one of them get through.
    put("users", Form.USER, Map.of("tier", "pro", "credits_balance", 1_000_000L));
    put("customers", Form.CUSTOMER, Map.of("bundle_tier", "pro", "schema_version", 1L));
    List<Form> forms = Form.all(functions);
    knows(forms, "debit-credits", "amount", "description", "job_id", "user_id");
    knows(forms, "usage-report", "customer_id", "format", "from", "group_by", "to");
    Map<String, String> before = documents.snapshot();
    int lines = functions.lines().size();

    LongStream.rangeClosed(1, REQUESTS).parallel().forEach(seed -> check(forms, seed));

    System.out.println("bad requests: " + REQUESTS + ", answers " + answers);
    assertEquals(before, documents.snapshot());
    assertEquals(List.of(), errors(lines));
    aGoodRequest_isSeenByThisTest(forms, before);
  }

  /** Ids and texts from anywhere, in requests that may well be taken: A39 for HTTP. */
  @Test
  void oddRequests_neverFail() throws IOException {
    List<Form> forms = Form.all(functions);
    int lines = functions.lines().size();
    LongStream.rangeClosed(1, REQUESTS / 5).parallel().forEach(seed -> checkOdd(forms, seed));
    System.out.println("odd requests: " + REQUESTS / 5 + ", answers " + answers);
    assertEquals(List.of(), errors(lines));
  }

  private void checkOdd(List<Form> forms, long seed) {
    RequestDraft draft = BadRequests.odd(forms, seed);
    String sent = "seed " + seed + " " + draft.story;
    Wire.Reply reply = send(BadRequests.formOf(forms, seed).port(), draft, sent);
    answers.merge(Integer.toString(reply.status()), 1, Integer::sum);
    String what = sent + ": " + reply;
    boolean noModel = reply.status() == 503 && reply.body().contains("no_candidate");
    assertTrue(reply.status() >= 200 && (reply.status() < 500 || noModel), what);
    if (reply.status() >= 400 && !reply.header("x-request-id").isEmpty()) {
      problem(reply, what);
    }
  }

  private static List<String> errors(int from) {
    List<String> said = functions.lines();
    return said.subList(from, said.size()).stream()
        .filter(line -> line.contains("\"severity\":\"ERROR\"") || !line.startsWith("{"))
        .limit(3)
        .toList();
  }

  private static void knows(List<Form> forms, String function, String... fields)
      throws IOException {
    for (Form form : forms) {
      if (form.entry().name().equals(function)) {
        assertEquals(List.of(fields), form.fields().keySet().stream().sorted().toList());
        assertTrue(form.complete(), () -> form + " is not all that it takes");
      }
    }
  }

  private void check(List<Form> forms, long seed) {
    RequestDraft draft = BadRequests.of(forms, seed);
    String sent = "seed " + seed + " " + draft.story;
    Wire.Reply reply = send(BadRequests.formOf(forms, seed).port(), draft, sent);
    boolean ours = !reply.header("x-request-id").isEmpty();
    String what = sent + ": " + reply;
    assertTrue(!TRACE.matcher(reply.body()).find(), what);
    if (ours) {
      answers.merge(reply.status() + "", 1, Integer::sum);
      assertTrue(reply.status() >= 400 && reply.status() < 500, what);
      assertEquals("application/problem+json", reply.header("content-type"), what);
      if (!draft.bodiless()) {
        problem(reply, what);
      }
    } else {
      answers.merge("server " + reply.status(), 1, Integer::sum);
      assertTrue(draft.mangled || draft.headTooLong(), what);
      assertTrue(SERVERS_OWN.contains(reply.status()), what);
      assertEquals("", reply.body(), what);
    }
  }

  private static Wire.Reply send(int port, RequestDraft draft, String what) {
    try {
      return Wire.send(port, draft.bytes(), draft.ends);
    } catch (IOException e) {
      throw new AssertionError(what, e);
    }
  }

  private static void problem(Wire.Reply reply, String what) {
    try {
      JsonObject problem = JsonParser.parseString(reply.body()).getAsJsonObject();
      String code = problem.get("code").getAsString();
      assertEquals("urn:meterkite:problem:" + code, problem.get("type").getAsString(), what);
      assertEquals(reply.status(), problem.get("status").getAsInt(), what);
      assertTrue(problem.has("title") && problem.has("detail"), what);
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      throw new AssertionError(what, e);
    }
  }

  /** A test of the test: the same form without the field too many is done, and seen to be. */
  private static void aGoodRequest_isSeenByThisTest(List<Form> forms, Map<String, String> before)
      throws IOException {
    Form debit =
        forms.stream().filter(form -> form.entry().name().equals("debit-credits")).findAny().get();
    RequestDraft draft = new RequestDraft(debit);
    draft.put(debit.fields());
    assertEquals(200, Wire.send(debit.port(), draft.bytes(), false).status());
    assertNotEquals(before, documents.snapshot());
  }
}
