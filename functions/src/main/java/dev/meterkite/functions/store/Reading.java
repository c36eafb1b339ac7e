package dev.meterkite.functions.store;

import dev.meterkite.model.command.Read;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a batch must read before it can be decided, and what the engine knows without reading. */
final class Reading<S, I> {
  private final Environment<S, I> env;
  private final Engine<S, I> engine;
  private final Failures<S, I> failures;
  private final @Nullable Handover<S, I> handover;

  Reading(
      Environment<S, I> env,
      Engine<S, I> engine,
      Failures<S, I> failures,
      @Nullable Handover<S, I> handover) {
    this.env = env;
    this.engine = engine;
    this.failures = failures;
    this.handover = handover;
  }

  /**
   * The owner's state where it need not be read: kept from the last commit, else as a command
   * brought it, which a sweep has from its query.
   */
  DocumentQueue.@Nullable Kept<S> known(DocumentQueue<S, I> queue, Batch<I> batch) {
    DocumentQueue.Kept<S> kept = queue.kept;
    if (kept != null && worthTrying(queue, kept)) {
      return kept;
    }
    Snapshot seen = batch.documents.get(queue.owner);
    return seen == null ? null : kept(seen);
  }

  private DocumentQueue.Kept<S> kept(Snapshot owner) {
    return new DocumentQueue.Kept<>(
        env.rules().decode(owner), CommitLog.of(owner), owner.updateTime(), env.real());
  }

  /** Whether a state kept from the last commit or read is likely to be the present one. */
  private boolean worthTrying(DocumentQueue<S, I> queue, DocumentQueue.Kept<S> kept) {
    return !queue.pacing.contended()
        && kept.since().plus(env.limits().cacheAge()).isAfter(env.real());
  }

  /** Reads the owner and what the commands must see and was not read yet. */
  void missing(DocumentQueue<S, I> queue, Batch<I> batch, Consumer<DocumentQueue.Kept<S>> then) {
    Set<DocRef> refs = new LinkedHashSet<>(Set.of(queue.owner));
    read(queue, batch, refs, batch.missing(), false, false, then);
  }

  /**
   * Reads again the owner and all that the commands must see.
   *
   * @param withMarkers whether the markers too, as refusals require, and a commit that may have
   *     been applied
   */
  void again(
      DocumentQueue<S, I> queue,
      Batch<I> batch,
      boolean withMarkers,
      Consumer<DocumentQueue.Kept<S>> then) {
    Set<DocRef> refs = new LinkedHashSet<>(Set.of(queue.owner));
    if (batch.stage instanceof Stage.Recalled<I> recalled) {
      refs.add(recalled.before().relay());
    }
    if (withMarkers) {
      batch.commands.forEach(pending -> refs.addAll(pending.command.markers()));
    }
    read(queue, batch, refs, batch.all(), true, withMarkers, then);
  }

  /**
   * Reads documents and queries in one round trip.
   *
   * @param again whether they take the place of everything that was read before
   */
  private void read(
      DocumentQueue<S, I> queue,
      Batch<I> batch,
      Set<DocRef> refs,
      Set<Read> reads,
      boolean again,
      boolean withMarkers,
      Consumer<DocumentQueue.Kept<S>> then) {
    List<Query> queries = new ArrayList<>();
    for (Read read : reads) {
      if (read instanceof Read.Get get) {
        refs.add(get.ref());
      } else if (read instanceof Read.Find find) {
        queries.add(find.query());
      }
    }
    CompletableFuture<List<Snapshot>> documents = env.store().read(List.copyOf(refs));
    List<CompletableFuture<List<Snapshot>>> found =
        queries.stream().map(env.store()::find).toList();
    CompletableFuture<Void> all =
        CompletableFuture.allOf(found.toArray(CompletableFuture[]::new))
            .thenCombine(documents, (done, snapshots) -> null);
    engine
        .guard(queue, batch)
        .when(
            all,
            (done, failure) -> {
              if (failure != null) {
                failures.readFailed(queue, batch, StoreException.kindOf(failure));
                return;
              }
              if (again) {
                batch.forget();
              }
              documents.join().forEach(snapshot -> batch.documents.put(snapshot.ref(), snapshot));
              batch.withOwner = Set.copyOf(refs);
              for (int i = 0; i < queries.size(); i++) {
                batch.found.put(queries.get(i), found.get(i).join());
              }
              haveRead(queue, batch, withMarkers, then);
            });
  }

  private void haveRead(
      DocumentQueue<S, I> queue,
      Batch<I> batch,
      boolean withMarkers,
      Consumer<DocumentQueue.Kept<S>> then) {
    DocumentQueue.Kept<S> kept = kept(batch.document(queue.owner));
    queue.kept = kept;
    queue.neighbours.saw(env.rival(kept.log().host()));
    batch.knowledge = withMarkers ? Batch.Knowledge.FRESH : Batch.Knowledge.ASSUMED;
    if (withMarkers) {
      batch.settle(pending -> env.markers().stored(pending, batch.documents));
    }
    readRecalled(queue, batch);
    failures.judge(queue, batch, kept);
    if (batch.isEmpty()) {
      engine.next(queue);
    } else {
      then.accept(kept);
    }
  }

  /** A relay that was to be recalled may have been answered, or may never have been created. */
  private void readRecalled(DocumentQueue<S, I> queue, Batch<I> batch) {
    if (handover != null && batch.stage instanceof Stage.Recalled<I> recalled) {
      Snapshot relay = batch.document(recalled.before().relay());
      if (!relay.exists()) {
        batch.stage = new Stage.Kept<>();
      } else if (!RelayDocuments.isOpen(relay)) {
        handover.settle(queue, batch, recalled.before(), relay);
      }
    }
  }
}
