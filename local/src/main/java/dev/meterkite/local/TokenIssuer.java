package dev.meterkite.local;

import com.google.gson.Gson;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An issuer of tokens with a key pair of its own, made by each process and never stored: functions
 * verify its tokens by its keys exactly as they verify anybody's. Tokens live one hour of real
 * time, wherever the domain clock stands.
 */
public final class TokenIssuer {
  private static final String AUDIENCE = "meterkite-local";
  private static final String DOMAIN = "@meterkite-local.iam.gserviceaccount.com";

  /** Has the role service. */
  public static final String SERVICE_ACCOUNT = "local-service" + DOMAIN;

  /** Has the role scheduler. */
  public static final String SCHEDULER_ACCOUNT = "local-scheduler" + DOMAIN;

  private static final Duration LIFE = Duration.ofHours(1);
  private static final int KEY_BITS = 2048;

  private static @Nullable Keys keys;

  private final String issuer;

  private record Keys(RSAKey key, JWSSigner signer) {
    static Keys generate() {
      try {
        RSAKey key =
            new RSAKeyGenerator(KEY_BITS)
                .keyUse(KeyUse.SIGNATURE)
                .algorithm(JWSAlgorithm.RS256)
                .keyID(UUID.randomUUID().toString())
                .generate();
        return new Keys(key, new RSASSASigner(key));
      } catch (JOSEException e) {
        throw new IllegalStateException("every Java platform has RSA", e);
      }
    }
  }

  /** An issuer whose keys are served at {@code base/jwks.json}. */
  public TokenIssuer(String base) {
    issuer = base;
  }

  /** Makes the key pair, for whoever would be the first to wait for it. */
  void prepare() {
    Keys unused = keys();
  }

  /** Made when it is first asked for: it takes a good part of the processor time of a start. */
  private static synchronized Keys keys() {
    Keys made = keys;
    if (made == null) {
      made = Keys.generate();
      keys = made;
    }
    return made;
  }

  /** A token of a service. */
  public String service() {
    return sign(account(SERVICE_ACCOUNT));
  }

  /** A token of the scheduler. */
  public String scheduler() {
    return sign(account(SCHEDULER_ACCOUNT));
  }

  /** A token of an administrator. */
  public String admin() {
    return sign(new JWTClaimsSet.Builder().subject("local-admin").claim("admin", true));
  }

  /** A token of a user or customer. */
  public String user(String id) {
    return sign(new JWTClaimsSet.Builder().subject(id));
  }

  private static JWTClaimsSet.Builder account(String email) {
    return new JWTClaimsSet.Builder()
        .subject(email)
        .claim("email", email)
        .claim("email_verified", true);
  }

  private String sign(JWTClaimsSet.Builder claims) {
    Keys pair = keys();
    Instant now = Instant.now();
    JWTClaimsSet all =
        claims
            .issuer(issuer)
            .audience(AUDIENCE)
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plus(LIFE)))
            .build();
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(pair.key().getKeyID()).build(), all);
    try {
      token.sign(pair.signer());
    } catch (JOSEException e) {
      throw new IllegalStateException("the issuer's own key signs", e);
    }
    return token.serialize();
  }

  /** The public keys as a JSON Web Key Set. */
  public String jwks() {
    return new JWKSet(keys().key()).toString(true);
  }

  /** What {@code TOKEN_ISSUERS} holds so that functions take these tokens. */
  public String setting() {
    return new Gson()
        .toJson(
            List.of(
                Map.of(
                    "issuer",
                    issuer,
                    "jwks_uri",
                    issuer + "/jwks.json",
                    "audiences",
                    List.of(AUDIENCE),
                    "algorithms",
                    List.of(JWSAlgorithm.RS256.getName()),
                    "kind",
                    "local")));
  }
}
