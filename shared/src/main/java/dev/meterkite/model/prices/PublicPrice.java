package dev.meterkite.model.prices;

import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What became of a row of the public price file.
 *
 * @param key the row's key, as it stands in the file
 * @param kind whether its price is taken
 * @param reason why it is not, a word; empty where it is
 * @param detail more about the reason, or empty
 * @param price what it says, null where it is left out
 * @param notes what of it was not taken, words
 */
public record PublicPrice(
    String key,
    Kind kind,
    String reason,
    String detail,
    @Nullable Price price,
    List<String> notes) {

  /** What becomes of a row. */
  public enum Kind {
    /** It is a price. */
    TAKEN,
    /** It is a price that a person has to look at first. */
    HELD,
    /** It is no price, or none that can be represented. */
    LEFT_OUT
  }

  /**
   * A price without a time.
   *
   * @param provider as the file names it
   * @param modelId the row's whole key
   */
  public record Price(
      String provider,
      String modelId,
      String mode,
      @Nullable LocalDate deprecatedOn,
      PriceStatus status,
      List<PriceComponent> components) {
    public Price {
      components = List.copyOf(components);
    }
  }

  public PublicPrice {
    notes = List.copyOf(notes);
  }

  static PublicPrice leftOut(String key, String reason, String detail) {
    return new PublicPrice(key, Kind.LEFT_OUT, reason, detail, null, List.of());
  }

  /** All rows of a file, in its order. */
  public static List<PublicPrice> of(Map<String, ?> file) {
    return file.entrySet().stream()
        .map(entry -> new PublicPriceRow(entry.getKey(), entry.getValue()).read())
        .toList();
  }
}
