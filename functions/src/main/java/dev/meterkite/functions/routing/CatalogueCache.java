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
import java.util.concurrent.CompletableFuture;
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

  private final Object lock = new Object();

  /** Guarded by {@link #lock}. */
  private @Nullable Known known;

  /** Guarded by {@link #lock}: the read that is under way. */
  private @Nullable CompletableFuture<Known> begun;

  private volatile String said = "";

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

  /** The catalogue as it was at most this long ago; callers at one time share a read. */
  Catalogue read(Duration maxAge) {
    while (true) {
      CompletableFuture<Known> read;
      boolean own = false;
      synchronized (lock) {
        Known last = known;
        if (last != null && isYoung(last, maxAge)) {
          return last.catalogue();
        }
        CompletableFuture<Known> under = begun;
        if (under == null || under.isDone()) {
          under = load(last);
          begun = under;
          own = true;
        }
        read = under;
      }
      Known loaded = read.join();
      // One that others began may have begun too early.
      if (own || isYoung(loaded, maxAge)) {
        return loaded.catalogue();
      }
    }
  }

  private boolean isYoung(Known read, Duration maxAge) {
    return read.isYoung(maxAge, clock.instant(), real.instant());
  }

  private CompletableFuture<Known> load(@Nullable Known last) {
    Instant began = real.instant();
    return documents(new ArrayList<>(), "")
        .handle(
            (found, failure) -> {
              Known loaded = failure == null ? of(found, began) : standIn(last, began, failure);
              synchronized (lock) {
                known = loaded;
              }
              return loaded;
            });
  }

  private Known standIn(@Nullable Known last, Instant began, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (!(cause instanceof StoreException refused)) {
      throw new CompletionException(cause);
    }
    Catalogue standIn = last == null ? seed() : last.catalogue();
    String source = last == null ? "seed" : "last known";
    int documents = last == null ? 0 : last.documents();
    return loaded(standIn, documents, source, began, refused.kind().name());
  }

  private Known of(List<Snapshot> found, Instant began) {
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
  private CompletableFuture<List<Snapshot>> documents(List<Snapshot> all, String after) {
    int limit = Math.min(PAGE, Catalogue.MOST + 1 - all.size());
    return store
        .find(Queries.allOf(ModelCatalog.COLLECTION, limit, after))
        .thenCompose(
            page -> {
              all.addAll(page);
              return page.size() == PAGE && all.size() <= Catalogue.MOST
                  ? documents(all, page.get(page.size() - 1).ref().id())
                  : CompletableFuture.completedFuture(all);
            });
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
