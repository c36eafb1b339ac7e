package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A36: who may call, by real keys served over HTTP. */
class CallersTest {
  private static final String ROBOT = "robot@project.iam.gserviceaccount.com";
  private static final String CLOCKWORK = "clockwork@project.iam.gserviceaccount.com";
  private static final String GATEWAY = "Gateway@project.iam.gserviceaccount.com";
  private static RSAKey key;
  private static RSAKey other;
  private static ECKey curve;

  private TokenServer server;
  private Instant now = Instant.parse("2026-03-01T12:00:00Z");

  @BeforeAll
  static void makeKeys() {
    key = TokenServer.rsa("k1");
    other = TokenServer.rsa("k2");
    curve = TokenServer.ec("e1");
  }

  @BeforeEach
  void serveKeys() throws IOException {
    server = new TokenServer(key);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Callers callers(String kind, String more) {
    InstantSource clock = () -> now;
    return new Callers(
        Issuer.parse("[" + server.setting(kind, more) + "]"),
        Set.of(ROBOT, "1122"),
        Set.of(CLOCKWORK),
        Set.of(GATEWAY, "3344"),
        clock);
  }

  private JWTClaimsSet.Builder claims(String subject) {
    return server.claims(subject, now);
  }

  private static JWTClaimsSet.Builder account(JWTClaimsSet.Builder claims, String email) {
    return claims.claim("email", email).claim("email_verified", true);
  }

  private static Caller of(Callers callers, String token) throws Refusal {
    return callers.of(List.of("Bearer " + token), List.of());
  }

  private static int status(Callers callers, String token) {
    return assertThrows(Refusal.class, () -> of(callers, token)).answer().status();
  }

  @Test
  void listedAccount_isService() throws Refusal {
    String token = TokenServer.sign(key, account(claims("7"), ROBOT).build());
    assertEquals(new Caller(Set.of(Role.SERVICE), "7"), of(callers("google", ""), token));
  }

  @Test
  void accountListedBySubject_isService() throws Refusal {
    String token = TokenServer.sign(key, account(claims("1122"), "x@y.z").build());
    assertEquals(Set.of(Role.SERVICE), of(callers("google", ""), token).roles());
  }

  @Test
  void listedScheduler_isScheduler() throws Refusal {
    String token = TokenServer.sign(key, account(claims("8"), CLOCKWORK).build());
    assertEquals(Set.of(Role.SCHEDULER), of(callers("google", ""), token).roles());
  }

  @Test
  void unlistedAccount_isSignedInWithoutRole() throws Refusal {
    String token =
        TokenServer.sign(key, account(claims("9"), "x@y.z").claim("admin", true).build());
    assertEquals(Set.of(), of(callers("google", ""), token).roles());
  }

  @Test
  void accountWithoutVerifiedEmail_isUnauthenticated() {
    Callers callers = callers("google", "");
    JWTClaimsSet unverified =
        claims("7").claim("email", ROBOT).claim("email_verified", false).build();
    assertEquals(401, status(callers, TokenServer.sign(key, unverified)));
    JWTClaimsSet text = claims("7").claim("email", ROBOT).claim("email_verified", "true").build();
    assertEquals(401, status(callers, TokenServer.sign(key, text)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"firebase", "clerk"})
  void personWithEmailOrSubjectOfListedAccount_isStillAUser(String kind) throws Refusal {
    String email = TokenServer.sign(key, account(claims("u1"), ROBOT).build());
    assertEquals(Set.of(Role.USER), of(callers(kind, ""), email).roles());
    String subject = TokenServer.sign(key, claims("1122").build());
    assertEquals(Set.of(Role.USER), of(callers(kind, ""), subject).roles());
  }

  @Test
  void personWithAdminClaim_isAdminAndUser() throws Refusal {
    String token = TokenServer.sign(key, claims("u1").claim("admin", true).build());
    assertEquals(Set.of(Role.ADMIN, Role.USER), of(callers("firebase", ""), token).roles());
    String word = TokenServer.sign(key, claims("u1").claim("admin", "true").build());
    assertEquals(Set.of(Role.USER), of(callers("firebase", ""), word).roles());
  }

  @Test
  void subjectThatIsNoDocumentId_isNoUser() throws Refusal {
    String token = TokenServer.sign(key, claims("a/b").build());
    assertEquals(Set.of(), of(callers("firebase", ""), token).roles());
  }

  @Test
  void localUserWithSubjectOfListedAccount_isNoService() throws Refusal {
    String token = TokenServer.sign(key, claims("1122").build());
    assertEquals(Set.of(Role.USER), of(callers("local", ""), token).roles());
    String robot = TokenServer.sign(key, account(claims("s"), ROBOT).build());
    assertEquals(Set.of(Role.SERVICE), of(callers("local", ""), robot).roles());
  }

  @Test
  void ecKey_isTakenWhereConfigured() throws Refusal {
    server.publish(key, curve);
    String token = TokenServer.sign(curve, claims("u1").build());
    Callers both = callers("firebase", ", \"algorithms\": [\"RS256\", \"ES256\"]");
    assertEquals("u1", of(both, token).subject());
    assertEquals(401, status(callers("firebase", ""), token));
  }

  @Test
  void noToken_isUnauthenticatedWithChallenge() {
    Refusal refusal =
        assertThrows(Refusal.class, () -> callers("firebase", "").of(List.of(), List.of()));
    assertEquals(401, refusal.answer().status());
    assertEquals("Bearer realm=\"meterkite\"", refusal.answer().headers().get("WWW-Authenticate"));
  }

  @Test
  void malformedHeaders_areUnauthenticatedWithoutFetchingKeys() {
    Callers callers = callers("firebase", "");
    String good = TokenServer.sign(key, claims("u1").build());
    List<String> headers =
        new ArrayList<>(
            List.of(
                "",
                "Bearer",
                "Bearer ",
                "Basic dTpw",
                good,
                "Bearer a.b.c",
                "Bearer ..",
                "Bearer " + good.substring(0, good.lastIndexOf('.')),
                "Bearer " + good + "." + good,
                "Bearer " + "a".repeat(Callers.MAX_TOKEN) + ".b.c",
                "Bearer " + good + ", Bearer " + good));
    for (String header : headers) {
      Refusal refusal =
          assertThrows(Refusal.class, () -> callers.of(List.of(header), List.of()), header);
      assertEquals(401, refusal.answer().status(), header);
    }
    assertThrows(
        Refusal.class, () -> callers.of(List.of("Bearer " + good, "Bearer " + good), List.of()));
    assertEquals(0, server.fetches.get());
  }

  @Test
  void schemeInLowerCase_isTaken() throws Refusal {
    String token = TokenServer.sign(key, claims("u1").build());
    assertEquals("u1", callers("firebase", "").of(List.of("bearer " + token), List.of()).subject());
  }

  @ParameterizedTest
  @CsvSource({"-61, 401", "-60, 401", "-59, 200", "0, 200"})
  void expiry_hasSixtySecondsOfLeeway(int secondsFromNow, int expected) {
    Date end = Date.from(now.plusSeconds(secondsFromNow));
    String token = TokenServer.sign(key, claims("u1").expirationTime(end).build());
    assertEquals(expected, statusOrOk(callers("firebase", ""), token));
  }

  @ParameterizedTest
  @CsvSource({"61, 401", "60, 401", "59, 200", "-1, 200"})
  void notBefore_hasSixtySecondsOfLeeway(int secondsFromNow, int expected) {
    Date start = Date.from(now.plusSeconds(secondsFromNow));
    String token = TokenServer.sign(key, claims("u1").notBeforeTime(start).build());
    assertEquals(expected, statusOrOk(callers("firebase", ""), token));
  }

  @ParameterizedTest
  @CsvSource({"61, 401", "60, 200", "-3600, 200"})
  void issueTime_hasSixtySecondsOfLeeway(int secondsFromNow, int expected) {
    Date made = Date.from(now.plusSeconds(secondsFromNow));
    String token = TokenServer.sign(key, claims("u1").issueTime(made).build());
    assertEquals(expected, statusOrOk(callers("firebase", ""), token));
  }

  private static int statusOrOk(Callers callers, String token) {
    try {
      of(callers, token);
      return 200;
    } catch (Refusal refusal) {
      return refusal.answer().status();
    }
  }

  @Test
  void rememberedToken_endsWhenItExpires() throws Refusal {
    Callers callers = callers("firebase", "");
    Date end = Date.from(now.plusSeconds(10));
    String token = TokenServer.sign(key, claims("u1").expirationTime(end).build());
    assertEquals("u1", of(callers, token).subject());
    now = now.plusSeconds(69);
    assertEquals("u1", of(callers, token).subject());
    now = now.plusSeconds(1);
    assertEquals(401, status(callers, token));
  }

  @Test
  void verdictThatIsOver_leavesWithTheNextToken() throws Refusal {
    Callers callers = callers("firebase", "");
    String first = TokenServer.sign(key, claims("u1").build());
    assertEquals("u1", of(callers, first).subject());
    assertEquals("u1", of(callers, first).subject());
    assertEquals(1, callers.remembered());
    now = now.plus(Callers.REMEMBERED);
    assertEquals("u2", of(callers, TokenServer.sign(key, claims("u2").build())).subject());
    assertEquals(1, callers.remembered());
  }

  @Test
  void claimsThatDoNotFit_areUnauthenticated() {
    Callers callers = callers("firebase", "");
    List<JWTClaimsSet> wrong =
        List.of(
            claims("u1").issuer("https://elsewhere.example").build(),
            claims("u1").issuer(server.url() + "/").build(),
            claims("u1").issuer(null).build(),
            claims("u1").audience("https://other.example").build(),
            claims("u1").audience((String) null).build(),
            claims("u1").subject(null).build(),
            claims("u1").subject("").build(),
            claims("u1").expirationTime(null).build());
    for (JWTClaimsSet claims : wrong) {
      assertEquals(401, status(callers, TokenServer.sign(key, claims)), claims::toString);
    }
  }

  @Test
  void authorisedParty_isCheckedWhereConfigured() {
    String more = ", \"azp\": [\"https://app.example\"]";
    Callers callers = callers("clerk", more);
    String right = TokenServer.sign(key, claims("u").claim("azp", "https://app.example").build());
    assertEquals(200, statusOrOk(callers, right));
    String wrong = TokenServer.sign(key, claims("u").claim("azp", "https://evil.example").build());
    assertEquals(401, status(callers, wrong));
    assertEquals(401, status(callers, TokenServer.sign(key, claims("u").build())));
  }

  @Test
  void clerkSessionWithoutAudience_isTakenByItsParty() throws Refusal {
    String setting =
        """
        [{"issuer": "%s", "jwks_uri": "%s/jwks.json", "azp": ["https://app.example"], \
        "kind": "clerk"}]\
        """
            .formatted(server.url(), server.url());
    Callers callers = new Callers(Issuer.parse(setting), Set.of(), Set.of(), Set.of(), () -> now);
    JWTClaimsSet claims =
        claims("u").audience((String) null).claim("azp", "https://app.example").build();
    assertEquals("u", of(callers, TokenServer.sign(key, claims)).subject());
  }

  @Test
  void foreignKeyUnderKnownName_isUnauthenticated() {
    RSAKey imposter = new RSAKey.Builder(other).keyID("k1").build();
    assertEquals(
        401, status(callers("firebase", ""), TokenServer.sign(imposter, claims("u1").build())));
  }

  @Test
  void tamperedClaims_areUnauthenticated() {
    String[] mine = TokenServer.sign(key, claims("u1").build()).split("\\.", -1);
    String[] theirs = TokenServer.sign(key, claims("u2").build()).split("\\.", -1);
    String mixed = mine[0] + "." + theirs[1] + "." + mine[2];
    assertEquals(401, status(callers("firebase", ""), mixed));
  }

  @Test
  void algorithmNone_isUnauthenticated() {
    String plain = new PlainJWT(claims("u1").build()).serialize();
    assertEquals(401, status(callers("firebase", ""), plain));
    assertEquals(401, status(callers("firebase", ""), plain + "c2ln"));
  }

  @Test
  void hmacWithThePublicKeyAsSecret_isUnauthenticated() throws JOSEException {
    for (byte[] secret :
        List.of(
            key.toRSAPublicKey().getEncoded(),
            server.keys.getBytes(StandardCharsets.UTF_8),
            key.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8))) {
      SignedJWT token =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("k1").build(), claims("u1").build());
      token.sign(new MACSigner(secret));
      assertEquals(401, status(callers("firebase", ""), token.serialize()));
    }
  }

