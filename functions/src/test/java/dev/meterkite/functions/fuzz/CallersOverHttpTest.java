package dev.meterkite.functions.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.functions.hosted.HostedProcess;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Who may call which function of functions.tsv, and what is seen of it afterwards: requests that
 * would be done for the right caller, from everybody else.
 */
class CallersOverHttpTest {
  private static final List<String> ROLES = List.of("service", "admin", "scheduler", "user");
  private static final String VICTIM = Form.USER;
  private static final String THIEF = "thief";

  private static HostedProcess functions;
  private static ProjectDocuments documents;
  private static List<Form> forms;

  @BeforeAll
  static void start() throws IOException {
    functions = HostedProcess.shared();
    documents = new ProjectDocuments(EmulatorForTests.shared().host(), functions.project());
    FirestoreStore store = FirestoreStore.open(functions.settings());
    put(store, "users", VICTIM, Map.of("tier", "pro", "email", "planted@victim.example"));
    put(store, "users", THIEF, Map.of("tier", "free"));
    put(store, "customers", VICTIM, Map.of("bundle_tier", "pro", "schema_version", 1L));
    put(store, "customers", Form.CUSTOMER, Map.of("bundle_tier", "pro", "schema_version", 1L));
    forms = Form.all(functions);
  }

  private static void put(
      FirestoreStore store, String collection, String id, Map<String, Object> fields) {
    store.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  private static Wire.Reply call(Form form, String token, String key, Map<String, String> fields)
      throws IOException {
    RequestDraft draft = new RequestDraft(form);
    draft.put(fields);
    draft.header("Authorization", "Bearer " + token);
    draft.header("Idempotency-Key", key);
    return Wire.send(form.port(), draft.bytes(), false);
  }

  /** A36. */
  @Test
  void wrongTokens_areUnauthenticatedEverywhereAndWriteNothing() throws IOException {
    Map<String, String> before = documents.snapshot();
    List<String> wrong = new ArrayList<>();
    int calls = 0;
    Map<String, Map<String, String>> ofRoles = new LinkedHashMap<>();
    for (Form form : forms) {
      String role = form.entry().roles().get(0);
      Map<String, String> tokens =
          ofRoles.computeIfAbsent(
              ROLES.contains(role) && !role.equals("user") ? role : VICTIM, functions::wrongTokens);
      for (Map.Entry<String, String> token : tokens.entrySet()) {
        Wire.Reply reply = call(form, token.getValue(), "wrong", form.fields());
        calls++;
        if (reply.status() != 401 || !reply.body().contains("\"code\":\"unauthenticated\"")) {
          wrong.add(form.entry().name() + ", " + token.getKey() + ": " + reply);
        }
      }
    }
    System.out.println("wrong tokens: " + calls + " calls of " + forms.size() + " functions");
    assertEquals(List.of(), wrong);
    assertEquals(before, documents.snapshot());
  }

  /** A36: the table of functions.tsv, row by row. */
  @Test
  void rightTokensWithoutTheRole_areForbiddenAndWriteNothing() throws IOException {
    Map<String, String> before = documents.snapshot();
    List<String> wrong = new ArrayList<>();
    for (Form form : forms) {
      Set<String> refused = new LinkedHashSet<>(ROLES);
      refused.removeAll(form.entry().roles());
      boolean closed =
          !form.entry().roles().contains("any") && !form.entry().roles().contains("stripe");
      for (String role : closed ? refused : Set.<String>of()) {
        String token = functions.token(role.equals("user") ? VICTIM : role);
        Wire.Reply reply = call(form, token, "forbidden", form.fields());
        if (reply.status() != 403) {
          wrong.add(form.entry().name() + " as " + role + ": " + reply);
        }
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(before, documents.snapshot());
  }

  /** A35, A36: no user reaches another's data, whatever names it. */
  @Test
  void usersToken_reachesNobodyElsesData() throws IOException {
    Map<Form, Map<String, String>> victims = new LinkedHashMap<>();
    for (Form form : forms) {
      if (!form.entry().roles().contains("user")) {
        continue;
      }
      Map<String, String> fields = new LinkedHashMap<>(form.fields());
      fields.remove("page_token");
      fields.remove("scene_id");
      for (String owner : List.of("user_id", "customer_id")) {
        fields.computeIfPresent(owner, (name, value) -> VICTIM);
      }
      // A statement of one's own commits what is due.
      Wire.Reply own = call(form, functions.token(VICTIM), "own", fields);
      assertEquals(200, own.status(), () -> form + " " + own);
      victims.put(form, fields);
    }
    Map<String, String> before = documents.snapshot();
    int tried = 0;
    for (Map.Entry<Form, Map<String, String>> each : victims.entrySet()) {
      for (String caller :
          List.of(THIEF, VICTIM + " ", "_global", VICTIM.toUpperCase(Locale.ROOT))) {
        Wire.Reply reply = call(each.getKey(), functions.token(caller), "theft", each.getValue());
        assertEquals(403, reply.status(), () -> each.getKey() + " " + reply);
        tried++;
      }
    }
    assertTrue(tried >= 12, "only " + tried);
    assertEquals(before, documents.snapshot());
  }
}
