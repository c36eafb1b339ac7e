package dev.meterkite.model.document;

import java.nio.charset.StandardCharsets;

/**
 * The name of a document: its (flat, top-level) collection and its id in there.
 *
 * @param collection a collection of {@code Schema}
 * @param id the document id: 1 to {@value #MAX_ID_BYTES} bytes of UTF-8 without {@code /}, not
 *     {@code .} or {@code ..}, not of the form {@code __x__}, without lone surrogates
 */
public record DocRef(String collection, String id) {
  /** Firestore's bound on the UTF-8 length of an id. */
  public static final int MAX_ID_BYTES = 1_500;

  public DocRef {
    if (!isId(id)) {
      throw new IllegalArgumentException("not a document id: " + id.length() + " characters");
    }
  }

  /** Whether Firestore takes this string as a document id; the check for ids from outside. */
  public static boolean isId(String id) {
    return !id.isEmpty()
        && id.indexOf('/') < 0
        && !id.equals(".")
        && !id.equals("..")
        && !(id.length() >= 4 && id.startsWith("__") && id.endsWith("__"))
        && StandardCharsets.UTF_8.newEncoder().canEncode(id)
        && id.getBytes(StandardCharsets.UTF_8).length <= MAX_ID_BYTES;
  }

  @Override
  public String toString() {
    return collection + "/" + id;
  }
}
