package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.firestore.v1.Value;
import com.google.protobuf.ByteString;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What our queries rely on: what they find, in which order, and where a page begins. */
abstract class StoreQueryContract extends StoreContract {
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

  private void put(String id, Map<String, Object> fields) {
    commit(Mutation.replace(new DocRef("things", id), fields));
  }

  private List<String> ids(Query query) {
    return await(store().find(query)).stream().map(each -> each.ref().id()).toList();
  }

  private static Query things() {
    return Query.of("things", 100);
  }

  @Test
  void order_isThatOfTypes() {
    List<Object> values = new ArrayList<>(Collections.singletonList(null));
    values.addAll(
        List.of(
            false,
            true,
            Double.NaN,
            Double.NEGATIVE_INFINITY,
            -1L,
            -0.5,
            0L,
            0.5,
            1L,
            (1L << 53) + 1,
            Long.MAX_VALUE,
            Instant.EPOCH,
            Instant.parse("2026-01-01T00:00:00Z"),
            "",
            "B",
            "a",
            "aa",
            "\uFFFD",
            "🦋",
            Value.newBuilder().setBytesValue(ByteString.copyFromUtf8("x")).build(),
            List.of(1L),
            List.of(1L, 1L),
            Map.of("a", 1L)));
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      // The order by id is another one.
      String id = (i * 7) % values.size() + "-" + i;
      put(id, Collections.singletonMap("v", values.get(i)));
      expected.add(id);
    }
    put("without", Map.of("w", 1L));
    assertEquals(expected, ids(things().ascending("v")));
    Collections.reverse(expected);
    assertEquals(expected, ids(things().descending("v")));
  }

  @Test
  void comparison_findsItsOwnTypeAlone() {
    put("text", Map.of("v", "9"));
    put("one", Map.of("v", 1L));
    put("more", Map.of("v", 1.5));
    put("two", Map.of("v", 2.0));
    put("time", Map.of("v", Instant.EPOCH));
    put("null", Collections.singletonMap("v", null));
    put("none", Map.of());
    assertEquals(List.of("more", "two"), ids(things().where("v", Query.Op.GREATER, 1L)));
    assertEquals(List.of("one"), ids(things().where("v", Query.Op.LESS, 1.5)));
    assertEquals(
        List.of("two", "more", "one"),
        ids(things().where("v", Query.Op.LESS_OR_EQUAL, 2L).descending("v")));
    assertEquals(List.of("two"), ids(things().where("v", Query.Op.EQUAL, 2L)));
    assertEquals(List.of("time"), ids(things().where("v", Query.Op.LESS_OR_EQUAL, Instant.EPOCH)));
  }

  @Test
  void ids_areInTheOrderOfTheirBytes() {
    List<String> ids = List.of("10", "9", "A", "a", "a b", "é", "\uFFFD", "🦋");
    List<String> mixed = new ArrayList<>(ids);
    Collections.shuffle(mixed, new Random(1));
    mixed.forEach(id -> put(id, Map.of("n", 1L)));
    assertEquals(ids, ids(things()));
    assertEquals(ids, ids(things().where("n", Query.Op.EQUAL, 1L).ascending(Query.ID)));
    assertEquals(
        ids.subList(3, 5), ids(Query.of("things", 2).ascending(Query.ID).after(List.of("A"))));
    assertEquals(
        ids.subList(4, 8), ids(things().ascending(Query.ID).after(List.of("a"))), "after one");
    assertEquals(
        ids.subList(3, 8), ids(things().ascending(Query.ID).after(List.of("Z"))), "after none");
  }

  /** As in statements and lists of alerts: latest first, those of one moment by their id. */
  @Test
  void pages_beginBehindTheLastOfTheOneBefore() {
    for (int i = 0; i < 9; i++) {
      put(
          "t" + i,
          Map.of(
              "user", i == 4 ? "other" : "u", "at", Instant.ofEpochSecond(i / 3), "n", (long) i));
    }
    Query query =
        Query.of("things", 3)
            .where("user", Query.Op.EQUAL, "u")
            .where("at", Query.Op.GREATER_OR_EQUAL, Instant.EPOCH)
            .where("at", Query.Op.LESS, Instant.ofEpochSecond(9))
            .descending("at")
            .descending(Query.ID);
    List<String> all = new ArrayList<>();
    List<Snapshot> page = await(store().find(query));
    while (!page.isEmpty()) {
      page.forEach(each -> all.add(each.ref().id()));
      Snapshot last = page.get(page.size() - 1);
      page = await(store().find(query.after(List.of(last.fields().get("at"), last.ref().id()))));
    }
    assertEquals(List.of("t8", "t7", "t6", "t5", "t3", "t2", "t1", "t0"), all);
    assertEquals(
        List.of("t2", "t1", "t0"),
        ids(query.after(List.of(Instant.ofEpochSecond(1)))),
        "behind all");
    Query bySequence = things().where("user", Query.Op.EQUAL, "u").descending("at").descending("n");
    assertEquals(
        List.of("t3", "t2", "t1", "t0"),
        ids(bySequence.after(List.of(Instant.ofEpochSecond(1), 5L))));
    Query ascending =
        things().where("at", Query.Op.GREATER_OR_EQUAL, Instant.EPOCH).ascending("at");
    assertEquals(
        List.of("t7", "t8"), ids(ascending.after(List.of(Instant.ofEpochSecond(2), "t6"))));
  }

  /** What is due is found by a field, also one in a map; it is found no more once that is gone. */
  @Test
  void dueDocuments_areFoundWhileTheFieldIsThere() {
    Query due = things().where("a.due_at", Query.Op.LESS_OR_EQUAL, Instant.ofEpochSecond(5));
    for (int i = 3; i < 8; i++) {
      put("t" + i, Map.of("a", Map.of("due_at", Instant.ofEpochSecond(i))));
    }
    assertEquals(List.of("t3", "t4", "t5"), ids(due.ascending("a.due_at")));
    commit(Mutation.blind(new DocRef("things", "t3"), Map.of("a.due_at", Write.REMOVED), Map.of()));
    commit(Mutation.delete(new DocRef("things", "t4")));
    put("t5", Map.of("a", Map.of("due_at", Instant.ofEpochSecond(9))));
    put("t7", Map.of("a", Map.of("due_at", Instant.ofEpochSecond(1))));
    assertEquals(List.of("t7"), ids(due));
  }

  @Test
  void total_isOfIntegersExactlyAndOfDoublesOnTop() {
    put("a", Map.of("n", Long.MAX_VALUE));
    put("b", Map.of("n", 1L));
    assertEquals(0x1p63, await(store().total(things(), "n")));
    put("c", Map.of("n", -5L));
    assertEquals(Long.MAX_VALUE - 4, await(store().total(things(), "n")));
    put("a", Map.of("n", 0.0));
    assertEquals(-4.0, await(store().total(things(), "n")), "a double where one is added");
    assertEquals(
        2L, await(store().total(things().where("n", Query.Op.GREATER_OR_EQUAL, 0L), null)));
    assertEquals(0L, await(store().total(things().descending("m"), null)), "all lack the field");
  }

  @Test
  void textBeyondTheIndex_isInTheOrderOfItsBeginning() {
    put("b", Map.of("t", "y".repeat(1_500) + "1"));
    put("a", Map.of("t", "y".repeat(1_500) + "2"));
    put("c", Map.of("t", "z"));
    assertEquals(List.of("a", "b", "c"), ids(things().ascending("t")));
    assertTrue(
        ids(things().where("t", Query.Op.EQUAL, "y".repeat(1_500) + "1")).isEmpty(), "in no index");
  }

  /** Every query of the code, on a collection with a document that it might find. */
  @Test
  void queriesOfTheCode_areAnswered() {
    for (Query query : Queries.all()) {
      assertEquals(List.of(), await(store().find(query)), query::toString);
      assertEquals(0L, await(store().total(query, null)), query::toString);
    }
  }
}