  @Test
  void rotatedKey_isFetchedWhenATokenNamesIt() throws Refusal {
    Callers callers = callers("firebase", "");
    of(callers, TokenServer.sign(key, claims("u1").build()));
    server.publish(key, other);
    assertEquals("u2", of(callers, TokenServer.sign(other, claims("u2").build())).subject());
    assertEquals(2, server.fetches.get());
  }

  @Test
  void floodOfUnknownKeys_fetchesTwiceAndHurtsNobody() throws Refusal {
    Callers callers = callers("firebase", "");
    of(callers, TokenServer.sign(key, claims("u1").build()));
    for (int i = 0; i < 20; i++) {
      RSAKey unknown = new RSAKey.Builder(other).keyID("unknown-" + i).build();
      assertEquals(401, status(callers, TokenServer.sign(unknown, claims("u" + i).build())));
    }
    assertTrue(server.fetches.get() <= 3, () -> server.fetches + " fetches");
    assertEquals("u2", of(callers, TokenServer.sign(key, claims("u2").build())).subject());
  }

  @Test
  void outage_leavesKnownKeysInUse() throws Refusal {
    Callers callers = callers("firebase", "");
    of(callers, TokenServer.sign(key, claims("u1").build()));
    server.status = 500;
    assertEquals("u2", of(callers, TokenServer.sign(key, claims("u2").build())).subject());
    assertEquals(401, status(callers, TokenServer.sign(other, claims("u3").build())));
    assertEquals("u4", of(callers, TokenServer.sign(key, claims("u4").build())).subject());
  }

