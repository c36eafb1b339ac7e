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
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who calls: verifies bearer tokens of the configured issuers and gives them their roles.
 *
 * <ul>
 *   <li>{@link Role#SERVICE}, {@link Role#SCHEDULER}: a Google account listed in {@code
 *       SERVICE_ACCOUNTS}, {@code SCHEDULER_ACCOUNTS} by its verified e-mail or its subject. Only
 *       issuers of accounts count: a Firebase user who has such an e-mail is still a user.
 *   <li>{@link Role#ADMIN}: the claim {@code admin} is {@code true}, from an issuer of people.
 *   <li>{@link Role#USER}: everybody else from an issuer of people whose {@code sub} is a document
 *       id.
 * </ul>
 *
 * <p>A verdict is remembered for {@link #REMEMBERED}, at most until the token's end: verifying a
 * signature costs more than the rest of a debit's request.
 */
public final class Callers {
  /** The longest token taken, in characters. */
  static final int MAX_TOKEN = 8 * 1024;

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
  private final InstantSource clock;

  /** Guarded by itself; by hash of the token, the least recently used first. */
  private final Map<String, Verdict> verdicts =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Verdict> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  private record Verdict(Caller caller, Instant until) {}

  /**
   * @param issuers whose tokens are taken
   * @param services accounts of role service
   * @param schedulers accounts of role scheduler
   * @param clock real time, never the domain's
   */
  Callers(List<Issuer> issuers, Set<String> services, Set<String> schedulers, InstantSource clock) {
    issuers.forEach(issuer -> checks.put(issuer.issuer(), new TokenCheck(issuer, clock)));
    this.services = Set.copyOf(services);
    this.schedulers = Set.copyOf(schedulers);
    this.clock = clock;
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
        InstantSource.system());
  }

  /**
   * The caller that a request's {@code Authorization} headers prove.
   *
   * @throws Refusal 401 for anything but one valid token; 503 where an issuer's keys could not be
   *     fetched and none are known
   */
  Caller of(List<String> authorization) throws Refusal {
    if (authorization.isEmpty()) {
      throw unauthenticated("A bearer token is needed.", "");
    }
    String header = authorization.get(0);
    if (authorization.size() > 1
        || header.length() > MAX_TOKEN
        || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw invalid();
    }
    String token = header.substring(SCHEME.length()).strip();
    String hash = Base64.getEncoder().encodeToString(RequestHash.sha256(token));
    Instant now = clock.instant();
    synchronized (verdicts) {
      Verdict known = verdicts.get(hash);
      if (known != null && now.isBefore(known.until())) {
        return known.caller();
      }
    }
    JWTClaimsSet claims = verify(token);
    Verdict verdict = new Verdict(caller(claims), until(claims, now));
    synchronized (verdicts) {
      verdicts.put(hash, verdict);
    }
    return verdict.caller();
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

  private Caller caller(JWTClaimsSet claims) throws Refusal {
    Issuer.Kind kind = kindOf(claims);
    String subject = claims.getSubject();
    Set<Role> roles = EnumSet.noneOf(Role.class);
    if (kind.accounts) {
      Set<String> names = accountNames(kind, claims);
      addIf(roles, Role.SERVICE, names.stream().anyMatch(services::contains));
      addIf(roles, Role.SCHEDULER, names.stream().anyMatch(schedulers::contains));
    }
    boolean account = !roles.isEmpty();
    if (kind.people && !account) {
      addIf(roles, Role.ADMIN, Boolean.TRUE.equals(claims.getClaim("admin")));
      addIf(roles, Role.USER, DocRef.isId(subject));
    }
    return new Caller(roles, subject);
  }

  private Issuer.Kind kindOf(JWTClaimsSet claims) throws Refusal {
    TokenCheck check = checks.get(claims.getIssuer());
    if (check == null) {
      throw invalid();
    }
    return check.issuer().kind();
  }

  /** The names by which an account can be listed; a local user may choose any subject it likes. */
  private static Set<String> accountNames(Issuer.Kind kind, JWTClaimsSet claims) throws Refusal {
    boolean verified = Boolean.TRUE.equals(claims.getClaim("email_verified"));
    if (kind == Issuer.Kind.GOOGLE && !verified) {
      throw invalid();
    }
    Set<String> names = new HashSet<>();
    if (verified && claims.getClaim("email") instanceof String email) {
      names.add(email);
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
