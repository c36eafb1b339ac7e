package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the engine does for the commands of other instances: it finds, commits and answers them. */
final class Hosting<S, I> {
  private final Environment<S, I> env;
  private final Engine<S, I> engine;

  Hosting(Environment<S, I> env, Engine<S, I> engine) {
    this.env = env;
    this.engine = engine;
  }

  /** Whether to look for relays before this batch is decided. */
  boolean mustLook(DocumentQueue<S, I> queue, Batch<I> batch) {
    return env.relays() != null
        && !batch.looked
        && ((batch.isEmpty() && queue.neighbours.expects())
            || !queue.authors.isEmpty(env.real())
            || queue.neighbours.mustLook(env.real(), queue.pacing.hasRivals()));
  }

  /**
   * Looks for commands of other instances, which are committed together with ours: where those that
   * are known will leave them, or by a search where none is known or there is time for it, as there
   * is while nothing else is to be committed.
   */
  void look(DocumentQueue<S, I> queue, Batch<I> batch, Runnable then) {
    Instant start = env.real();
    boolean search = queue.neighbours.isSlow() || batch.isEmpty() || queue.authors.isEmpty(start);
    engine
        .guard(queue, batch)
        .when(
            search
                ? env.store().find(RelayDocuments.open(queue.owner))
                : env.store().read(queue.authors.expected()),
            (found, failure) -> {
              batch.looked = true;
              queue.neighbours.lookTook(Duration.between(start, env.real()));
              if (failure == null) {
                saw(queue, found, search);
                found.stream()
                    .filter(RelayDocuments::isOpen)
                    .forEach(document -> board(queue, batch, document));
              }
              queue.neighbours.looked(env.real(), !batch.aboard.isEmpty());
              if (queue.authors.isAwaited() && queue.neighbours.gathers(env.real())) {
                lookAgain(queue, batch, then);
              } else {
                then.run();
              }
            });
  }

  /** Those who were answered a moment ago are about to come back. */
  private void lookAgain(DocumentQueue<S, I> queue, Batch<I> batch, Runnable then) {
    Runnable again =
        () -> {
          engine.queues.fill(queue, batch, engine.room(queue));
          look(queue, batch, then);
        };
    env.turns().after(queue.neighbours.lookingAgain(), () -> engine.guard(queue, batch).run(again));
  }

  /** Searches for relays of instances that are not known, while the queue goes on. */
  void glance(DocumentQueue<S, I> queue) {
    Instant now = env.real();
    if (env.relays() == null || !queue.neighbours.mayGlance(now, queue.authors.isEmpty(now))) {
      return;
    }
    var unused =
        env.store()
            .find(RelayDocuments.open(queue.owner))
            .handle(
                (found, failure) -> {
                  if (failure == null && !found.isEmpty()) {
                    saw(queue, found, true);
                    queue.neighbours.looked(env.real(), true);
                    engine.wake(queue);
                  }
                  return null;
                });
  }

  /**
   * Notes where the next relays will be.
   *
   * @param all whether these are all that are open
   */
  private void saw(DocumentQueue<S, I> queue, List<Snapshot> found, boolean all) {
    List<Relay.Origin> open = new ArrayList<>();
    for (Snapshot document : found) {
      RelayDocuments.origin(document)
          .ifPresent(
              origin -> {
                if (RelayDocuments.isOpen(document)) {
                  open.add(origin);
                } else {
                  queue.authors.closed(origin);
                }
              });
    }
    queue.authors.found(open, all, env.real());
  }

  private void board(DocumentQueue<S, I> queue, Batch<I> batch, Snapshot document) {
    RelayDocuments<I> relays = env.relays();
    if (relays == null
        || queue.neighbours.shuns(document.ref())
        || batch.recalls(document.ref())
        || batch.aboard.stream().anyMatch(relay -> relay.ref().equals(document.ref()))) {
      return;
    }
    Relay<I> relay = relays.relay(document, queue.owner).orElse(null);
    if (relay == null) {
      queue.neighbours.shun(document.ref());
      return;
    }
    Set<DocRef> taken = new HashSet<>();
    batch.commands.forEach(pending -> taken.addAll(pending.command.markers()));
    boolean fits = batch.commands.size() + relay.commands().size() <= env.limits().commands();
    for (Pending<I> pending : relay.commands()) {
      DocRef marker = pending.marker();
      fits &= marker == null || taken.add(marker);
    }
    if (fits) {
      batch.board(relay);
    }
  }

  /** The host that the owner document names after a commit of this batch. */
  @Nullable Host claim(DocumentQueue<S, I> queue, Batch<I> batch, @Nullable Host before) {
    RelayDocuments<I> relays = env.relays();
    if (relays == null) {
      return null;
    }
    Instant now = env.real();
    Host other = queue.neighbours.host(now);
    if (other != null && before != null && other.id().equals(before.id())) {
      return before;
    }
    Instant until = queue.neighbours.claim(now, batch.own(), queue.pacing.hasRivals());
    if (until != null) {
      return new Host(env.id(), relays.version(), until.truncatedTo(ChronoUnit.MICROS));
    }
    return before != null && isOurs(before) ? before : null;
  }

  private boolean isOurs(Host host) {
    return host.id().equals(env.id()) && host.until().isAfter(env.real());
  }

  /** What the commit of this batch does to relays: those it serves, and the one it recalls. */
  List<Mutation> closings(Batch<I> batch, BatchDecision<S, I> decision, @Nullable Host claim) {
    List<Mutation> closings = new ArrayList<>();
    RelayDocuments<I> relays = env.relays();
    if (relays != null && !batch.aboard.isEmpty()) {
      Map<Pending<I>, Reply> replies = decision.replies();
      for (Relay<I> relay : batch.aboard) {
        closings.add(relays.answer(relay, pending -> pending.replyOr(replies), claim));
      }
    }
    if (batch.stage instanceof Stage.Recalled<I> recalled) {
      closings.add(RelayDocuments.recall(batch.document(recalled.before().relay())));
    }
    return closings;
  }

  /**
   * A commit of this batch was applied.
   *
   * @param host the one that the owner document has now
   * @return how long to wait before the next: instances that hand over need no turn of their own,
   *     but time to come back
   */
  Duration committed(DocumentQueue<S, I> queue, Batch<I> batch, @Nullable Host host) {
    queue.neighbours.saw(env.rival(host));
    if (host != null && isOurs(host)) {
      queue.neighbours.claimed(host.until());
    }
    if (batch.stage instanceof Stage.Recalled<I> recalled) {
      queue.neighbours.closed(recalled.before().relay());
    }
    batch.aboard.forEach(relay -> queue.authors.closed(relay.origin()));
    Duration pause = queue.pacing.afterWin(env.random());
    return batch.aboard.isEmpty() ? pause : queue.neighbours.gathering(env.real());
  }
}
