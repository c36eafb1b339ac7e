package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.firestore.v1.Value;
import com.google.protobuf.ByteString;
import com.google.type.LatLng;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * The simulated store and the emulator are given the same random commits and asked the same random
 * questions, and say the same: every document, every answer, every refusal, and whether an update
 * time has moved.
 */
class StoresAgreeTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final int SEEDS = Integer.getInteger("meterkite.seeds", DEEP ? 200 : 4);
  private static final long FIRST = Long.getLong("meterkite.seed", 0);
  private static final int STEPS = 60;
  private static final int QUERIES = 8;

  /** No document was written then. */
  private static final Instant NEVER = Instant.parse("2026-01-01T00:00:00Z");

  private static final List<String> IDS =
      List.of("a", "b", "c", "A", "é", "\uFFFDx", "🦋", "a b%c", "10", "9");
  private static final List<String> FIELDS = List.of("f", "g", "h", "m.x", "m.y.z", "`4f-1`.k");
  private static final List<Object> VALUES = values();

  private static List<Object> values() {
    List<Object> values = new ArrayList<>();
    values.add(null);
    values.addAll(
        List.of(
            true,
            false,
            0L,
            1L,
            2L,
            -1L,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            (1L << 53) + 1,
            0x1p53,
            0x1p63,
            0.0,
            -0.0,
            0.5,
            2.0,
            -1.5,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Instant.parse("2026-01-31T23:59:59.999999Z"),
            Instant.parse("2026-01-31T23:59:59.999999999Z"),
            Instant.EPOCH));
    values.addAll(List.of("", "a", "ab", "b", "é", "\uFFFD", "🦋", "z".repeat(40)));
    values.addAll(List.of("z".repeat(1_500) + "b", "z".repeat(1_500) + "a"));
    values.add(Value.newBuilder().setBytesValue(ByteString.copyFrom(new byte[] {-1, 0})).build());
    values.add(Value.newBuilder().setBytesValue(ByteString.copyFrom(new byte[] {1})).build());
    values.add(
        Value.newBuilder()
            .setGeoPointValue(LatLng.newBuilder().setLatitude(1).setLongitude(2))
            .build());
    values.addAll(List.of(List.of(), List.of(1L), List.of(1L, "a"), List.of(2L)));
    values.addAll(
        List.of(Map.of(), Map.of("a", 1L), Map.of("a", 1L, "b", 2L), Map.of("b", List.of())));
    return values;
  }

  /** The two stores, with the documents of a seed in a collection of their own. */
  private static final class Pair {
    private final MemoryStore simulated = new MemoryStore();
    private final EmulatedStore emulated;
    private final String collection;
    private final Random random;

    /** What both hold, with the update time in each. */
    private final Map<DocRef, Snapshot> ofSimulated = new HashMap<>();

    private final Map<DocRef, Snapshot> ofEmulated = new HashMap<>();

    Pair(EmulatedStore emulated, long seed) {
      this.emulated = emulated;
      this.collection = "things-" + seed;
      this.random = new Random(seed);
    }

    private <T> T one(List<T> list) {
      return list.get(random.nextInt(list.size()));
    }

    private DocRef ref() {
      return new DocRef(collection, one(IDS));
    }

    void commit() {
      List<Mutation> forSimulated = new ArrayList<>();
      List<Mutation> forEmulated = new ArrayList<>();
      for (int i = random.nextInt(3); i >= 0; i--) {
        Mutation mutation = mutation();
        forSimulated.add(versioned(mutation, ofSimulated));
        forEmulated.add(versioned(mutation, ofEmulated));
      }
      assertEquals(
          outcome(() -> emulated.store().commit(forEmulated).join().size()),
          outcome(() -> simulated.commit(forSimulated).join().size()),
          () -> "commit of " + forSimulated + " on " + ofSimulated.values());
      compareDocuments(forSimulated);
    }

    /** The mutation on the version that a store has, where it asks for one. */
    private static Mutation versioned(Mutation mutation, Map<DocRef, Snapshot> known) {
      Snapshot seen = known.get(mutation.ref());
      return mutation.condition() == Mutation.Condition.VERSION && seen != null && seen.exists()
          ? Mutation.update(mutation.ref(), mutation.fields(), seen.updateTime())
          : mutation;
    }

    private static Object outcome(Supplier<Object> call) {
      try {
        return call.get();
      } catch (CompletionException e) {
        return StoreException.kindOf(e);
      }
    }

    private Mutation mutation() {
      DocRef ref = ref();
      return switch (random.nextInt(8)) {
        case 0 -> Mutation.create(ref, whole());
        case 1 -> Mutation.replace(ref, whole());
        case 2 -> Mutation.delete(ref);
        case 3, 4 -> Mutation.update(ref, masked(), NEVER);
        default -> Mutation.blind(ref, masked(), increments());
      };
    }

    private Map<String, Object> whole() {
      Map<String, Object> fields = new LinkedHashMap<>();
      for (String field : FIELDS) {
        if (random.nextInt(3) > 0) {
          fields.put(field, one(VALUES));
        }
      }
      return fields;
    }

    private Map<String, Object> masked() {
      Map<String, Object> fields = new LinkedHashMap<>();
      for (String field : FIELDS) {
        if (random.nextInt(4) == 0) {
          fields.put(field, random.nextInt(4) == 0 ? Write.REMOVED : one(VALUES));
        }
      }
      return fields;
    }

    private Map<String, Long> increments() {
      Map<String, Long> increments = new LinkedHashMap<>();
      for (String field : List.of("n", "m.n", "f")) {
        if (random.nextInt(4) == 0) {
          increments.put(field, one(List.of(0L, 1L, -2L, Long.MAX_VALUE)));
        }
      }
      return increments;
    }

    private void compareDocuments(List<Mutation> mutations) {
      List<DocRef> refs = mutations.stream().map(Mutation::ref).toList();
      List<Snapshot> mine = simulated.read(refs).join();
      List<Snapshot> theirs = emulated.store().read(refs).join();
      for (int i = 0; i < refs.size(); i++) {
        Snapshot one = mine.get(i);
        Snapshot other = theirs.get(i);
        assertEquals(other.exists(), one.exists(), () -> "after " + mutations);
        assertEquals(other.fields(), one.fields(), () -> "after " + mutations);
        Snapshot before = ofSimulated.put(one.ref(), one);
        Snapshot otherBefore = ofEmulated.put(other.ref(), other);
        assertEquals(
            hasMoved(otherBefore, other),
            hasMoved(before, one),
            () -> "whether the update time moved by " + mutations + " from " + before);
      }
    }

    private static boolean hasMoved(Snapshot before, Snapshot after) {
      if (before == null || before.updateTime() == null || after.updateTime() == null) {
        return false;
      }
      assertTrue(!after.updateTime().isBefore(before.updateTime()), "time goes back");
      return !after.updateTime().equals(before.updateTime());
    }

    void query() {
      Query query = randomQuery();
      assertEquals(
          outcome(() -> names(emulated.store().find(query).join())),
          outcome(() -> names(simulated.find(query).join())),
          () -> query + " on " + ofSimulated.values());
      String sum = random.nextBoolean() ? null : one(List.of("f", "n", "m.n"));
      assertEquals(
          outcome(() -> emulated.store().total(query, sum).join()),
          outcome(() -> simulated.total(query, sum).join()),
          () -> "total " + sum + " of " + query + " on " + ofSimulated.values());
    }

    private static List<String> names(List<Snapshot> found) {
      return found.stream().map(each -> each.ref().id()).toList();
    }

    private Query randomQuery() {
      Query query = Query.of(collection, 1 + random.nextInt(12));
      List<Object> cursor = new ArrayList<>();
      if (random.nextInt(3) == 0) {
        query = query.where(one(FIELDS), Query.Op.EQUAL, comparable());
      }
      String field = one(FIELDS);
      if (random.nextInt(2) == 0) {
        query = query.where(field, one(List.of(Query.Op.values())), comparable());
      }
      boolean descending = random.nextBoolean();
      if (random.nextInt(2) == 0) {
        query = descending ? query.descending(field) : query.ascending(field);
        cursor.add(comparable());
      }
      if (random.nextInt(3) == 0) {
        query = descending ? query.descending(Query.ID) : query.ascending(Query.ID);
        cursor.add(one(IDS));
      }
      return random.nextInt(3) == 0 ? query.after(cursor) : query;
    }

    /** Nobody asks for null, for what is more than NaN, or for a text that no index holds. */
    private Object comparable() {
      Object value = one(VALUES);
      boolean asked =
          value != null
              && !value.equals(Double.NaN)
              && !(value instanceof String text && text.length() >= 1_500);
      return asked ? value : comparable();
    }
  }

  @Test
  void sameCommitsAndQuestions_sameDocumentsAndAnswers() {
    EmulatedStore emulated = new EmulatedStore();
    try {
      for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
        play(emulated, seed);
      }
    } finally {
      emulated.store().close();
    }
  }

  private static void play(EmulatedStore emulated, long seed) {
    Pair pair = new Pair(emulated, seed);
    try {
      for (int step = 0; step < STEPS; step++) {
        pair.commit();
        if (step % 3 == 0) {
          for (int i = 0; i < QUERIES; i++) {
            pair.query();
          }
        }
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }
}
