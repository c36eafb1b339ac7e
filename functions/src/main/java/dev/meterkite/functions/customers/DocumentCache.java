package dev.meterkite.functions.customers;

import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Documents as they were read within the last {@link #MAX_AGE}, and, while Firestore cannot be
 * reached, as they were last known. Holds documents, never results: what is made of them follows
 * the clock and the other documents.
 *
 * <p>An outage is logged when it begins and when it ends. During one, Firestore is asked once in
 * {@link #PAUSE}, by one of the requests; the others are answered at once from what is known.
 */
final class DocumentCache {
  /** The longest time for which a change may go unseen. */
  static final Duration MAX_AGE = Duration.ofSeconds(5);

  /** How long an outage is taken for granted before Firestore is asked again. */
  static final Duration PAUSE = Duration.ofSeconds(1);

  /** The most documents kept; those that were asked for least recently go first. */
  static final int MAX_DOCUMENTS = 2_000;

  private final Store store;
  private final InstantSource clock;
  private final Log log;
  private final Map<DocRef, Known> known =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<DocRef, Known> eldest) {
          return size() > MAX_DOCUMENTS;
        }
      };

  /** Until when an outage is taken for granted; null while Firestore answers. */
  private @Nullable Instant quietUntil;

  /**
   * A document and how well it is known.
   *
   * @param snapshot as it was read
   * @param readAt when that was
   * @param fresh whether it was read for this request
   */
  record Known(Snapshot snapshot, Instant readAt, boolean fresh) {}

  /**
   * What is known of some documents.
   *
   * @param documents those that are known, absent ones too
   * @param reachable whether Firestore answered, or did not have to be asked
   */
  record Lookup(Map<DocRef, Known> documents, boolean reachable) {}

  DocumentCache(Store store, InstantSource clock, Log log) {
    this.store = store;
    this.clock = clock;
    this.log = log;
  }

  /**
   * Looks documents up, in at most one round trip.
   *
   * @param refresh whether to ask Firestore however young the known documents are
   */
  Lookup lookUp(List<DocRef> refs, boolean refresh) {
    Instant now = clock.instant();
    Map<DocRef, Known> found = new LinkedHashMap<>();
    List<DocRef> stale = new ArrayList<>();
    synchronized (known) {
      for (DocRef ref : refs) {
        Known one = known.get(ref);
        if (one != null) {
          found.put(ref, one);
        }
        if (refresh || one == null || !isYoung(one, now)) {
          stale.add(ref);
        }
      }
      if (stale.isEmpty()) {
        return new Lookup(found, true);
      }
      if (quietUntil != null && !refresh && isQuiet(quietUntil, now)) {
        return new Lookup(found, false);
      }
      if (quietUntil != null) {
        quietUntil = now.plus(PAUSE);
      }
    }
    return ask(stale, found, now);
  }

  private Lookup ask(List<DocRef> stale, Map<DocRef, Known> found, Instant now) {
    List<Snapshot> snapshots;
    try {
      snapshots = store.read(stale).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException failure
          && failure.kind() != StoreException.Kind.INVALID) {
        lost(now, failure);
        return new Lookup(found, false);
      }
      throw e;
    }
    boolean recovered;
    synchronized (known) {
      recovered = quietUntil != null;
      quietUntil = null;
      for (Snapshot snapshot : snapshots) {
        known.put(snapshot.ref(), new Known(snapshot, now, false));
        found.put(snapshot.ref(), new Known(snapshot, now, true));
      }
    }
    if (recovered) {
      log.warn("Firestore answers again; configuration is read from it", Map.of());
    }
    return new Lookup(found, true);
  }

  private void lost(Instant now, StoreException failure) {
    boolean first;
    synchronized (known) {
      first = quietUntil == null;
      quietUntil = now.plus(PAUSE);
    }
    if (first) {
      log.warn(
          "Firestore cannot be reached; configuration answers what is known",
          Map.of("kind", failure.kind().name(), "reason", String.valueOf(failure.getMessage())));
    }
  }

  /** Forgets a document that this process has changed, unless an outage makes it precious. */
  void changed(DocRef ref) {
    synchronized (known) {
      if (quietUntil == null) {
        known.remove(ref);
      }
    }
  }

  private static boolean isYoung(Known one, Instant now) {
    return now.isBefore(one.readAt().plus(MAX_AGE)) && !now.isBefore(one.readAt());
  }

  private static boolean isQuiet(Instant until, Instant now) {
    return now.isBefore(until) && !now.isBefore(until.minus(PAUSE));
  }
}
