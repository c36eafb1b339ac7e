package dev.meterkite.functions.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.URLBasedJWKSetSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Date;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the tokens of one issuer: signature, type, time, audience.
 *
 * <p>Keys are fetched when first needed, kept {@link #KEYS_KEPT}, fetched again when a token names
 * an unknown one, but at most twice in {@link #FETCH_PAUSE}, and used on while the issuer cannot be
 * reached.
 */
final class TokenCheck {
  static final Duration KEYS_KEPT = Duration.ofMinutes(10);
  static final Duration FETCH_PAUSE = Duration.ofSeconds(30);
  private static final Duration FETCH_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration FETCH_TURN = Duration.ofSeconds(5);
  private static final Duration KEYS_IN_OUTAGE = Duration.ofHours(24);
  private static final int MAX_KEYS_BYTES = 128 * 1024;

  private final Issuer issuer;
  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
  private final Fetch fetch;

  /** The issuer's keys have never been seen. */
  static final class NoKeys extends KeySourceException {
    private static final long serialVersionUID = 1;

    NoKeys(KeySourceException cause) {
      super("no keys", cause);
    }
  }

  TokenCheck(Issuer issuer, InstantSource clock) {
    this.issuer = issuer;
    int timeout = (int) FETCH_TIMEOUT.toMillis();
    this.fetch =
        new Fetch(
            new URLBasedJWKSetSource<>(
                issuer.jwks(), new DefaultResourceRetriever(timeout, timeout, MAX_KEYS_BYTES)));
    JWKSource<SecurityContext> keys =
        JWKSourceBuilder.create(fetch)
            .cache(KEYS_KEPT.toMillis(), FETCH_TURN.toMillis())
            .refreshAheadCache(false)
            .rateLimited(FETCH_PAUSE.toMillis())
            .outageTolerant(KEYS_IN_OUTAGE.toMillis())
            .build();
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(issuer.algorithms(), keys));
    processor.setJWTClaimsSetVerifier(new Claims(issuer, clock));
  }

  Issuer issuer() {
    return issuer;
  }

  /**
   * The claims of a token that holds in every respect.
   *
   * @throws BadJOSEException if it does not
   * @throws NoKeys if the issuer's keys could not be fetched and none are known
   */
  JWTClaimsSet verify(SignedJWT token) throws BadJOSEException, JOSEException {
    try {
      return processor.process(token, null);
    } catch (KeySourceException e) {
      // With keys known, this is a token of an unknown key that comes too soon after another one.
      if (!fetch.succeeded) {
        throw new NoKeys(e);
      }
      throw e;
    }
  }

  /** Fetches keys and remembers whether it ever could. */
  private static final class Fetch implements JWKSetSource<SecurityContext> {
    private final JWKSetSource<SecurityContext> source;
    private volatile boolean succeeded;

    Fetch(JWKSetSource<SecurityContext> source) {
      this.source = source;
    }

    @Override
    public JWKSet getJWKSet(
        JWKSetCacheRefreshEvaluator evaluator, long now, @Nullable SecurityContext context)
        throws KeySourceException {
      JWKSet keys = source.getJWKSet(evaluator, now, context);
      succeeded = true;
      return keys;
    }

    @Override
    public void close() throws IOException {
      source.close();
    }
  }

  /** Issuer, subject, times, audience, authorised party. */
  private static final class Claims extends DefaultJWTClaimsVerifier<SecurityContext> {
    private final Issuer issuer;
    private final InstantSource clock;

    Claims(Issuer issuer, InstantSource clock) {
      super(
          issuer.audiences().isEmpty() ? null : issuer.audiences(),
          new JWTClaimsSet.Builder().issuer(issuer.issuer()).build(),
          Set.of("sub", "exp"),
          null);
      this.issuer = issuer;
      this.clock = clock;
      setMaxClockSkew((int) Callers.LEEWAY.toSeconds());
    }

    @Override
    protected Date currentTime() {
      return Date.from(clock.instant());
    }

    @Override
    public void verify(JWTClaimsSet claims, @Nullable SecurityContext context)
        throws BadJWTException {
      super.verify(claims, context);
      if (claims.getSubject() == null || claims.getSubject().isEmpty()) {
        throw new BadJWTException("no subject");
      }
      Date issued = claims.getIssueTime();
      if (issued != null && issued.toInstant().isAfter(clock.instant().plus(Callers.LEEWAY))) {
        throw new BadJWTException("issued later");
      }
      // A Clerk session whose sign-in is not complete, such as one without its second factor.
      Object status = claims.getClaim("sts");
      if (issuer.kind() == Issuer.Kind.CLERK && status != null && !"active".equals(status)) {
        throw new BadJWTException("a session that is not active");
      }
      Set<String> parties = issuer.azp();
      if (!parties.isEmpty()
          && !(claims.getClaim("azp") instanceof String azp && parties.contains(azp))) {
        throw new BadJWTException("not for this party");
      }
    }
  }
}
