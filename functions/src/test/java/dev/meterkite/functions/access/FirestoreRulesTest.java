package dev.meterkite.functions.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** {@code firestore.rules} against the emulator, row by row of the {@link AccessTable}. A35. */
class FirestoreRulesTest {
  private static final String RULES = read();

  private static final String EXAMPLE =
      """
      rules_version = '2';
      service cloud.firestore {
        match /databases/{database}/documents {
          match /customers/{customerId} {
            allow read, write: if request.auth.uid == customerId || isAdmin();
            allow list: if isAdmin();
          }
          match /scenes/{sceneId} {
            allow read: if request.auth.uid == resource.data.customer_id || isAdmin();
            allow write: if request.auth.uid == resource.data.customer_id || isAdmin();
          }
          match /feature_flags/{document=**} {
            allow read: if isAdmin() || request.auth.uid == document;
            allow write: if isAdmin();
          }
          match /usage_tracking/{document=**} {
            allow read: if isAdmin();
            allow write: if isAdmin() || request.auth.uid == resource.data.customer_id;
          }
          function isAdmin() {
            return request.auth.token.admin == true;
          }
        }
      }
      """;

  @Test
  void everyRow_isAllowedOrDeniedAsTheTableSays() {
    RulesProject project = RulesProject.with(RULES);
    List<Row> rows = AccessTable.rows(Instant.now());
    List<String> wrong = run(project, rows);
    System.out.println("access table: " + rows.size() + " rows");
    assertTrue(rows.size() >= 250, "only " + rows.size() + " rows");
    assertEquals(List.of(), wrong);
    assertEquals(List.of(), RuleCoverage.gaps(RULES, project.coverage()));
  }

  @Test
  void rowsOfTheTable_areAllDifferent() {
    Map<Object, Row> seen = new HashMap<>();
    List<String> twice = new ArrayList<>();
    for (Row row : AccessTable.rows(Instant.EPOCH)) {
      Row other =
          seen.putIfAbsent(
              List.of(row.caller(), row.document(), row.before(), row.operation()), row);
      if (other != null) {
        twice.add(other + " and " + row);
      }
    }
    assertEquals(List.of(), twice);
  }

  /** The example of the source schema, as docs/access.md tells why it is not what we use. */
  @Test
  void exampleRules_letATierBeRaisedAndRefuseWhatACustomerMayDo() {
    RulesProject example = RulesProject.with(EXAMPLE);
    RulesCaller lab = RulesCaller.owner("lab_001");
    example.seed(Map.of("customers/lab_001", Optional.of(Map.of("bundle_tier", "standard"))));
    example.seed(Map.of("feature_flags/lab_001", Optional.of(Map.of("tactile", true))));
    Operation raise = Operation.update("bundle_tier", "foundation");
    Operation quota = Operation.update("monthly_scene_quota", -1);
    Operation create = Operation.create(Map.of("customer_id", "lab_001"));
    assertEquals(200, example.attempt(lab, raise, "customers/lab_001"));
    assertEquals(200, example.attempt(lab, quota, "customers/lab_001"));
    assertEquals(403, example.attempt(lab, Operation.GET, "feature_flags/lab_001"));
    assertEquals(403, example.attempt(lab, create, "scenes/s1"));
  }

  /** A test of the test: with everything open, each row that must be denied is reported. */
  @Test
  void rulesThatAllowEverything_failTheRowsThatMustBeDenied() {
    RulesProject open =
        RulesProject.with(
            "rules_version = '2'; service cloud.firestore { match /{document=**} "
                + "{ allow read, write: if true; } }");
    List<Row> rows = AccessTable.rows(Instant.now());
    List<Row> sample =
        IntStream.range(0, rows.size() / 10).mapToObj(i -> rows.get(10 * i)).toList();
    long denied = sample.stream().filter(row -> !row.allowed()).count();
    assertEquals(denied, run(open, sample).size());
  }

  /**
   * What the table says wrongly, or the rules. Rows of different documents take turns, and one
   * commit puts there what all rows of a turn need; a scene of a customer that rows change comes
   * last, when the customer is there again.
   */
  private static List<String> run(RulesProject project, List<Row> rows) {
    Map<String, Optional<Map<String, Object>>> world = new LinkedHashMap<>();
    AccessTable.WORLD.forEach((document, fields) -> world.put(document, Optional.of(fields)));
    project.seed(world);
    Map<String, Deque<Row>> waiting = new LinkedHashMap<>();
    for (Row row : rows) {
      waiting.computeIfAbsent(row.document(), any -> new ArrayDeque<>()).add(row);
    }
    Deque<Row> last = waiting.remove(AccessTable.LEANING);
    List<String> wrong = new ArrayList<>();
    Map<String, Optional<Map<String, Object>>> there = new HashMap<>();
    while (!waiting.isEmpty()) {
      List<Row> turn = waiting.values().stream().map(Deque::remove).toList();
      waiting.values().removeIf(Deque::isEmpty);
      wrong.addAll(runTurn(project, turn, there));
    }
    project.seed(world);
    while (last != null && !last.isEmpty()) {
      wrong.addAll(runTurn(project, List.of(last.remove()), there));
    }
    return wrong;
  }

  /** A document is put there only where it changed. */
  private static List<String> runTurn(
      RulesProject project, List<Row> turn, Map<String, Optional<Map<String, Object>>> there) {
    Map<String, Optional<Map<String, Object>>> changed = new LinkedHashMap<>();
    for (Row row : turn) {
      if (!row.before().equals(there.get(row.document()))) {
        changed.put(row.document(), row.before());
      }
    }
    project.seed(changed);
    there.putAll(changed);
    List<String> wrong = new ArrayList<>();
    for (Row row : turn) {
      int status = project.attempt(row.caller(), row.operation(), row.document());
      if (status != 403 && row.operation().writes()) {
        there.remove(row.document());
      }
      if (status != (row.allowed() ? 200 : 403)) {
        wrong.add(row + ", but was answered " + status);
      }
    }
    return wrong;
  }

  private static String read() {
    try {
      return Files.readString(Path.of("..", "firestore.rules"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
