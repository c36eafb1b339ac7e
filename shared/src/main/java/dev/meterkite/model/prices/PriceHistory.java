package dev.meterkite.model.prices;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceCodec.Decoded;
import dev.meterkite.model.schema.Schema.ModelPrices;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The prices of one model in the course of time.
 *
 * <p>Of the versions that count at a moment the one with the latest {@code effective_from} is
 * charged; one that is held counts for nothing. A document that cannot be read makes the price
 * unknown from its {@code effective_from} on (or always, where that cannot be read either), until
 * the next version that can: an older price may be wrong by then.
 *
 * @param versions by time, the latest first, without those held
 * @param shortForm the catalogue's prices, for moments at which there is no version; null for none
 * @param refused ids of documents that cannot be read
 */
public record PriceHistory(List<Named> versions, @Nullable Named shortForm, List<String> refused) {
  /** Nothing is known. */
  public static final PriceHistory NONE = new PriceHistory(List.of(), null, List.of());

  /**
   * A version with its name.
   *
   * @param name how answers and transactions name it
   */
  public record Named(PriceVersion version, String name) {}

  public PriceHistory {
    versions = List.copyOf(versions);
    refused = List.copyOf(refused);
  }

  /**
   * The history in the documents of a model.
   *
   * @param documents those of {@code model_prices}
   * @param catalogue the model's document in the catalogue, or null
   */
  public static PriceHistory of(
      String provider, String modelId, List<Snapshot> documents, @Nullable Snapshot catalogue) {
    List<Named> versions = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (Snapshot document : documents) {
      Decoded decoded = PriceCodec.decode(document.fields());
      PriceVersion version =
          decoded.version().orElseGet(() -> unreadable(provider, modelId, document));
      if (decoded.version().isEmpty()) {
        refused.add(document.ref().id());
      }
      if (version.status() != PriceStatus.HELD) {
        versions.add(new Named(version, name(document)));
      }
    }
    versions.sort(Comparator.comparing((Named each) -> each.version().effectiveFrom()).reversed());
    Named shortForm =
        catalogue == null
            ? null
            : ShortPriceCodec.version(catalogue)
                .map(version -> new Named(version, "model_catalog/" + name(catalogue)))
                .orElse(null);
    return new PriceHistory(versions, shortForm, refused);
  }

  private static PriceVersion unreadable(String provider, String modelId, Snapshot document) {
    Instant from = FieldValues.instant(document.fields().get(ModelPrices.EFFECTIVE_FROM));
    return new PriceVersion(
        provider,
        modelId,
        null,
        from == null ? Instant.EPOCH : from,
        null,
        null,
        PriceStatus.UNKNOWN,
        null,
        true,
        List.of());
  }

  /** A document's id and when it was last written: an edited price is another version. */
  private static String name(Snapshot document) {
    Instant updated = document.updateTime();
    return updated == null || updated.equals(Instant.EPOCH)
        ? document.ref().id()
        : document.ref().id() + "@" + updated;
  }

  /** The version that is charged for a call at a moment; empty where nobody knows a price. */
  public Optional<Named> at(Instant moment) {
    Optional<Named> found =
        versions.stream().filter(each -> each.version().isAt(moment)).findFirst();
    return found.isPresent() ? found : Optional.ofNullable(shortForm);
  }

  /** What a call at a moment costs. */
  public Priced cost(CallUsage usage, Instant at) {
    return at(at)
        .map(each -> PriceRules.cost(each.version(), each.name(), usage))
        .orElseGet(
            () ->
                new Priced.Unknown("", "no price of the model is known for the time of the call"));
  }
}
