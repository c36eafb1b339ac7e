package dev.meterkite.model.customers;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.Scenes;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is owed to a customer or scene document that somebody has written: the verdict of
 * validation, missing stamps, and the customer's flags. Applied to what it has left, each of these
 * owes nothing more, so a trigger that listens to what it writes stops after one round.
 */
public final class WrittenRules {
  /** Schema version of the customers and scenes of today. */
  public static final long SCHEMA_VERSION = 1;

  /** Customer ids that begin so are ours, such as {@code _global}. */
  public static final String RESERVED_PREFIX = "_";

  private WrittenRules() {}

  /**
   * Whether a change is worth a look: anything but counters, quota periods, stamps and our own
   * verdict, or a stamp that went missing. A change of counters alone costs no read and no write.
   *
   * @param before the document before the change; empty when there was none
   * @param after the document after it; empty when it is gone
   */
  public static boolean concerns(Map<String, Object> before, Map<String, Object> after) {
    return !ConfigurationRules.configuring(before).equals(ConfigurationRules.configuring(after))
        || (!after.isEmpty()
            && (isMissing(after, Customers.CREATED_AT) || isMissing(after, Customers.UPDATED_AT)));
  }

  /**
   * What is owed to a customer: changes to its document, and its flag document made from the tier
   * (once) or brought to the tier it has now. Nothing for a document that is gone, and no flags for
   * a reserved id or for a tier word that we do not know.
   *
   * @param errors what validation says, empty when all is well
   * @param flags the flag document as it was read with the customer
   */
  public static List<Write> customer(
      Snapshot customer,
      List<Map<String, Object>> errors,
      Snapshot flags,
      Plans plans,
      Instant now) {
    if (!customer.exists()) {
      return List.of();
    }
    List<Map<String, Object>> all = new ArrayList<>();
    unknownTier(customer.fields(), plans).map(Violation::encode).ifPresent(all::add);
    all.addAll(errors);
    boolean reserved = isReserved(customer.ref().id());
    if (reserved) {
      all.add(error("customer_id", "reserved_id", "ids with a leading underscore are reserved"));
    }
    List<Write> writes = new ArrayList<>();
    Map<String, Object> changes = verdictAndStamps(customer.fields(), all, now);
    if (!changes.isEmpty()) {
      writes.add(new Write.Update(customer.ref(), changes));
    }
    if (!reserved) {
      flagsOf(customer, flags, plans, now, writes);
    }
    return List.copyOf(writes);
  }

  /** The fault of a tier word that the plans do not have. */
  public static Optional<Violation> unknownTier(Map<String, Object> fields, Plans plans) {
    return fields.get(Customers.BUNDLE_TIER) instanceof String word
            && plans.bundleTier(word).isEmpty()
        ? Optional.of(
            new Violation(
                Customers.BUNDLE_TIER,
                Violation.UNKNOWN_VALUE,
                "must be " + String.join(", ", words(plans))))
        : Optional.empty();
  }

  private static List<String> words(Plans plans) {
    return plans.bundleTiers().stream().map(BundleTier::word).toList();
  }

  private static void flagsOf(
      Snapshot customer, Snapshot flags, Plans plans, Instant now, List<Write> writes) {
    Object word = customer.fields().get(Customers.BUNDLE_TIER);
    BundleTier tier =
        word == null
            ? plans.firstBundleTier()
            : word instanceof String text ? plans.bundleTier(text).orElse(null) : null;
    if (tier == null) {
      return;
    }
    DocRef ref = new DocRef(FeatureFlags.COLLECTION, customer.ref().id());
    if (!flags.exists()) {
      writes.add(new Write.Create(ref, FlagRules.initial(tier, now)));
      return;
    }
    Map<String, Object> changes = FlagRules.carry(flags.fields(), tier, plans, now);
    if (!changes.isEmpty()) {
      writes.add(new Write.Update(ref, changes));
    }
  }

  /**
   * What is owed to a scene. A scene of a customer that does not exist is flagged, and cleared
   * again when it is looked at after the customer has appeared.
   *
   * @param errors what validation says
   * @param customerExists whether the customer that it names exists
   */
  public static List<Write> scene(
      Snapshot scene,
      List<Map<String, Object>> errors,
      boolean customerExists,
      Plans plans,
      Instant now) {
    if (!scene.exists()) {
      return List.of();
    }
    List<Map<String, Object>> all = new ArrayList<>();
    unknownTier(scene.fields(), plans).map(Violation::encode).ifPresent(all::add);
    all.addAll(errors);
    if (!customerExists && scene.fields().get(Scenes.CUSTOMER_ID) instanceof String) {
      all.add(error(Scenes.CUSTOMER_ID, "unknown_customer", "there is no such customer"));
    }
    Map<String, Object> changes = verdictAndStamps(scene.fields(), all, now);
    return changes.isEmpty() ? List.of() : List.of(new Write.Update(scene.ref(), changes));
  }

  /** Whether a customer may not have this id. */
  public static boolean isReserved(String customerId) {
    return customerId.startsWith(RESERVED_PREFIX);
  }

  /** Customers and scenes name these fields alike. */
  private static Map<String, Object> verdictAndStamps(
      Map<String, Object> fields, List<Map<String, Object>> errors, Instant now) {
    Map<String, Object> changes = new LinkedHashMap<>();
    if (isMissing(fields, Customers.SCHEMA_VERSION)) {
      changes.put(Customers.SCHEMA_VERSION, SCHEMA_VERSION);
    }
    if (isMissing(fields, Customers.CREATED_AT)) {
      changes.put(Customers.CREATED_AT, now);
    }
    if (isMissing(fields, Customers.UPDATED_AT)) {
      changes.put(Customers.UPDATED_AT, now);
    }
    List<Map<String, Object>> left = withoutOurs(errors, changes);
    if (left.isEmpty() && fields.containsKey(Customers.VALIDATION_ERRORS)) {
      changes.put(Customers.VALIDATION_ERRORS, Write.REMOVED);
    } else if (!left.isEmpty() && !left.equals(fields.get(Customers.VALIDATION_ERRORS))) {
      changes.put(Customers.VALIDATION_ERRORS, left);
    }
    return changes;
  }

  /** A field that is stamped in the same write is not missing any more. */
  private static List<Map<String, Object>> withoutOurs(
      List<Map<String, Object>> errors, Map<String, Object> stamps) {
    return errors.stream()
        .filter(error -> !(error.get("field") instanceof String f && stamps.containsKey(f)))
        .toList();
  }

  private static boolean isMissing(Map<String, Object> fields, String field) {
    return fields.get(field) == null;
  }

  private static Map<String, Object> error(String field, String code, String message) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("field", field);
    error.put("code", code);
    error.put("message", message);
    return error;
  }
}
