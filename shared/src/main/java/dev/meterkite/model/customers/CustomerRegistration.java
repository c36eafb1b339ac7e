package dev.meterkite.model.customers;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.persons.PersonalData;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What register-customer does. A customer that does not exist is created, {@code standard} where no
 * tier is given, and its flag document is made from the tier in the same commit, as
 * on-customer-written would. A customer that exists keeps every field that it has: a given field
 * that it lacks is set, one that differs refuses the whole registration. So does a field that an
 * erasure removes, once the customer is erased: names do not come back.
 *
 * <p>Example: {@code {acme, bundle_tier pro}} creates acme; the same again changes nothing; {@code
 * {acme, bundle_tier enterprise}} is refused for {@code bundle_tier}; {@code {acme,
 * monthly_scene_quota 100}} sets the quota.
 */
public final class CustomerRegistration {
  private CustomerRegistration() {}

  /** What becomes of a registration. */
  public sealed interface Result {}

  /**
   * The customer is as it was asked for.
   *
   * @param fields the customer's document afterwards
   * @param writes what has to be written for it; empty if nothing changes
   */
  public record Registered(Map<String, Object> fields, List<Write> writes) implements Result {}

  /**
   * Nothing may change.
   *
   * @param differing the given fields that the customer has with other values
   */
  public record AlreadyExists(List<Violation> differing) implements Result {}

  /**
   * Nothing may change: the customer is erased, or its erasure has begun.
   *
   * @param names the given fields that an erasure removes, such as the name
   */
  public record Erased(List<Violation> names) implements Result {}

  /**
   * What is given does not go with what is there, such as a contract that ends before it starts.
   *
   * @param violations the faults that the registration would add
   */
  public record Invalid(List<Violation> violations) implements Result {}

  /**
   * Decides.
   *
   * @param customer the document as just read
   * @param flags the customer's flag document as just read
   * @param given the given fields in the types of documents; none of functions' own
   * @param plans what a new customer without a tier or quota begins with
   */
  public static Result decide(
      Snapshot customer, Snapshot flags, Map<String, Object> given, Plans plans, Instant now) {
    Map<String, Object> found = customer.fields();
    List<Violation> names = found.containsKey(Customers.ERASED_AT) ? names(given) : List.of();
    if (!names.isEmpty()) {
      return new Erased(names);
    }
    List<Violation> differing = new ArrayList<>();
    Map<String, Object> missing = new LinkedHashMap<>();
    given.forEach(
        (name, value) -> {
          if (found.get(name) == null) {
            missing.put(name, value);
          } else if (!isSame(found.get(name), value)) {
            differing.add(
                new Violation(
                    name, "differs", "is not what the customer has; nothing was changed"));
          }
        });
    if (!differing.isEmpty()) {
      return new AlreadyExists(differing);
    }
    Map<String, Object> after = new LinkedHashMap<>(found);
    after.putAll(stamps(customer, missing, plans, now));
    List<Violation> violations = new ArrayList<>(violations(after));
    violations.removeAll(violations(found));
    if (!violations.isEmpty()) {
      return new Invalid(violations);
    }
    return new Registered(after, writes(customer, flags, missing, plans, now));
  }

  private static List<Violation> names(Map<String, Object> given) {
    return given.keySet().stream()
        .filter(name -> !PersonalData.isKeptOfCustomers(name))
        .map(name -> new Violation(name, "erased", "was erased, and is not taken again"))
        .toList();
  }

  /** What is set, with the stamps that go with it; nothing where nothing is set. */
  private static Map<String, Object> stamps(
      Snapshot customer, Map<String, Object> missing, Plans plans, Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (!customer.exists()) {
      fields.put(Customers.SCHEMA_VERSION, WrittenRules.SCHEMA_VERSION);
      fields.put(Customers.BUNDLE_TIER, plans.firstBundleTier().word());
      fields.putAll(missing);
      Long quota =
          plans
              .bundleTier(String.valueOf(fields.get(Customers.BUNDLE_TIER)))
              .map(BundleTier::monthlySceneQuota)
              .orElse(null);
      if (quota != null) {
        fields.putIfAbsent(Customers.MONTHLY_SCENE_QUOTA, quota);
      }
      fields.put(Customers.CREATED_AT, now);
      fields.put(Customers.UPDATED_AT, now);
    } else if (!missing.isEmpty()) {
      fields.putAll(missing);
      fields.put(Customers.UPDATED_AT, now);
    }
    return fields;
  }

  /** A change of an existing customer carries its flags by its event, as every other change. */
  private static List<Write> writes(
      Snapshot customer, Snapshot flags, Map<String, Object> missing, Plans plans, Instant now) {
    Map<String, Object> fields = stamps(customer, missing, plans, now);
    if (fields.isEmpty()) {
      return List.of();
    }
    if (customer.exists()) {
      return List.of(new Write.Update(customer.ref(), fields));
    }
    List<Write> writes = new ArrayList<>();
    writes.add(new Write.Create(customer.ref(), fields));
    Snapshot created = new Snapshot(customer.ref(), fields, now);
    writes.addAll(WrittenRules.customer(created, List.of(), flags, plans, now));
    return List.copyOf(writes);
  }

  /** Stands for a tier where the tier is not what is looked at. */
  private static final String ANY_TIER = "any";

  /** The faults of given fields, as they would be those of a new customer. */
  public static Set<Violation> faults(Map<String, Object> given) {
    Map<String, Object> document = new LinkedHashMap<>(given);
    document.put(Customers.SCHEMA_VERSION, WrittenRules.SCHEMA_VERSION);
    document.putIfAbsent(Customers.BUNDLE_TIER, ANY_TIER);
    return violations(document);
  }

  /**
   * The faults of a document. Its table compares fields only where each is right by itself, so the
   * dates of the contract are compared apart.
   */
  private static Set<Violation> violations(Map<String, Object> fields) {
    if (fields.isEmpty()) {
      return Set.of();
    }
    Map<String, Object> contract = new LinkedHashMap<>(fields);
    contract.keySet().retainAll(List.of(Customers.CONTRACT_START, Customers.CONTRACT_END));
    contract.put(Customers.SCHEMA_VERSION, WrittenRules.SCHEMA_VERSION);
    contract.put(Customers.BUNDLE_TIER, ANY_TIER);
    Set<Violation> violations = new LinkedHashSet<>(CustomerFields.TABLE.validate(fields));
    violations.addAll(CustomerFields.TABLE.validate(contract));
    return violations;
  }

  /** Whether two values are the same; 100 and 100.0 are, as programs without integers write it. */
  private static boolean isSame(@Nullable Object found, Object given) {
    return (found instanceof Number one && given instanceof Number other)
        ? new BigDecimal(one.toString()).compareTo(new BigDecimal(other.toString())) == 0
        : Objects.equals(found, given);
  }
}
