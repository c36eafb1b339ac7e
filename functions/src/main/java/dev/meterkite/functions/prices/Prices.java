package dev.meterkite.functions.prices;

import com.google.gson.JsonObject;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.PriceHistory;
import dev.meterkite.model.prices.Priced;
import dev.meterkite.model.routing.CatalogModel;
import dev.meterkite.model.routing.Catalogue;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import dev.meterkite.model.schema.Schema.ModelPrices;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What calls of models cost.
 *
 * <p>Prices are read at most {@link #MAX_AGE} before they are used, so a version of a price should
 * be written at least that long before it counts; where a price is not known, it is read again
 * before that is said. Where Firestore cannot be reached, this fails: no call is charged at a
 * guess.
 */
public final class Prices {
  /** The longest time for which a change may go unseen. */
  static final Duration MAX_AGE = Duration.ofSeconds(5);

  /** The same for the router's estimates, which ask for the prices of a whole catalogue. */
  static final Duration MAX_AGE_OF_ESTIMATES = Duration.ofSeconds(60);

  /** The most models whose prices are kept. */
  private static final int MOST_MODELS = 2_000;

  /** The most versions of a price that are looked at, the latest first. */
  private static final int MOST_VERSIONS = 200;

  private static final CompletableFuture<List<Snapshot>> NO_CATALOGUE =
      CompletableFuture.completedFuture(List.of());

  private final Store store;
  private final Log log;
  private final RecentReads<Model, PriceHistory> histories;
  private final RecentReads<Model, PriceHistory> estimates;
  private final RecentReads<String, Boolean> any;
  private final InstantSource clock;

  private record Model(String provider, String modelId) {}

  private record Estimated(Catalogue of, Catalogue priced) {
    /** A catalogue is read anew every few seconds; until then it is the same object. */
    @SuppressWarnings("ReferenceEquality")
    boolean isOf(Catalogue catalogue) {
      return of == catalogue;
    }
  }

  private final AtomicReference<@Nullable Estimated> estimated = new AtomicReference<>();

  /** Prices over a backend; a process needs them once. */
  public Prices(Backend backend) {
    this(backend, backend.realClock());
  }

  Prices(Backend backend, InstantSource real) {
    this.store = backend.store();
    this.log = backend.log();
    this.histories =
        new RecentReads<>(backend.clock(), real, MAX_AGE, MOST_MODELS, this::readHistory);
    this.clock = backend.clock();
    this.estimates =
        new RecentReads<>(
            clock,
            real,
            MAX_AGE_OF_ESTIMATES,
            MOST_MODELS,
            model -> readPrices(model, NO_CATALOGUE));
    this.any =
        new RecentReads<>(
            clock,
            real,
            MAX_AGE_OF_ESTIMATES,
            1,
            collection ->
                store.find(Queries.allOf(collection, 1, "")).thenApply(found -> !found.isEmpty()));
  }

  /** The catalogue that comes with the program: documents by their ids. */
  public static JsonObject seed() {
    return SeededCatalogue.file();
  }

  /** The same as documents of {@code model_catalog}. */
  public static List<Snapshot> seedDocuments() {
    return SeededCatalogue.documents();
  }

  /**
   * The alert of an import that holds prices of a provider.
   *
   * @param rows the keys of the prices, at least one
   */
  public static Mutation heldAlert(String provider, List<String> rows, Instant now) {
    return HeldPrices.alert(provider, rows, now);
  }

  /** Resolves the alerts of providers that have no held price any more; how many. */
  public static long resolveHeld(Store store, Instant now) {
    return HeldPrices.resolve(store, now);
  }

  /** What a call at a moment costs. */
  public Priced cost(CallUsage usage, Instant at) {
    Model model = new Model(usage.provider(), usage.modelId());
    Priced priced = histories.get(model).cost(usage, at);
    return priced instanceof Priced.Unknown ? histories.fresh(model).cost(usage, at) : priced;
  }

  /**
   * A catalogue with the full prices that count now, as they were at most {@link
   * #MAX_AGE_OF_ESTIMATES} ago: one query a model in that time, none where there are no full
   * prices. Where Firestore cannot be reached, as it is.
   */
  public Catalogue priced(Catalogue catalogue) {
    Estimated known = estimated.get();
    if (known == null || !known.isOf(catalogue)) {
      known = new Estimated(catalogue, withPrices(catalogue));
      estimated.set(known);
    }
    return known.priced();
  }

  private Catalogue withPrices(Catalogue catalogue) {
    Instant now = clock.instant();
    try {
      if (!any.get(ModelPrices.COLLECTION)) {
        return catalogue;
      }
      List<Model> models = catalogue.models().stream().map(Prices::model).toList();
      estimates.begin(models);
      return new Catalogue(
          catalogue.models().stream()
              .map(
                  each ->
                      estimates
                          .get(model(each))
                          .at(now)
                          .map(found -> each.with(found.version(), now))
                          .orElse(each))
              .toList(),
          catalogue.refused());
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException failure) {
        log.warn("prices cannot be read", Map.of("kind", failure.kind().name()));
        return catalogue;
      }
      throw e;
    }
  }

  private static Model model(CatalogModel model) {
    return new Model(model.provider(), model.modelId());
  }

  /**
   * The versions and the catalogue's document of a model. A price file may name a model behind its
   * provider, {@code acme/m-1}: that name counts where the model's own has no version.
   */
  private CompletableFuture<PriceHistory> readHistory(Model model) {
    return readPrices(model, readCatalogue(model));
  }

  private CompletableFuture<PriceHistory> readPrices(
      Model model, CompletableFuture<List<Snapshot>> catalogue) {
    return readVersions(model.provider(), model.modelId())
        .thenCompose(
            found ->
                found.isEmpty()
                    ? readVersions(model.provider(), model.provider() + "/" + model.modelId())
                    : CompletableFuture.completedFuture(found))
        .thenCombine(
            catalogue,
            (versions, documents) -> {
              PriceHistory history =
                  PriceHistory.of(
                      model.provider(),
                      model.modelId(),
                      versions,
                      documents.isEmpty() ? null : documents.get(0));
              if (!history.refused().isEmpty()) {
                log.warn("prices that cannot be read", Map.of("documents", history.refused()));
              }
              return history;
            });
  }

  private CompletableFuture<List<Snapshot>> readVersions(String provider, String modelId) {
    return store.find(Queries.pricesOf(provider, modelId, MOST_VERSIONS));
  }

  /** The model's document in the catalogue; where the catalogue is empty, that of the seed. */
  private CompletableFuture<List<Snapshot>> readCatalogue(Model model) {
    return store
        .find(Queries.catalogueOf(model.provider(), model.modelId(), 1))
        .thenCompose(
            found ->
                found.isEmpty()
                    ? store
                        .find(Queries.allOf(ModelCatalog.COLLECTION, 1, ""))
                        .thenApply(any -> any.isEmpty() ? seed(model) : List.<Snapshot>of())
                    : CompletableFuture.completedFuture(found));
  }

  private static List<Snapshot> seed(Model model) {
    return SeededCatalogue.documents().stream()
        .filter(
            each ->
                model.provider().equals(each.fields().get(ModelCatalog.PROVIDER))
                    && model.modelId().equals(each.fields().get(ModelCatalog.MODEL_ID)))
        .toList();
  }
}
