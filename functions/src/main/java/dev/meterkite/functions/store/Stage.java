package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the commands of a batch are to be committed.
 *
 * <pre>
 *              a live host, relay created
 *   Here ----------------------------------> HandedOver ---- answered ----> done
 *    |                                        |      ^
 *    | refused or not encodable   host gone,  |      | lost to a live host,
 *    v                            no answer   v      | and still in time
 *   Kept <------ relay is closed ----------- Recalled
 * </pre>
 *
 * @param <I> the input of the commands
 */
sealed interface Stage<I> {
  /** By this instance, unless another one turns out to be the host. */
  record Here<I>() implements Stage<I> {}

  /**
   * By whichever instance is the host; the batch is not in its queue.
   *
   * @param relay where the commands are and the replies will be
   * @param since when they were handed over to the present host, in real time
   * @param sent the commands in the order of the relay
   * @param created when the relay was created, by the store's clock; null if that is not known, or
   *     was for another host
   * @param recallAt when to recall it unless there is a host again; null while there is one
   */
  record HandedOver<I>(
      DocRef relay,
      Instant since,
      List<Pending<I>> sent,
      @Nullable Instant created,
      @Nullable Instant recallAt)
      implements Stage<I> {
    /** The same relay, for another host. */
    HandedOver<I> again(Instant now) {
      return new HandedOver<>(relay, now, sent, null, null);
    }

    /** The same relay, which was created at this time of the store. */
    HandedOver<I> createdAt(Instant time) {
      return new HandedOver<>(relay, since, sent, time, recallAt);
    }

    /**
     * How long the host took to answer, by the store's clock; null if it is not known. It does not
     * depend on when we look.
     */
    @Nullable Duration service(@Nullable Instant answered) {
      return created == null || answered == null ? null : Duration.between(created, answered);
    }

    /** The same relay; null: served by a host again. */
    HandedOver<I> recalledAt(@Nullable Instant at) {
      return new HandedOver<>(relay, since, sent, created, at);
    }
  }

  /** By this instance again, in a commit that closes the relay. */
  record Recalled<I>(HandedOver<I> before) implements Stage<I> {}

  /** By this instance. */
  record Kept<I>() implements Stage<I> {}
}
