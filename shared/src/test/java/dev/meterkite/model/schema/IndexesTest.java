package dev.meterkite.model.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Query.Op;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The indexes that the queries need, and those that firestore.indexes.json declares. */
class IndexesTest {
  private static final Path FILE = Path.of("..", "firestore.indexes.json");

  /** firestore.indexes.json, as the Firebase CLI reads it. */
  private record Declared(List<Index> indexes, List<FieldOverride> fieldOverrides) {}

  private record Index(String collectionGroup, String queryScope, List<Field> fields) {}

  private record Field(String fieldPath, String order) {}

  private record FieldOverride(
      String collectionGroup, String fieldPath, boolean ttl, List<Object> indexes) {}

  /**
   * A composite index that a query needs: equality fields in any order and direction, then the
   * ordered ones exactly so.
   */
  private record Needed(String collection, Set<String> equal, List<Field> ordered) {
    boolean isMetBy(Index index) {
      int split = equal.size();
      return index.collectionGroup().equals(collection)
          && index.queryScope().equals("COLLECTION")
          && index.fields().size() == split + ordered.size()
          && index.fields().subList(0, split).stream()
              .map(Field::fieldPath)
              .collect(Collectors.toSet())
              .equals(equal)
          && index.fields().subList(split, index.fields().size()).equals(ordered);
    }
  }

  private static Declared declared;

  @BeforeAll
  static void read() throws IOException {
    declared = new Gson().fromJson(Files.readString(FILE), Declared.class);
  }

  @Test
  void everyQuery_hasItsCompositeIndex() {
    List<String> missing =
        Queries.all().stream()
            .flatMap(query -> needed(query).stream())
            .filter(needed -> declared.indexes().stream().noneMatch(needed::isMetBy))
            .map(Needed::toString)
            .toList();
    assertEquals(List.of(), missing);
  }

  /** A sum is made from an index that has the field behind those of the query. */
  @Test
  void everySum_hasItsCompositeIndex() {
    Needed query = needed(Queries.usageOfCustomer("c", Instant.MIN, Instant.MAX, 1)).orElseThrow();
    for (String field : Queries.usageSums()) {
      List<Field> ordered = new ArrayList<>(query.ordered());
      ordered.add(field(field, false));
      Needed sum = new Needed(query.collection(), query.equal(), ordered);
      assertTrue(declared.indexes().stream().anyMatch(sum::isMetBy), sum::toString);
    }
  }

  @Test
  void everyQuery_hasASample() {
    long factories =
        Arrays.stream(Queries.class.getDeclaredMethods())
            .filter(m -> Modifier.isPublic(m.getModifiers()) && m.getReturnType() == Query.class)
            .count();
    assertTrue(Queries.all().size() >= factories, "a query has no sample in Queries.all()");
  }

  @Test
  void fieldsOfQueriesWithoutCompositeIndex_areNotExempted() {
    for (Query query : Queries.all()) {
      if (needed(query).isEmpty()) {
        fields(query)
            .forEach(field -> assertFalse(exempted(query.collection(), field), query::toString));
      }
    }
  }

  /** The index lists of both source documents, in full. */
  @Test
  void indexesOfTheSourceSchemas_areDeclared() {
    List<Needed> spec =
        List.of(
            index("podcast_jobs", "user_id", "created_at", true),
            index("podcast_jobs", "status", "created_at", true),
            index("credit_transactions", "user_id", "created_at", true),
            index("usage_tracking", "customer_id", "timestamp", false),
            index("usage_tracking", "scene_id", "timestamp", false));
    for (Needed needed : spec) {
      assertTrue(declared.indexes().stream().anyMatch(needed::isMetBy), needed::toString);
      needed.equal().forEach(field -> assertFalse(exempted(needed.collection(), field)));
      needed.ordered().forEach(f -> assertFalse(exempted(needed.collection(), f.fieldPath())));
    }
    Stream.of(
            "users.email",
            "users.stripe_customer_id",
            "credit_transactions.job_id",
            "customers.bundle_tier",
            "customers.contract_end",
            "scenes.customer_id",
            "scenes.bundle_tier",
            "usage_tracking.customer_id",
            "usage_tracking.scene_id",
            "usage_tracking.timestamp")
        .map(name -> name.split("\\."))
        .forEach(name -> assertFalse(exempted(name[0], name[1]), () -> name[0] + "." + name[1]));
  }

  @Test
  void whatExpires_hasATimeToLive() {
    Set<String> ttl =
        declared.fieldOverrides().stream()
            .filter(FieldOverride::ttl)
            .map(o -> o.collectionGroup() + "." + o.fieldPath())
            .collect(Collectors.toSet());
    assertEquals(
        Set.of(
            "command_relays.expire_at",
            "idempotency_keys.expire_at",
            "routing_decisions.expire_at",
            "model_router_alerts.expire_at"),
        ttl);
  }

