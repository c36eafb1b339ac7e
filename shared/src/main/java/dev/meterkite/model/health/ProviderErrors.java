package dev.meterkite.model.health;

import dev.meterkite.model.time.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a failed call says about the provider: one table, read from the top; the first row that
 * applies decides.
 *
 * <p>401, 403, 408 and 429 say that it cannot serve us; any other 4xx is the caller's own fault and
 * says nothing, unless its words tell of credit or quota. A 400 "credit balance is too low" takes
 * the provider out for an hour; a 400 "maximum context length" changes nothing.
 */
public final class ProviderErrors {
  /** How long a rate limit lasts when nobody says. */
  public static final Duration RATE_LIMIT = Duration.ofMinutes(1);

  /** The longest that a rate limit is obeyed. */
  public static final Duration LONGEST_RATE_LIMIT = Duration.ofHours(24);

  /** When to look again after credit has run out, when nobody says. */
  public static final Duration NO_CREDIT = Duration.ofHours(1);

  private static final ZoneId GOOGLE_DAYS = ZoneId.of("America/Los_Angeles");
  private static final int ANY = 0;
  private static final int NO_ANSWER = -1;
  private static final Pattern TRY_AGAIN =
      Pattern.compile("(?:try again in|retry in|retry after) ([0-9][0-9a-z.]*[0-9a-z])");
  private static final Pattern REGAIN = Pattern.compile("regain access on (\\d{4}-\\d{2}-\\d{2})");

  /** What a failed call means. */
  public enum Kind {
    /** The provider failed, or refuses us altogether: counts against it. */
    PROVIDER_FAULT,
    /** It takes no more calls for a moment: counts against it, and no calls until then. */
    RATE_LIMITED,
    /** Credit, or a quota of a day or month, is used up: likewise, for longer. */
    QUOTA_GONE,
    /** The caller's own error: says nothing about the provider. */
    CALLER_FAULT
  }

  /**
   * The meaning of a failed call.
   *
   * @param kind what it means
   * @param until when calls make sense again; always there for {@code RATE_LIMITED} and {@code
   *     QUOTA_GONE}, for {@code PROVIDER_FAULT} where the provider says so
   */
  public record Verdict(Kind kind, @Nullable Instant until) {
    /** Whether it counts as a failure of the provider. */
    public boolean counts() {
      return kind != Kind.CALLER_FAULT;
    }
  }

  private record Row(String provider, int status, List<String> words, Kind kind) {
    boolean applies(ProviderError error) {
      return (provider.isEmpty() || provider.equals(error.provider()))
          && (status == ANY || status == (error.status() == null ? NO_ANSWER : error.status()))
          && (words.isEmpty() || error.says(words));
    }
  }

  private static final List<Row> TABLE =
      List.of(
          // Credit and long quotas, whatever the status: they come as 400, 401, 402, 403 and 429.
          row("openai", ANY, Kind.QUOTA_GONE, "insufficient_quota", "exceeded your current quota"),
          row("openai", ANY, Kind.QUOTA_GONE, "billing_hard_limit", "billing_not_active"),
          row("openai", ANY, Kind.QUOTA_GONE, "access_terminated", "account is not active"),
          row("openai", 429, Kind.QUOTA_GONE, "per day", "(rpd)", "(tpd)"),
          row("anthropic", ANY, Kind.QUOTA_GONE, "credit balance is too low", "billing_error"),
          row("anthropic", ANY, Kind.QUOTA_GONE, "regain access on", "usage limits"),
          row("google", 429, Kind.QUOTA_GONE, "perday", "per day"),
          row("google", ANY, Kind.QUOTA_GONE, "billing_disabled", "credits are depleted"),
          row("google", ANY, Kind.QUOTA_GONE, "requires billing", "enable billing"),
          row("elevenlabs", ANY, Kind.QUOTA_GONE, "quota_exceeded", "payment_required"),
          row("elevenlabs", ANY, Kind.QUOTA_GONE, "payment_issue", "subscription_required"),
          row("", ANY, Kind.QUOTA_GONE, "insufficient_quota", "insufficient credit"),
          row("", ANY, Kind.QUOTA_GONE, "credit balance", "daily_limit", "daily quota"),
          row("", 402, Kind.QUOTA_GONE),
          // Refusals of us that come under a status of the caller's, and the reverse.
          row("google", 400, Kind.PROVIDER_FAULT, "api_key_invalid", "api key not valid"),
          row("google", 400, Kind.PROVIDER_FAULT, "api key expired", "location is not supported"),
          row("elevenlabs", 429, Kind.PROVIDER_FAULT, "system_busy"),
          row("elevenlabs", 403, Kind.CALLER_FAULT, "voice_access_denied", "content_restricted"),
          row("openai", 403, Kind.CALLER_FAULT, "content_policy", "moderation"),
          row("elevenlabs", 401, Kind.CALLER_FAULT, "voice_limit_reached", "can_not_use_instant"),
          // By status.
          row("", 429, Kind.RATE_LIMITED),
          row("", 401, Kind.PROVIDER_FAULT),
          row("", 403, Kind.PROVIDER_FAULT),
          row("", 408, Kind.PROVIDER_FAULT),
          // By words, where the status is missing or says success (errors inside a stream).
          row("", ANY, Kind.RATE_LIMITED, "rate_limit", "resource_exhausted", "too_many_"),
          row("", ANY, Kind.PROVIDER_FAULT, "overloaded", "server_error", "api_error"),
          row("", NO_ANSWER, Kind.PROVIDER_FAULT, "api_key", "authentication", "permission"),
          row("", NO_ANSWER, Kind.CALLER_FAULT, "cancel", "aborted_by_caller", "invalid_"),
          row("", NO_ANSWER, Kind.CALLER_FAULT, "context_length", "content_policy", "not_found"),
          row("", NO_ANSWER, Kind.PROVIDER_FAULT, "timeout", "timed_out", "timed out", "deadline"),
          row("", NO_ANSWER, Kind.PROVIDER_FAULT, "connect", "reset", "refused", "unreachable"),
          row("", NO_ANSWER, Kind.PROVIDER_FAULT, "dns", "host", "tls", "ssl", "eof", "closed"),
          row("", NO_ANSWER, Kind.PROVIDER_FAULT, "unavailable", "network", "internal"));

