package dev.meterkite.model.plans;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Below which balance a user is warned: a number of credits, or a percentage of what the tier
 * grants a month, rounded up. 20 % of 2,502 credits are 501.
 *
 * @param amount credits or percent, at least 0
 * @param isPercent whether the amount is a percentage of the tier's month, then at most 100
 */
public record Threshold(long amount, boolean isPercent) {
  /** Nobody is warned. */
  public static final Threshold NONE = new Threshold(0, false);

  private static final Pattern FORM = Pattern.compile("([0-9]{1,15})|([0-9]{1,3}) ?%");

  public Threshold {
    if (amount < 0 || (isPercent && amount > 100)) {
      throw new IllegalArgumentException("not a threshold: " + amount);
    }
  }

  /**
   * The threshold written as {@code 50} credits or {@code 20%}; none for an empty text.
   *
   * @throws IllegalArgumentException for anything else, and for more than 100 %
   */
  public static Threshold parse(String text) {
    if (text.isEmpty()) {
      return NONE;
    }
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException("no number of credits and no percentage: " + text);
    }
    boolean isPercent = form.group(2) != null;
    return new Threshold(Long.parseLong(isPercent ? form.group(2) : form.group(1)), isPercent);
  }

  /** The threshold in credits, for a tier that grants so many credits a month. */
  public long credits(long monthlyCredits) {
    return isPercent ? (monthlyCredits * amount + 99) / 100 : amount;
  }

  /** A whole number of credits, or a text such as {@code 20%}. */
  Object encode() {
    return isPercent ? amount + "%" : (Object) amount;
  }
}
