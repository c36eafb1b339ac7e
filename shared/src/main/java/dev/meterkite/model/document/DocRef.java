package dev.meterkite.model.document;

import org.jspecify.annotations.Nullable;

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
        && isEncodedWithin(MAX_ID_BYTES, id);
  }

  /** Whether a text is of so many bytes in UTF-8 at most; one with a lone surrogate is not. */
  private static boolean isEncodedWithin(int most, String text) {
    int bytes = 0;
    for (int at = 0; at < text.length() && bytes <= most; ) {
      int point = text.codePointAt(at);
      if (Character.getType(point) == Character.SURROGATE) {
        return false;
      }
      bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      at += Character.charCount(point);
    }
    return bytes <= most;
  }

  /**
   * Written out: references are keys, and the record's own take longer where code is compiled fast.
   */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DocRef ref && id.equals(ref.id) && collection.equals(ref.collection);
  }

  @Override
  public int hashCode() {
    return 31 * collection.hashCode() + id.hashCode();
  }

  @Override
  public String toString() {
    return collection + "/" + id;
  }
}
