package dev.meterkite.model.routing;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.CallUsage.Quantity;
import dev.meterkite.model.prices.Meter;
import dev.meterkite.model.prices.PriceRules;
import dev.meterkite.model.prices.PriceStatus;
import dev.meterkite.model.prices.PriceUnit;
import dev.meterkite.model.prices.PriceVersion;
import dev.meterkite.model.prices.Priced;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import dev.meterkite.model.schema.Word;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What calls of a model cost, in the unit in which its provider counts.
 *
 * @param unit what the input price and the limits are counted in
 * @param base the prices
 * @param above the number of input tokens above which {@code dear} applies to the whole call; null
 *     without a step
 * @param dear the prices above it, null without a step
 * @param full the version of {@code model_prices} that counts in place of all these; null for none
 */
public record ModelPrice(
    Unit unit, Rate base, @Nullable Long above, @Nullable Rate dear, @Nullable PriceVersion full) {
  /** The dearest price: 10,000 USD a million. */
  public static final long MAX_COST = 10_000_000_000L;

  private static final long MILLION = 1_000_000;

  /** What a model's input is counted in. */
  public enum Unit implements Word {
    TOKEN,
    CHARACTER,
    SECOND;

    /** The constant with this wire value; empty for null and unknown words. */
    public static Optional<Unit> parse(@Nullable String wire) {
      return Word.parse(Unit.class, wire);
    }
  }

  /**
   * Micro-USD a million units, each 0 to {@value #MAX_COST}.
   *
   * @param input of the model's unit
   * @param cached of cached input tokens; null where they cost as much as others
   * @param output of output tokens
   */
  public record Rate(long input, @Nullable Long cached, long output) {
    public Rate {
      if (!isPrice(input) || !isPrice(output) || (cached != null && !isPrice(cached))) {
        throw new IllegalArgumentException("no price: " + input + ", " + cached + ", " + output);
      }
    }

    private static boolean isPrice(long value) {
      return value >= 0 && value <= MAX_COST;
    }
  }

  public ModelPrice {
    if ((above == null) != (dear == null) || (above != null && above < 0)) {
      throw new IllegalArgumentException("a step has a bound and prices");
    }
  }

  /** The catalogue's short form. */
  public ModelPrice(Unit unit, Rate base, @Nullable Long above, @Nullable Rate dear) {
    this(unit, base, above, dear, null);
  }

  /** The same with the version of the full price that counts now. */
  public ModelPrice with(PriceVersion version) {
    return new ModelPrice(unit, base, above, dear, version);
  }

  /** Prices of tokens without a step. */
  public static ModelPrice tokens(long input, long output) {
    return new ModelPrice(Unit.TOKEN, new Rate(input, null, output), null, null);
  }

  /**
   * The cost of a call in micro-USD, rounded up; empty where the request does not say how much of
   * the model's unit it needs. At 2,500,000 and 10,000,000 a million tokens, 1,001 and 10 cost
   * 2,603; at 180,000,000 a million characters, 1,000 characters cost 180,000.
   */
  public Optional<Long> cost(RouteRequest.Size size) {
    if (full != null) {
      return cost(full, size);
    }
    Optional<Long> input = input(size);
    if (input.isEmpty()) {
      return Optional.empty();
    }
    Rate rate = dear != null && above != null && size.inputTokens() > above ? dear : base;
    long cached = unit == Unit.TOKEN ? size.cached() : 0;
    long cachedRate = rate.cached() == null ? rate.input() : rate.cached();
    long millionths =
        Math.addExact(
            Math.addExact(
                Math.multiplyExact(rate.input(), input.get() - cached),
                Math.multiplyExact(cachedRate, cached)),
            Math.multiplyExact(rate.output(), size.output()));
    return Optional.of(Math.floorDiv(Math.addExact(millionths, MILLION - 1), MILLION));
  }

  /**
   * The cost by a full price: input in the first unit that it has a price for, of tokens,
   * characters and seconds; empty where the price, or what the call needs for it, is not known.
   */
  private static Optional<Long> cost(PriceVersion version, RouteRequest.Size size) {
    Map<Quantity, Long> counts = new EnumMap<>(Quantity.class);
    boolean tokens = has(version, Meter.INPUT, PriceUnit.TOKEN);
    if (tokens || has(version, Meter.OUTPUT, PriceUnit.TOKEN)) {
      counts.put(Quantity.OUTPUT_TOKENS, size.output());
    }
    if (tokens) {
      if (size.inputTokens() + size.output() == 0) {
        return Optional.empty();
      }
      counts.put(Quantity.INPUT_TOKENS, size.inputTokens());
      counts.put(Quantity.CACHED_INPUT_TOKENS, size.cached());
    } else if (has(version, Meter.INPUT, PriceUnit.CHARACTER)) {
      counts.put(Quantity.CHARACTERS, size.inputCharacters());
    } else if ((has(version, Meter.AUDIO_IN, PriceUnit.SECOND)
            || has(version, Meter.INPUT, PriceUnit.SECOND))
        && size.audioSeconds() != null) {
      counts.put(Quantity.AUDIO_SECONDS, size.audioSeconds());
    } else {
      return Optional.empty();
    }
    CallUsage usage = CallUsage.of(version.provider(), version.modelId(), counts);
    return PriceRules.cost(version, "", usage) instanceof Priced.Known known
        ? Optional.of(known.cost().microsRoundedUp())
        : Optional.empty();
  }

  private static boolean has(PriceVersion version, Meter meter, PriceUnit unit) {
    return version.components().stream()
        .filter(each -> each.price() > 0 || version.status() == PriceStatus.FREE)
        .anyMatch(each -> each.meter() == meter && each.unit() == unit);
  }

  private Optional<Long> input(RouteRequest.Size size) {
    return switch (unit) {
      case TOKEN ->
          size.inputTokens() + size.output() == 0
              ? Optional.empty()
              : Optional.of(size.inputTokens());
      case CHARACTER -> Optional.of(size.inputCharacters());
      case SECOND -> Optional.ofNullable(size.audioSeconds());
    };
  }

  /**
   * What a call counts against context and quota: its input in the model's unit, and its output.
   */
  public long amount(RouteRequest.Size size) {
    return Math.addExact(input(size).orElse(0L), size.output());
  }

  /**
   * The price in a document of the catalogue; empty if a figure is missing or of another type.
   *
   * @throws IllegalArgumentException if a figure is out of range
   */
  static Optional<ModelPrice> decode(Map<String, @Nullable Object> fields) {
    Optional<Rate> base = rate(fields);
    Map<String, @Nullable Object> step = FieldValues.map(fields.get(ModelCatalog.LONG_CONTEXT));
    Long above = FieldValues.integer(step.get(ModelCatalog.ABOVE_INPUT_TOKENS));
    Rate dear = above == null ? null : rate(step).orElse(null);
    @Nullable Object word = fields.get(ModelCatalog.INPUT_UNIT);
    Optional<Unit> unit =
        word == null ? Optional.of(Unit.TOKEN) : Unit.parse(FieldValues.text(word));
    boolean unreadable = unit.isEmpty() || (!step.isEmpty() && dear == null);
    return base.isEmpty() || unreadable
        ? Optional.empty()
        : Optional.of(new ModelPrice(unit.get(), base.get(), dear == null ? null : above, dear));
  }

  private static Optional<Rate> rate(Map<String, @Nullable Object> fields) {
    Long input = FieldValues.integer(fields.get(ModelCatalog.INPUT_COST_MICROS_PER_MILLION));
    Long output = FieldValues.integer(fields.get(ModelCatalog.OUTPUT_COST_MICROS_PER_MILLION));
    @Nullable Object cached = fields.get(ModelCatalog.CACHED_INPUT_COST_MICROS_PER_MILLION);
    Long cachedPrice = FieldValues.integer(cached);
    return input == null || output == null || (cached != null && cachedPrice == null)
        ? Optional.empty()
        : Optional.of(new Rate(input, cachedPrice, output));
  }

  /** The fields of its document. */
  Map<String, Object> encode() {
    Map<String, Object> fields = encode(base);
    if (unit != Unit.TOKEN) {
      fields.put(ModelCatalog.INPUT_UNIT, unit.wire());
    }
    if (dear != null && above != null) {
      Map<String, Object> step = encode(dear);
      step.put(ModelCatalog.ABOVE_INPUT_TOKENS, above);
      fields.put(ModelCatalog.LONG_CONTEXT, step);
    }
    return fields;
  }

  private static Map<String, Object> encode(Rate rate) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ModelCatalog.INPUT_COST_MICROS_PER_MILLION, rate.input());
    if (rate.cached() != null) {
      fields.put(ModelCatalog.CACHED_INPUT_COST_MICROS_PER_MILLION, rate.cached());
    }
    fields.put(ModelCatalog.OUTPUT_COST_MICROS_PER_MILLION, rate.output());
    return fields;
  }
}