  /** A misspelt exemption would exempt nothing. */
  @Test
  void everyNameInTheFile_isOneOfTheSchema() throws IllegalAccessException {
    Set<String> known = new HashSet<>();
    for (Class<?> names : Schema.class.getDeclaredClasses()) {
      List<String> values = new ArrayList<>();
      String collection = "";
      for (java.lang.reflect.Field field : names.getDeclaredFields()) {
        if (field.getName().equals("COLLECTION")) {
          collection = (String) field.get(null);
        } else if (field.getType() == String.class) {
          values.add((String) field.get(null));
        }
      }
      for (String value : values) {
        known.add(collection + "." + value);
      }
      for (String common : List.of(Schema.COMMIT, Schema.REQUEST_HASH, Schema.ANSWER)) {
        known.add(collection + "." + common);
      }
    }
    List<String> unknown =
        Stream.concat(
                declared.fieldOverrides().stream()
                    .map(o -> o.collectionGroup() + "." + o.fieldPath()),
                declared.indexes().stream()
                    .flatMap(
                        i ->
                            i.fields().stream()
                                .map(f -> i.collectionGroup() + "." + f.fieldPath())))
            .filter(name -> !name.endsWith("." + Query.ID) && !known.contains(name))
            .toList();
    assertEquals(List.of(), unknown, "in firestore.indexes.json but not in Schema");
  }

  @Test
  void nothing_isDeclaredTwice() {
    assertEquals(declared.indexes().size(), new HashSet<>(declared.indexes()).size(), "indexes");
    assertEquals(
        declared.fieldOverrides().size(),
        declared.fieldOverrides().stream()
            .map(o -> o.collectionGroup() + "." + o.fieldPath())
            .distinct()
            .count(),
        "fieldOverrides");
  }

  @Test
  void derivation_followsTheRulesOfFirestore() {
    Query jobs = Query.of("j", 1);
    assertEquals(Optional.empty(), needed(jobs));
    assertEquals(Optional.empty(), needed(jobs.where("a", Op.EQUAL, 1).where("b", Op.EQUAL, 1)));
    assertEquals(Optional.empty(), needed(jobs.where("a", Op.LESS, 1).descending("a")));
    assertEquals(Optional.empty(), needed(jobs.where("a", Op.EQUAL, 1).ascending(Query.ID)));
    assertEquals(
        Optional.of(index("j", "a", "b", false)),
        needed(jobs.where("a", Op.EQUAL, 1).where("b", Op.LESS, 1)));
    assertEquals(
        Optional.of(index("j", "a", "b", true)),
        needed(jobs.where("a", Op.EQUAL, 1).descending("b").descending(Query.ID)));
    assertEquals(
        Optional.of(
            new Needed(
                "j",
                Set.of(),
                List.of(new Field("a", "ASCENDING"), new Field("__name__", "DESCENDING")))),
        needed(jobs.ascending("a").descending(Query.ID)));
  }

  private static Needed index(String collection, String equal, String ordered, boolean descending) {
    return new Needed(collection, Set.of(equal), List.of(field(ordered, descending)));
  }

  private static Field field(String path, boolean descending) {
    return new Field(path, descending ? "DESCENDING" : "ASCENDING");
  }

  /**
   * The composite index of a query, if it needs one: queries on equality alone are served by
   * merging single-field indexes, queries on one field by its own.
   */
  private static Optional<Needed> needed(Query query) {
    Set<String> equal = new LinkedHashSet<>();
    Set<String> ranges = new LinkedHashSet<>();
    query.filters().forEach(f -> (f.op() == Op.EQUAL ? equal : ranges).add(f.field()));
    assertTrue(ranges.size() <= 1, () -> "more than one range: " + query);
    List<Field> ordered = new ArrayList<>();
    query.orders().forEach(o -> ordered.add(field(o.field(), o.descending())));
    if (!ranges.isEmpty() && ordered.isEmpty()) {
      ordered.add(field(ranges.iterator().next(), false));
    }
    assertTrue(
        ranges.isEmpty() || ranges.contains(ordered.get(0).fieldPath()),
        () -> "the range is not what is ordered by first: " + query);
    dropImpliedId(ordered);
    int fields = equal.size() + ordered.size();
    return ordered.isEmpty() || fields == 1
        ? Optional.empty()
        : Optional.of(new Needed(query.collection(), equal, ordered));
  }

  /** Every index ends with the id, in the direction of the field before it. */
  private static void dropImpliedId(List<Field> ordered) {
    int last = ordered.size() - 1;
    if (last >= 0 && ordered.get(last).fieldPath().equals(Query.ID)) {
      String before = last == 0 ? "ASCENDING" : ordered.get(last - 1).order();
      if (ordered.get(last).order().equals(before)) {
        ordered.remove(last);
      }
    }
  }

  private static Stream<String> fields(Query query) {
    return Stream.concat(
        query.filters().stream().map(Query.Filter::field),
        query.orders().stream().map(Query.Order::field));
  }

  private static boolean exempted(String collection, String field) {
    return declared.fieldOverrides().stream()
        .anyMatch(
            o ->
                o.collectionGroup().equals(collection)
                    && (field.equals(o.fieldPath()) || field.startsWith(o.fieldPath() + "."))
                    && o.indexes().isEmpty());
  }
}
