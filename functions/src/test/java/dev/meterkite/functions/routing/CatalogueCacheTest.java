package dev.meterkite.functions.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.prices.Prices;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.routing.CatalogModel;
import dev.meterkite.model.routing.Catalogue;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Where the catalogue comes from, and for how long. */
class CatalogueCacheTest {
  private static final Duration AGE = CatalogueCache.MAX_AGE;

  private final MemoryStore memory = new MemoryStore();
  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private Instant now = Instant.parse("2026-03-01T00:00:00Z");
  private boolean down;
  private int queries;
  private final InstantSource clock = () -> now;
  private final CatalogueCache cache =
      new CatalogueCache(
          new Faulty(),
          clock,
          clock,
          new Log(Optional.empty(), clock, new PrintStream(lines, true, StandardCharsets.UTF_8)));

  private final class Faulty implements Store {
    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      throw new AssertionError("no single documents");
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      queries++;
      return down
          ? CompletableFuture.failedFuture(
              new StoreException(StoreException.Kind.UNKNOWN, "down", null))
          : memory.find(query);
    }

    @Override
    public CompletableFuture<Number> total(Query query, String sum) {
      throw new AssertionError("it counts nothing");
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      throw new AssertionError("it only reads");
    }
  }

  private void put(String id, String provider, String model) {
    CatalogModel one = CatalogueCache.seed().models().stream().findFirst().orElseThrow();
    Map<String, Object> fields = one.encode();
    fields.put(ModelCatalog.PROVIDER, provider);
    fields.put(ModelCatalog.MODEL_ID, model);
    memory
        .commit(List.of(Mutation.replace(new DocRef(ModelCatalog.COLLECTION, id), fields)))
        .join();
  }

  private static List<String> names(Catalogue catalogue) {
    return catalogue.models().stream()
        .map(model -> model.provider() + "/" + model.modelId())
        .toList();
  }

  private long warnings() {
    return lines.toString(StandardCharsets.UTF_8).lines().count();
  }

  @Test
  void emptyCollection_isTheSeed_andSaysSoOnce() {
    assertEquals(CatalogueCache.seed(), cache.read(AGE));
    now = now.plus(AGE);
    cache.read(AGE);
    assertEquals(2, queries);
    assertEquals(1, warnings(), lines::toString);
    put("a_m", "a", "m");
    assertEquals(12, cache.read(AGE).models().size());
    now = now.plus(AGE);
    assertEquals(List.of("a/m"), names(cache.read(AGE)));
  }

  @Test
  void catalogue_isReadOncePerAge() {
    put("a_m", "a", "m");
    cache.read(AGE);
    now = now.plus(AGE).minusNanos(1);
    cache.read(AGE);
    assertEquals(1, queries);
    cache.read(CatalogueCache.MAX_AGE_OF_REFUSALS);
    assertEquals(2, queries);
    now = now.minusSeconds(1); // A clock that went back tells no age.
    cache.read(AGE);
    assertEquals(3, queries);
    assertEquals(0, warnings(), lines::toString);
  }

  @Test
  void outage_answersWhatWasKnown_elseTheSeed() {
    down = true;
    assertEquals(CatalogueCache.seed(), cache.read(AGE));
    down = false;
    put("a_m", "a", "m");
    now = now.plus(AGE);
    assertEquals(List.of("a/m"), names(cache.read(AGE)));
    down = true;
    now = now.plus(AGE);
    assertEquals(List.of("a/m"), names(cache.read(AGE)));
    assertTrue(lines.toString(StandardCharsets.UTF_8).contains("last known"), lines::toString);
  }

  private void fill(int models) {
    CatalogModel one = CatalogueCache.seed().models().stream().findFirst().orElseThrow();
    Map<String, Object> fields = one.encode();
    List<Mutation> all = new ArrayList<>();
    for (int i = 0; i < models; i++) {
      String id = String.format(Locale.ROOT, "m%05d", i);
      fields.put(ModelCatalog.PROVIDER, "a");
      fields.put(ModelCatalog.MODEL_ID, id);
      DocRef ref = new DocRef(ModelCatalog.COLLECTION, "a_" + id);
      all.add(Mutation.replace(ref, Map.copyOf(fields)));
    }
    for (int from = 0; from < models; from += 450) {
      memory.commit(all.subList(from, Math.min(models, from + 450))).join();
    }
  }

  /** Beyond 500 documents it is read less often; never more than 100 of them a second. */
  @Test
  void largeCatalogue_isReadInPages_andLessOften() {
    fill(1_200);
    assertEquals(1_200, cache.read(AGE).models().size());
    assertEquals(2, queries);
    now = now.plus(AGE);
    cache.read(AGE);
    assertEquals(2, queries);
    now = now.plus(AGE);
    cache.read(AGE);
    assertEquals(4, queries);
    assertEquals(0, warnings(), lines::toString);
  }

  @Test
  void catalogueOfTooManyDocuments_isCutAndSaysSoOnce() {
    fill(Catalogue.MOST + 1);
    Catalogue cut = cache.read(AGE);
    assertEquals(Catalogue.MOST, cut.models().size());
    assertEquals("m04999", cut.models().get(Catalogue.MOST - 1).modelId());
    now = now.plusSeconds(60);
    cache.read(AGE);
    assertEquals(1, warnings(), lines::toString);
    assertTrue(
        lines.toString(StandardCharsets.UTF_8).contains("more than 5000 documents"),
        lines::toString);
  }

  @Test
  void modelsWithOneIdForTwo_areRefused() {
    put("x", "a_b", "c");
    put("y", "a", "b_c");
    put("copy", "a", "m");
    put("a_m", "a", "m");
    put("z", "__a", "m__");
    assertEquals(List.of("a/m"), names(cache.read(AGE)));
    assertEquals(List.of("z", "x", "y"), cache.read(AGE).refused());
  }

  @Test
  void seed_isWhole() {
    Catalogue seed = CatalogueCache.seed();
    assertEquals(List.of(), seed.refused());
    for (Snapshot document : Prices.seedDocuments()) {
      CatalogModel model = CatalogModel.decode(document).orElseThrow();
      assertEquals(document.ref().id(), model.id());
      assertEquals(document.fields().keySet(), model.encode().keySet());
    }
    for (String task : List.of("LLM", "TTS", "TRANSCRIPTION")) {
      assertTrue(
          seed.models().stream().anyMatch(m -> m.taskTypes().toString().contains(task)), task);
    }
  }
}
