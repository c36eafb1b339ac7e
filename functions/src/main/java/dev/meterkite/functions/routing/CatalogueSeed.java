package dev.meterkite.functions.routing;

import dev.meterkite.functions.http.Seeds;
import dev.meterkite.functions.prices.Prices;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The catalogue that comes with the program, {@code model-catalog.json}: documents by their ids,
 * with the fields that {@code model_catalog} has. It fills an empty database, and stands in for
 * one.
 */
final class CatalogueSeed {
  private CatalogueSeed() {}

  /**
   * Prints a line for each document: its id, percent-encoded, a tab, and the body by which
   * Firestore's REST API creates it; for {@code deploy.sh}.
   */
  public static void main(String[] arguments) {
    bodies()
        .forEach(
            (id, body) ->
                System.out.println(URLEncoder.encode(id, StandardCharsets.UTF_8) + "\t" + body));
  }

  /** The documents by id, each as the REST API's {@code Document}. */
  static Map<String, String> bodies() {
    Map<String, String> bodies = new LinkedHashMap<>();
    Prices.seed()
        .asMap()
        .forEach(
            (id, fields) -> bodies.put(id, Seeds.document(fields.getAsJsonObject()).toString()));
    return bodies;
  }
}
