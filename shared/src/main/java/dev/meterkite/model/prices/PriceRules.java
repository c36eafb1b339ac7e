package dev.meterkite.model.prices;

import dev.meterkite.model.prices.CallUsage.Quantity;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a call costs: quantity × price for each meter that it used, exact.
 *
 * <p>At 2,500,000 pico-USD an input token and 10,000,000 an output token, a call of 1,001 and 10
 * tokens costs 2,602.5 micro-USD. Steps: above the bound the whole call is charged at the step's
 * prices; a meter without a price for that step keeps its own.
 *
 * <p>Tokens of a meter without a price are charged at that of its {@link Meter#fallback}: cached
 * reads and writes, audio and images as input, reasoning and audio as output. Seconds are those of
 * audio and images are generated ones before they are given ones; a price by {@code input} or
 * {@code output} says the same as one by {@code audio_in} or {@code image_out}. Anything else that
 * was consumed and has no price, or a price of 0 in a version that is not {@link PriceStatus#FREE},
 * makes the cost unknown; it is never 0.
 */
public final class PriceRules {
  /** Units of {@link ExactMicros} in a pico-USD a thousandth of a unit. */
  private static final long UNITS_PER_THOUSANDTH = 10_000;

  private PriceRules() {}

  /** Something consumed; one of the meters counts it. */
  private record Consumed(
      String kind, BigDecimal quantity, PriceUnit unit, List<Meter> meters, boolean required) {}

  /**
   * The cost of a call.
   *
   * @param price the version that counts at the time of the call
   * @param name how answers name the version
   */
  public static Priced cost(PriceVersion price, String name, CallUsage usage) {
    if (price.status() == PriceStatus.UNKNOWN || price.status() == PriceStatus.HELD) {
      return new Priced.Unknown("", "the price of the model is " + price.status().wire());
    }
    List<Priced.Line> lines = new ArrayList<>();
    ExactMicros sum = ExactMicros.ZERO;
    for (Consumed each : consumed(usage)) {
      if (each.quantity().signum() == 0) {
        continue;
      }
      Optional<PriceComponent> found = component(price, usage, each);
      boolean free = price.status() == PriceStatus.FREE;
      if (found.isEmpty() || (found.get().price() == 0 && !free)) {
        if (found.isEmpty() && !each.required() && !hasMeter(price, each)) {
          continue;
        }
        return new Priced.Unknown(each.kind(), "the model has no known price for this");
      }
      ExactMicros cost = product(found.get().price(), each.quantity());
      lines.add(new Priced.Line(each.kind(), each.quantity(), found.get(), cost));
      sum = sum.plus(cost);
    }
    return new Priced.Known(sum, lines, name);
  }

  private static ExactMicros product(long price, BigDecimal quantity) {
    BigInteger thousandths = quantity.movePointRight(CallUsage.PLACES).toBigIntegerExact();
    return new ExactMicros(
        thousandths
            .multiply(BigInteger.valueOf(price))
            .multiply(BigInteger.valueOf(UNITS_PER_THOUSANDTH)));
  }

  private static List<Consumed> consumed(CallUsage usage) {
    List<Consumed> all = new ArrayList<>();
    long cachedAudio = usage.whole(Quantity.CACHED_AUDIO_INPUT_TOKENS);
    long hour = usage.whole(Quantity.CACHE_WRITE_1H_TOKENS);
    tokens(all, Quantity.INPUT_TOKENS, usage.plainInput(), Meter.INPUT);
    tokens(
        all,
        Quantity.CACHED_INPUT_TOKENS,
        usage.whole(Quantity.CACHED_INPUT_TOKENS) - cachedAudio,
        Meter.CACHED_READ);
    tokens(
        all,
        Quantity.CACHE_WRITE_TOKENS,
        usage.whole(Quantity.CACHE_WRITE_TOKENS) - hour,
        Meter.CACHED_WRITE);
    tokens(all, Quantity.CACHE_WRITE_1H_TOKENS, hour, Meter.CACHED_WRITE_1H);
    tokens(
        all,
        Quantity.AUDIO_INPUT_TOKENS,
        usage.whole(Quantity.AUDIO_INPUT_TOKENS) - cachedAudio,
        Meter.AUDIO_IN);
    tokens(all, Quantity.CACHED_AUDIO_INPUT_TOKENS, cachedAudio, Meter.CACHED_AUDIO_IN);
    tokens(
        all, Quantity.IMAGE_INPUT_TOKENS, usage.whole(Quantity.IMAGE_INPUT_TOKENS), Meter.IMAGE_IN);
    tokens(all, Quantity.OUTPUT_TOKENS, usage.plainOutput(), Meter.OUTPUT);
    tokens(all, Quantity.REASONING_TOKENS, usage.whole(Quantity.REASONING_TOKENS), Meter.REASONING);
    tokens(
        all,
        Quantity.AUDIO_OUTPUT_TOKENS,
        usage.whole(Quantity.AUDIO_OUTPUT_TOKENS),
        Meter.AUDIO_OUT);
    tokens(
        all,
        Quantity.IMAGE_OUTPUT_TOKENS,
        usage.whole(Quantity.IMAGE_OUTPUT_TOKENS),
        Meter.IMAGE_OUT);
    others(all, usage);
    return all;
  }

  private static void tokens(List<Consumed> all, Quantity quantity, long count, Meter meter) {
    all.add(
        new Consumed(
            quantity.field(), BigDecimal.valueOf(count), PriceUnit.TOKEN, List.of(meter), true));
  }

  private static void others(List<Consumed> all, CallUsage usage) {
    other(all, usage, Quantity.CHARACTERS, PriceUnit.CHARACTER, Meter.INPUT, Meter.OUTPUT);
    other(
        all,
        usage,
        Quantity.AUDIO_SECONDS,
        PriceUnit.SECOND,
        Meter.AUDIO_IN,
        Meter.INPUT,
        Meter.AUDIO_OUT,
        Meter.OUTPUT);
    other(
        all,
        usage,
        Quantity.IMAGES,
        PriceUnit.IMAGE,
        Meter.IMAGE_OUT,
        Meter.OUTPUT,
        Meter.IMAGE_IN,
        Meter.INPUT);
    other(all, usage, Quantity.SEARCHES, PriceUnit.QUERY, Meter.SEARCH);
    other(all, usage, Quantity.PAGES, PriceUnit.PAGE, Meter.PAGE);
    all.add(
        new Consumed("requests", BigDecimal.ONE, PriceUnit.REQUEST, List.of(Meter.REQUEST), false));
  }

  private static void other(
      List<Consumed> all, CallUsage usage, Quantity quantity, PriceUnit unit, Meter... meters) {
    BigDecimal count = usage.quantities().getOrDefault(quantity, BigDecimal.ZERO);
    all.add(new Consumed(quantity.field(), count, unit, List.of(meters), true));
  }

  private static boolean hasMeter(PriceVersion price, Consumed each) {
    return price.components().stream()
        .anyMatch(one -> each.meters().contains(one.meter()) && one.unit() == each.unit());
  }

  /** The price of what was consumed: of the first of its meters that has one. */
  private static Optional<PriceComponent> component(
      PriceVersion price, CallUsage usage, Consumed each) {
    for (Meter meter : each.meters()) {
      @Nullable Meter asked = meter;
      while (asked != null) {
        Optional<PriceComponent> found = component(price, usage, asked, each.unit());
        if (found.isPresent()) {
          return found;
        }
        asked = each.unit() == PriceUnit.TOKEN ? asked.fallback() : null;
      }
    }
    return Optional.empty();
  }

  /** The price of a meter at the highest step that the call exceeds. */
  private static Optional<PriceComponent> component(
      PriceVersion price, CallUsage usage, Meter meter, PriceUnit unit) {
    PriceComponent best = null;
    for (PriceComponent each : price.components()) {
      boolean fits =
          each.meter() == meter
              && each.unit() == unit
              && each.service() == usage.service()
              && (each.searchSize() == null || each.searchSize() == usage.searchSize());
      PriceComponent.Step step = each.step();
      if (fits && step != null && step.meter() == Meter.RESULTS && !states(usage)) {
        return Optional.empty(); // The step cannot be known.
      }
      if (fits && (step == null || count(usage, step) > step.above()) && isHigher(each, best)) {
        best = each;
      }
    }
    return Optional.ofNullable(best);
  }

  private static boolean isHigher(PriceComponent each, @Nullable PriceComponent than) {
    return than == null
        || than.step() == null
        || (each.step() != null && each.step().above() > than.step().above());
  }

  private static boolean states(CallUsage usage) {
    return usage.quantities().containsKey(Quantity.RESULTS);
  }

  private static long count(CallUsage usage, PriceComponent.Step step) {
    return usage.whole(step.meter() == Meter.RESULTS ? Quantity.RESULTS : Quantity.INPUT_TOKENS);
  }
}
