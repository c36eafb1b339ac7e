package dev.meterkite.model.migration;

import dev.meterkite.model.customers.WrittenRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.Scenes;
import dev.meterkite.model.schema.Schema.Users;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/**
 * What an import of JSON files would write, made without a store: the documents by reference, and
 * what is wrong. The same files give the same plan, in the order in which they were read, so a
 * stopped import goes on where it was.
 */
public final class ImportPlan {
  private static final Map<String, String> ID_FIELDS =
      Map.of(
          Customers.COLLECTION, "customer_id",
          Scenes.COLLECTION, "scene_id",
          Users.COLLECTION, Users.USER_ID);

  private final SchemaSteps steps;
  private final BiFunction<String, Map<String, Object>, List<String>> validation;
  private final Map<DocRef, Map<String, Object>> documents = new LinkedHashMap<>();
  private final List<Problem> problems = new ArrayList<>();

  /**
   * Something that is not imported, or is imported with a flaw.
   *
   * @param where file and, in a file of several, the place: {@code labs.json[2]}
   * @param code {@code not_an_object}, {@code missing_id}, {@code invalid_id}, {@code reserved_id},
   *     {@code duplicate}, {@code invalid_version}, {@code later_version}, {@code invalid}, {@code
   *     unknown_customer}
   */
  public record Problem(String where, String code, String message) {}

  /**
   * @param steps how documents of past versions become present ones
   * @param validation collection and fields to what is wrong with them, empty when nothing is
   */
  public ImportPlan(
      SchemaSteps steps, BiFunction<String, Map<String, Object>, List<String>> validation) {
    this.steps = steps;
    this.validation = validation;
  }

  /** The collections that can be imported. */
  public static Set<String> collections() {
    return ID_FIELDS.keySet();
  }

  /**
   * Takes one file: one document, an array of documents, or the lines of a JSON-lines file as a
   * list. The id is the document's own {@code customer_id}, {@code scene_id} or {@code user_id}
   * (else {@code id}), else, for a file of one document, the file's name without its ending. A
   * customer or scene keeps no id among its fields; a scene keeps its {@code customer_id}.
   *
   * @param collection one of {@link #collections}
   * @param stem the file's name without its ending
   * @param parsed a Map, or a List of them
   */
  public void add(String collection, String stem, Object parsed) {
    if (parsed instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        document(collection, stem + "[" + i + "]", "", list.get(i));
      }
    } else {
      document(collection, stem, stem, parsed);
    }
  }

  private void document(String collection, String where, String fallbackId, Object parsed) {
    if (!(parsed instanceof Map<?, ?> map)) {
      problem(where, "not_an_object", "a document is a JSON object");
      return;
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    map.forEach((key, value) -> fields.put(String.valueOf(key), value));
    String id = takeId(collection, fields, fallbackId);
    if (!isUsable(collection, where, id)) {
      return;
    }
    if (collection.equals(Users.COLLECTION)) {
      fields.put(Users.USER_ID, id);
    }
    DocRef ref = new DocRef(collection, id);
    if (documents.containsKey(ref)) {
      problem(where, "duplicate", "a second document " + ref);
      return;
    }
    SchemaSteps.Result result = steps.migrate(collection, JsonForms.typed(fields));
    if (result instanceof SchemaSteps.Result.Refused refused) {
      problem(where, refused.code(), refused.message());
    } else if (result instanceof SchemaSteps.Result.Migrated migrated) {
      List<String> errors = validation.apply(collection, migrated.fields());
      errors.forEach(error -> problem(where, "invalid", error));
      if (errors.isEmpty()) {
        documents.put(ref, migrated.fields());
      }
    }
  }

  private static String takeId(String collection, Map<String, Object> fields, String fallbackId) {
    for (String name : List.of(ID_FIELDS.getOrDefault(collection, "id"), "id")) {
      if (fields.get(name) instanceof String id) {
        if (!name.equals(Users.USER_ID)) {
          fields.remove(name);
        }
        return id;
      }
    }
    return fallbackId;
  }

  private boolean isUsable(String collection, String where, String id) {
    if (id.isEmpty()) {
      problem(where, "missing_id", "in a file of several, each document names its id");
    } else if (!DocRef.isId(id)) {
      problem(where, "invalid_id", "Firestore does not take this id");
    } else if (collection.equals(Customers.COLLECTION) && WrittenRules.isReserved(id)) {
      problem(where, "reserved_id", "ids with a leading underscore are reserved");
    } else {
      return true;
    }
    return false;
  }

  private void problem(String where, String code, String message) {
    problems.add(new Problem(where, code, message));
  }

  /** What would be written: customers first, since scenes lean on them. */
  public Map<DocRef, Map<String, Object>> documents() {
    Map<DocRef, Map<String, Object>> ordered = new LinkedHashMap<>();
    for (String collection : List.of(Customers.COLLECTION, Scenes.COLLECTION, Users.COLLECTION)) {
      documents.forEach(
          (ref, fields) -> {
            if (ref.collection().equals(collection)) {
              ordered.put(ref, fields);
            }
          });
    }
    return ordered;
  }

  /**
   * What is wrong, in the order in which it was found, and last the scenes whose customer neither
   * is in the plan nor exists. Those are imported nevertheless: the trigger flags them.
   *
   * @param existing whether the store has a customer of this id
   */
  public List<Problem> problems(Predicate<String> existing) {
    List<Problem> all = new ArrayList<>(problems);
    documents.forEach(
        (ref, fields) -> {
          if (ref.collection().equals(Scenes.COLLECTION)
              && fields.get(Scenes.CUSTOMER_ID) instanceof String customer
              && !isPlanned(customer)
              && !existing.test(customer)) {
            all.add(new Problem(ref.toString(), "unknown_customer", "no customer " + customer));
          }
        });
    return List.copyOf(all);
  }

  private boolean isPlanned(String customer) {
    return DocRef.isId(customer)
        && documents.containsKey(new DocRef(Customers.COLLECTION, customer));
  }
}
