package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
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
  static final DocRef ONE = new DocRef("things", "one");
  static final DocRef TWO = new DocRef("things", "two, with % and ü");

  abstract Store store();

  /** Waits for a call, however time passes in this store. */
  abstract <T> T await(CompletableFuture<T> call);

  Snapshot read(DocRef ref) {
    return await(store().read(List.of(ref))).get(0);
  }

  List<Instant> commit(Mutation... mutations) {
    return await(store().commit(List.of(mutations)));
  }

  void refused(StoreException.Kind kind, Mutation... mutations) {
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
  void moment_isStoredInMicroseconds() {
    Instant moment = Instant.parse("2026-01-31T23:59:59.123456789Z");
    commit(Mutation.create(ONE, Map.of("at", moment, "in", List.of(Map.of("at", moment)))));
    Instant cut = Instant.parse("2026-01-31T23:59:59.123456Z");
    assertEquals(Map.of("at", cut, "in", List.of(Map.of("at", cut))), read(ONE).fields());
  }

  @Test
  void updateTimes_areOfMicrosecondsAndGrowWithEachChange() {
    Instant last = Instant.EPOCH;
    for (long i = 0; i < 20; i++) {
      List<Instant> times =
          commit(
              Mutation.blind(ONE, Map.of("n", i), Map.of()),
              Mutation.blind(TWO, Map.of("n", i), Map.of()));
      assertEquals(times.get(0), times.get(1), "one moment for a commit");
      assertEquals(0, times.get(0).getNano() % 1_000);
      assertTrue(times.get(0).isAfter(last), () -> "not later: " + times);
      assertEquals(times, List.of(read(ONE).updateTime(), read(TWO).updateTime()));
      last = times.get(0);
    }
  }

  @Test
  void versionOfBefore_isNotThatOfADocumentCreatedAnew() {
    Instant version = commit(Mutation.create(ONE, Map.of("n", 1L))).get(0);
    commit(Mutation.delete(ONE));
    refused(StoreException.Kind.PRECONDITION, Mutation.update(ONE, Map.of("n", 2L), version));
    commit(Mutation.create(ONE, Map.of("n", 1L)));
    refused(StoreException.Kind.PRECONDITION, Mutation.update(ONE, Map.of("n", 2L), version));
  }

  @Test
  void commit_tellsTheVersionThatIsThere() {
    Instant version = commit(Mutation.create(ONE, Map.of("n", 1L))).get(0);
    assertEquals(
        version, commit(Mutation.update(ONE, Map.of("n", 1L), version)).get(0), "no change");
    assertEquals(version, commit(Mutation.blind(ONE, Map.of(), Map.of("n", 0L))).get(0));
    assertEquals(version, commit(Mutation.replace(ONE, Map.of("n", 1L))).get(0));
    assertEquals(List.of(Instant.EPOCH), commit(Mutation.delete(ONE)), "there is none");
    assertEquals(List.of(Instant.EPOCH), commit(Mutation.delete(ONE)), "there was none");
  }

  @Test
  void increment_addsToNumbersAndReplacesWhatIsNone() {
    commit(
        Mutation.create(
            ONE,
            Map.of("double", 0.5, "text", "5", "most", Long.MAX_VALUE, "least", Long.MIN_VALUE)));
    commit(
        Mutation.blind(
            ONE,
            Map.of(),
            Map.of("double", 2L, "text", 2L, "most", 1L, "least", -1L, "absent", 7L, "a.b", 1L)));
    assertEquals(
        Map.of(
            "double",
            2.5,
            "text",
            2L,
            "most",
            Long.MAX_VALUE,
            "least",
            Long.MIN_VALUE,
            "absent",
            7L,
            "a",
            Map.of("b", 1L)),
        read(ONE).fields());
    commit(Mutation.blind(ONE, Map.of("absent", 1L), Map.of("absent", 2L)));
    assertEquals(3L, read(ONE).fields().get("absent"), "fields first");
  }

  /** A mask that names nothing changes nothing; it replaces no document by an empty one. */
  @Test
  void mutationOfNoField_keepsWhatThereIs() {
    commit(Mutation.create(ONE, Map.of("n", 1L)));
    Instant version = read(ONE).updateTime();
    commit(Mutation.blind(ONE, Map.of(), Map.of()));
    commit(Mutation.update(ONE, Map.of(), version));
    assertEquals(Map.of("n", 1L), read(ONE).fields());
    assertEquals(version, read(ONE).updateTime());
    commit(Mutation.blind(TWO, Map.of(), Map.of()));
    assertTrue(read(TWO).exists() && read(TWO).fields().isEmpty());
  }

  @Test
  void fieldInAMap_isSetAndRemovedWithItsSiblingsKept() {
    commit(Mutation.create(ONE, Map.of("map", Map.of("a", 1L), "text", "t")));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("map.b.c", 2L);
    fields.put("text.x", 3L);
    fields.put("none.x", Write.REMOVED);
    fields.put("map.none.x", Write.REMOVED);
    commit(Mutation.blind(ONE, fields, Map.of()));
    assertEquals(
        Map.of("map", Map.of("a", 1L, "b", Map.of("c", 2L)), "text", Map.of("x", 3L)),
        read(ONE).fields());
    commit(Mutation.blind(ONE, Map.of("map", Map.of("d", 4L), "text.x", Write.REMOVED), Map.of()));
    assertEquals(Map.of("map", Map.of("d", 4L), "text", Map.of()), read(ONE).fields());
  }

  @Test
  void severalMutationsOfOneDocument_areAppliedInOrder() {
    commit(
        Mutation.blind(ONE, Map.of("a", 1L), Map.of()),
        Mutation.blind(ONE, Map.of("b", 2L), Map.of("a", 1L)));
    assertEquals(Map.of("a", 2L, "b", 2L), read(ONE).fields());
    commit(Mutation.delete(ONE), Mutation.create(ONE, Map.of("c", 3L)));
    assertEquals(Map.of("c", 3L), read(ONE).fields());
    commit(Mutation.create(TWO, Map.of("n", 1L)), Mutation.delete(TWO));
    assertFalse(read(TWO).exists());
    Instant version = read(ONE).updateTime();
    refused(
        StoreException.Kind.INVALID,
        Mutation.blind(ONE, Map.of("n", 1L), Map.of()),
        Mutation.update(ONE, Map.of("n", 2L), version));
  }

  @Test
  void contentsBeyondTheBounds_areRefusedForGood() {
    refused(StoreException.Kind.INVALID, Mutation.create(ONE, Map.of("__x__", 1L)));
    refused(StoreException.Kind.INVALID, Mutation.create(ONE, Map.of("m", Map.of("__x__", 1L))));
    refused(StoreException.Kind.INVALID, Mutation.create(ONE, Map.of("m", Map.of("", 1L))));
    refused(StoreException.Kind.INVALID, Mutation.create(ONE, Map.of("l", List.of(List.of()))));
    refused(StoreException.Kind.INVALID, Mutation.create(ONE, Map.of("n".repeat(1_501), 1L)));
    refused(StoreException.Kind.INVALID, Mutation.create(ONE, Map.of("m", maps(21))));
    assertFalse(read(ONE).exists());
    commit(Mutation.create(ONE, Map.of("n".repeat(1_500), 1L, "m", maps(20), "____", 1L)));
    assertThrows(
        IllegalArgumentException.class, () -> commit(Mutation.create(TWO, Map.of("i", 1))));
  }

  private static Object maps(int depth) {
    Object value = 1L;
    for (int i = 0; i < depth; i++) {
      value = Map.of("m", value);
    }
    return value;
  }

  /** 1,048,487 bytes a text, 1,048,576 a document with its name and the names of its fields. */
  @Test
  void documentOfAMegabyte_isTheLargest() {
    refused(StoreException.Kind.INVALID, Mutation.create(ONE, Map.of("t", "x".repeat(1_048_488))));
    commit(Mutation.create(ONE, Map.of("t", "x".repeat(1_048_487))));
    commit(Mutation.blind(ONE, Map.of("u", "x".repeat(24)), Map.of()));
    refused(
        StoreException.Kind.INVALID, Mutation.blind(ONE, Map.of("u", "x".repeat(25)), Map.of()));
    assertEquals("x".repeat(24), read(ONE).fields().get("u"));
    commit(Mutation.blind(ONE, Map.of("t", "ü".repeat(500_000), "u", "x".repeat(25)), Map.of()));
  }

  @Test
  void sameDocumentReadTwice_isAnsweredTwice() {
    commit(Mutation.create(ONE, Map.of("n", 1L)));
    List<Snapshot> read = await(store().read(List.of(ONE, TWO, ONE)));
    assertEquals(List.of(read(ONE), Snapshot.absent(TWO), read(ONE)), read);
  }

  @Test
  void whatWasRead_cannotBeChanged() {
    commit(Mutation.create(ONE, Map.of("m", Map.of("n", 1L), "l", List.of(1L))));
    Map<String, Object> fields = read(ONE).fields();
    assertThrows(UnsupportedOperationException.class, () -> fields.put("x", 1L));
    assertThrows(UnsupportedOperationException.class, () -> ((Map<?, ?>) fields.get("m")).clear());
    assertThrows(UnsupportedOperationException.class, () -> ((List<?>) fields.get("l")).clear());
  }
}
