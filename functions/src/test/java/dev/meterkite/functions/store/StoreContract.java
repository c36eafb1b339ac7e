package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** What the engine relies on in a store; the simulated one and Firestore's must agree on it. */
abstract class StoreContract {
  private static final DocRef ONE = new DocRef("things", "one");
  private static final DocRef TWO = new DocRef("things", "two, with % and ü");

  abstract Store store();

  /** Waits for a call, however time passes in this store. */
  abstract <T> T await(CompletableFuture<T> call);

  private Snapshot read(DocRef ref) {
    return await(store().read(List.of(ref))).get(0);
  }

  private List<Instant> commit(Mutation... mutations) {
    return await(store().commit(List.of(mutations)));
  }

  private void refused(StoreException.Kind kind, Mutation... mutations) {
    CompletionException failure = assertThrows(CompletionException.class, () -> commit(mutations));
    assertEquals(kind, ((StoreException) failure.getCause()).kind());
  }

  @Test
  void absentDocument_isReadAsAbsent() {
    assertEquals(Snapshot.absent(ONE), read(ONE));
  }

  @Test
  void valuesOfEveryType_comeBackAsWritten() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("whole", 9_007_199_254_740_993L);
    fields.put("number", 0.1);
    fields.put("flag", true);
    fields.put("nothing", null);
    fields.put("text", "ü 🦋");
    fields.put("time", Instant.parse("2026-02-28T23:59:59.999999Z"));
    fields.put("list", List.of(1L, "two", Map.of("three", 3L)));
    fields.put("map", Map.of("a b", Map.of("c.d", 1L)));
    List<Instant> times = commit(Mutation.create(TWO, fields));
    Snapshot read = read(TWO);
    assertEquals(fields, read.fields());
    assertEquals(times.get(0), read.updateTime());
    assertEquals(TWO, read.ref());
  }

  @Test
  void documentThatExists_isNotCreatedAgain() {
    commit(Mutation.create(ONE, Map.of("n", 1L)));
    refused(StoreException.Kind.PRECONDITION, Mutation.create(ONE, Map.of("n", 2L)));
    assertEquals(Map.of("n", 1L), read(ONE).fields());
  }

  @Test
  void updateOnTheVersionRead_keepsWhatItDoesNotName() {
    commit(Mutation.create(ONE, Map.of("n", 1L, "other", "kept", "map", Map.of("a", 1L, "b", 2L))));
    Instant version = read(ONE).updateTime();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("n", 2L);
    fields.put("map.a", Write.REMOVED);
    fields.put(FieldPath.of("map", "4f-1"), 3L);
    commit(Mutation.update(ONE, fields, version));
    assertEquals(
        Map.of("n", 2L, "other", "kept", "map", Map.of("b", 2L, "4f-1", 3L)), read(ONE).fields());
    refused(StoreException.Kind.PRECONDITION, Mutation.update(ONE, Map.of("n", 9L), version));
  }

  @Test
  void updateOfAnAbsentDocument_createsOrIsRefused() {
    commit(Mutation.update(ONE, Map.of("map.a", 1L), null));
    assertEquals(Map.of("map", Map.of("a", 1L)), read(ONE).fields());
    refused(
        StoreException.Kind.PRECONDITION,
        Mutation.update(TWO, Map.of("n", 1L), Instant.parse("2026-01-01T00:00:00Z")));
    assertFalse(read(TWO).exists());
  }

  @Test
  void oneRefusedMutation_refusesAll() {
    commit(Mutation.create(ONE, Map.of("n", 1L)));
    refused(
        StoreException.Kind.PRECONDITION,
        Mutation.create(TWO, Map.of("n", 1L)),
        Mutation.create(ONE, Map.of("n", 2L)));
    assertFalse(read(TWO).exists());
  }

  @Test
  void blindMutation_mergesAndAdds() {
    commit(Mutation.blind(ONE, Map.of("a", 1L), Map.of("days.`01`.count", 2L)));
    commit(Mutation.blind(ONE, Map.of("b", 2L), Map.of("days.`01`.count", 3L)));
    assertEquals(
        Map.of("a", 1L, "b", 2L, "days", Map.of("01", Map.of("count", 5L))), read(ONE).fields());
    commit(Mutation.blind(ONE, Map.of(), Map.of("c", -1L)));
    assertEquals(-1L, read(ONE).fields().get("c"));
  }

  @Test
  void replacementAndDeletion_leaveNothingOfWhatWas() {
    commit(Mutation.create(ONE, Map.of("a", 1L)));
    commit(Mutation.replace(ONE, Map.of("b", 2L)), Mutation.replace(TWO, Map.of("c", 3L)));
    assertEquals(Map.of("b", 2L), read(ONE).fields());
    commit(Mutation.delete(ONE), Mutation.delete(new DocRef("things", "never was")));
    assertFalse(read(ONE).exists());
    assertTrue(read(TWO).exists());
  }

  @Test
  void writeThatChangesNothing_keepsTheVersion() {
    commit(Mutation.create(ONE, Map.of("n", 1L)));
    Instant version = read(ONE).updateTime();
    commit(Mutation.blind(ONE, Map.of("n", 1L), Map.of()));
    assertEquals(version, read(ONE).updateTime());
    commit(Mutation.blind(ONE, Map.of("n", 2L), Map.of()));
    assertNotEquals(version, read(ONE).updateTime());
  }

  @Test
  void documentTwiceInOneCommit_isInvalidIfCreatedTwice() {
    refused(
        StoreException.Kind.INVALID,
        Mutation.create(ONE, Map.of("n", 1L)),
        Mutation.create(ONE, Map.of("n", 2L)));
  }

  @Test
  void query_filtersOrdersAndBounds() {
    for (long i = 0; i < 6; i++) {
      commit(
          Mutation.create(
              new DocRef("things", "t" + i), Map.of("group", i % 2 == 0 ? "even" : "odd", "n", i)));
    }
    Query even =
        Query.of("things", 2)
            .where("group", Query.Op.EQUAL, "even")
            .where("n", Query.Op.GREATER, 0L)
            .descending("n");
    List<Snapshot> found = await(store().find(even));
    assertEquals(List.of("t4", "t2"), found.stream().map(each -> each.ref().id()).toList());
    assertEquals(read(new DocRef("things", "t4")), found.get(0));
    assertTrue(await(store().find(Query.of("nothing", 1))).isEmpty());
  }

  @Test
  void total_countsAndSumsWhatTheQueryFindsWhateverItsLimit() {
    commit(Mutation.create(new DocRef("things", "a"), Map.of("group", "g", "n", 2L)));
    commit(Mutation.create(new DocRef("things", "b"), Map.of("group", "g", "n", 40L)));
    commit(Mutation.create(new DocRef("things", "c"), Map.of("group", "g", "n", "no number")));
    commit(Mutation.create(new DocRef("things", "d"), Map.of("group", "g")));
    commit(Mutation.create(new DocRef("things", "e"), Map.of("group", "other", "n", 1L)));
    Query group = Query.of("things", 1).where("group", Query.Op.EQUAL, "g");
    assertEquals(4L, await(store().total(group, null)));
    assertEquals(42L, await(store().total(group, "n")));
    assertEquals(0L, await(store().total(group, "m")));
    commit(Mutation.create(new DocRef("things", "f"), Map.of("group", "g", "n", 0.5)));
    assertEquals(42.5, await(store().total(group, "n")));
    assertEquals(0L, await(store().total(Query.of("nothing", 1), null)));
  }

  /** A39: an id of 1,500 bytes; this emulator refuses the query as too large. */
  @Test
  void queryForATextThatNoIndexHolds_findsNothing() {
    for (int length : new int[] {1_499, 1_500, 1_501}) {
      Query query = Query.of("things", 2).where("group", Query.Op.EQUAL, "x".repeat(length));
      assertEquals(List.of(), await(store().find(query)), () -> length + " bytes");
    }
  }
}
