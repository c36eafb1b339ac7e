package dev.meterkite.model.command;

import dev.meterkite.model.document.DocRef;
import java.util.Map;

/** A change to a document other than the owner, in the same commit as the owner's. */
public sealed interface Write {
  /** In place of a value in {@link Update} and {@link Merge}: the field is removed. */
  Object REMOVED =
      new Object() {
        @Override
        public String toString() {
          return "REMOVED";
        }
      };

  /** Which document. */
  DocRef ref();

  /** A new document; if one exists, the whole commit fails and is decided again. */
  record Create(DocRef ref, Map<String, Object> fields) implements Write {}

  /**
   * Changes named fields of a document that was {@linkplain Seen seen}, on the condition that it is
   * still as it was seen (or still absent: then it is created with them).
   *
   * @param fields by field path; other fields stay
   */
  record Update(DocRef ref, Map<String, Object> fields) implements Write {}

  /**
   * Sets named fields, whatever the document holds, and creates it if there is none. For what is
   * the same whoever writes it, such as an alert with an id made of its incident.
   *
   * @param fields by field path; other fields stay
   */
  record Merge(DocRef ref, Map<String, Object> fields) implements Write {}

  /**
   * Adds to integer fields of a document, whatever they hold; an absent document or field counts as
   * zero.
   */
  record Increment(DocRef ref, Map<String, Long> amounts) implements Write {}
}
