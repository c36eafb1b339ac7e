package dev.meterkite.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** What explains what is seen: holds, refusals, the last hour, sweeps, replays, the demo. */
@ExtendWith(ConsoleSetup.Here.class)
class ConsoleInsightTest {
  private static final String REPLAY =
      "{'decisions': [], 'replay': {'replayed_at': '2026-03-01T10:00:00Z', 'same_model': false,"
          + " 'selected_provider': 'google', 'selected_model': 'gemini-9', 'score': 71.5,"
          + " 'candidates': [{'provider': 'google', 'model_id': 'gemini-9', 'cost_micros': 900,"
          + " 'utilisation': 0.0, 'score': 71.5,"
          + " 'terms': {'health': 50.0, 'quota': 100.0, 'cost': 90.0, 'performance': 35.0}}],"
          + " 'excluded': {'circuit_open': 2}, 'fallbacks': [], 'differences': ["
          + "{'provider': 'openai', 'model_id': 'gpt-4o-mini',"
          + " 'then': {'score': 88.25, 'cost_micros': 200, 'terms': {'health': 100.0}},"
          + " 'now': {'unfit': 'circuit_open', 'cost_micros': 250}},"
          + " {'provider': 'google', 'model_id': 'gemini-9', 'now': {'score': 71.5}}]}}";

  private static WebElement panel(ConsoleSetup world, String title) {
    return world.browser.find("[aria-labelledby=panel-" + title + "]");
  }

  @Test
  void user_hasOpenHoldsAndReasonsOfRefusals(ConsoleSetup world) {
    world.open("users/ada");
    world.browser.awaitText("insufficient credits");
    String holds = panel(world, "open-holds").getText();
    assertTrue(holds.contains("job job-9") && holds.contains("75"), holds);
    assertTrue(holds.contains("openai gpt-4o"), holds);
    assertTrue(holds.contains("a call") && holds.contains("40"), holds);
    assertTrue(holds.indexOf("openai") < holds.indexOf("job-9"), "what lapses first is first");
    String refusals = panel(world, "last-refusals").getText();
    assertTrue(refusals.indexOf("hold-credits") < refusals.indexOf("debit-credits"), refusals);
    assertTrue(refusals.contains("required 25,000"), refusals);
    assertEquals(List.of(), world.browser.barriers());
  }

  @Test
  void overview_hasTheLastHourOfProvidersAndModels_andTheSweeps(ConsoleSetup world) {
    Seed.busy(world.host);
    world.open("overview");
    world.browser.awaitText("claude-sonnet-4-5");
    List<String> bars =
        world.browser.all(".spark").stream().map(each -> each.getAttribute("aria-label")).toList();
    assertTrue(
        bars.contains("8 calls in the last hour, 8 of them failed; at most 8 in 5 minutes"),
        bars::toString);
    assertTrue(bars.contains("8 calls in the last hour, 2 of them failed; at most 8 in 5 minutes"));
    String sweeps = panel(world, "sweeps").getText();
    assertTrue(sweeps.contains("expire-credits on time"), sweeps);
    assertTrue(sweeps.contains("reconcile-ledger never"), sweeps);
  }

  /** A sweep that missed a run is told in words and colour, whatever the rest of the page does. */
  @Test
  void lateSweep_isMarked(ConsoleSetup world) {
    world.front.answer(
        "/api/provider-status",
        unused ->
            FaultyProxy.Reply.json(
                "{'providers': [], 'quotas': [], 'open_alerts': 0, 'sweeps': [{'function':"
                    + " 'expire-credits', 'every_seconds': 3600, 'status': 'late', 'last_run_at':"
                    + " '2026-01-01T00:00:00Z', 'due_at': '2026-01-01T01:00:00Z'}]}"));
    world.open("overview");
    world.browser.awaitText("expire-credits");
    assertEquals("late", panel(world, "sweeps").findElement(By.className("bad")).getText());
    assertEquals(List.of(), world.browser.barriers());
  }

  /** By the keyboard: a decision is opened, replayed, and nothing else happens. */
  @Test
  void decision_isReplayed(ConsoleSetup world) {
    world.open("routing");
    world.browser.find(".decision .opener").sendKeys(Keys.ENTER);
    world.browser.button("Replay with what is known now").sendKeys(Keys.ENTER);
    world.browser.awaitText("By the draw of then. Nothing was reserved or written.");
    world.browser.awaitText("What would be weighed now");
    assertEquals("Replay again", world.browser.focused().getText(), "the focus stays");
    assertEquals(List.of(), world.browser.barriers());
    assertTrue(
        world.front.seen("/api/list-decisions").stream()
            .allMatch(request -> request.method().equals("GET")));
    assertEquals(List.of(), world.front.seen("/api/route-model"));
    assertEquals(List.of(), world.browser.complaints());
  }