  private ProviderErrors() {}

  private static Row row(String provider, int status, Kind kind, String... words) {
    return new Row(provider, status, List.of(words), kind);
  }

  /** What the error means, and until when calls make no sense. */
  public static Verdict verdict(ProviderError error, Instant now) {
    Kind kind =
        TABLE.stream()
            .filter(row -> row.applies(error) && !misled(error, row))
            .map(Row::kind)
            .findFirst()
            .orElseGet(() -> byStatus(error));
    Optional<Instant> said = said(error, now);
    return switch (kind) {
      case RATE_LIMITED -> new Verdict(kind, rateLimit(said, now));
      case QUOTA_GONE -> new Verdict(kind, quotaGone(error, said, now));
      case PROVIDER_FAULT -> new Verdict(kind, said.map(at -> capped(at, now)).orElse(null));
      case CALLER_FAULT -> new Verdict(kind, null);
    };
  }

  /** A caller's 4xx may quote anything: the rows that go by words alone do not read its words. */
  private static boolean misled(ProviderError error, Row row) {
    Integer status = error.status();
    return status != null
        && status >= 400
        && row.status() == ANY
        && (row.kind() == Kind.RATE_LIMITED || row.kind() == Kind.PROVIDER_FAULT);
  }

  private static Kind byStatus(ProviderError error) {
    Integer status = error.status();
    return status != null && status >= 400 && status < 500
        ? Kind.CALLER_FAULT
        : Kind.PROVIDER_FAULT;
  }

  private static Optional<Instant> said(ProviderError error, Instant now) {
    Optional<Instant> header = RetryAfter.parse(error.retryAfter(), now);
    if (header.isPresent()) {
      return header;
    }
    Matcher words = TRY_AGAIN.matcher(error.message());
    return words.find() ? RetryAfter.parse(words.group(1), now) : Optional.empty();
  }

  private static Instant rateLimit(Optional<Instant> said, Instant now) {
    return said.map(at -> capped(at, now)).orElseGet(() -> now.plus(RATE_LIMIT));
  }

  private static Instant capped(Instant at, Instant now) {
    Instant latest = now.plus(LONGEST_RATE_LIMIT);
    return at.isAfter(latest) ? latest : at;
  }

  /** Of what the provider says and what its kind of quota implies, the later. */
  private static Instant quotaGone(ProviderError error, Optional<Instant> said, Instant now) {
    Matcher regain = REGAIN.matcher(error.message());
    if (regain.find()) {
      Optional<Instant> date = RetryAfter.parse(regain.group(1), now);
      if (date.isPresent()) {
        return date.get();
      }
    }
    Instant least = now.plus(NO_CREDIT);
    if (error.provider().equals("google") && error.says(List.of("perday", "per day"))) {
      least = Window.DAY.containing(now, GOOGLE_DAYS).end();
    } else if (error.says(List.of("daily_limit", "daily quota"))) {
      least = Window.DAY.containing(now, ZoneOffset.UTC).end();
    } else if (error.says(List.of("(rpd)", "(tpd)", "per day"))) {
      return said.orElse(least); // A rolling day: the provider knows.
    }
    return said.isPresent() && said.get().isAfter(least) ? said.get() : least;
  }
}
