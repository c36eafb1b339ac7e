package dev.meterkite.functions.credits;

import com.stripe.exception.SignatureVerificationException;
import com.stripe.net.Webhook;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stripe's signature of a webhook: HMAC-SHA256 of its time and body under a secret that both sides
 * know, checked by Stripe's own library. Its time must be within {@link #TOLERANCE} of real time,
 * before or after, so that a recorded request cannot be sent again later.
 */
final class StripeSignature {
  static final String HEADER = "Stripe-Signature";
  static final Duration TOLERANCE = Duration.ofMinutes(5);

  private static final Pattern TIME = Pattern.compile("(?:^|,)t=([0-9]{1,12})(?:,|$)");

  private final Set<String> secrets;
  private final InstantSource clock;

  /**
   * @param secrets the present one, and while it is being replaced also the next
   * @param clock real time, never the domain's
   */
  StripeSignature(Set<String> secrets, InstantSource clock) {
    this.secrets = Set.copyOf(secrets);
    this.clock = clock;
  }

  /** Whether a header is the signature of a body under one of the secrets. */
  boolean isOf(String body, String header) {
    Matcher time = TIME.matcher(header);
    long now = clock.instant().getEpochSecond();
    return time.find()
        && Math.abs(now - Long.parseLong(time.group(1))) <= TOLERANCE.toSeconds()
        && secrets.stream().anyMatch(secret -> isSigned(body, header, secret));
  }

  private static boolean isSigned(String body, String header, String secret) {
    try {
      // No tolerance: the time has been looked at, on both sides.
      return Webhook.Signature.verifyHeader(body, header, secret, 0);
    } catch (SignatureVerificationException
        | IllegalArgumentException
        | IndexOutOfBoundsException e) {
      return false; // also for a header that the library cannot take apart
    }
  }
}