  @Test
  void outageBeforeTheFirstKeys_isUnavailable() {
    server.status = 500;
    Callers callers = callers("firebase", "");
    for (int i = 0; i < 4; i++) {
      assertEquals(503, status(callers, TokenServer.sign(key, claims("u" + i).build())));
    }
    assertTrue(server.fetches.get() <= 2, () -> server.fetches + " fetches");
  }

  @Test
  void hugeKeySet_isNotRead() {
    server.keys = "{\"keys\": [" + " ".repeat(200_000) + "]}";
    assertEquals(503, status(callers("firebase", ""), TokenServer.sign(key, claims("u1").build())));
  }

  @Test
  void expiryIsRealTime_soADomainClockCannotHelp() {
    assertEquals(Duration.ofSeconds(60), Callers.LEEWAY);
    Callers callers =
        new Callers(
            Issuer.parse("[" + server.setting("firebase", "") + "]"),
            Set.of(),
            Set.of(),
            Set.of(),
            InstantSource.system());
    assertEquals(401, status(callers, TokenServer.sign(key, server.claims("u", now).build())));
  }

  @ParameterizedTest
  @CsvSource({
    "clerk, pending, 401",
    "clerk, active, 200",
    "clerk, PENDING, 401",
    "clerk, '', 401",
    "firebase, pending, 200"
  })
  void c70_sessionThatIsNotActive_isUnauthenticated(String kind, String status, int expected) {
    String token = TokenServer.sign(key, claims("u").claim("sts", status).build());
    assertEquals(expected, statusOrOk(callers(kind, ""), token));
  }

