package dev.meterkite.functions.simulated;

import dev.meterkite.model.document.Snapshot;
import java.math.BigInteger;
import java.util.List;

/** A count, or a sum: of integers exactly, and of doubles on top. */
final class Total {
  private final List<String> field;
  private long whole;
  private BigInteger beyond = BigInteger.ZERO;
  private double rest;
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
      long sum = whole + number;
      boolean overflows = ((whole ^ sum) & (number ^ sum)) < 0;
      if (overflows) {
        beyond = beyond.add(BigInteger.valueOf(whole));
      }
      whole = overflows ? number : sum;
    } else if (value instanceof Double number) {
      isWhole = false;
      rest += number;
    }
    return true;
  }

  Number number() {
    BigInteger integers = beyond.add(BigInteger.valueOf(whole));
    return isWhole && integers.bitLength() < Long.SIZE
        ? (Number) integers.longValue()
        : (Number) (integers.doubleValue() + rest);
  }
}
