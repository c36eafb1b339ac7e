package dev.meterkite.functions.prices;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * What was read within the last moments, a bounded number of entries: those that were asked for
 * least recently go first. Concurrent callers share one read; a failed read is not kept.
 */
final class RecentReads<K, V> {
  private final InstantSource clock;
  private final InstantSource real;
  private final Duration maxAge;
  private final Function<K, CompletableFuture<V>> read;
  private final Map<K, Entry<V>> entries;

  private record Entry<V>(CompletableFuture<V> value, Instant begunAt, Instant begunAtReal) {}

  /**
   * @param clock the domain's time; an entry is as old as the older of both times says
   * @param real real time
   */
  RecentReads(
      InstantSource clock,
      InstantSource real,
      Duration maxAge,
      int most,
      Function<K, CompletableFuture<V>> read) {
    this.clock = clock;
    this.real = real;
    this.maxAge = maxAge;
    this.read = read;
    this.entries =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<K, Entry<V>> eldest) {
            return size() > most;
          }
        };
  }

  /** The value as it was at most {@code maxAge} ago; fails as the read does. */
  V get(K key) {
    return get(key, maxAge);
  }

  /** Begins to read what is not known, so that several values cost one wait. */
  void begin(Iterable<K> keys) {
    keys.forEach(key -> begun(key, maxAge));
  }

  /** The value as it is now or later. */
  V fresh(K key) {
    return get(key, Duration.ZERO);
  }

  private V get(K key, Duration age) {
    Entry<V> begun = begun(key, age);
    try {
      return begun.value().join();
    } catch (RuntimeException failure) {
      synchronized (entries) {
        entries.remove(key, begun);
      }
      throw failure;
    }
  }

  private Entry<V> begun(K key, Duration age) {
    synchronized (entries) {
      Instant now = clock.instant();
      Instant realNow = real.instant();
      Entry<V> known = entries.get(key);
      if (known != null
          && !known.value().isCompletedExceptionally()
          && isYoung(known.begunAt(), now, age)
          && isYoung(known.begunAtReal(), realNow, age)) {
        return known;
      }
      Entry<V> begun = new Entry<>(read.apply(key), now, realNow);
      entries.put(key, begun);
      return begun;
    }
  }

  private static boolean isYoung(Instant begun, Instant now, Duration age) {
    return !now.isBefore(begun) && now.isBefore(begun.plus(age));
  }
}
