package dev.meterkite.functions.prices;

import com.google.gson.JsonObject;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Seeds;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The catalogue that comes with the program, {@code model-catalog.json}. */
final class SeededCatalogue {
  private static final String FILE = "/model-catalog.json";

  private SeededCatalogue() {}

  /** The file: documents by their ids, with the fields that {@code model_catalog} has. */
  static JsonObject file() {
    return Seeds.read(FILE);
  }

  /** Its documents. */
  static List<Snapshot> documents() {
    List<Snapshot> documents = new ArrayList<>();
    file()
        .asMap()
        .forEach(
            (id, fields) ->
                documents.add(
                    new Snapshot(
                        new DocRef(ModelCatalog.COLLECTION, id),
                        JsonValues.fields(fields.getAsJsonObject()),
                        Instant.EPOCH)));
    return documents;
  }
}
