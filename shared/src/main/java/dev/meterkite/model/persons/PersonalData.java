package dev.meterkite.model.persons;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.rules.ErasedUser;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.Scenes;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One place where documents about a person are, and what goes when the person is erased.
 *
 * <p>Where other programs write too, everything goes that is not {@code kept}: a display name that
 * an app has put beside our fields is such a field. Elsewhere only the fields {@code gone} go.
 *
 * @param collection where the documents are
 * @param by the field that names the person; {@link #DOCUMENT_ID} for the document's id
 * @param named in what form it names the person
 * @param kept the only fields that stay; empty where all stay that are not {@code gone}
 * @param gone the fields that are removed
 * @param replaced fields that a reader requires, with what they hold from then on
 */
public record PersonalData(
    String collection,
    String by,
    Named named,
    Set<String> kept,
    List<String> gone,
    Map<String, Object> replaced) {
  /** In place of a field: the document itself is the person's. */
  public static final String DOCUMENT_ID = "";

  /** What stands in a required text after its erasure. */
  public static final String ERASED = "erased";

  /** The members that are removed from a stored answer, at any depth. */
  public static final Set<String> TEXTS =
      Set.of(
          Users.EMAIL,
          Users.STRIPE_CUSTOMER_ID,
          CreditTransactions.DESCRIPTION,
          CreditTransactions.REASON,
          CreditTransactions.STRIPE_EVENT_ID,
          Customers.ORGANIZATION_NAME,
          Customers.PREFERRED_LANGUAGE,
          Customers.PREFERRED_TTS_VOICE);

  /** How a field names a person. */
  public enum Named {
    /** By the id. */
    BY_ID,
    /** By the name of the person's document, such as {@code users/u1}. */
    BY_DOCUMENT,
    /** By the name of the customer's flags, such as {@code feature_flags/c1}. */
    BY_FLAGS
  }

  private static final PersonalData JOBS =
      new PersonalData(
          PodcastJobs.COLLECTION,
          PodcastJobs.USER_ID,
          Named.BY_ID,
          KeptFields.OF_JOB,
          List.of(),
          Map.of(PodcastJobs.TOPIC, ERASED));

  private static final PersonalData PAYMENTS =
      stays(StripePayments.COLLECTION, StripePayments.USER_ID, List.of());

  private static final PersonalData TRANSACTIONS =
      new PersonalData(
          CreditTransactions.COLLECTION,
          CreditTransactions.USER_ID,
          Named.BY_ID,
          KeptFields.OF_TRANSACTION,
          List.of(),
          Map.of());

  private static final List<PersonalData> OF_USERS =
      List.of(
          new PersonalData(
              Users.COLLECTION, DOCUMENT_ID, Named.BY_ID, KeptFields.OF_USER, List.of(), Map.of()),
          TRANSACTIONS,
          stays(CreditHolds.COLLECTION, CreditHolds.USER_ID, List.of()),
          JOBS,
          PAYMENTS,
          alerts(ModelRouterAlerts.USER_ID),
          markers(Named.BY_DOCUMENT));

  private static final List<PersonalData> OF_CUSTOMERS =
      List.of(
          new PersonalData(
              Customers.COLLECTION,
              DOCUMENT_ID,
              Named.BY_ID,
              KeptFields.OF_CUSTOMER,
              List.of(),
              Map.of()),
          new PersonalData(
              FeatureFlags.COLLECTION,
              DOCUMENT_ID,
              Named.BY_ID,
              KeptFields.OF_FLAGS,
              List.of(),
              Map.of()),
          new PersonalData(
              Scenes.COLLECTION,
              Scenes.CUSTOMER_ID,
              Named.BY_ID,
              KeptFields.OF_SCENE,
              List.of(),
              Map.of()),
          new PersonalData(
              UsageTracking.COLLECTION,
              UsageTracking.CUSTOMER_ID,
              Named.BY_ID,
              KeptFields.OF_USAGE,
              List.of(),
              Map.of()),
          stays(UsageCounts.COLLECTION, UsageCounts.CUSTOMER_ID, List.of()),
          stays(UsageSummaries.COLLECTION, UsageSummaries.CUSTOMER_ID, List.of()),
          alerts(ModelRouterAlerts.CUSTOMER_ID),
          markers(Named.BY_DOCUMENT),
          markers(Named.BY_FLAGS));

  private static PersonalData stays(String collection, String by, List<String> gone) {
    return new PersonalData(collection, by, Named.BY_ID, Set.of(), gone, Map.of());
  }

  private static PersonalData alerts(String by) {
    return new PersonalData(
        ModelRouterAlerts.COLLECTION,
        by,
        Named.BY_ID,
        Set.of(),
        List.of(ModelRouterAlerts.DETAILS),
        Map.of(ModelRouterAlerts.MESSAGE, ERASED));
  }

  private static PersonalData markers(Named named) {
    return new PersonalData(
        IdempotencyKeys.COLLECTION,
        IdempotencyKeys.OWNER,
        named,
        Set.of(),
        List.of(IdempotencyKeys.DESCRIPTION),
        Map.of());
  }

  /** All places for a kind of person, in the order in which they are walked. */
  public static List<PersonalData> of(Person.Kind kind) {
    return kind == Person.Kind.USER ? OF_USERS : OF_CUSTOMERS;
  }

  /** Whether a field of a customer stays after its erasure. */
  public static boolean isKeptOfCustomers(String field) {
    return KeptFields.OF_CUSTOMER.contains(field);
  }

  /** The name of this place in an {@code erasures} document. */
  public String step() {
    return named == Named.BY_FLAGS ? collection + " of flags" : collection;
  }

  /**
   * Whether a document goes as a whole: it only leads from a subscription at Stripe to its user.
   */
  public boolean isRemoved(Snapshot document) {
    return collection.equals(StripePayments.COLLECTION)
        && Set.of(StripePayments.USER_ID, StripePayments.UPDATED_AT)
            .containsAll(document.fields().keySet());
  }

  /**
   * What has to change in a document so that it no longer names the person, by field path; empty
   * when nothing has to. The stored answer is left to the caller, who can read JSON.
   *
   * @param jobTopics whether what jobs say goes too
   * @param at when the erasure began
   */
  public Map<String, Object> erase(Snapshot document, boolean jobTopics, Instant at) {
    if (collection.equals(PodcastJobs.COLLECTION) && !jobTopics) {
      return Map.of();
    }
    Map<String, Object> changes = new LinkedHashMap<>();
    Map<String, Object> fields = document.fields();
    for (String name : fields.keySet()) {
      if (gone.contains(name) || (!kept.isEmpty() && !kept.contains(name))) {
        changes.put(FieldPath.of(name), Write.REMOVED);
      }
    }
    replaced.forEach(
        (name, value) -> {
          if (fields.containsKey(name) && !value.equals(fields.get(name))) {
            changes.put(FieldPath.of(name), value);
          }
        });
    if (collection.equals(CreditTransactions.COLLECTION)) {
      changes.putAll(ErasedUser.texts(fields, at));
    }
    return changes;
  }
}
