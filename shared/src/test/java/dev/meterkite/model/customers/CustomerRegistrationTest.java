package dev.meterkite.model.customers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What register-customer does to a customer, there or not. */
class CustomerRegistrationTest {
  private static final Instant NOW = Instant.parse("2026-11-10T10:00:00Z");
  private static final DocRef CUSTOMER = new DocRef("customers", "acme");
  private static final DocRef FLAGS = new DocRef("feature_flags", "acme");

  private static CustomerRegistration.Result decide(
      Map<String, Object> found, Map<String, Object> given) {
    Snapshot customer =
        found.isEmpty() ? Snapshot.absent(CUSTOMER) : new Snapshot(CUSTOMER, found, NOW);
    return CustomerRegistration.decide(
        customer, Snapshot.absent(FLAGS), given, DefaultPlans.PLANS, NOW);
  }

  private static CustomerRegistration.Registered registered(
      Map<String, Object> found, Map<String, Object> given) {
    return assertInstanceOf(CustomerRegistration.Registered.class, decide(found, given));
  }

  @Test
  void absentCustomer_isCreatedWithItsFlags() {
    List<Write> writes = registered(Map.of(), Map.of("bundle_tier", "pro")).writes();
    assertEquals(
        new Write.Create(
            CUSTOMER,
            Map.of(
                "schema_version", 1L, "bundle_tier", "pro", "created_at", NOW, "updated_at", NOW)),
        writes.get(0));
    assertEquals(
        new Write.Create(FLAGS, FlagRules.initial(DefaultPlans.bundleTier("pro"), NOW)),
        writes.get(1));
    assertEquals("standard", registered(Map.of(), Map.of()).fields().get("bundle_tier"));
  }

  @Test
  void whatIsThere_isNeverChanged() {
    Map<String, Object> found =
        Map.of("schema_version", 1L, "bundle_tier", "pro", "monthly_scene_quota", 5.0);
    assertEquals(List.of(), registered(found, Map.of()).writes());
    assertEquals(List.of(), registered(found, Map.of("monthly_scene_quota", 5L)).writes());
    assertEquals(
        List.of(new Write.Update(CUSTOMER, Map.of("email", "a@b.example", "updated_at", NOW))),
        registered(found, Map.of("email", "a@b.example", "bundle_tier", "pro")).writes());
    CustomerRegistration.AlreadyExists refused =
        assertInstanceOf(
            CustomerRegistration.AlreadyExists.class,
            decide(found, Map.of("monthly_scene_quota", 6L, "email", "a@b.example")));
    assertEquals(
        List.of("monthly_scene_quota"),
        refused.differing().stream().map(Violation::field).toList());
  }

  /** Every field that an erasure removes is refused, from the first commit of the erasure on. */
  @Test
  void erasedCustomer_takesNoNameAgain_andTheRestAsBefore() {
    Map<String, Object> found =
        Map.of("schema_version", 1L, "bundle_tier", "pro", "erased_at", NOW, "erasure", "erasing");
    for (String name :
        List.of("organization_name", "email", "preferred_tts_voice", "preferred_language")) {
      CustomerRegistration.Erased refused =
          assertInstanceOf(
              CustomerRegistration.Erased.class,
              decide(found, Map.of(name, "x", "monthly_scene_quota", 5L)));
      assertEquals(List.of(name), refused.names().stream().map(Violation::field).toList());
    }
    assertEquals(
        5L,
        registered(found, Map.of("monthly_scene_quota", 5L)).fields().get("monthly_scene_quota"));
  }

  /** Only what the registration would add is at fault, not what another program left there. */
  @Test
  void faultsOfOthers_doNotStopIt() {
    Map<String, Object> found =
        Map.of("bundle_tier", "gold", "contract_start", Instant.parse("2026-06-01T00:00:00Z"));
    assertEquals(
        "a@b.example", registered(found, Map.of("email", "a@b.example")).fields().get("email"));
    assertInstanceOf(
        CustomerRegistration.Invalid.class,
        decide(found, Map.of("contract_end", Instant.parse("2026-06-01T00:00:00Z"))));
    Map<String, Object> right =
        Map.of(
            "schema_version",
            1L,
            "bundle_tier",
            "pro",
            "contract_start",
            Instant.parse("2026-06-01T00:00:00Z"));
    CustomerRegistration.Invalid invalid =
        assertInstanceOf(
            CustomerRegistration.Invalid.class,
            decide(right, Map.of("contract_end", Instant.parse("2026-06-01T00:00:00Z"))));
    assertEquals(
        List.of("contract_end"), invalid.violations().stream().map(Violation::field).toList());
    registered(right, Map.of("contract_end", Instant.parse("2026-06-01T00:00:01Z")));
  }
}
