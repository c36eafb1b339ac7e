package dev.meterkite.functions.routing;

import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.routing.Catalogue;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue as it was read within the last {@link #MAX_AGE}. Where Firestore has none, the seed
 * that comes with the program; where Firestore cannot be reached, what was known last, else the
 * seed. Each change between these is said once in the log.
 */
final class CatalogueCache {
  /** The longest time for which a change may go unseen. */
  static final Duration MAX_AGE = Duration.ofSeconds(5);

  /** The same where a request is about to be turned away. */
  static final Duration MAX_AGE_OF_REFUSALS = Duration.ofSeconds(1);

  private final Store store;
  private final InstantSource clock;
  private final InstantSource real;
  private final Log log;

  private @Nullable Known known;
  private String said = "";

  /**
   * A catalogue and where it is from.
   *
   * @param source {@code firestore}, {@code seed} or {@code last known}
   * @param readAt the domain's time
   * @param readAtReal real time before it was read
   */
  private record Known(Catalogue catalogue, String source, Instant readAt, Instant readAtReal) {}

  /**
   * @param clock the domain's time; a catalogue is as old as the older of both times says
   * @param real real time
   */
  CatalogueCache(Store store, InstantSource clock, InstantSource real, Log log) {
    this.store = store;
    this.clock = clock;
    this.real = real;
    this.log = log;
  }

  /** The catalogue as it was at most this long ago. */
  synchronized Catalogue read(Duration maxAge) {
    Known last = known;
    if (last == null
        || !isYoung(last.readAt(), clock.instant(), maxAge)
        || !isYoung(last.readAtReal(), real.instant(), maxAge)) {
      last = load(last);
      known = last;
    }
    return last.catalogue();
  }

  private static boolean isYoung(Instant readAt, Instant now, Duration maxAge) {
    return !now.isBefore(readAt) && now.isBefore(readAt.plus(maxAge));
  }

  private Known load(@Nullable Known last) {
    Instant began = real.instant();
    List<Snapshot> found;
    try {
      found = store.find(Queries.allOf(ModelCatalog.COLLECTION, Catalogue.MOST + 1, "")).join();
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof StoreException failure)) {
        throw e;
      }
      Catalogue standIn = last == null ? seed() : last.catalogue();
      return loaded(standIn, last == null ? "seed" : "last known", began, failure.kind().name());
    }
    return found.isEmpty()
        ? loaded(seed(), "seed", began, "the collection is empty")
        : loaded(Catalogue.of(found), "firestore", began, "");
  }

  private Known loaded(Catalogue catalogue, String source, Instant began, String reason) {
    String now = source + " " + reason + " " + catalogue.refused();
    if (!now.equals(said) && !(said.isEmpty() && now.equals("firestore  []"))) {
      log.warn(
          "the model catalogue is from: " + source,
          Map.of(
              "reason",
              reason,
              "models",
              catalogue.models().size(),
              "refused_documents",
              catalogue.refused()));
    }
    said = now;
    return new Known(catalogue, source, clock.instant(), began);
  }

  /** The catalogue that comes with the program. */
  static Catalogue seed() {
    return Catalogue.of(CatalogueSeed.documents());
  }
}
