package dev.meterkite.functions.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** An issuer with real keys, which serves them on a free port of this machine. */
public final class TokenServer implements AutoCloseable {
  static final String AUDIENCE = "https://debit.example";

  private static final Map<String, RSAKey> KEYS = new ConcurrentHashMap<>();

  private final HttpServer server;
  final AtomicInteger fetches = new AtomicInteger();
  volatile String keys;
  volatile int status = 200;

  /** Serves these keys. */
  public TokenServer(JWK... published) throws IOException {
    publish(published);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/jwks.json",
        exchange -> {
          fetches.incrementAndGet();
          byte[] body = keys.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  void publish(JWK... published) {
    keys = new JWKSet(List.of(published)).toPublicJWKSet().toString();
  }

  /** The issuer. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** An element of TOKEN_ISSUERS. */
  public String setting(String kind, String more) {
    return """
    {"issuer": "%s", "jwks_uri": "%s/jwks.json", "audiences": ["%s"], "kind": "%s"%s}\
    """
        .formatted(url(), url(), AUDIENCE, kind, more);
  }

  /** Claims of a token that holds for an hour from now. */
  public JWTClaimsSet.Builder claims(String subject, Instant now) {
    return new JWTClaimsSet.Builder()
        .issuer(url())
        .audience(AUDIENCE)
        .subject(subject)
        .issueTime(Date.from(now))
        .expirationTime(Date.from(now.plusSeconds(3_600)));
  }

  /** The key of this id, one a test JVM: to make one takes a second of processor time. */
  public static RSAKey rsa(String id) {
    return KEYS.computeIfAbsent(id, TokenServer::newKey);
  }

  private static RSAKey newKey(String id) {
    try {
      return new RSAKeyGenerator(2048).keyID(id).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  static ECKey ec(String id) {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A token with these claims. */
  public static String sign(JWK key, JWTClaimsSet claims) {
    try {
      boolean rsa = key instanceof RSAKey;
      JWSSigner signer = rsa ? new RSASSASigner((RSAKey) key) : new ECDSASigner((ECKey) key);
      SignedJWT token =
          new SignedJWT(
              new JWSHeader.Builder(rsa ? JWSAlgorithm.RS256 : JWSAlgorithm.ES256)
                  .keyID(key.getKeyID())
                  .build(),
              claims);
      token.sign(signer);
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Tokens that nobody may take, by what is wrong with them: for a subject that has every right.
   *
   * @param key the one that the issuer publishes
   * @param claims what a right token of the caller would say
   */
  public Map<String, String> wrongTokens(RSAKey key, JWTClaimsSet claims) {
    try {
      Instant now = Instant.now();
      Map<String, String> wrong = new LinkedHashMap<>();
      String right = sign(key, claims);
      String unsigned = right.substring(0, right.lastIndexOf('.') + 1);
      JWTClaimsSet.Builder changed = new JWTClaimsSet.Builder(claims);
      wrong.put("issuer", sign(key, changed.issuer("https://elsewhere.example").build()));
      changed = new JWTClaimsSet.Builder(claims);
      wrong.put("audience", sign(key, changed.audience("https://other.example").build()));
      changed = new JWTClaimsSet.Builder(claims);
      wrong.put("expired", sign(key, changed.expirationTime(at(now, -120)).build()));
      changed = new JWTClaimsSet.Builder(claims);
      wrong.put("not yet valid", sign(key, changed.notBeforeTime(at(now, 120)).build()));
      changed = new JWTClaimsSet.Builder(claims);
      wrong.put("issued later", sign(key, changed.issueTime(at(now, 120)).build()));
      changed = new JWTClaimsSet.Builder(claims);
      wrong.put("no end", sign(key, changed.expirationTime(null).build()));
      wrong.put("algorithm none", new PlainJWT(claims).serialize());
      wrong.put("HS256 with the public key", hmac(key, claims));
      wrong.put("unknown key id", sign(new RSAKey.Builder(key).keyID("unknown").build(), claims));
      wrong.put("foreign key", sign(new RSAKey.Builder(rsa("x")).keyID("tests").build(), claims));
      wrong.put("cut short", right.substring(0, right.length() - 20));
      wrong.put("signature removed", unsigned);
      wrong.put("signature replaced", unsigned + "SIGNATURE_REMOVED_BY_GOOGLE");
      wrong.put("huge", "a".repeat(6_000) + right);
      wrong.put("empty", "");
      wrong.put("no token", "planted-no-token");
      return wrong;
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Date at(Instant now, long seconds) {
    return Date.from(now.plusSeconds(seconds));
  }

  private static String hmac(RSAKey key, JWTClaimsSet claims) throws JOSEException {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(key.getKeyID()).build(), claims);
    token.sign(new MACSigner(key.toRSAPublicKey().getEncoded()));
    return token.serialize();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
