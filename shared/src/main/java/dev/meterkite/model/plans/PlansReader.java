package dev.meterkite.model.plans;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the parts of a document of plans, noting all faults. */
final class PlansReader {
  private static final int MOST_TIERS = 50;
  private static final int MOST_PACKAGES = 100;
  private static final int MOST_FACTORS = 20;
  private static final int MOST_MODELS = 50;
  private static final int PLACES = 4;
  private static final String FLAGS =
      Arrays.stream(FeatureFlag.values()).map(FeatureFlag::wire).collect(Collectors.joining(", "));

  private final Part document;
  private final @Nullable Plans defaults;

  /**
   * @param defaults what stands for parts that are left out; null where none may be
   */
  PlansReader(Part document, @Nullable Plans defaults) {
    this.document = document;
    this.defaults = defaults;
  }

  /** A part as it is read, or the default one where it is left out. */
  private <T> T part(String name, Function<Plans, T> byDefault, Function<String, T> read) {
    if (document.value(name) != null) {
      return read.apply(name);
    }
    if (defaults == null) {
      document.fault(name, Violation.REQUIRED, "must be there");
      return read.apply(name);
    }
    return byDefault.apply(defaults);
  }

  /** The plans without a version; they count only where there are no faults. */
  Plans plans() {
    List<UserTier> tiers =
        part(Schema.Plans.TIERS, Plans::tiers, name -> items(name, PlansReader::tier));
    List<CreditPackage> packages = part(Schema.Plans.PACKAGES, Plans::packages, name -> packages());
    JobPrices jobs = part(Schema.Plans.JOBS, Plans::jobs, name -> jobs());
    List<BundleTier> bundleTiers =
        part(
            Schema.Plans.BUNDLE_TIERS,
            Plans::bundleTiers,
            name -> items(name, PlansReader::bundleTier));
    List<String> words = tiers.stream().map(UserTier::word).toList();
    PriceBook book =
        part(Schema.Plans.PRICE_BOOK, Plans::priceBook, name -> priceBook(Set.copyOf(words)));
    unique(Schema.Plans.TIERS, words.stream().map(PlansReader::key).toList());
    unique(Schema.Plans.BUNDLE_TIERS, bundleTiers.stream().map(tier -> key(tier.word())).toList());
    return new Plans("", tiers, packages, jobs, bundleTiers, book);
  }

  /** A list of tiers, at least one. */
  private <T> List<T> items(String name, Function<Part, T> read) {
    List<T> items = new ArrayList<>();
    for (Part part : document.parts(name, MOST_TIERS)) {
      items.add(read.apply(part));
      part.end();
    }
    if (items.isEmpty()) {
      document.fault(name, Violation.OUT_OF_RANGE, "must have at least one item");
    }
    return items;
  }

  /**
   * Notes the keys that are there before.
   *
   * @param keys one for each item; empty where it has none that can be read
   */
  private void unique(String name, List<? extends Optional<?>> keys) {
    Set<Object> seen = new HashSet<>();
    for (int i = 0; i < keys.size(); i++) {
      if (keys.get(i).isPresent() && !seen.add(keys.get(i).get())) {
        document.fault(name + "[" + i + "]", Violation.INCONSISTENT, "is there twice");
      }
    }
  }

  private static Optional<String> key(String word) {
    return word.isEmpty() ? Optional.empty() : Optional.of(word);
  }

  private static UserTier tier(Part part) {
    return new UserTier(
        part.word(Schema.Plans.TIER),
        part.whole(Schema.Plans.MONTHLY_CREDITS, 0, UserTier.MAX_CREDITS),
        part.whole(Schema.Plans.LONGEST_JOB_MIN, 1, JobPrices.LONGEST.longValueExact()),
        lowBalance(part));
  }

  private static @Nullable Threshold lowBalance(Part part) {
    Object value = part.value(Schema.Plans.LOW_BALANCE);
    try {
      return value == null ? null : Threshold.parse(String.valueOf(value));
    } catch (IllegalArgumentException e) {
      part.fault(
          Schema.Plans.LOW_BALANCE,
          Violation.OUT_OF_RANGE,
          "must be a number of credits, or a text such as 20%");
      return null;
    }
  }

  private List<CreditPackage> packages() {
    List<CreditPackage> packages = new ArrayList<>();
    List<Optional<Long>> credits = new ArrayList<>();
    List<Optional<Long>> prices = new ArrayList<>();
    for (Part part : document.parts(Schema.Plans.PACKAGES, MOST_PACKAGES)) {
      packages.add(
          new CreditPackage(
              part.whole(Schema.Plans.CREDITS, 1, UserTier.MAX_CREDITS),
              part.whole(Schema.Plans.PRICE_CENTS, 1, CreditPackage.MAX_CENTS)));
      // As they are written: an invalid one is read as the least one, which another may have.
      credits.add(written(part, Schema.Plans.CREDITS));
      prices.add(written(part, Schema.Plans.PRICE_CENTS));
      part.end();
    }
    unique(Schema.Plans.PACKAGES, credits);
    unique(Schema.Plans.PACKAGES, prices);
    return packages;
  }

  private static Optional<Long> written(Part part, String name) {
    return Optional.ofNullable(FieldValues.integer(part.value(name)));
  }

