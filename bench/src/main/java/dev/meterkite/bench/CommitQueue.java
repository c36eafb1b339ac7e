package dev.meterkite.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How often a document may be written: a bucket of tokens for each document, one token a commit,
 * and the commits that wait for theirs in order. Knows no clock; not safe for several threads.
 *
 * <p>A commit whose condition can no longer hold, because the document has been written since, goes
 * on at once and without a token: the store refuses it. A commit that has waited too long is
 * refused as contended.
 *
 * @param <C> the commits
 */
final class CommitQueue<C> {
  /** Most documents whose bucket is kept; a forgotten one is full. */
  private static final int MOST_BUCKETS = 50_000;

  private final double tokensPerNano;
  private final int burst;
  private final long longestWait;
  private final Map<String, Bucket> buckets =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > MOST_BUCKETS;
        }
      };
  private final List<Waiting<C>> waiting = new ArrayList<>();

  private static final class Bucket {
    double tokens;
    long at;
    @Nullable Object version;
  }

  private record Waiting<C>(C commit, Map<String, Object> documents, long since) {}

  /** Stands for the version of a document that is written whatever it holds. */
  static final Object ANY = new Object();

  /**
   * What may happen now.
   *
   * @param go commits that may go on, each with a token of each document
   * @param doomed commits that the store will refuse, without tokens
   * @param contended commits that have waited too long
   */
  record Due<C>(List<C> go, List<C> doomed, List<C> contended) {}

  /**
   * @param writesASecond how many commits a second may write one document for long
   * @param burst how many may do so at once after a rest
   * @param longestWait how long a commit waits before it is refused
   */
  CommitQueue(double writesASecond, int burst, Duration longestWait) {
    this.tokensPerNano = writesASecond / 1e9;
    this.burst = burst;
    this.longestWait = longestWait.toNanos();
  }

  /**
   * Puts a commit behind those that wait.
   *
   * @param documents what it writes, with the version it is conditional on, or {@link #ANY}; new
   *     documents are left out
   */
  void add(C commit, Map<String, Object> documents, long now) {
    waiting.add(new Waiting<>(commit, documents, now));
  }

  /** Takes out what may go on and what has waited too long. */
  Due<C> due(long now) {
    Due<C> due = new Due<>(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Set<String> claimed = new HashSet<>();
    for (Iterator<Waiting<C>> each = waiting.iterator(); each.hasNext(); ) {
      Waiting<C> next = each.next();
      if (isDoomed(next)) {
        due.doomed().add(next.commit());
        each.remove();
      } else if (!claims(next, claimed) && take(next.documents().keySet(), now)) {
        due.go().add(next.commit());
        each.remove();
      } else if (now - next.since() >= longestWait) {
        due.contended().add(next.commit());
        each.remove();
      } else {
        claimed.addAll(next.documents().keySet());
      }
    }
    return due;
  }

  private boolean isDoomed(Waiting<C> commit) {
    return commit.documents().entrySet().stream()
        .anyMatch(
            entry -> {
              Bucket bucket = buckets.get(entry.getKey());
              return entry.getValue() != ANY
                  && bucket != null
                  && bucket.version != null
                  && !bucket.version.equals(entry.getValue());
            });
  }

  /** Whether somebody waits longer for one of its documents. */
  private static boolean claims(Waiting<?> commit, Set<String> claimed) {
    return commit.documents().keySet().stream().anyMatch(claimed::contains);
  }

  private boolean take(Set<String> documents, long now) {
    for (String document : documents) {
      if (filled(document, now).tokens < 1) {
        return false;
      }
    }
    documents.forEach(document -> filled(document, now).tokens -= 1);
    return true;
  }

  private Bucket filled(String document, long now) {
    Bucket bucket = buckets.get(document);
    if (bucket == null) {
      bucket = new Bucket();
      bucket.tokens = burst;
      buckets.put(document, bucket);
    } else {
      bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) * tokensPerNano);
    }
    bucket.at = now;
    return bucket;
  }

  /** A commit was applied, and the document has a new version. */
  void applied(String document, Object version, long now) {
    filled(document, now).version = version;
  }

  /** A commit that had tokens failed: nothing was written, so they are free again. */
  void failed(Set<String> documents, long now) {
    documents.forEach(document -> filled(document, now).tokens += 1);
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }
}
