package dev.meterkite.functions.golden;

import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.http.Callers;
import dev.meterkite.functions.http.TokenServer;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tokens of each role, the issuer that verifies them, and the settings that name both. */
final class GoldenTokens implements AutoCloseable {
  private static final String SERVICE = "service@golden.invalid";
  private static final String SCHEDULER = "scheduler@golden.invalid";

  private final RSAKey key = TokenServer.rsa("tests");
  private final TokenServer issuer;
  private final Settings settings;
  private final Callers callers;

  GoldenTokens() throws IOException {
    issuer = new TokenServer(key);
    Map<String, String> values = new LinkedHashMap<>();
    values.put("GOOGLE_CLOUD_PROJECT", "golden");
    values.put("TOKEN_ISSUERS", "[" + issuer.setting("local", "") + "]");
    values.put("SERVICE_ACCOUNTS", SERVICE);
    values.put("SCHEDULER_ACCOUNTS", SCHEDULER);
    values.put("LOW_BALANCE", "20");
    values.put("OPENAI_API_KEY", "key");
    values.put("ANTHROPIC_API_KEY", "key");
    values.put("STRIPE_WEBHOOK_SECRET", GoldenRun.STRIPE_SECRET);
    values.put(
        "STRIPE_PRICES", "{\"price_enthu\": \"enthu\", \"price_100\": 100, \"price_other\": null}");
    settings = new Settings(values);
    callers = Callers.of(settings);
  }

  Settings settings() {
    return settings;
  }

  Callers callers() {
    return callers;
  }

  /** A token of role service, scheduler or admin, or of the user with this id. */
  String of(String roleOrUser) {
    Instant now = Instant.now();
    JWTClaimsSet.Builder claims =
        switch (roleOrUser) {
          case "service" -> issuer.claims(SERVICE, now).claim("email", SERVICE);
          case "scheduler" -> issuer.claims(SCHEDULER, now).claim("email", SCHEDULER);
          case "admin" -> issuer.claims("an-admin", now).claim("admin", true);
          default -> issuer.claims(roleOrUser, now);
        };
    return TokenServer.sign(key, claims.claim("email_verified", true).build());
  }

  @Override
  public void close() {
    issuer.close();
  }
}
