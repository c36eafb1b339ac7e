package dev.meterkite.functions.simulated;

import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Lets commits through as the service does: a document takes so many a second for long, ten at once
 * after a rest. Others wait, first come first served, and are aborted after three seconds. Who
 * waits and has become too late is let through at once, to be refused.
 */
final class DocumentPace {
  private static final double BURST = 10;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(3);
  private static final int MANY_BUCKETS = 4_096;

  /** A commit that wants to change documents. */
  interface Commit {
    /** The documents that it writes. */
    Collection<DocRef> refs();

    /** Whether it would be refused now. */
    boolean isTooLate();

    /** Lets it through. */
    void admit();

    /** Ends it: it has waited for too long. */
    void abort();
  }

  private static final class Bucket {
    private double tokens = BURST;
    private Instant filled;
    private boolean isWatched;
    private final Deque<Waiting> queue = new ArrayDeque<>();

    Bucket(Instant now) {
      this.filled = now;
    }
  }

  private static final class Waiting {
    private final Commit commit;
    private boolean isOver;

    Waiting(Commit commit) {
      this.commit = commit;
    }
  }

  private final Simulation simulation;
  private final double rate;
  private final Map<DocRef, Bucket> buckets = new HashMap<>();
  private int manyBuckets = MANY_BUCKETS;

  DocumentPace(Simulation simulation, double rate) {
    this.simulation = simulation;
    this.rate = rate;
  }

  void submit(Commit commit) {
    if (rate == 0) {
      commit.admit();
      return;
    }
    forgetRested();
    Waiting waiting = new Waiting(commit);
    if (!tryNow(waiting, false)) {
      simulation.after(LONGEST_WAIT, () -> giveUp(waiting));
    }
  }

  private void giveUp(Waiting waiting) {
    if (!waiting.isOver) {
      waiting.isOver = true;
      waiting.commit.abort();
    }
  }

  /**
   * Lets it through, or has it wait for one of its documents.
   *
   * @param isNext whether nobody is before it
   */
  private boolean tryNow(Waiting waiting, boolean isNext) {
    if (waiting.commit.isTooLate()) {
      waiting.isOver = true;
      waiting.commit.admit();
      return true;
    }
    List<Bucket> needed = new ArrayList<>();
    for (DocRef ref : waiting.commit.refs()) {
      Bucket bucket = buckets.computeIfAbsent(ref, each -> new Bucket(simulation.instant()));
      fill(bucket);
      needed.add(bucket);
      if (bucket.tokens < 1 || (!isNext && !bucket.queue.isEmpty())) {
        if (isNext) {
          bucket.queue.addFirst(waiting);
        } else {
          bucket.queue.addLast(waiting);
        }
        watch(bucket);
        return false;
      }
    }
    needed.forEach(bucket -> bucket.tokens--);
    waiting.isOver = true;
    waiting.commit.admit();
    needed.forEach(DocumentPace::endTooLate);
    return true;
  }

  private void fill(Bucket bucket) {
    Instant now = simulation.instant();
    double seconds = Duration.between(bucket.filled, now).toNanos() / 1e9;
    bucket.tokens = Math.min(BURST, bucket.tokens + seconds * rate);
    bucket.filled = now;
  }

  /** Documents that have rested are as if they had never been written. */
  private void forgetRested() {
    if (buckets.size() > manyBuckets) {
      buckets
          .values()
          .removeIf(
              bucket -> {
                fill(bucket);
                return bucket.queue.isEmpty() && bucket.tokens >= BURST;
              });
      manyBuckets = Math.max(MANY_BUCKETS, 2 * buckets.size());
    }
  }

  /** Looks at the queue again when the next commit may go. */
  private void watch(Bucket bucket) {
    if (!bucket.isWatched) {
      bucket.isWatched = true;
      double seconds = Math.max(0, 1 - bucket.tokens) / rate;
      // Rounded up, so that the token is there.
      simulation.after(Duration.ofNanos((long) (seconds * 1e9) + 1_000), () -> serve(bucket));
    }
  }

  private void serve(Bucket bucket) {
    bucket.isWatched = false;
    fill(bucket);
    while (bucket.tokens >= 1 && !bucket.queue.isEmpty()) {
      Waiting next = bucket.queue.pollFirst();
      if (!next.isOver) {
        tryNow(next, true);
      }
    }
    bucket.queue.removeIf(each -> each.isOver);
    if (!bucket.queue.isEmpty()) {
      watch(bucket);
    }
  }

  private static void endTooLate(Bucket bucket) {
    Deque<Waiting> queue = bucket.queue;
    if (!queue.isEmpty()) {
      List<Waiting> tooLate = new ArrayList<>();
      for (Waiting each : queue) {
        if (!each.isOver && each.commit.isTooLate()) {
          tooLate.add(each);
        }
      }
      for (Waiting each : tooLate) {
        each.isOver = true;
        each.commit.admit();
      }
    }
  }
}
