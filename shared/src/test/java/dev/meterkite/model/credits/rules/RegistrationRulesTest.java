package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.schema.Schema.Users;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What register-user does to a user, there or not. */
class RegistrationRulesTest {
  private final InMemoryLedger bank = new InMemoryLedger(ForeignBalance.PUT_BACK);

  private String register(String id, String email, String tier, String customer) {
    return bank.run(CreditCommands.register(id, email, tier, customer, null, "h"));
  }

  private Map<String, Object> user(String id) {
    return bank.documents.get(CreditRefs.user(id));
  }

  @Test
  void absentUser_isCreatedWithLedgerAndGrant() {
    assertEquals("applied", register("u1", "a@b.example", "pro", "cus_1"));
    assertEquals("a@b.example", user("u1").get(Users.EMAIL));
    assertEquals("pro", user("u1").get(Users.TIER));
    assertEquals("cus_1", user("u1").get(Users.STRIPE_CUSTOMER_ID));
    assertEquals(2_500L, user("u1").get(Users.CREDITS_BALANCE));
    assertEquals(bank.now, user("u1").get(Users.CREATED_AT));
    assertEquals("unchanged", register("u1", "a@b.example", "pro", "cus_1"));
    assertEquals("unchanged", register("u1", null, null, null));
  }

  /** Each given field against what the document has: equal, other, or none. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "-, -, unchanged",
        "pro, pro, unchanged",
        "pro, -, unchanged",
        "pro, free, already_exists",
        "free, pro, already_exists",
        "gold, pro, already_exists",
        "-, pro, applied"
      })
  void tier_isSetWhereThereIsNone(String found, String given, String outcome) {
    bank.user("u1", found, 40L);
    bank.run(CreditCommands.sweep("u1"));
    assertEquals(outcome, register("u1", null, given, null));
    assertEquals(outcome.equals("applied") ? given : found, user("u1").get(Users.TIER));
  }

  @ParameterizedTest
  @CsvSource({"a@b.example, a@b.example, unchanged", "a@b.example, A@b.example, already_exists"})
  void email_isComparedExactly(String found, String given, String outcome) {
    register("u1", found, null, null);
    assertEquals(outcome, register("u1", given, null, null));
    assertEquals(found, user("u1").get(Users.EMAIL));
  }

  @Test
  void stripeCustomer_belongsToOneUser() {
    register("u1", null, null, "cus_1");
    assertEquals("already_exists", register("u2", null, null, "cus_1"));
    assertFalse(bank.documents.containsKey(CreditRefs.user("u2")));
    assertEquals("applied", register("u2", null, null, "cus_2"));
    assertEquals("already_exists", register("u1", null, null, "cus_2"));
    assertEquals("unchanged", register("u1", null, null, "cus_1"));
  }
}
