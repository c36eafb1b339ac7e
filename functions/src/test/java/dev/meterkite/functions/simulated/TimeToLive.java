package dev.meterkite.functions.simulated;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Deletes documents some time after they expire, as the service does: each hour one in ten of those
 * that are due, so that most are gone within a day, and some later. The emulator deletes none.
 */
public final class TimeToLive {
  private static final Duration PAUSE = Duration.ofHours(1);
  private static final double SHARE = 0.1;

  private final Simulation simulation;
  private final Documents documents;
  private final Map<String, String> fields;
  private final InstantSource clock;
  private final Duration rest;
  private final Consumer<Snapshot> before;
  private boolean isStopped;
  private long deleted;

  /**
   * In real time, as the service.
   *
   * @param fields the field with a document's end, by collection
   */
  public TimeToLive(Simulation simulation, Documents documents, Map<String, String> fields) {
    this(simulation, documents, fields, simulation, Duration.ZERO, each -> {});
  }

  /**
   * By a clock that leaps, which callers that repeat a call do not.
   *
   * @param fields the field with a document's end, by collection
   * @param clock by which documents end
   * @param rest how long, in real time, a document has not been written before it is deleted
   * @param before sees each document before it is deleted
   */
  public TimeToLive(
      Simulation simulation,
      Documents documents,
      Map<String, String> fields,
      InstantSource clock,
      Duration rest,
      Consumer<Snapshot> before) {
    this.simulation = simulation;
    this.documents = documents;
    this.fields = new TreeMap<>(fields);
    this.clock = clock;
    this.rest = rest;
    this.before = before;
  }

  /** The fields that {@code firestore.indexes.json} makes ends of, by collection. */
  public static Map<String, String> ofIndexes(String json) {
    Map<String, String> fields = new TreeMap<>();
    for (JsonElement each :
        JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("fieldOverrides")) {
      JsonObject override = each.getAsJsonObject();
      if (override.has("ttl") && override.get("ttl").getAsBoolean()) {
        fields.put(
            override.get("collectionGroup").getAsString(), override.get("fieldPath").getAsString());
      }
    }
    return fields;
  }

  /** Documents that were deleted. */
  public long deleted() {
    return deleted;
  }

  /** Begins in an hour, where the platform deletes at all. */
  public void start() {
    if (documents.platform().deletesExpired()) {
      simulation.after(
          PAUSE,
          () -> {
            if (!isStopped) {
              start();
              sweep();
            }
          });
    }
  }

  /** Ends now. */
  public void stop() {
    isStopped = true;
  }

  private void sweep() {
    fields.forEach(
        (collection, field) -> {
          Query due =
              Query.of(collection, Integer.MAX_VALUE)
                  .where(field, Query.Op.LESS_OR_EQUAL, clock.instant());
          for (Snapshot document : documents.find(due)) {
            Instant rested = document.updateTime().plus(rest);
            if (!rested.isAfter(simulation.instant()) && simulation.chance(SHARE)) {
              before.accept(document);
              documents.apply(List.of(Mutation.delete(document.ref())));
              deleted++;
            }
          }
        });
  }
}
