package dev.meterkite.functions.quotas;

import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.quotas.QuotaLimits;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.routing.CatalogModel;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The limits that the catalogue states for a model, as they were read within the last {@link
 * #MAX_AGE}: one read a model in that time, at most {@value #MOST} models kept.
 */
final class CatalogueLimits {
  /** The longest time for which an edited limit is not seen. */
  static final Duration MAX_AGE = Duration.ofSeconds(2);

  private static final int MOST = 500;

  private final Store store;
  private final InstantSource clock;
  private final InstantSource real;
  private final Map<DocRef, Known> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<DocRef, Known> eldest) {
          return size() > MOST;
        }
      };

  private record Known(@Nullable QuotaLimits limits, Instant readAt, Instant readAtReal) {}

  CatalogueLimits(Store store, InstantSource clock, InstantSource real) {
    this.store = store;
    this.clock = clock;
    this.real = real;
  }

  /** The limits; null where the catalogue has none, or cannot be read. */
  @Nullable QuotaLimits of(String provider, String modelId) {
    DocRef ref = new DocRef(ModelCatalog.COLLECTION, QuotaRules.id(provider, modelId));
    Instant now = clock.instant();
    Instant realNow = real.instant();
    synchronized (known) {
      Known last = known.get(ref);
      if (last != null && isYoung(last.readAt(), now) && isYoung(last.readAtReal(), realNow)) {
        return last.limits();
      }
    }
    QuotaLimits limits = read(ref);
    synchronized (known) {
      known.put(ref, new Known(limits, now, realNow));
    }
    return limits;
  }

  private static boolean isYoung(Instant readAt, Instant now) {
    return !now.isBefore(readAt) && now.isBefore(readAt.plus(MAX_AGE));
  }

  private @Nullable QuotaLimits read(DocRef ref) {
    Snapshot document;
    try {
      document = store.read(List.of(ref)).join().get(0);
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException) {
        return null; // The quota document's own limits hold.
      }
      throw e;
    }
    return CatalogModel.decode(document)
        .map(CatalogModel::limits)
        .filter(limits -> !limits.windows().isEmpty())
        .orElse(null);
  }
}