  @Test
  void c70_statusThatIsNoText_isUnauthenticated() {
    Callers callers = callers("clerk", "");
    assertEquals(
        401, status(callers, TokenServer.sign(key, claims("u").claim("sts", true).build())));
    assertEquals(200, statusOrOk(callers, TokenServer.sign(key, claims("u").build())));
  }

  private static Caller behind(Callers callers, String token, String... forwarded) throws Refusal {
    return callers.of(List.of("Bearer " + token), List.of(forwarded));
  }

  private static int refused(Callers callers, String token, String... forwarded) {
    return assertThrows(Refusal.class, () -> behind(callers, token, forwarded)).answer().status();
  }

  @Test
  void c71_behindAListedGateway_theForwardedTokenDecides() throws Refusal {
    Callers callers = callers("local", "");
    String gateway =
        TokenServer.sign(
            key, account(claims("g"), "gateway@PROJECT.iam.gserviceaccount.com").build());
    String user = "Bearer " + TokenServer.sign(key, claims("u1").build());
    String robot = "bearer " + TokenServer.sign(key, account(claims("7"), ROBOT).build());
    for (int twice = 0; twice < 2; twice++) {
      assertEquals(new Caller(Set.of(Role.USER), "u1"), behind(callers, gateway, user));
      assertEquals(Set.of(Role.SERVICE), behind(callers, gateway, robot).roles());
      assertEquals(401, refused(callers, gateway), "without a forwarded token");
    }
    String foreign = TokenServer.sign(other, claims("u1").build());
    String expired =
        TokenServer.sign(
            key, claims("u1").expirationTime(Date.from(now.minusSeconds(120))).build());
    for (String bad :
        List.of("", "Basic dTpw", "Bearer " + foreign, "Bearer " + expired, "Bearer " + gateway)) {
      assertEquals(401, refused(callers, gateway, bad), bad);
    }
    assertEquals(401, refused(callers, gateway, user, user), "twice");
  }

