package dev.meterkite.functions.simulated;

import dev.meterkite.model.document.Snapshot;
import java.util.List;

/** A count, or a sum: of integers as long as it fits, else of doubles. */
final class Total {
  private final List<String> field;
  private long whole;
  private double sum;
  private boolean isWhole = true;

  /**
   * @param field the path of what is summed up; null to count
   */
  Total(List<String> field) {
    this.field = field;
  }

  /** Adds a document; always true, for there is never enough. */
  boolean add(Snapshot document) {
    Object value = field == null ? (Object) 1L : CollectionIndex.valueOf(document, field);
    if (value instanceof Long number) {
      long next = whole + number;
      isWhole &= ((whole ^ next) & (number ^ next)) >= 0;
      whole = next;
      sum += number;
    } else if (value instanceof Double number) {
      isWhole = false;
      sum += number;
    }
    return true;
  }

  Number number() {
    return isWhole ? (Number) whole : (Number) sum;
  }
}
