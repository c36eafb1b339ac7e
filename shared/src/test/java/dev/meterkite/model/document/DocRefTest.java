package dev.meterkite.model.document;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A39: hostile ids. */
class DocRefTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "/", ".", "..", "__x__", "____", "\ud83d"})
  void idThatFirestoreRefuses_isNoId(String id) {
    assertFalse(DocRef.isId(id));
    assertThrows(IllegalArgumentException.class, () -> new DocRef("users", id));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "...", "__x", "x__", "___", "\ud83d\ude80", "a b", "%2F", "`"})
  void idThatFirestoreTakes_isAnId(String id) {
    assertEquals("users/" + id, new DocRef("users", id).toString());
  }

  @Test
  void length_isThatOfTheBytes() {
    assertTrue(DocRef.isId("x".repeat(1_500)));
    assertFalse(DocRef.isId("x".repeat(1_501)));
    assertTrue(DocRef.isId("é".repeat(750)));
    assertFalse(DocRef.isId("é".repeat(750) + "x"));
    assertTrue(DocRef.isId("€".repeat(500)));
    assertFalse(DocRef.isId("€".repeat(500) + "x"));
    assertTrue(DocRef.isId("\ud83d\ude00".repeat(375)));
    assertFalse(DocRef.isId("\ud83d\ude00".repeat(375) + "x"));
  }

  @Test
  void snapshot_existsWhenItHasAVersion() {
    DocRef ref = new DocRef("users", "ann");
    assertFalse(Snapshot.absent(ref).exists());
    assertTrue(new Snapshot(ref, Map.of("a", 1L), Instant.EPOCH).exists());
  }
}
