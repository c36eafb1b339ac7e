package dev.meterkite.model.persons;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.Users;
import java.lang.reflect.Field;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Which documents are about a person, and which of their fields go. */
class PersonalDataTest {
  private static final Instant AT = Instant.parse("2026-11-30T12:00:00Z");
  private static final Person ADA = new Person(Person.Kind.USER, "ada");
  private static final Person ACME = new Person(Person.Kind.CUSTOMER, "acme");

  /** What each place of the kind loses of the fields that the schema has; all others stay. */
  private static final Map<String, Set<String>> LOST =
      Map.of(
          "users",
          Set.of(
              "email",
              "stripe_customer_id",
              "stripe_subscription_id",
              "stripe_subscriptions",
              "validation_errors"),
          "credit_transactions",
          Set.of("description", "reason", "stripe_event_id"),
          "podcast_jobs",
          Set.of("audience", "research_plan", "outputs", "validation_errors"),
          "idempotency_keys",
          Set.of("description"),
          "model_router_alerts",
          Set.of("details"),
          "customers",
          Set.of(
              "email",
              "organization_name",
              "preferred_tts_voice",
              "preferred_language",
              "validation_errors"),
          "scenes",
          Set.of("custom_settings", "validation_errors"),
          "usage_tracking",
          Set.of("details", "idempotency_key", "validation_errors"));

  private static String constant(Class<?> type, String name) throws IllegalAccessException {
    for (Field field : type.getDeclaredFields()) {
      if (field.getName().equals(name)) {
        return (String) field.get(null);
      }
    }
    return null;
  }

  private static Class<?> schemaOf(String collection) throws IllegalAccessException {
    for (Class<?> type : Schema.class.getDeclaredClasses()) {
      if (collection.equals(constant(type, "COLLECTION"))) {
        return type;
      }
    }
    throw new AssertionError(collection);
  }

  /** A collection whose schema has the id of a user or customer holds documents of persons. */
  @Test
  void everyCollectionThatNamesAPerson_isAPlace() throws IllegalAccessException {
    for (Person person : List.of(ADA, ACME)) {
      Set<String> named = new TreeSet<>();
      for (Class<?> type : Schema.class.getDeclaredClasses()) {
        String collection = constant(type, "COLLECTION");
        boolean names =
            Arrays.stream(type.getDeclaredFields())
                .anyMatch(field -> field.getName().equals(person.kind().name() + "_ID"));
        if (collection != null && names && !collection.equals("erasures")) {
          named.add(collection);
        }
      }
      Set<String> places = new TreeSet<>();
      PersonalData.of(person.kind()).forEach(place -> places.add(place.collection()));
      named.removeAll(places);
      assertEquals(Set.of(), named, "documents of a " + person.kind() + " that nobody erases");
    }
  }

  @Test
  void everyFieldOfTheSchema_staysUnlessItIsListed() throws IllegalAccessException {
    List<PersonalData> places = new ArrayList<>(PersonalData.of(Person.Kind.USER));
    places.addAll(PersonalData.of(Person.Kind.CUSTOMER));
    for (PersonalData place : places) {
      Map<String, Object> fields = new LinkedHashMap<>();
      for (Field field : schemaOf(place.collection()).getDeclaredFields()) {
        String name = (String) field.get(null);
        boolean isField = !Set.of("COLLECTION", "GLOBAL_ID").contains(field.getName());
        if (isField && !name.contains(".")) {
          fields.put(name, "some text");
        }
      }
      Snapshot document = new Snapshot(new DocRef(place.collection(), "d"), fields, AT);
      Set<String> lost = new TreeSet<>();
      place
          .erase(document, true, AT)
          .forEach(
              (name, value) -> {
                if (value == Write.REMOVED) {
                  lost.add(name);
                }
              });
      assertEquals(
          new TreeSet<>(LOST.getOrDefault(place.collection(), Set.of())), lost, place.step());
    }
  }

  private static Map<String, Object> erased(
      PersonalData place, boolean jobTopics, Map<String, Object> fields) {
    Snapshot document = new Snapshot(new DocRef(place.collection(), "d"), fields, AT);
    return place.erase(document, jobTopics, AT);
  }

  private static PersonalData place(Person person, String step) {
    return person.step(step).orElseThrow();
  }

  @Test
  void unknownField_goesWhereOtherProgramsWriteToo() {
    Map<String, Object> fields = Map.of("display_name", "Ada", "a.b", 1L);
    for (PersonalData place :
        List.of(
            place(ADA, "users"),
            place(ADA, "credit_transactions"),
            place(ACME, "customers"),
            place(ACME, "feature_flags"),
            place(ACME, "scenes"),
            place(ACME, "usage_tracking"))) {
      assertEquals(
          Map.of("display_name", Write.REMOVED, "`a.b`", Write.REMOVED),
          erased(place, false, fields),
          place.step());
    }
  }

  @Test
  void job_isErasedOnRequestOnly_andKeepsARequiredTopic() {
    Map<String, Object> job = Map.of("topic", "my divorce", "audience", "me", "status", "failed");
    PersonalData jobs = place(ADA, "podcast_jobs");
    assertEquals(Map.of(), erased(jobs, false, job));
    assertEquals(
        Map.of("topic", PersonalData.ERASED, "audience", Write.REMOVED), erased(jobs, true, job));
    assertEquals(Map.of(), erased(jobs, true, Map.of("topic", "erased", "status", "failed")));
  }

  @Test
  void paymentAtStripe_staysWhole_andTheLeadOfASubscriptionGoes() {
    PersonalData payments = place(ADA, "stripe_payments");
    DocRef ref = new DocRef("stripe_payments", "x");
    Map<String, Object> lead = Map.of("user_id", "ada", "updated_at", AT);
    Map<String, Object> sale = Map.of("user_id", "ada", "updated_at", AT, "sales", Map.of());
    assertTrue(payments.isRemoved(new Snapshot(ref, lead, AT)));
    assertFalse(payments.isRemoved(new Snapshot(ref, sale, AT)));
    assertEquals(Map.of(), erased(payments, true, sale));
    assertFalse(place(ADA, "credit_holds").isRemoved(new Snapshot(ref, lead, AT)));
  }

  @Test
  void steps_followOneAnotherToTheEnd() {
    for (Person person : List.of(ADA, ACME)) {
      List<String> steps = new ArrayList<>();
      String last = "";
      while (person.after(last).isPresent()) {
        last = person.after(last).orElseThrow().step();
        steps.add(last);
      }
      assertEquals(PersonalData.of(person.kind()).stream().map(PersonalData::step).toList(), steps);
      assertEquals(steps.size(), Set.copyOf(steps).size(), "names are told apart");
      assertEquals(person.document().collection(), steps.get(0));
    }
    assertTrue(ADA.after("nowhere").isEmpty());
    assertTrue(ADA.step("customers").isEmpty());
  }

  @Test
  void personsOfTheSameId_haveProofsOfTheirOwn() {
    Person customer = new Person(Person.Kind.CUSTOMER, "ada");
    assertFalse(ADA.erasure().equals(customer.erasure()));
    assertEquals(Users.COLLECTION, ADA.document().collection());
    assertEquals(Customers.COLLECTION, customer.document().collection());
  }
}