  @Test
  void c71_gatewayListedBySubject_forwardsToo() throws Refusal {
    Callers callers = callers("google", "");
    String gateway = TokenServer.sign(key, claims("3344").build());
    String robot = TokenServer.sign(key, account(claims("7"), ROBOT).build());
    assertEquals(
        new Caller(Set.of(Role.SERVICE), "7"), behind(callers, gateway, "Bearer " + robot));
    assertEquals(401, refused(callers, gateway));
  }

  @Test
  void c71_fromAnybodyElse_theForwardedTokenIsIgnored() throws Refusal {
    Callers callers = callers("local", "");
    String user = TokenServer.sign(key, claims("u1").build());
    String robot = "Bearer " + TokenServer.sign(key, account(claims("7"), ROBOT).build());
    assertEquals(new Caller(Set.of(Role.USER), "u1"), behind(callers, user, robot));
    assertEquals("u1", behind(callers, user, "garbage", "more").subject());
    InstantSource clock = () -> now;
    Callers closed =
        new Callers(
            Issuer.parse("[" + server.setting("local", "") + "]"),
            Set.of(GATEWAY),
            Set.of(),
            Set.of(),
            clock);
    String unlisted = TokenServer.sign(key, account(claims("g"), GATEWAY).build());
    assertEquals(Set.of(Role.SERVICE), behind(closed, unlisted, "Bearer " + user).roles());
  }

  @Test
  void c71_gatewayThatIsAlsoAService_isNeverTheServiceItself() throws Refusal {
    Callers callers =
        new Callers(
            Issuer.parse("[" + server.setting("local", "") + "]"),
            Set.of(GATEWAY),
            Set.of(GATEWAY),
            Set.of(GATEWAY),
            () -> now);
    String gateway = TokenServer.sign(key, account(claims("g"), GATEWAY).build());
    String user = TokenServer.sign(key, claims("u1").build());
    assertEquals(401, refused(callers, gateway));
    assertEquals(Set.of(Role.USER), behind(callers, gateway, "Bearer " + user).roles());
  }

  @Test
  void c71_personWithTheEmailOfAGateway_isNone() throws Refusal {
    String person = TokenServer.sign(key, account(claims("u1"), GATEWAY).build());
    String admin = TokenServer.sign(key, claims("u2").claim("admin", true).build());
    assertEquals("u1", behind(callers("firebase", ""), person, "Bearer " + admin).subject());
  }

  @Test
  void c72_listedSubjectWithoutVerifiedEmail_isService() throws Refusal {
    Callers callers = callers("google", "");
    for (JWTClaimsSet claims :
        List.of(
            claims("1122").build(),
            claims("1122").claim("email", "x@y.z").build(),
            claims("1122").claim("email", "x@y.z").claim("email_verified", false).build())) {
      assertEquals(
          new Caller(Set.of(Role.SERVICE), "1122"), of(callers, TokenServer.sign(key, claims)));
    }
    assertEquals(401, status(callers, TokenServer.sign(key, claims("1123").build())));
    assertEquals(
        401, status(callers, TokenServer.sign(key, claims("9").claim("email", ROBOT).build())));
  }

  @Test
  void c72_emailInAnotherCase_isTheSameAccountAndAnotherLetterIsNot() throws Refusal {
    Callers callers = callers("google", "");
    String shouting =
        TokenServer.sign(key, account(claims("7"), "ROBOT" + ROBOT.substring(5)).build());
    assertEquals(Set.of(Role.SERVICE), of(callers, shouting).roles());
    String lookalike =
        TokenServer.sign(key, account(claims("8"), CLOCKWORK.replace("k", "\u212a")).build());
    assertEquals(Set.of(), of(callers, lookalike).roles());
  }
}
