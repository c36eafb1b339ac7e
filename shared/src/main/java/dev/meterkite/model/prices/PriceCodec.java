package dev.meterkite.model.prices;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.schema.Schema.ModelPrices;
import dev.meterkite.model.schema.Violation;
import dev.meterkite.model.schema.Word;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads and writes documents of {@code model_prices}. */
public final class PriceCodec {
  private PriceCodec() {}

  /**
   * A document as a version, or everything that is wrong with it.
   *
   * @param version empty exactly where there are faults
   */
  public record Decoded(Optional<PriceVersion> version, List<Violation> faults) {}

  /** The version in a document. Unknown fields are ignored. */
  public static Decoded decode(Map<String, ? extends @Nullable Object> document) {
    Map<String, @Nullable Object> fields = FieldValues.map(document);
    List<Violation> faults = new ArrayList<>();
    String provider = text(fields, ModelPrices.PROVIDER, faults);
    String modelId = text(fields, ModelPrices.MODEL_ID, faults);
    Instant from = FieldValues.instant(fields.get(ModelPrices.EFFECTIVE_FROM));
    if (from == null) {
      fault(faults, ModelPrices.EFFECTIVE_FROM, Violation.WRONG_TYPE, "must be a timestamp");
    }
    Instant to = FieldValues.instant(fields.get(ModelPrices.EFFECTIVE_TO));
    if (to == null && fields.get(ModelPrices.EFFECTIVE_TO) != null) {
      fault(faults, ModelPrices.EFFECTIVE_TO, Violation.WRONG_TYPE, "must be a timestamp");
    }
    PriceStatus status = status(fields, faults);
    List<PriceComponent> components = components(fields, faults);
    if (!faults.isEmpty() || from == null) {
      return new Decoded(Optional.empty(), faults);
    }
    try {
      return new Decoded(
          Optional.of(
              new PriceVersion(
                  provider,
                  modelId,
                  FieldValues.text(fields.get(ModelPrices.MODE)),
                  from,
                  to,
                  day(fields.get(ModelPrices.DEPRECATED_ON)),
                  status,
                  source(fields),
                  Boolean.TRUE.equals(fields.get(ModelPrices.LOCKED)),
                  components)),
          List.of());
    } catch (IllegalArgumentException e) {
      fault(faults, ModelPrices.COMPONENTS, Violation.INCONSISTENT, String.valueOf(e.getMessage()));
      return new Decoded(Optional.empty(), faults);
    }
  }

  private static String text(
      Map<String, @Nullable Object> fields, String name, List<Violation> faults) {
    String text = FieldValues.text(fields.get(name));
    if (text == null || text.isEmpty()) {
      fault(faults, name, Violation.WRONG_TYPE, "must be a string");
      return "";
    }
    return text;
  }

  private static PriceStatus status(Map<String, @Nullable Object> fields, List<Violation> faults) {
    @Nullable Object word = fields.get(ModelPrices.STATUS);
    Optional<PriceStatus> status =
        word == null
            ? Optional.of(PriceStatus.ACTIVE)
            : Word.parse(PriceStatus.class, FieldValues.text(word));
    if (status.isEmpty()) {
      fault(
          faults,
          ModelPrices.STATUS,
          Violation.UNKNOWN_VALUE,
          "must be active, free, unknown or held");
    }
    return status.orElse(PriceStatus.UNKNOWN);
  }

  private static List<PriceComponent> components(
      Map<String, @Nullable Object> fields, List<Violation> faults) {
    List<PriceComponent> components = new ArrayList<>();
    @Nullable Object value = fields.get(ModelPrices.COMPONENTS);
    if (value != null && !(value instanceof List)) {
      fault(faults, ModelPrices.COMPONENTS, Violation.WRONG_TYPE, "must be a list");
    }
    List<?> list = FieldValues.list(value);
    for (int i = 0; i < list.size() && i <= PriceVersion.MOST; i++) {
      try {
        components.add(component(FieldValues.map(list.get(i))));
      } catch (IllegalArgumentException e) {
        fault(
            faults,
            ModelPrices.COMPONENTS + "[" + i + "]",
            Violation.OUT_OF_RANGE,
            "must be {meter, unit, price, tier?, when?}: " + e.getMessage());
      }
    }
    return components;
  }

