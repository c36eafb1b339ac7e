package dev.meterkite.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/**
 * What the console changes, against the functions themselves, with the keyboard where it counts.
 */
@ExtendWith(ConsoleSetup.Here.class)
class ConsoleFormsTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static JsonObject get(ConsoleSetup world, String path) throws Exception {
    return JsonParser.parseString(send(world, world.host.url() + path).body()).getAsJsonObject();
  }

  private static HttpResponse<String> send(ConsoleSetup world, String url)
      throws IOException, InterruptedException {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(url))
            .header("Authorization", "Bearer " + world.host.tokens().admin())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static JsonObject statement(ConsoleSetup world, String user) throws Exception {
    return get(world, "/credit-statement?user_id=" + user);
  }

  private static void fill(ConsoleSetup world, String name, String text) {
    WebElement input = world.browser.find("dialog [name=" + name + "]");
    input.clear();
    input.sendKeys(text);
  }

  /** A grant by the keyboard alone; what was typed stays while the page goes on being drawn. */
  @Test
  void grant_isMadeOnceAndShown(ConsoleSetup world) throws Exception {
    long before = statement(world, "hana").get("balance").getAsLong();
    world.open("users/hana");
    world.browser.awaitText("deduction");
    world.browser.button("Grant credits…").sendKeys(Keys.ENTER);
    world.browser.find("dialog[open]");
    assertEquals(
        "amount", world.browser.focused().getAttribute("name"), "the focus is in the form");
    assertEquals(List.of(), world.browser.barriers());
    world.browser.press("25", Keys.TAB, Keys.TAB, "goodwill", Keys.ENTER);
    world.browser.awaitText("Granted 25 credits to hana");
    world.browser.awaitText("goodwill");
    assertEquals(before + 25, statement(world, "hana").get("balance").getAsLong());
    assertEquals("Grant credits…", world.browser.focused().getText(), "the focus is back");
  }

  /** The answer is lost on its way; the form is sent again with its key and grants nothing more. */
  @Test
  void grantWhoseAnswerIsLost_isAppliedOnce(ConsoleSetup world) throws Exception {
    long before = statement(world, "goran").get("balance").getAsLong();
    AtomicInteger calls = new AtomicInteger();
    world.front.answer(
        "/api/grant-credits",
        request -> {
          if (calls.incrementAndGet() > 1) {
            return null;
          }
          world.front.forward(request, world.host.tokens().admin());
          return FaultyProxy.Reply.problem(503, "unavailable", "the answer was lost");
        });
    world.open("users/goran");
    world.browser.button("Grant credits…").click();
    fill(world, "amount", "40");
    fill(world, "description", "lost");
    world.browser.button("Grant").click();
    world.browser.awaitText("It may have been applied. Send the form again as it is");
    assertEquals("40", world.browser.find("dialog [name=amount]").getAttribute("value"));
    world.browser.button("Grant").click();
    world.browser.awaitText("Granted 40 credits to goran");
    assertEquals(before + 40, statement(world, "goran").get("balance").getAsLong());
    List<FaultyProxy.Request> sent = world.front.seen("/api/grant-credits");
    assertEquals(2, sent.size());
    assertEquals(sent.get(0).key(), sent.get(1).key());

    world.browser.button("Grant credits…").click();
    fill(world, "amount", "1");
    fill(world, "description", "another form");
    world.browser.button("Grant").click();
    world.browser.awaitText("Granted 1 credits to goran");
    sent = world.front.seen("/api/grant-credits");
    assertNotEquals(sent.get(0).key(), sent.get(2).key(), "another form is another operation");
    world.browser.complaints();
  }

  /** Other figures under the key of a form that was applied are refused, and the reader is told. */
  @Test
  void formThatWasAppliedAndThenChanged_isRefused(ConsoleSetup world) throws Exception {
    AtomicInteger calls = new AtomicInteger();
    world.front.answer(
        "/api/grant-credits",
        request -> {
          if (calls.incrementAndGet() > 1) {
            return null;
          }
          world.front.forward(request, world.host.tokens().admin());
          return FaultyProxy.Reply.problem(503, "unavailable", "the answer was lost");
        });
    long before = statement(world, "ines").get("balance").getAsLong();
    world.open("users/ines");
    world.browser.button("Grant credits…").click();
    fill(world, "amount", "5");
    fill(world, "description", "first");
    world.browser.button("Grant").click();
    world.browser.awaitText("It may have been applied");
    fill(world, "amount", "6");
    world.browser.button("Grant").click();
    world.browser.awaitText("This form was sent before with other figures.");
    assertEquals(before + 5, statement(world, "ines").get("balance").getAsLong());
    world.browser.press(Keys.ESCAPE);
    world.browser.awaitPage("the page", text -> !text.contains("Idempotency key"));
    world.browser.complaints();
  }

  @Test
  void charge_isExplainedAndRefunded(ConsoleSetup world) throws Exception {
    world.open("users/ada");
    world.browser.awaitText("openai gpt-4o");
    WebElement row =
        world.browser.all("tbody tr").stream()
            .filter(each -> each.getText().contains("deduction"))
            .filter(each -> each.getText().contains("openai gpt-4o"))
            .findFirst()
            .orElseThrow();
    row.findElement(By.tagName("button")).sendKeys(Keys.SPACE);
    world.browser.awaitText("Usage that was charged");
    world.browser.awaitText("182,000");
    world.browser.awaitText("Prices");
    assertEquals(List.of(), world.browser.barriers());
    world.browser.picture(ConsoleSetup.PICTURES.resolve("user-charge-light-1280.png"));
    world.browser.button("Refund…").click();
    fill(world, "reason", "wrong model");
    long most = Long.parseLong(world.browser.find("dialog [name=amount]").getAttribute("max"));
    fill(world, "amount", String.valueOf(most - 1));
    world.browser.button("Refund").click();
    world.browser.awaitText("Refunded " + (most - 1) + " credits to ada");
    JsonObject refund =
        statement(world, "ada").getAsJsonArray("transactions").get(0).getAsJsonObject();
    assertEquals("refund", refund.get("type").getAsString());
    assertEquals("wrong model", refund.get("reason").getAsString());
  }

  @Test
  void flag_isSwitchedAndCleared(ConsoleSetup world) throws Exception {
    world.open("customers/cobalt");
    world.browser.find("[aria-labelledby=flag-sim2real][aria-checked=false]").sendKeys(Keys.SPACE);
    world.browser.awaitText("sim2real is on for cobalt.");
    world.browser.find("[aria-labelledby=flag-sim2real][aria-checked=true]");
    JsonObject flag = flag(world);
    assertEquals(Map.of("value", "true", "source", "flag"), words(flag));
    world.browser.button("Clear sim2real: back to what the tier says").click();
    world.browser.find("[aria-labelledby=flag-sim2real][aria-checked=false]");
    assertEquals("tier", flag(world).get("source").getAsString());
  }

  private static JsonObject flag(ConsoleSetup world) throws Exception {
    return get(world, "/customer-config?customer_id=cobalt&fresh=true")
        .getAsJsonObject("feature_flags")
        .getAsJsonObject("sim2real");
  }

  private static Map<String, String> words(JsonObject flag) {
    return Map.of(
        "value", flag.get("value").getAsString(), "source", flag.get("source").getAsString());
  }

  @Test
  void alert_isAcknowledged(ConsoleSetup world) throws Exception {
    JsonArray open = get(world, "/list-alerts?acknowledged=false").getAsJsonArray("alerts");
    String id = "";
    String message = "";
    for (JsonElement each : open) {
      if (each.getAsJsonObject().has("customer_id")) {
        id = each.getAsJsonObject().get("alert_id").getAsString();
        message = each.getAsJsonObject().get("message").getAsString();
      }
    }
    world.open("alerts");
    world.browser.button("Acknowledge: " + message).click();
    world.browser.awaitText("Acknowledged: " + message);
    String done = get(world, "/list-alerts?acknowledged=true").toString();
    assertTrue(done.contains(id), done);
    world.open("alerts?state=done");
    world.browser.awaitText(message);
    assertFalse(
        world.browser.all("main button").stream()
            .anyMatch(each -> each.getText().equals("Acknowledge")));
  }

  @Test
  void user_isFoundByIdMailAndStripeCustomer(ConsoleSetup world) {
    world.open("users");
    for (List<String> search :
        List.of(
            List.of("email", "chloe@example.com", "chloe"),
            List.of("stripe", "cus_dmitri", "dmitri"),
            List.of("id", "elif", "User elif"))) {
      world.browser.find("[name=by] [value=" + search.get(0) + "]").click();
      WebElement text = world.browser.find("[name=text]");
      text.clear();
      text.sendKeys(search.get(1), Keys.ENTER);
      world.browser.awaitPage(
          search.toString(),
          page -> page.contains(search.get(2)) && !page.contains("ada@example.com"));
    }
    assertEquals("User elif", world.browser.focused().getText(), "the heading has the focus");
  }

  @Test
  void machine_movesItsClockFiresSweepsAndChangesProviders(ConsoleSetup world) throws Exception {
    world.open("local");
    world.browser.button("Fire now: reset-quotas").click();
    world.browser.awaitText("reset-quotas: customers reset");
    world.browser.awaitText("200");
    String form = "form[aria-label=elevenlabs] ";
    world.browser.find(form + "[name=mode] [value=fail]").click();
    WebElement status = world.browser.find(form + "[name=http_status]");
    status.clear();
    status.sendKeys("418", Keys.ENTER);
    world.browser.awaitText("elevenlabs fails from now on.");
    JsonObject stub = get(world, "/local/provider?name=elevenlabs");
    assertEquals("fail", stub.get("mode").getAsString());
    assertEquals(418, stub.get("http_status").getAsInt());
    world.browser.button("+ 1 hour").click();
    world.browser.awaitText("It was moved.");
    world.host.clock().set(java.time.Instant.now());
  }

  /** The parts that the console draws are those that route-model adds up. */
  @Test
  void partsOfEachScore_addUpToIt(ConsoleSetup world) throws Exception {
    world.open("routing");
    world.browser.find(".decision .opener");
    world.browser.run(
        "document.querySelectorAll('.decision .opener').forEach((each) => each.click())");
    world.browser.awaitText("What was weighed");
    world.browser.awaitText("What was left out, and why");
    assertEquals(List.of(), world.browser.barriers());
    List<?> sums =
        (List<?>)
            world.browser.run(
                """
                return [...document.querySelectorAll('.scores li')].map((line) => {
                  const widths = [...line.querySelectorAll('rect:not(.track)')]
                    .map((part) => Number(part.getAttribute('width')));
                  return [widths.reduce((sum, width) => sum + width, 0),
                    Number(line.querySelector('.value').firstChild.data)];
                });
                """);
    assertTrue(sums.size() > 12, "several were weighed: " + sums);
    for (Object each : sums) {
      List<?> pair = (List<?>) each;
      double sum = ((Number) pair.get(0)).doubleValue();
      assertEquals(((Number) pair.get(1)).doubleValue(), sum, 0.051, sums::toString);
    }
  }

  /** Hosting forwards the whole path, so a function must not mind it. */
  @Test
  void pathBehindHosting_reachesTheFunctionItself(ConsoleSetup world) throws Exception {
    int port = world.host.ports().get("provider-status");
    HttpResponse<String> answer =
        send(world, "http://127.0.0.1:" + port + "/api/provider-status?limit=1");
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("\"providers\""), answer.body());
  }
}
