package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.model.schema.Schema.Users;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/** Calls the hosted functions of credits for tests, each of which has users of its own. */
final class Desk {
  static final Hosted HOSTED = Hosted.shared();

  private Desk() {}

  /** A function in this process; the hosted ones have told it where the emulator is. */
  static <T> T with(Supplier<T> constructor) {
    return constructor.get();
  }

  /** A new user of tier payg, which grants nothing, with a balance of an older system. */
  static String user(long balance) {
    return user("payg", balance);
  }

  static String user(String tier, long balance) {
    String id = "user-" + UUID.randomUUID();
    HOSTED.set(
        Users.COLLECTION, id, Map.of("user_id", id, "tier", tier, "credits_balance", balance));
    return id;
  }

  static String key() {
    return UUID.randomUUID().toString();
  }

  /** Calls as a service. */
  static HttpResponse<String> call(Class<?> function, String key, String body) {
    return HOSTED.post(function, "service", key, body.replace('\'', '"'));
  }

  /** Calls as a service with a new key, and expects to be answered 200. */
  static JsonObject done(Class<?> function, String body) {
    HttpResponse<String> answer = call(function, key(), body);
    assertEquals(200, answer.statusCode(), answer.body());
    return json(answer);
  }

  static JsonObject json(HttpResponse<String> answer) {
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  /** Expects a refusal with this status and code. */
  static JsonObject refused(HttpResponse<String> answer, int status, String code) {
    assertEquals(status, answer.statusCode(), answer.body());
    assertEquals("application/problem+json", answer.headers().firstValue("Content-Type").get());
    JsonObject problem = json(answer);
    assertEquals(code, problem.get("code").getAsString(), answer.body());
    assertEquals(status, problem.get("status").getAsInt());
    return problem;
  }

  static boolean replayed(HttpResponse<String> answer) {
    return answer.headers().firstValue("Idempotency-Replayed").equals(Optional.of("true"));
  }

  static Map<String, Object> userFields(String userId) {
    return new HashMap<>(HOSTED.read(Users.COLLECTION, userId).fields());
  }

  static long balance(String userId) {
    return (Long) userFields(userId).get(Users.CREDITS_BALANCE);
  }

  static long held(String userId) {
    return (Long) ((Map<?, ?>) userFields(userId).get(Users.LEDGER)).get("held");
  }

  /** {@code balance held available} of an answer. */
  static String figures(JsonObject answer) {
    return answer.get("balance") + " " + answer.get("held") + " " + answer.get("available");
  }
}
