package dev.meterkite.model.plans;

import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Word;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Plans in the form of their document, always in the same order. */
final class PlansCodec {
  private PlansCodec() {}

  /** Everything but the version. */
  static Map<String, Object> parts(Plans plans) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Schema.Plans.TIERS, plans.tiers().stream().map(PlansCodec::tier).toList());
    fields.put(Schema.Plans.PACKAGES, plans.packages().stream().map(PlansCodec::sold).toList());
    fields.put(Schema.Plans.JOBS, jobs(plans.jobs()));
    fields.put(
        Schema.Plans.BUNDLE_TIERS,
        plans.bundleTiers().stream().map(PlansCodec::bundleTier).toList());
    fields.put(Schema.Plans.PRICE_BOOK, priceBook(plans.priceBook()));
    return fields;
  }

  private static Map<String, Object> tier(UserTier tier) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Schema.Plans.TIER, tier.word());
    fields.put(Schema.Plans.MONTHLY_CREDITS, tier.monthlyCredits());
    fields.put(Schema.Plans.LONGEST_JOB_MIN, tier.longestJobMinutes());
    Threshold low = tier.lowBalance();
    put(fields, Schema.Plans.LOW_BALANCE, low == null ? null : low.encode());
    return fields;
  }

  private static Map<String, Object> sold(CreditPackage sold) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Schema.Plans.CREDITS, sold.credits());
    fields.put(Schema.Plans.PRICE_CENTS, sold.priceCents());
    return fields;
  }

  private static Map<String, Object> jobs(JobPrices jobs) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Schema.Plans.CREDITS_PER_MINUTE, number(jobs.creditsPerMinute()));
    fields.put(Schema.Plans.QUALITIES, factors(Schema.Plans.QUALITY, jobs.qualities()));
    fields.put(Schema.Plans.PRIORITIES, factors(Schema.Plans.PRIORITY, jobs.priorities()));
    return fields;
  }

  private static List<Map<String, Object>> factors(String name, Map<String, BigDecimal> factors) {
    List<Map<String, Object>> list = new ArrayList<>();
    factors.forEach(
        (word, factor) -> {
          Map<String, Object> fields = new LinkedHashMap<>();
          fields.put(name, word);
          fields.put(Schema.Plans.MULTIPLIER, number(factor));
          list.add(fields);
        });
    return list;
  }

  private static Map<String, Object> bundleTier(BundleTier tier) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Schema.Plans.TIER, tier.word());
    fields.put(Schema.Plans.DATA_PACK_TIER, tier.dataPackTier().wire());
    fields.put(Schema.Plans.EPISODES_PER_VARIATION, tier.episodesPerVariation());
    fields.put(Schema.Plans.MAX_VARIATIONS, tier.maxVariations());
    fields.put(Schema.Plans.MIN_QUALITY_SCORE, number(BigDecimal.valueOf(tier.minQualityScore())));
    fields.put(Schema.Plans.VLA_MODELS, tier.vlaModels());
    fields.put(Schema.Plans.NUM_LANGUAGE_VARIATIONS, tier.numLanguageVariations());
    put(fields, Schema.Plans.MONTHLY_SCENE_QUOTA, tier.monthlySceneQuota());
    fields.put(Schema.Plans.FLAGS, tier.flags().stream().map(Word::wire).toList());
    return fields;
  }

  private static Map<String, Object> priceBook(PriceBook book) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Schema.Plans.CREDIT_MICROS, book.creditMicros());
    fields.put(Schema.Plans.MARKUP_PERCENT, number(PriceBook.percent(book.markup())));
    List<Map<String, Object>> markups = new ArrayList<>();
    for (PriceBook.Markup markup : book.markups()) {
      Map<String, Object> each = new LinkedHashMap<>();
      put(each, Schema.Plans.TIER, markup.tier());
      put(each, Schema.Plans.PROVIDER, markup.provider());
      put(each, Schema.Plans.MODEL_ID, markup.modelId());
      each.put(Schema.Plans.PERCENT, number(PriceBook.percent(markup.hundredths())));
      markups.add(each);
    }
    fields.put(Schema.Plans.MARKUPS, markups);
    return fields;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.put(name, value);
    }
  }

  /** As documents have numbers: whole ones are integers. */
  private static Object number(BigDecimal value) {
    return value.stripTrailingZeros().scale() <= 0
        ? (Object) value.longValueExact()
        : (Object) value.doubleValue();
  }

  /** A value as text: the same for the same value, another for another. */
  static String text(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> entry.getKey() + ":" + text(entry.getValue()))
          .collect(Collectors.joining(",", "{", "}"));
    }
    if (value instanceof List<?> list) {
      return list.stream()
          .map(each -> text((Object) each))
          .collect(Collectors.joining(",", "[", "]"));
    }
    return value instanceof String text
        ? '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"'
        : value.toString();
  }
}
