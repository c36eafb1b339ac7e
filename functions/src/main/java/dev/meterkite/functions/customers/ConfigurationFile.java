package dev.meterkite.functions.customers;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.model.document.DocRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The JSON file that {@code CUSTOMER_CONFIG_FILE} names, read once when the process starts: {@code
 * {"customers": {"lab_001": {"bundle_tier": "pro"}}, "scenes": {…}, "feature_flags": {"_global":
 * {…}}}}.
 *
 * @param documents its documents
 * @param overrides whether its fields stand over those of Firestore; else it is used only for what
 *     Firestore cannot tell
 */
record ConfigurationFile(Map<DocRef, Map<String, Object>> documents, boolean overrides) {
  /** A file larger than this is a mistake. */
  private static final long MAX_BYTES = 16L << 20;

  /**
   * The file that the settings name; an empty one where they name none.
   *
   * @throws IllegalArgumentException naming file and fault, if it cannot be read
   */
  static ConfigurationFile of(Settings settings) {
    Map<DocRef, Map<String, Object>> documents = new LinkedHashMap<>();
    settings.customerConfigFile().ifPresent(file -> read(file, documents));
    return new ConfigurationFile(documents, settings.customerConfigOverrides());
  }

  private static void read(Path file, Map<DocRef, Map<String, Object>> documents) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException("larger than " + MAX_BYTES + " bytes");
      }
      JsonObject collections = object(JsonParser.parseString(Files.readString(file)), "the file");
      for (Map.Entry<String, JsonElement> collection : collections.entrySet()) {
        String name = collection.getKey();
        object(collection.getValue(), name)
            .asMap()
            .forEach(
                (id, fields) ->
                    documents.put(new DocRef(name, id), JsonValues.fields(object(fields, id))));
      }
    } catch (IOException | JsonParseException | IllegalArgumentException e) {
      throw new IllegalArgumentException("CUSTOMER_CONFIG_FILE " + file + ": " + e.getMessage(), e);
    }
  }

  private static JsonObject object(JsonElement json, String what) {
    if (json instanceof JsonObject object) {
      return object;
    }
    throw new IllegalArgumentException(what + " must be a JSON object");
  }

  /** The fields of a document in the file; empty where it has none. */
  Map<String, Object> of(DocRef ref) {
    return documents.getOrDefault(ref, Map.of());
  }
}
