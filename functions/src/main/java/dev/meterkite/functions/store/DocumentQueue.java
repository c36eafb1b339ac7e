package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One owner document: the commands that wait for it and the state as of our last commit or read.
 *
 * <p>{@code waiting}, {@code phase}, {@code returned} and {@code away} are guarded by the lock of
 * {@link DocumentQueues}; the rest belongs to the thread that made the queue busy.
 */
final class DocumentQueue<S, I> {
  /** Whether somebody works on the queue. */
  enum Phase {
    /** Nobody: the next command starts it. */
    IDLE,
    /** A batch is on its way. */
    BUSY,
    /** So many batches are away that the next one begins when one of them is back. */
    RESTING
  }

  final DocRef owner;
  final Deque<Pending<I>> waiting = new ArrayDeque<>();
  Phase phase = Phase.IDLE;

  /** Batches that were handed over and are to be committed here after all. */
  final Deque<Batch<I>> returned = new ArrayDeque<>();

  /** Number of batches that another instance is committing. */
  int away;

  /** Halves of a batch that was refused for good. */
  final Deque<Batch<I>> halves = new ArrayDeque<>();

  final Pacing pacing = new Pacing();
  final Neighbours neighbours = new Neighbours();
  final Authors authors;

  /** The last relay of ours; null before the first. */
  Relay.@Nullable Origin relay;

  @Nullable Kept<S> kept;

  /**
   * A state and the version it was read or written at.
   *
   * @param updateTime null while the document does not exist
   * @param since real time of the read or commit
   */
  record Kept<S>(S state, CommitLog log, @Nullable Instant updateTime, Instant since) {}

  DocumentQueue(DocRef owner) {
    this.owner = owner;
    this.authors = new Authors(owner);
  }

  /** Whether nothing would be lost with this queue but a kept state. */
  boolean isForgettable() {
    return phase == Phase.IDLE && waiting.isEmpty() && away == 0;
  }

  /** Takes the next commands, in order, leaving those whose key is taken already. */
  List<Pending<I>> take(int most) {
    List<Pending<I>> batch = new ArrayList<>();
    fill(batch, most);
    return batch;
  }

  /** Adds such commands to a batch. */
  void fill(List<Pending<I>> batch, int most) {
    Set<DocRef> markers = new HashSet<>();
    batch.forEach(
        pending -> {
          DocRef marker = pending.marker();
          if (marker != null) {
            markers.add(marker);
          }
        });
    Iterator<Pending<I>> each = waiting.iterator();
    while (each.hasNext() && batch.size() < most) {
      Pending<I> pending = each.next();
      DocRef marker = pending.marker();
      if (marker == null || markers.add(marker)) {
        batch.add(pending);
        each.remove();
      }
    }
  }
}
