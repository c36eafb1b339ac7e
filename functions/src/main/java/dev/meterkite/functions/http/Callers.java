package dev.meterkite.functions.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.RemoteKeySourceException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.meterkite.functions.Settings;
import dev.meterkite.model.document.DocRef;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Who calls: verifies bearer tokens of the configured issuers and gives them their roles.
 *
 * <ul>
 *   <li>{@link Role#SERVICE}, {@link Role#SCHEDULER}: a Google account listed in {@code
 *       SERVICE_ACCOUNTS}, {@code SCHEDULER_ACCOUNTS} by its verified e-mail, in upper or lower
 *       case, or by its subject. Only issuers of accounts count: a Firebase user who has such an
 *       e-mail is still a user.
 *   <li>{@link Role#ADMIN}: the claim {@code admin} is {@code true}, from an issuer of people.
 *   <li>{@link Role#USER}: everybody else from an issuer of people whose {@code sub} is a document
 *       id.
 * </ul>
 *
 * <p>An account listed in {@code GATEWAY_ACCOUNTS} is an API gateway, which sends the caller's own
 * token in {@value #FORWARDED_AUTHORIZATION} and its own in {@code Authorization}. It has no role:
 * the caller is the one that the forwarded token proves, verified like any other, and without one
 * nobody. From any other account the forwarded token is ignored, since anybody can send that
 * header.
 *
 * <p>A verdict is remembered for {@link #REMEMBERED}, at most until the token's end: verifying a
 * signature costs more than the rest of a debit's request.
 */
public final class Callers {
  /** The longest token taken, in characters. */
  static final int MAX_TOKEN = 8 * 1024;

  /** Where a gateway sends the token of its caller. */
  static final String FORWARDED_AUTHORIZATION = "X-Forwarded-Authorization";

  /** How far the clocks of issuers may be from ours. */
  static final Duration LEEWAY = Duration.ofSeconds(60);

  /** How long a verified token is taken without being verified again. */
  static final Duration REMEMBERED = Duration.ofSeconds(60);

  private static final int MOST_REMEMBERED = 1_000;
  private static final String SCHEME = "Bearer ";
  private static final Pattern TOKEN =
      Pattern.compile("[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]+");

  private final Map<String, TokenCheck> checks = new HashMap<>();
  private final Set<String> services;
  private final Set<String> schedulers;
  private final Set<String> gateways;
  private final InstantSource clock;

  /**
   * Guarded by itself; by the value of the header, the least recently used first. Values are
   * compared as they are: to hash one takes longer than the rest of the look-up. A verdict that is
   * over leaves when the next token is verified.
   */
  private final Map<String, Verdict> verdicts =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Verdict> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  /**
   * What a token proves.
   *
   * @param gateway whether it is the token of a gateway, which stands for its caller
   */
  private record Verdict(Caller caller, boolean gateway, Instant until) {}

  /**
   * @param issuers whose tokens are taken
   * @param services accounts of role service
   * @param schedulers accounts of role scheduler
   * @param gateways accounts that forward the tokens of their callers
   * @param clock real time, never the domain's
   */
  Callers(
      List<Issuer> issuers,
      Set<String> services,
      Set<String> schedulers,
      Set<String> gateways,
      InstantSource clock) {
    issuers.forEach(issuer -> checks.put(issuer.issuer(), new TokenCheck(issuer, clock)));
    this.services = names(services);
    this.schedulers = names(schedulers);
    this.gateways = names(gateways);
    this.clock = clock;
  }

  private static Set<String> names(Set<String> listed) {
    return listed.stream()
        .map(name -> name.indexOf('@') < 0 ? name : lowerCase(name))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** An e-mail in one case. Letters beyond ASCII stay, or another address could become this one. */
  private static String lowerCase(String email) {
    StringBuilder lower = new StringBuilder(email);
    for (int i = 0; i < lower.length(); i++) {
      char c = lower.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        lower.setCharAt(i, (char) (c + ('a' - 'A')));
      }
    }
    return lower.toString();
  }

  /**
   * The callers that the settings name. Nothing is fetched before the first token comes.
   *
   * @throws IllegalArgumentException if {@code TOKEN_ISSUERS} is not as documented
   */
  public static Callers of(Settings settings) {
    return new Callers(
        Issuer.parse(settings.tokenIssuers()),
        settings.serviceAccounts(),
        settings.schedulerAccounts(),
        settings.gatewayAccounts(),
        InstantSource.system());
  }

  /**
   * The caller that a request's headers prove.
   *
   * @param authorization the values of {@code Authorization}
   * @param forwarded the values of {@value #FORWARDED_AUTHORIZATION}
   * @throws Refusal 401 for anything but one valid token, and one valid forwarded token from a
   *     gateway; 503 where an issuer's keys could not be fetched and none are known
   */
  Caller of(List<String> authorization, List<String> forwarded) throws Refusal {
    Verdict verdict = verdict(authorization);
    if (!verdict.gateway()) {
      return verdict.caller();
    }
    Verdict behind = verdict(forwarded);
    if (behind.gateway()) {
      throw invalid();
    }
    return behind.caller();
  }

  private Verdict verdict(List<String> authorization) throws Refusal {
    if (authorization.isEmpty()) {
      throw unauthenticated("A bearer token is needed.", "");
    }
    String header = authorization.get(0);
    if (authorization.size() > 1) {
      throw invalid();
    }
    Instant now = clock.instant();
    synchronized (verdicts) {
      Verdict known = verdicts.get(header);
      if (known != null && now.isBefore(known.until())) {
        return known;
      }
    }
    JWTClaimsSet claims = verify(token(header));
    Verdict verdict = verdict(claims, until(claims, now));
    synchronized (verdicts) {
      verdicts.values().removeIf(known -> !now.isBefore(known.until()));
      verdicts.put(header, verdict);
    }
    return verdict;
  }

  /** How many verdicts are remembered. */
  int remembered() {
    synchronized (verdicts) {
      return verdicts.size();
    }
  }

  private static String token(String header) throws Refusal {
    if (header.length() > MAX_TOKEN || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw invalid();
    }
    return header.substring(SCHEME.length()).strip();
  }

  private JWTClaimsSet verify(String token) throws Refusal {
    if (!TOKEN.matcher(token).matches()) {
      throw invalid();
    }
    try {
      SignedJWT jwt = SignedJWT.parse(token);
      String issuer = jwt.getJWTClaimsSet().getIssuer();
      TokenCheck check = issuer == null ? null : checks.get(issuer);
      if (check == null) {
        throw invalid();
      }
      return check.verify(jwt);
    } catch (RemoteKeySourceException | TokenCheck.NoKeys e) {
      throw new Refusal(
          Problem.of(503, "unavailable", "The keys of the token's issuer are not available."));
    } catch (ParseException | BadJOSEException | JOSEException e) {
      throw invalid();
    }
  }

  private static Instant until(JWTClaimsSet claims, Instant now) {
    Instant end = claims.getExpirationTime().toInstant().plus(LEEWAY);
    Instant forgotten = now.plus(REMEMBERED);
    return end.isBefore(forgotten) ? end : forgotten;
  }

  private Verdict verdict(JWTClaimsSet claims, Instant until) throws Refusal {
    Issuer.Kind kind = kindOf(claims);
    String subject = claims.getSubject();
    Set<Role> roles = EnumSet.noneOf(Role.class);
    if (kind.accounts) {
      Set<String> names = accountNames(kind, claims);
      if (names.stream().anyMatch(gateways::contains)) {
        return new Verdict(new Caller(roles, subject), true, until);
      }
      addIf(roles, Role.SERVICE, names.stream().anyMatch(services::contains));
      addIf(roles, Role.SCHEDULER, names.stream().anyMatch(schedulers::contains));
    }
    boolean account = !roles.isEmpty();
    if (kind == Issuer.Kind.GOOGLE && !account && !isEmailVerified(claims)) {
      throw invalid();
    }
    if (kind.people && !account) {
      addIf(roles, Role.ADMIN, Boolean.TRUE.equals(claims.getClaim("admin")));
      addIf(roles, Role.USER, DocRef.isId(subject));
    }
    return new Verdict(new Caller(roles, subject), false, until);
  }

  private Issuer.Kind kindOf(JWTClaimsSet claims) throws Refusal {
    TokenCheck check = checks.get(claims.getIssuer());
    if (check == null) {
      throw invalid();
    }
    return check.issuer().kind();
  }

  private static boolean isEmailVerified(JWTClaimsSet claims) {
    return Boolean.TRUE.equals(claims.getClaim("email_verified"));
  }

  /** The names by which an account can be listed; a local user may choose any subject it likes. */
  private static Set<String> accountNames(Issuer.Kind kind, JWTClaimsSet claims) {
    Set<String> names = new HashSet<>();
    if (isEmailVerified(claims) && claims.getClaim("email") instanceof String email) {
      names.add(lowerCase(email));
    }
    if (kind == Issuer.Kind.GOOGLE) {
      names.add(claims.getSubject());
    }
    return names;
  }

  private static void addIf(Set<Role> roles, Role role, boolean condition) {
    if (condition) {
      roles.add(role);
    }
  }

  private static Refusal invalid() {
    return unauthenticated("The bearer token is not valid here.", ", error=\"invalid_token\"");
  }

  private static Refusal unauthenticated(String detail, String parameters) {
    return new Refusal(
        Problem.of(401, "unauthenticated", detail),
        Map.of("WWW-Authenticate", "Bearer realm=\"meterkite\"" + parameters));
  }
}
