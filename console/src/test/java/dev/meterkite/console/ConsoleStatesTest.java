package dev.meterkite.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every page when a function has nothing, is slow, fails, or refuses; the rest of it goes on. */
@ExtendWith(ConsoleSetup.Here.class)
class ConsoleStatesTest {
  private static final String NO_STATUS = "{'providers': [], 'quotas': [], 'open_alerts': 0}";
  private static final String NO_STATEMENT =
      "{'user_id': 'ada', 'balance': 0, 'held': 0, 'available': 0, 'lots': [], 'open_holds': 0,"
          + " 'holds': [], 'refusals': [], 'transactions': []}";
  private static final String NO_USAGE =
      "{'groups': [], 'totals': {'count': 0, 'episodes_generated': 0, 'compute_minutes': 0,"
          + " 'storage_gb': 0, 'billable_cost_micros': 0}}";

  private static String nothing(String function) {
    return switch (function) {
      case "provider-status" -> NO_STATUS;
      case "credit-statement" -> NO_STATEMENT;
      case "usage-report" -> NO_USAGE;
      default -> "{'" + function.substring(function.indexOf('-') + 1) + "': []}";
    };
  }

  @ParameterizedTest
  @CsvSource({
    "overview, provider-status, No provider was probed or used yet.",
    "overview, list-alerts, No alert is open.",
    "users, list-users, There are no users yet.",
    "users?email=nobody@example.com, list-users, No user is like that.",
    "overview, provider-status, The function does not say when sweeps ran.",
    "users/ada, credit-statement, No transaction is in this time.",
    "users/ada, credit-statement, Nothing is held.",
    "users/ada, credit-statement, No refused call is remembered.",
    "customers, list-customers, There are no customers yet.",
    "customers/acme, usage-report, Nothing was used in these days.",
    "customers/acme, list-customers, No such customer is registered.",
    "routing, list-decisions, No model was chosen yet.",
    "alerts, list-alerts, No alert is like that.",
  })
  void functionWithNothing_isSaidInWords(
      String page, String function, String words, ConsoleSetup world) {
    world.front.answer("/api/" + function, unused -> FaultyProxy.Reply.json(nothing(function)));
    world.open(page);
    world.browser.awaitText(words);
    assertEquals(List.of(), world.browser.barriers());
    assertEquals(List.of(), world.browser.complaints());
  }

  /** The panel says whom it waits for, and shows the figures once they are there. */
  @ParameterizedTest
  @CsvSource({
    "overview, provider-status, gpt-4o-mini, critical",
    "users, list-users, chloe, Find by",
    "users/ada, credit-statement, Summary of 42 pages, Statement",
    "customers, list-customers, borealis, Customers",
    "customers/acme, usage-report, Total, Feature flags",
    "routing, list-decisions, gpt-4o-mini, Routing",
    "alerts, list-alerts, anthropic is unavailable, Alerts",
  })
  void functionThatIsSlow_isNamedWhileTheRestIsThere(
      String page, String function, String words, String rest, ConsoleSetup world) {
    world.front.hold("/api/" + function);
    world.open(page);
    world.browser.awaitText("Still waiting for " + function);
    world.browser.awaitText(rest);
    assertFalse(world.browser.text().contains(words), world.browser.text());
    world.front.letGo();
    world.browser.awaitText(words);
  }

  /** The panel says what is down and why; the others have their figures; trying again works. */
  @ParameterizedTest
  @CsvSource({
    "overview, provider-status, Providers and models, critical",
    "users, list-users, Users, Find by",
    "users/ada, credit-statement, Statement, Grant credits",
    "customers, list-customers, Customers, Contract ends before",
    "customers/acme, customer-config, Feature flags, Usage by day",
    "customers/acme, usage-report, Usage by day, sim2real",
    "routing, list-decisions, Routing, Provider",
    "alerts, list-alerts, Alerts, Provider",
  })
  void functionThatIsDown_isDownInItsPanelAlone(
      String page, String function, String title, String rest, ConsoleSetup world) {
    world.front.answer(
        "/api/" + function,
        unused -> FaultyProxy.Reply.problem(503, "unavailable", "Firestore is away"));
    world.open(page);
    world.browser.awaitText(function + " is not available");
    world.browser.awaitText("Firestore is away");
    world.browser.awaitText(title);
    world.browser.awaitText(rest);
    assertEquals(List.of(), world.browser.barriers());

    world.front.reset();
    // The overview may have tried by itself already.
    world.browser.run("document.querySelector('.down button')?.click()");
    world.browser.awaitPage("figures", text -> !text.contains("is not available"));
    assertTrue(world.browser.text().contains(title), title);
    assertFalse(world.browser.complaints().isEmpty(), "the browser logs each status of 503");
  }

  @ParameterizedTest
  @CsvSource({
    "overview, provider-status",
    "users, list-users",
    "users/ada, credit-statement",
    "customers, list-customers",
    "customers/acme, customer-config",
    "routing, list-decisions",
    "alerts, list-alerts",
  })
  void accountThatIsRefused_isToldWhatItLacks(String page, String function, ConsoleSetup world) {
    world.front.answer(
        "/api/" + function, unused -> FaultyProxy.Reply.problem(403, "forbidden", "admins only"));
    world.open(page);
    world.browser.awaitText("Not allowed");
    world.browser.awaitText(function + " refuses this account: it has no admin claim.");
    world.browser.complaints();
  }

  /** What was there stays in sight, with the news that it is old. */
  @ParameterizedTest
  @CsvSource({
    "users, list-users, chloe, Load again: Users",
    "routing, list-decisions, gpt-4o-mini, 'Load again: Decisions, newest first'",
  })
  void functionThatGoesDown_leavesTheFiguresOfBefore(
      String page, String function, String words, String again, ConsoleSetup world) {
    world.open(page);
    world.browser.awaitText(words);
    world.front.answer(
        "/api/" + function,
        unused -> new FaultyProxy.Reply(502, "text/html", "<h1>Bad Gateway</h1>"));
    world.browser.button(again).click();
    world.browser.awaitText("The figures below are from before.");
    world.browser.awaitText(words);
    world.browser.awaitText("old");
    world.browser.complaints();
  }
}