  private JobPrices jobs() {
    Optional<Part> found = document.part(Schema.Plans.JOBS);
    Map<String, BigDecimal> none = Map.of("", BigDecimal.ONE);
    if (found.isEmpty()) {
      return new JobPrices(BigDecimal.ONE, none, none);
    }
    Part part = found.get();
    BigDecimal base =
        part.decimal(
            Schema.Plans.CREDITS_PER_MINUTE, false, 0, JobPrices.MAX_CREDITS_PER_MINUTE, PLACES);
    Map<String, BigDecimal> qualities = factors(part, Schema.Plans.QUALITIES, Schema.Plans.QUALITY);
    Map<String, BigDecimal> priorities =
        factors(part, Schema.Plans.PRIORITIES, Schema.Plans.PRIORITY);
    part.end();
    return new JobPrices(
        base, qualities.isEmpty() ? none : qualities, priorities.isEmpty() ? none : priorities);
  }

  private static Map<String, BigDecimal> factors(Part jobs, String name, String key) {
    Map<String, BigDecimal> factors = new LinkedHashMap<>();
    for (Part part : jobs.parts(name, MOST_FACTORS)) {
      String word = part.word(key);
      BigDecimal factor =
          part.decimal(Schema.Plans.MULTIPLIER, false, 0, JobPrices.MAX_MULTIPLIER, PLACES);
      // A factor has a decimal place, as 1.0.
      factor = factor.setScale(Math.max(1, factor.scale()));
      if (factors.put(word, factor) != null && !word.isEmpty()) {
        part.fault("", Violation.INCONSISTENT, "is there twice");
      }
      part.end();
    }
    if (factors.isEmpty()) {
      jobs.fault(name, Violation.OUT_OF_RANGE, "must have at least one item");
    }
    return factors;
  }

  private static BundleTier bundleTier(Part part) {
    long most = Integer.MAX_VALUE;
    String word = part.word(Schema.Plans.TIER);
    Optional<DataPackTier> pack =
        DataPackTier.parse(Part.text(part.value(Schema.Plans.DATA_PACK_TIER)));
    if (pack.isEmpty()) {
      part.fault(
          Schema.Plans.DATA_PACK_TIER, Violation.UNKNOWN_VALUE, "must be one of core, plus, full");
    }
    return new BundleTier(
        word,
        pack.orElse(DataPackTier.CORE),
        part.whole(Schema.Plans.EPISODES_PER_VARIATION, 0, most),
        part.whole(Schema.Plans.MAX_VARIATIONS, 0, most),
        part.decimal(Schema.Plans.MIN_QUALITY_SCORE, true, 0, 1, PLACES).doubleValue(),
        part.words(
            Schema.Plans.VLA_MODELS,
            MOST_MODELS,
            model -> Optional.ofNullable(Part.text(model)),
            "must be a string of 1 to 100 characters"),
        part.whole(Schema.Plans.NUM_LANGUAGE_VARIATIONS, 0, most),
        part.wholeOr(Schema.Plans.MONTHLY_SCENE_QUOTA, -1, Long.MAX_VALUE, null),
        Set.copyOf(
            part.words(
                Schema.Plans.FLAGS,
                FeatureFlag.values().length,
                flag -> FeatureFlag.parse(Part.text(flag)),
                "must be one of " + FLAGS)));
  }

  private PriceBook priceBook(Set<String> tiers) {
    Optional<Part> found = document.part(Schema.Plans.PRICE_BOOK);
    if (found.isEmpty()) {
      return PriceBook.DEFAULT;
    }
    Part part = found.get();
    PriceBook usual = PriceBook.DEFAULT;
    Long micros =
        part.wholeOr(
            Schema.Plans.CREDIT_MICROS, 1, PriceBook.MAX_CREDIT_MICROS, usual.creditMicros());
    long markup =
        part.value(Schema.Plans.MARKUP_PERCENT) == null
            ? usual.markup()
            : hundredths(part, Schema.Plans.MARKUP_PERCENT);
    List<PriceBook.Markup> markups = new ArrayList<>();
    List<Part> parts = part.parts(Schema.Plans.MARKUPS, PriceBook.MOST_MARKUPS);
    parts.forEach(each -> markup(each, tiers).ifPresent(markups::add));
    part.end();
    try {
      return new PriceBook(micros == null ? usual.creditMicros() : micros, markup, markups);
    } catch (IllegalArgumentException e) {
      part.fault(Schema.Plans.MARKUPS, Violation.INCONSISTENT, "must not have two for the same");
      return usual;
    }
  }

  private static long hundredths(Part part, String name) {
    return part.decimal(name, true, 0, PriceBook.MAX_MARKUP / 100, 2)
        .movePointRight(2)
        .longValueExact();
  }

  private Optional<PriceBook.Markup> markup(Part part, Set<String> tiers) {
    long hundredths = hundredths(part, Schema.Plans.PERCENT);
    Object tier = part.value(Schema.Plans.TIER);
    Object provider = part.value(Schema.Plans.PROVIDER);
    Object model = part.value(Schema.Plans.MODEL_ID);
    part.end();
    try {
      if (tier != null && !tiers.contains(scope(tier))) {
        part.fault(Schema.Plans.TIER, Violation.UNKNOWN_VALUE, "must be one of tiers");
      }
      return Optional.of(
          new PriceBook.Markup(scope(tier), scope(provider), scope(model), hundredths));
    } catch (IllegalArgumentException e) {
      part.fault(
          "",
          Violation.INCONSISTENT,
          "must name a tier, a provider, or a model_id with its provider");
      return Optional.empty();
    }
  }

  private static @Nullable String scope(@Nullable Object value) {
    if (value == null || (value instanceof String text && !text.isEmpty())) {
      return (String) value;
    }
    throw new IllegalArgumentException("not a text");
  }
}
