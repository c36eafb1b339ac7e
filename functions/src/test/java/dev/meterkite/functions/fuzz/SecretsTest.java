package dev.meterkite.functions.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.firestore.v1.Value;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.hosted.HostedProcess;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Values;
import dev.meterkite.model.document.DocRef;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Nothing that is secret is seen in what functions write, whether they succeed or fail: keys of
 * providers, the webhook's address, tokens, idempotency keys, e-mails, texts of callers. All that
 * the shared process has written is searched, what other tests made it write too.
 */
class SecretsTest {
  private static final String EMAIL = "planted@secret.example";
  private static final String TEXT = "planted text of a caller";

  private static HostedProcess functions;
  private static FirestoreStore store;

  private final Set<String> secrets = new LinkedHashSet<>();

  @BeforeAll
  static void start() {
    functions = HostedProcess.shared();
    store = FirestoreStore.open(functions.settings());
  }

  private static void put(String collection, String id, Map<String, Object> fields) {
    store.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  /** The secrets that stand in lines, each once. */
  private static Set<String> seen(Set<String> secrets, List<String> lines) {
    Set<String> seen = new LinkedHashSet<>();
    for (String secret : secrets) {
      if (lines.stream().anyMatch(line -> line.contains(secret))) {
        seen.add(secret);
      }
    }
    return seen;
  }

  @Test
  void wholeRun_showsNoSecret() throws IOException {
    secrets.addAll(functions.secrets());
    secrets.addAll(List.of(EMAIL, TEXT, "planted-key"));
    // Tokens of this issuer, whole or cut: header and claims are JSON in Base64.
    secrets.add("eyJ");
    put("users", Form.USER, Map.of("tier", "pro", "email", EMAIL));
    put("customers", Form.CUSTOMER, Map.of("bundle_tier", "pro", "email", EMAIL));
    int calls = callAll();
    calls += sendEvents();
    assertTrue(secrets.size() > 50, () -> "only " + secrets.size());
    awaitLineOf("last-of-secrets");
    assertEquals(Set.of(), seen(secrets, functions.lines()));
    System.out.println(
        "secrets: "
            + secrets.size()
            + " in "
            + calls
            + " calls, "
            + functions.lines().size()
            + " lines");
  }

  /** Every function as it should be called, and as it should not. */
  private int callAll() throws IOException {
    int calls = 0;
    Map<String, String> wrongTokens = functions.wrongTokens("service");
    for (Form form : Form.all(functions)) {
      Map<String, String> told = new LinkedHashMap<>(form.fields());
      for (String field : List.of("description", "reason", "error_code")) {
        told.computeIfPresent(field, (name, value) -> form.posts() ? "\"" + TEXT + "\"" : TEXT);
      }
      Map<String, String> wrong = new LinkedHashMap<>(told);
      wrong.put("unknown", form.posts() ? "\"" + EMAIL + "\"" : EMAIL);
      Map<String, String> tokens = new LinkedHashMap<>(wrongTokens);
      tokens.put("right", form.token());
      tokens.put("user", functions.token(Form.USER));
      tokens.values().removeIf(String::isEmpty);
      secrets.addAll(tokens.values());
      for (String token : tokens.values()) {
        call(form, token, Form.body(told), told);
        calls++;
        // Who has no right to call is refused whatever the fields are.
        if (!wrongTokens.containsValue(token)) {
          call(form, token, Form.body(told).substring(1), told);
          call(form, token, Form.body(wrong), wrong);
          call(form, token, Form.body(wrong).substring(1), wrong);
          calls += 3;
        }
      }
    }
    return calls;
  }

  private void call(Form form, String token, String body, Map<String, String> fields)
      throws IOException {
    RequestDraft draft = new RequestDraft(form);
    draft.put(fields);
    if (form.posts()) {
      draft.text(body);
    }
    draft.header("Authorization", "Bearer " + token);
    String key = "planted-key-" + form.entry().name();
    secrets.add(key);
    draft.header("Idempotency-Key", key);
    draft.header("Stripe-Signature", "t=1,v1=planted-key-signature");
    Wire.send(form.port(), draft.bytes(), false);
  }

  /** Every trigger, on a document full of what is nobody's business. */
  private static int sendEvents() throws IOException {
    List<FunctionEntry> triggers =
        functions.functions().stream().filter(entry -> entry.event() != null).toList();
    for (FunctionEntry trigger : triggers) {
      String collection = trigger.event().pattern().split("/", -1)[0];
      Map<String, Object> fields = new LinkedHashMap<>();
      List<String> texts = List.of("email", "topic", "message", "organization_name", "details");
      texts.forEach(field -> fields.put(field, EMAIL + " " + TEXT));
      fields.put("type", "quota_warning");
      fields.put("severity", "warning");
      fields.put("message", HostedProcess.SECRET_ALERT + " " + EMAIL);
      fields.put("user_id", Form.USER);
      fields.put("customer_id", Form.CUSTOMER);
      put(collection, "planted", fields);
      Map<String, Value> now = Values.toFields(fields);
      byte[] event = BadEvents.written(collection, "planted", now, 7).request();
      Wire.send(functions.port(trigger.name()), event, false);
    }
    return triggers.size();
  }

  /** A test of the test: what is planted in what is logged on purpose is found in the output. */
  @Test
  void leak_isFound() throws IOException {
    awaitLineOf("planted-leak");
    Set<String> planted = Set.of("planted-leak", "planted-nowhere");
    assertEquals(Set.of("planted-leak"), seen(planted, functions.lines()));
  }

  /** Calls once more, with this id, and waits until its line has come. */
  private static void awaitLineOf(String requestId) throws IOException {
    List<Form> forms = new ArrayList<>(Form.all(functions));
    RequestDraft draft = new RequestDraft(forms.get(0));
    draft.header("X-Request-Id", requestId);
    Wire.send(forms.get(0).port(), draft.bytes(), false);
    long deadline = System.nanoTime() + 300_000_000_000L;
    while (functions.lines().stream().noneMatch(line -> line.contains(requestId))) {
      assertTrue(System.nanoTime() < deadline, "no line of " + requestId);
      Thread.onSpinWait();
    }
  }
}
