package dev.meterkite.functions.prices;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The catalogue that comes with the program, {@code model-catalog.json}. */
final class SeededCatalogue {
  private static final String FILE = "/model-catalog.json";

  private SeededCatalogue() {}

  /** The file: documents by their ids, with the fields that {@code model_catalog} has. */
  static JsonObject file() {
    try (InputStream file = SeededCatalogue.class.getResourceAsStream(FILE);
        Reader text =
            new InputStreamReader(
                Objects.requireNonNull(file, "no " + FILE), StandardCharsets.UTF_8)) {
      return JsonParser.parseReader(text).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
