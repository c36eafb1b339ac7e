package dev.meterkite.model.schema;

/** The usual bounds of fields, both ends included. */
public final class Bounds {
  private Bounds() {}

  /** Integers from a least one. */
  public static Field<Long> atLeast(long least, Field<Long> field) {
    return field.bound("at least " + least, value -> value >= least);
  }

  /** Integers between two. */
  public static Field<Long> between(long least, long most, Field<Long> field) {
    return field.bound(least + " to " + most, value -> value >= least && value <= most);
  }

  /** Numbers from a least one. */
  public static Field<Double> atLeast(double least, Field<Double> field) {
    return field.bound("at least " + least, value -> value >= least);
  }

  /** Numbers between two. */
  public static Field<Double> between(double least, double most, Field<Double> field) {
    return field.bound(least + " to " + most, value -> value >= least && value <= most);
  }

  /** Texts of so many characters (Unicode code points). */
  public static Field<String> length(int least, int most, Field<String> field) {
    return field.bound(
        least + " to " + most + " characters",
        value -> {
          int length = value.codePointCount(0, value.length());
          return length >= least && length <= most;
        });
  }
}
