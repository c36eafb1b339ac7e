package dev.meterkite.functions.store;

import dev.meterkite.model.command.Rules;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What one engine works with.
 *
 * @param id the name by which other instances know this engine
 * @param relays how commands travel to other instances; null where they never do
 */
record Environment<S, I>(
    Rules<S, I> rules,
    Store store,
    Turns turns,
    InstantSource domainClock,
    InstantSource realClock,
    RandomGenerator random,
    Limits limits,
    Markers markers,
    String id,
    @Nullable RelayDocuments<I> relays,
    Safeguards<S, I> safeguards) {

  /** The time that attempts, claims and refused keys live by. */
  Instant real() {
    return realClock.instant();
  }

  /** The domain's time for the next commit: microseconds, and never before the last commit. */
  Instant domainNow(CommitLog log) {
    Instant now = domainClock.instant().truncatedTo(ChronoUnit.MICROS);
    Instant last = log.at();
    return last != null && last.isAfter(now) ? last : now;
  }

  /** The host if it is another instance that understands our commands, and its claim is valid. */
  @Nullable Host rival(@Nullable Host host) {
    return host != null
            && relays != null
            && !host.id().equals(id)
            && host.version().equals(relays.version())
            && host.until().isAfter(real())
        ? host
        : null;
  }
}
