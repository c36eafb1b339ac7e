package dev.meterkite.model.command;

import dev.meterkite.model.document.DocRef;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The figures of a refusal because a document does not exist: they say which one. */
public final class Missing {
  private static final String COLLECTION = "collection";
  private static final String ID = "id";

  private Missing() {}

  /** {@code collection, id} of the document. */
  public static Map<String, Object> figures(DocRef ref) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put(COLLECTION, ref.collection());
    figures.put(ID, ref.id());
    return figures;
  }

  /** The document that figures name; empty for figures of another refusal. */
  public static Optional<DocRef> ref(Map<String, Object> figures) {
    return figures.get(COLLECTION) instanceof String collection
            && figures.get(ID) instanceof String id
        ? Optional.of(new DocRef(collection, id))
        : Optional.empty();
  }
}
