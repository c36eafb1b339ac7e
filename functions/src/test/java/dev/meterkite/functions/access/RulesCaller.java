package dev.meterkite.functions.access;

import com.google.gson.Gson;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who knocks: an end user with the claims of its token, or nobody.
 *
 * @param name how the table calls it
 * @param uid the token's subject; null for a caller without a token
 * @param claims further claims of the token
 */
record RulesCaller(String name, String uid, Map<String, Object> claims) {
  static final RulesCaller ANONYMOUS = new RulesCaller("anonymous", null, Map.of());
  static final RulesCaller STRANGER = new RulesCaller("stranger", "stranger", Map.of());
  static final RulesCaller ADMIN = new RulesCaller("admin", "admin-1", Map.of("admin", true));

  static RulesCaller owner(String uid) {
    return new RulesCaller("owner", uid, Map.of());
  }

  /** The unsigned token that the emulator takes from an end user. */
  Optional<String> token(String project) {
    if (uid == null) {
      return Optional.empty();
    }
    long now = Instant.now().getEpochSecond();
    Map<String, Object> payload = new LinkedHashMap<>(claims);
    payload.put("iss", "https://securetoken.google.com/" + project);
    payload.put("aud", project);
    payload.put("sub", uid);
    payload.put("user_id", uid);
    payload.put("iat", now);
    payload.put("exp", now + 3600);
    payload.put("auth_time", now);
    payload.put("firebase", Map.of("sign_in_provider", "custom", "identities", Map.of()));
    return Optional.of(
        part("{\"alg\":\"none\",\"type\":\"JWT\"}") + "." + part(new Gson().toJson(payload)) + ".");
  }

  private static String part(String json) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
