package dev.meterkite.model.routing;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.HealthRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The models that documents name, without what cannot be used.
 *
 * <p>A model {@code b_c} of {@code a} and a model {@code c} of {@code a_b} would share the quota
 * document {@code a_b_c}; nobody could say whose figures it holds, so both are refused. Of several
 * documents of one model that under the model's own id counts, else the first.
 *
 * @param models at most {@value #MOST}, in the order of their documents
 * @param refused ids of documents that are no model, or an ambiguous one
 */
public record Catalogue(List<CatalogModel> models, List<String> refused) {
  /** The most documents; a decision looks at all of their models. */
  public static final int MOST = 5_000;

  public Catalogue {
    models = List.copyOf(models);
    refused = List.copyOf(refused);
  }

  /** The catalogue in these documents; those beyond {@value #MOST} are refused. */
  public static Catalogue of(List<Snapshot> documents) {
    Map<String, List<Entry>> byId = new LinkedHashMap<>();
    List<String> refused = new ArrayList<>();
    for (Snapshot document : documents) {
      Optional<CatalogModel> model = CatalogModel.decode(document).filter(Catalogue::hasDocuments);
      if (model.isEmpty()) {
        refused.add(document.ref().id());
      } else {
        byId.computeIfAbsent(model.get().id(), id -> new ArrayList<>())
            .add(new Entry(document.ref().id(), model.get()));
      }
    }
    List<CatalogModel> models = new ArrayList<>();
    byId.forEach(
        (id, entries) -> {
          if (isAmbiguous(entries) || models.size() >= MOST) {
            entries.forEach(entry -> refused.add(entry.document()));
          } else {
            models.add(chosen(id, entries));
          }
        });
    return new Catalogue(models, refused);
  }

  /** Whether its names make ids of documents: not too long, not {@code __x__}. */
  private static boolean hasDocuments(CatalogModel model) {
    return DocRef.isId(model.id()) && DocRef.isId(HealthRules.id(model.provider()));
  }

  private record Entry(String document, CatalogModel model) {}

  private static boolean isAmbiguous(List<Entry> entries) {
    Set<String> names = new LinkedHashSet<>();
    entries.forEach(entry -> names.add(entry.model().provider()));
    return names.size() > 1; // The same id and the same provider: the same model.
  }

  private static CatalogModel chosen(String id, List<Entry> entries) {
    return entries.stream()
        .filter(entry -> entry.document().equals(id))
        .findFirst()
        .orElse(entries.get(0))
        .model();
  }
}
