package dev.meterkite.functions.routing;

import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.prices.Prices;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.routing.Catalogue;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue as it was read within the last {@link #MAX_AGE}; one of more than {@value
 * #QUICKLY_READ} documents is read less often, so that a process reads at most 100 of them a
 * second. Documents beyond {@link Catalogue#MOST} are not considered. Where Firestore has none, the
 * seed that comes with the program; where Firestore cannot be reached, what was known last, else
 * the seed. Each change between these is said once in the log.
 */
final class CatalogueCache {
  /** The longest time for which a change may go unseen. */
  static final Duration MAX_AGE = Duration.ofSeconds(5);

  /** The same where a request is about to be turned away. */
  static final Duration MAX_AGE_OF_REFUSALS = Duration.ofSeconds(1);

  /** So many documents are read again within the ages that callers ask for. */
  static final int QUICKLY_READ = 500;

  private static final int PAGE = 1_000;
  private static final int MOST_REFUSED_SAID = 20;

  private final Store store;
  private final InstantSource clock;
  private final InstantSource real;
  private final Log log;

  private @Nullable Known known;
  private String said = "";

  /**
   * A catalogue and where it is from.
   *
   * @param documents how many documents were read for it
   * @param readAt the domain's time
   * @param readAtReal real time before it was read
   */
  private record Known(Catalogue catalogue, int documents, Instant readAt, Instant readAtReal) {
    boolean isYoung(Duration maxAge, Instant now, Instant realNow) {
      Duration age = maxAge.multipliedBy(Math.max(1, documents / QUICKLY_READ));
      return isYoung(readAt, now, age) && isYoung(readAtReal, realNow, age);
    }

    private static boolean isYoung(Instant readAt, Instant now, Duration age) {
      return !now.isBefore(readAt) && now.isBefore(readAt.plus(age));
    }
  }

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
    if (last == null || !last.isYoung(maxAge, clock.instant(), real.instant())) {
      last = load(last);
      known = last;
    }
    return last.catalogue();
  }

  private Known load(@Nullable Known last) {
    Instant began = real.instant();
    List<Snapshot> found;
    try {
      found = documents();
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof StoreException failure)) {
        throw e;
      }
      Catalogue standIn = last == null ? seed() : last.catalogue();
      String source = last == null ? "seed" : "last known";
      int documents = last == null ? 0 : last.documents();
      return loaded(standIn, documents, source, began, failure.kind().name());
    }
    if (found.isEmpty()) {
      return loaded(seed(), 0, "seed", began, "the collection is empty");
    }
    int used = Math.min(found.size(), Catalogue.MOST);
    String reason =
        used == found.size()
            ? ""
            : "it has more than " + Catalogue.MOST + " documents; the others are not considered";
    return loaded(Catalogue.of(found.subList(0, used)), used, "firestore", began, reason);
  }

  /** The documents in the order of their ids, and one more where there are too many. */
  private List<Snapshot> documents() {
    List<Snapshot> all = new ArrayList<>();
    String after = "";
    int page;
    do {
      int limit = Math.min(PAGE, Catalogue.MOST + 1 - all.size());
      List<Snapshot> found =
          store.find(Queries.allOf(ModelCatalog.COLLECTION, limit, after)).join();
      all.addAll(found);
      page = found.size();
      after = page == 0 ? after : found.get(page - 1).ref().id();
    } while (page == PAGE && all.size() <= Catalogue.MOST);
    return all;
  }

  private Known loaded(
      Catalogue catalogue, int documents, String source, Instant began, String reason) {
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
              catalogue.refused().stream().limit(MOST_REFUSED_SAID).toList()));
    }
    said = now;
    return new Known(catalogue, documents, clock.instant(), began);
  }

  /** The catalogue that comes with the program. */
  static Catalogue seed() {
    return Catalogue.of(Prices.seedDocuments());
  }
}