  @Test
  void replayThatDiffers_saysWhatChanged(ConsoleSetup world) {
    world.open("routing");
    world.browser.find(".decision .opener").click();
    world.browser.button("Replay with what is known now");
    world.front.answer("/api/list-decisions", unused -> FaultyProxy.Reply.json(REPLAY));
    world.browser.button("Replay with what is known now").click();
    world.browser.awaitText("Now gemini-9 of google would be chosen, in place of");
    String differences = world.browser.find(".inset table").getText();
    assertTrue(differences.contains("gpt-4o-mini openai 88.3 circuit open"), differences);
    assertTrue(differences.contains("price $0.0002 \u2192 $0.00025"), differences);
    assertTrue(differences.contains("gemini-9 google not weighed 71.5"), differences);
    world.browser.awaitText("2 circuit open");
    assertEquals(List.of(), world.browser.barriers());
    world.browser.size(400, 900);
    assertTrue(
        (Boolean) world.browser.run("return document.documentElement.scrollWidth <= innerWidth"));
    assertEquals(List.of(), world.browser.complaints());
  }

  @ParameterizedTest
  @CsvSource({
    "503, unavailable, list-decisions is not available, Firestore is away",
    "403, forbidden, Not allowed, it has no admin claim",
    "409, not_replayable, list-decisions is not available, Firestore is away",
  })
  void replayThatFails_saysWhy(
      int status, String code, String words, String reason, ConsoleSetup world) {
    world.open("routing");
    world.browser.find(".decision .opener").click();
    world.browser.button("Replay with what is known now");
    world.front.answer(
        "/api/list-decisions",
        unused -> FaultyProxy.Reply.problem(status, code, "Firestore is away"));
    world.browser.button("Replay with what is known now").click();
    world.browser.awaitText(words);
    world.browser.awaitText(reason);
    world.browser.awaitText("What was weighed");
    world.front.reset();
    world.browser.button("Try again").click();
    world.browser.awaitText("By the draw of then.");
    world.browser.complaints();
  }

  @Test
  void replayOfWhatHasExpired_isSaid(ConsoleSetup world) {
    world.open("routing");
    world.browser.find(".decision .opener").click();
    world.browser.button("Replay with what is known now");
    world.front.answer(
        "/api/list-decisions", unused -> FaultyProxy.Reply.json("{'decisions': []}"));
    world.browser.button("Replay with what is known now").click();
    world.browser.awaitText("The decision has expired.");
  }

  /** The button starts it once; its progress and its end are on the page. */
  @Test
  void demo_isStartedAndFollowedToItsEnd(ConsoleSetup world) {
    AtomicReference<String> state = new AtomicReference<>();
    world.open("local");
    world.browser.awaitText("It has not run yet.");
    world.front.answer(
        "/local/demo",
        request -> {
          if (request.method().equals("POST")) {
            state.set(
                "{'state': 'running', 'began_at': '2026-03-01T10:00:00Z',"
                    + " 'console': 'http://127.0.0.1:1/console/', 'output': '  10 20'}");
          }
          return state.get() == null ? null : FaultyProxy.Reply.json(state.get());
        });
    world.browser.button("Run the demo").sendKeys(Keys.ENTER);
    world.browser.awaitText("The demo has started.");
    world.browser.awaitText("Watch it in its own console");
    world.browser.awaitText("10 20");
    assertFalse(world.browser.button("The demo is running").isEnabled());
    assertEquals(List.of(), world.browser.barriers());
    state.set(
        "{'state': 'passed', 'began_at': '2026-03-01T10:00:00Z', 'status': 0,"
            + " 'ended_at': '2026-03-01T10:01:40Z', 'output': 'The books balance: 201 users'}");
    world.browser.awaitText("The books balanced, after 1 min.");
    world.browser.awaitText("The books balance: 201 users");
    assertTrue(world.browser.button("Run the demo").isEnabled());
    state.set(
        "{'state': 'failed', 'began_at': '2026-03-01T10:00:00Z', 'status': 1,"
            + " 'ended_at': '2026-03-01T10:01:40Z', 'output': 'THE BOOKS ARE WRONG:'}");
    world.browser.awaitText("It ended with status 1. What it says is below.");
    world.browser.awaitText("THE BOOKS ARE WRONG:");
    assertEquals(
        1,
        world.front.seen("/local/demo").stream()
            .filter(request -> request.method().equals("POST"))
            .count());
  }

  /** Somebody else was faster, between two looks of this page. */
  @Test
  void demoThatRunsAlready_isNotStartedAgain(ConsoleSetup world) {
    world.front.answer(
        "/local/demo",
        request ->
            request.method().equals("POST")
                ? FaultyProxy.Reply.problem(
                    409, "demo_running", "the demo is running; wait for its end")
                : null);
    world.open("local");
    world.browser.button("Run the demo").click();
    world.browser.awaitText("the demo is running; wait for its end");
    world.browser.complaints();
  }

  @Test
  void demoOfTheHostItself_isNoButton(ConsoleSetup world) {
    world.front.answer("/local/demo", unused -> FaultyProxy.Reply.json("{'state': 'running'}"));
    world.open("local");
    world.browser.awaitText("This host plays it itself, in its terminal.");
    assertFalse(world.browser.button("The demo is running").isEnabled());
  }

  @Test
  void demoThatCannotBeAsked_isDownInItsPanelAlone(ConsoleSetup world) {
    world.front.answer(
        "/local/demo", unused -> FaultyProxy.Reply.problem(503, "unavailable", "no demo here"));
    world.open("local");
    world.browser.awaitText("no demo here");
    world.browser.awaitText("Fire now");
    world.browser.complaints();
  }
}
