package dev.meterkite.functions.credits;

import static dev.meterkite.functions.credits.Desk.HOSTED;
import static dev.meterkite.functions.credits.Desk.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code list-users}, through the invoker, on the emulator; each test has a tier of its own. */
class ListUsersTest {
  private final String tier = "tier-" + UUID.randomUUID();

  private String user(String name, Map<String, Object> more) {
    String id = name + "-" + tier;
    Map<String, Object> fields = new HashMap<>(more);
    fields.put("tier", tier);
    HOSTED.set("users", id, fields);
    return id;
  }

  private static JsonObject page(String query) {
    return json(HOSTED.get(ListUsers.class, "admin", query));
  }

  private static List<String> ids(JsonObject page) {
    List<String> ids = new ArrayList<>();
    for (JsonElement user : page.getAsJsonArray("users")) {
      ids.add(user.getAsJsonObject().get("user_id").getAsString());
    }
    return ids;
  }

  private static JsonObject only(JsonObject page) {
    assertEquals(1, page.getAsJsonArray("users").size(), page::toString);
    return page.getAsJsonArray("users").get(0).getAsJsonObject();
  }

  @Test
  void conditions_areAllMet() {
    String id = user("ada", Map.of("email", tier + "@example.com", "stripe_customer_id", tier));
    user("eve", Map.of("email", "eve-" + tier + "@example.com"));

    assertEquals(List.of(id), ids(page("email=" + tier + "@example.com")));
    assertEquals(List.of(id), ids(page("stripe_customer_id=" + tier)));
    assertEquals(2, ids(page("tier=" + tier)).size());
    assertEquals(List.of(id), ids(page("tier=" + tier + "&stripe_customer_id=" + tier)));
    assertEquals(List.of(), ids(page("tier=free&stripe_customer_id=" + tier)));
  }

  @Test
  void pages_haveEveryUserOnceInTheOrderOfIds() {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      all.add(user("u" + i, Map.of()));
    }
    List<String> found = new ArrayList<>();
    String token = "";
    do {
      JsonObject page = page("limit=3&tier=" + tier + token);
      found.addAll(ids(page));
      token =
          page.has("next_page_token")
              ? "&page_token=" + page.get("next_page_token").getAsString()
              : "";
    } while (!token.isEmpty());
    assertEquals(all, found);
    assertFalse(page("limit=7&tier=" + tier).has("next_page_token"), "nothing is left");
  }

  @Test
  void figures_areThoseOfTheStatement() {
    String id = user("rich", Map.of("credits_balance", 500L));
    String lot =
        ("{'user_id':'"
                + id
                + "','amount':40,'type':'purchase','expires_at':'"
                + HOSTED.now().plus(Duration.ofMinutes(30))
                + "'}")
            .replace('\'', '"');
    assertEquals(200, HOSTED.post(GrantCredits.class, "admin", "g-" + id, lot).statusCode());
    String hold = "{\"user_id\":\"" + id + "\",\"amount\":120}";
    assertEquals(200, HOSTED.post(HoldCredits.class, "service", "h-" + id, hold).statusCode());
    JsonObject listed = only(page("tier=" + tier));
    assertEquals("540 120 420", Desk.figures(listed));

    Map<String, Object> before = HOSTED.read("users", id).fields();
    HOSTED.advance(Duration.ofHours(2));
    JsonObject later = only(page("tier=" + tier));
    assertEquals(before, HOSTED.read("users", id).fields(), "a list writes nothing");
    JsonObject statement = json(HOSTED.get(CreditStatement.class, "admin", "user_id=" + id));
    assertEquals(Desk.figures(statement), Desk.figures(later), "the lot's rest has expired");
  }

  @Test
  void userWithoutLedger_isListedAsItStands() {
    user("found", Map.of("credits_balance", 70L));
    assertEquals("70 0 70", Desk.figures(only(page("tier=" + tier))));
  }

  @Test
  void unreadableBalance_isSaidAndNotGuessed() {
    user("odd", Map.of("credits_balance", "100"));
    JsonObject listed = only(page("tier=" + tier));
    assertTrue(listed.get("balance_unreadable").getAsBoolean());
    assertFalse(listed.has("balance"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"limit=0", "limit=101", "email=x", "page_token=x", "tier=", "colour=red"})
  void wrongQuery_isRefused(String query) {
    assertEquals(400, HOSTED.get(ListUsers.class, "admin", query).statusCode());
  }
}
