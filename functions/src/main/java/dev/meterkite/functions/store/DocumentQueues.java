package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The queues of all owner documents, and the lock under which commands enter and leave them. */
final class DocumentQueues<S, I> {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Limits limits;
  private final Object lock = new Object();

  /** Guarded by {@link #lock}; the least recently used first. */
  private final Map<DocRef, DocumentQueue<S, I>> queues = new LinkedHashMap<>(64, 0.75f, true);

  DocumentQueues(Limits limits) {
    this.limits = limits;
  }

  /**
   * Adds a command to its queue. If the queue is full, the command is answered with {@link
   * Reply.Busy}.
   *
   * @return the queue if the caller must start it; null if somebody works on it already
   */
  @Nullable DocumentQueue<S, I> add(Pending<I> pending) {
    synchronized (lock) {
      DocumentQueue<S, I> queue =
          queues.computeIfAbsent(pending.command.owner(), DocumentQueue::new);
      if (queue.waiting.size() >= limits.waiting()) {
        pending.reply.complete(new Reply.Busy(RETRY_AFTER, Reply.Effort.NONE));
        return null;
      }
      queue.waiting.add(pending);
      if (queue.phase != DocumentQueue.Phase.IDLE) {
        return null;
      }
      queue.phase = DocumentQueue.Phase.BUSY;
      forgetIdle();
      return queue;
    }
  }

  private void forgetIdle() {
    Iterator<DocumentQueue<S, I>> eldest = queues.values().iterator();
    for (int over = queues.size() - limits.documents(); over > 0 && eldest.hasNext(); over--) {
      if (eldest.next().isForgettable()) {
        eldest.remove();
      }
    }
  }

  /**
   * Takes the next batch: a half of one that was refused, one that is back from a relay, or
   * commands that wait. The batch is empty if there are none and relays are expected.
   *
   * @param room maximum number of commands that wait
   * @return null if there is nothing to do; then the queue is idle
   */
  @Nullable Batch<I> take(DocumentQueue<S, I> queue, int room) {
    Batch<I> half = queue.halves.poll();
    if (half != null) {
      return half;
    }
    synchronized (lock) {
      Batch<I> back = queue.returned.poll();
      if (back != null) {
        return back;
      }
      List<Pending<I>> commands = queue.take(room);
      if (commands.isEmpty() && !queue.neighbours.expects()) {
        queue.phase = DocumentQueue.Phase.IDLE;
        return null;
      }
      return new Batch<>(commands);
    }
  }

  /** Adds commands that wait to a batch that has not left yet. */
  void fill(DocumentQueue<S, I> queue, Batch<I> batch, int room) {
    synchronized (lock) {
      queue.fill(batch.commands, room);
    }
    batch.grown();
  }

  /** Puts commands back at the head of the queue, in their order. */
  void putBack(DocumentQueue<S, I> queue, List<Pending<I>> commands) {
    synchronized (lock) {
      for (int i = commands.size() - 1; i >= 0; i--) {
        queue.waiting.addFirst(commands.get(i));
      }
    }
  }

  /**
   * Makes an idle queue look for relays.
   *
   * @return whether the caller must start it
   */
  boolean wake(DocumentQueue<S, I> queue) {
    synchronized (lock) {
      if (queue.phase != DocumentQueue.Phase.IDLE) {
        return false;
      }
      queue.phase = DocumentQueue.Phase.BUSY;
      queue.neighbours.expect();
      return true;
    }
  }

  /** A batch leaves for another instance; the queue stays busy until {@link #mayGoOn}. */
  void left(DocumentQueue<S, I> queue) {
    synchronized (lock) {
      queue.away++;
    }
  }

  /** Whether the queue may begin another batch while some are away; if not, it rests. */
  boolean mayGoOn(DocumentQueue<S, I> queue) {
    synchronized (lock) {
      if (queue.away >= queue.neighbours.maxAway()) {
        queue.phase = DocumentQueue.Phase.RESTING;
        return false;
      }
      return true;
    }
  }

  /**
   * A batch is back from another instance.
   *
   * @param batch null if all its commands were answered
   * @return whether the caller must start the queue
   */
  boolean isBack(DocumentQueue<S, I> queue, @Nullable Batch<I> batch) {
    synchronized (lock) {
      queue.away--;
      if (batch != null) {
        queue.returned.add(batch);
      }
      boolean starts =
          switch (queue.phase) {
            case IDLE -> batch != null;
            case BUSY -> false;
            case RESTING -> batch != null || queue.away < queue.neighbours.maxAway();
          };
      if (!starts) {
        return false;
      }
      queue.phase = DocumentQueue.Phase.BUSY;
      return true;
    }
  }
}
