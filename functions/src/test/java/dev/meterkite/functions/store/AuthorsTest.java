package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.store.Relay.Origin;
import dev.meterkite.model.document.DocRef;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class AuthorsTest {
  private static final DocRef OWNER = Account.ref("a");
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final Authors authors = new Authors(OWNER);

  private static Origin of(String author, long number) {
    return new Origin(author, number);
  }

  private static List<DocRef> relays(String author, long... numbers) {
    return LongStream.of(numbers).mapToObj(number -> of(author, number).ref(OWNER)).toList();
  }

  private void found(Origin... open) {
    authors.found(List.of(open), true, NOW);
  }

  @Test
  void nobodyHandedOver_nothingIsExpected() {
    assertTrue(authors.isEmpty(NOW));
    assertEquals(List.of(), authors.expected());
    assertFalse(authors.isAwaited());
  }

  @Test
  void openRelays_areExpectedAgainWithOneMoreUntilTheyAreClosed() {
    found(of("x", 7), of("x", 8));
    assertFalse(authors.isEmpty(NOW));
    assertEquals(relays("x", 7, 8, 9), authors.expected());
    authors.closed(of("x", 8));
    assertEquals(relays("x", 7, 9), authors.expected());
    authors.closed(of("x", 7));
    assertEquals(relays("x", 9, 10, 11), authors.expected());
  }

  @Test
  void authorThatLeftNothing_isReadAtOnePlaceAndAwaited() {
    found(of("x", 7), of("y", 0));
    authors.closed(of("x", 7));
    authors.found(List.of(of("y", 0)), false, NOW);
    assertTrue(authors.isAwaited());
    assertEquals(1, authors.expected().stream().filter(relays("x", 8, 9)::contains).count());
    assertTrue(authors.expected().containsAll(relays("y", 0, 1)));
  }

  @Test
  void manyOpenRelays_areReadFourAtATime() {
    found(of("x", 0), of("x", 1), of("x", 2), of("x", 3), of("x", 4));
    assertEquals(relays("x", 0, 1, 2, 3), authors.expected());
  }

  /** Numbers of relays that were never created, or that their author has recalled. */
  @Test
  void search_skipsNumbersThatAreNoLongerOpen() {
    found(of("x", 2));
    found(of("x", 5));
    assertEquals(relays("x", 5, 6), authors.expected());
  }

  @Test
  void look_doesNotSkipWhatItDidNotRead() {
    found(of("x", 2));
    authors.found(List.of(of("x", 3)), false, NOW);
    assertEquals(relays("x", 2, 3), authors.expected());
  }

  /** A search that was on its way while a commit closed what it found. */
  @Test
  void searchFromBefore_doesNotGoBack() {
    found(of("x", 2));
    authors.closed(of("x", 2));
    found(of("x", 2));
    assertEquals(relays("x", 3), authors.expected());
  }

  @Test
  void authorWithoutRelaysForThreeSeconds_isForgotten() {
    found(of("x", 2));
    authors.found(List.of(), false, NOW.plusSeconds(3));
    assertFalse(authors.isEmpty(NOW.plusSeconds(3)));
    assertTrue(authors.isEmpty(NOW.plusMillis(3_001)));
    assertEquals(List.of(), authors.expected());
  }

  @Test
  void authors_areBounded() {
    for (int i = 0; i < 100; i++) {
      found(of("author" + i, 0));
    }
    assertEquals(64, authors.expected().size());
  }

  @Test
  void places_differByOwnerAuthorAndNumber() {
    assertEquals(of("x", 1).ref(OWNER), of("x", 0).next().ref(OWNER));
    assertNotEquals(of("x", 1).ref(OWNER), of("x", 2).ref(OWNER));
    assertNotEquals(of("x", 1).ref(OWNER), of("y", 1).ref(OWNER));
    assertNotEquals(of("x", 1).ref(OWNER), of("x", 1).ref(Account.ref("b")));
  }
}