  private static PriceComponent component(Map<String, @Nullable Object> fields) {
    Long price = FieldValues.integer(fields.get(ModelPrices.PRICE));
    if (price == null) {
      throw new IllegalArgumentException("price is no whole number of pico-USD");
    }
    @Nullable Object per = fields.get(ModelPrices.PER);
    if (per != null && !Long.valueOf(1).equals(FieldValues.integer(per))) {
      throw new IllegalArgumentException("per is not 1");
    }
    @Nullable Object when = fields.get(ModelPrices.WHEN);
    Map<String, @Nullable Object> cases = FieldValues.map(when);
    if (!List.of(ModelPrices.SERVICE, ModelPrices.SEARCH_SIZE).containsAll(cases.keySet())) {
      throw new IllegalArgumentException("when has a condition that is not known");
    }
    ServiceTier service = word(ServiceTier.class, cases.get(ModelPrices.SERVICE));
    return new PriceComponent(
        required(word(Meter.class, fields.get(ModelPrices.METER)), ModelPrices.METER),
        required(word(PriceUnit.class, fields.get(ModelPrices.UNIT)), ModelPrices.UNIT),
        price,
        step(fields.get(ModelPrices.TIER)),
        service == null ? ServiceTier.STANDARD : service,
        word(SearchSize.class, cases.get(ModelPrices.SEARCH_SIZE)));
  }

  private static PriceComponent.@Nullable Step step(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    Map<String, @Nullable Object> fields = FieldValues.map(value);
    Meter meter = word(Meter.class, fields.get(ModelPrices.METER));
    Long above = FieldValues.integer(fields.get(ModelPrices.ABOVE));
    if (above == null || Boolean.FALSE.equals(fields.get(ModelPrices.WHOLE_REQUEST))) {
      throw new IllegalArgumentException("a tier has a bound and is for the whole request");
    }
    return new PriceComponent.Step(meter == null ? Meter.INPUT : meter, above);
  }

  private static <T> T required(@Nullable T value, String name) {
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }

  private static <E extends Enum<E> & Word> @Nullable E word(
      Class<E> words, @Nullable Object value) {
    if (value == null) {
      return null;
    }
    return Word.parse(words, FieldValues.text(value))
        .orElseThrow(() -> new IllegalArgumentException("unknown word"));
  }

  private static @Nullable LocalDate day(@Nullable Object value) {
    String text = FieldValues.text(value);
    try {
      return text == null ? null : LocalDate.parse(text);
    } catch (DateTimeException noDay) {
      return null; // A label: nothing is charged by it.
    }
  }

  private static @Nullable PriceSource source(Map<String, @Nullable Object> fields) {
    Map<String, @Nullable Object> source = FieldValues.map(fields.get(ModelPrices.SOURCE));
    String name = FieldValues.text(source.get(ModelPrices.NAME));
    return name == null
        ? null
        : new PriceSource(
            name,
            FieldValues.text(source.get(ModelPrices.REVISION)),
            FieldValues.text(source.get(ModelPrices.ROW_KEY)),
            FieldValues.instant(source.get(ModelPrices.FETCHED_AT)));
  }

  private static void fault(List<Violation> faults, String field, String code, String message) {
    faults.add(new Violation(field, code, message));
  }

  /** The fields of a version's document. */
  public static Map<String, Object> encode(PriceVersion version) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ModelPrices.PROVIDER, version.provider());
    fields.put(ModelPrices.MODEL_ID, version.modelId());
    put(fields, ModelPrices.MODE, version.mode());
    fields.put(ModelPrices.EFFECTIVE_FROM, version.effectiveFrom());
    put(fields, ModelPrices.EFFECTIVE_TO, version.effectiveTo());
    if (version.deprecatedOn() != null) {
      fields.put(ModelPrices.DEPRECATED_ON, version.deprecatedOn().toString());
    }
    fields.put(ModelPrices.STATUS, version.status().wire());
    PriceSource source = version.source();
    if (source != null) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put(ModelPrices.NAME, source.name());
      put(map, ModelPrices.REVISION, source.revision());
      put(map, ModelPrices.ROW_KEY, source.rowKey());
      put(map, ModelPrices.FETCHED_AT, source.fetchedAt());
      fields.put(ModelPrices.SOURCE, map);
    }
    if (version.locked()) {
      fields.put(ModelPrices.LOCKED, true);
    }
    fields.put(
        ModelPrices.COMPONENTS, version.components().stream().map(PriceCodec::encode).toList());
    return fields;
  }

  /** A component as a document holds it. */
  public static Map<String, Object> encode(PriceComponent component) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ModelPrices.METER, component.meter().wire());
    fields.put(ModelPrices.UNIT, component.unit().wire());
    fields.put(ModelPrices.PRICE, component.price());
    PriceComponent.Step step = component.step();
    if (step != null) {
      Map<String, Object> tier = new LinkedHashMap<>();
      tier.put(ModelPrices.METER, step.meter().wire());
      tier.put(ModelPrices.ABOVE, step.above());
      tier.put(ModelPrices.WHOLE_REQUEST, true);
      fields.put(ModelPrices.TIER, tier);
    }
    Map<String, Object> when = new LinkedHashMap<>();
    if (component.service() != ServiceTier.STANDARD) {
      when.put(ModelPrices.SERVICE, component.service().wire());
    }
    if (component.searchSize() != null) {
      when.put(ModelPrices.SEARCH_SIZE, component.searchSize().wire());
    }
    if (!when.isEmpty()) {
      fields.put(ModelPrices.WHEN, when);
    }
    return fields;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.put(name, value);
    }
  }
}
