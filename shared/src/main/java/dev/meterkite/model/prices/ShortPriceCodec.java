package dev.meterkite.model.prices;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import dev.meterkite.model.schema.Word;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The prices in a document of the catalogue: input in the model's unit, cached input and output in
 * tokens, one step. Their micro-USD a million units are pico-USD a unit.
 */
public final class ShortPriceCodec {
  private ShortPriceCodec() {}

  /** The version in a document of the catalogue; empty where a figure is missing or wrong. */
  public static Optional<PriceVersion> version(Snapshot document) {
    Map<String, @Nullable Object> fields = FieldValues.map(document.fields());
    String provider = FieldValues.text(fields.get(ModelCatalog.PROVIDER));
    String modelId = FieldValues.text(fields.get(ModelCatalog.MODEL_ID));
    @Nullable Object word = fields.get(ModelCatalog.INPUT_UNIT);
    Optional<PriceUnit> unit =
        word == null
            ? Optional.of(PriceUnit.TOKEN)
            : Word.parse(PriceUnit.class, FieldValues.text(word));
    @Nullable Object status = fields.get(ModelCatalog.PRICE_STATUS);
    Optional<PriceStatus> known =
        status == null
            ? Optional.of(PriceStatus.ACTIVE)
            : Word.parse(PriceStatus.class, FieldValues.text(status));
    if (provider == null || modelId == null || unit.isEmpty() || known.isEmpty()) {
      return Optional.empty();
    }
    try {
      List<PriceComponent> components = new ArrayList<>(components(fields, unit.get()));
      Map<String, @Nullable Object> step = FieldValues.map(fields.get(ModelCatalog.LONG_CONTEXT));
      if (!step.isEmpty()) {
        long above = whole(step, ModelCatalog.ABOVE_INPUT_TOKENS);
        components(step, unit.get())
            .forEach(each -> components.add(each.above(Meter.INPUT, above)));
      }
      return Optional.of(
          new PriceVersion(
              provider,
              modelId,
              null,
              Instant.EPOCH,
              null,
              null,
              known.get(),
              null,
              false,
              components));
    } catch (IllegalArgumentException noPrice) {
      return Optional.empty();
    }
  }

  private static List<PriceComponent> components(
      Map<String, @Nullable Object> fields, PriceUnit unit) {
    List<PriceComponent> components = new ArrayList<>();
    long input = whole(fields, ModelCatalog.INPUT_COST_MICROS_PER_MILLION);
    components.add(
        PriceComponent.of(unit == PriceUnit.SECOND ? Meter.AUDIO_IN : Meter.INPUT, unit, input));
    if (fields.get(ModelCatalog.CACHED_INPUT_COST_MICROS_PER_MILLION) != null) {
      long cached = whole(fields, ModelCatalog.CACHED_INPUT_COST_MICROS_PER_MILLION);
      components.add(PriceComponent.of(Meter.CACHED_READ, PriceUnit.TOKEN, cached));
    } else if (unit == PriceUnit.TOKEN) {
      // Stated, so that above a step it is the step's input price.
      components.add(PriceComponent.of(Meter.CACHED_READ, PriceUnit.TOKEN, input));
    }
    long output = whole(fields, ModelCatalog.OUTPUT_COST_MICROS_PER_MILLION);
    components.add(PriceComponent.of(Meter.OUTPUT, PriceUnit.TOKEN, output));
    return components;
  }

  private static long whole(Map<String, @Nullable Object> fields, String name) {
    Long whole = FieldValues.integer(fields.get(name));
    if (whole == null) {
      throw new IllegalArgumentException(name + " is no whole number");
    }
    return whole;
  }
}
