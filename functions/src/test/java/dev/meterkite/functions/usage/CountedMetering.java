package dev.meterkite.functions.usage;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** Metering on documents of its own, with a clock of its own, its calls counted. */
public final class CountedMetering {
  private final Store documents;
  public final CountedStore store;
  public final Backend backend;
  public final Metering metering;
  private volatile Instant now = Instant.parse("2026-01-31T12:00:00Z");

  public CountedMetering() {
    this(new MemoryStore());
  }

  CountedMetering(Store documents) {
    this.documents = documents;
    store = new CountedStore(documents);
    Settings settings = MemoryStore.SETTINGS;
    backend =
        new Backend(
            settings,
            store,
            () -> now,
            new Pauses(),
            Edge.of(settings),
            Intake.of(settings),
            Log.ofProcess(settings));
    metering = new Metering(backend);
  }

  public Instant now() {
    return now;
  }

  public void setNow(Instant moment) {
    now = moment;
  }

  public void advance(Duration by) {
    now = now.plus(by);
  }

  /** Sets a document as another program would. */
  public void set(String collection, String id, Map<String, Object> fields) {
    documents.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  /** Sets many documents, with ids {@code c0, c1, ...}, in commits of 500. */
  public void setMany(String collection, int count, IntFunction<Map<String, Object>> fields) {
    List<Mutation> batch = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      batch.add(Mutation.replace(new DocRef(collection, "c" + i), fields.apply(i)));
      if (batch.size() == 500 || i == count - 1) {
        documents.commit(batch).join();
        batch = new ArrayList<>();
      }
    }
  }

  public void delete(String collection, String id) {
    documents.commit(List.of(Mutation.delete(new DocRef(collection, id)))).join();
  }

  public Snapshot read(String collection, String id) {
    return documents.read(List.of(new DocRef(collection, id))).join().get(0);
  }

  /** A record of a scene as a request has it. */
  public Map<String, Object> scene(String customerId, String sceneId, Instant timestamp) {
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("customer_id", customerId);
    record.put("scene_id", sceneId);
    record.put("action", "scene_generated");
    record.put("timestamp", timestamp.toString());
    record.put("episodes_generated", BigDecimal.TEN);
    return record;
  }

  /** A record as another program writes it. */
  public static Map<String, Object> foreign(
      String customerId, String action, Instant timestamp, long episodes) {
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("schema_version", 1L);
    record.put("customer_id", customerId);
    record.put("scene_id", "scene");
    record.put("action", action);
    record.put("timestamp", timestamp);
    record.put("episodes_generated", episodes);
    record.put("producer", "pipeline");
    return record;
  }
}
