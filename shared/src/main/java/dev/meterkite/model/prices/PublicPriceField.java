package dev.meterkite.model.prices;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A cost field of the public price file, read from its name: a base such as {@code
 * input_cost_per_token}, then suffixes in any order.
 *
 * @param meter what it counts
 * @param unit in which unit
 * @param above the number of input tokens above which it counts, null for any
 * @param service for which service
 */
record PublicPriceField(Meter meter, PriceUnit unit, @Nullable Long above, ServiceTier service) {
  private static final Pattern SUFFIX =
      Pattern.compile("_(above_(\\d+)k_tokens|above_1hr|batches|flex|priority)$");
  private static final long THOUSAND = 1_000;

  /** Fields of another currency, or of what usage cannot state; a note is made of them. */
  private static final Set<String> PASSED_OVER =
      Set.of(
          "input_dbu_cost_per_token",
          "output_dbu_cost_per_token",
          "cache_creation_input_audio_token_cost",
          "input_cost_per_video_per_second_above_8s_interval",
          "input_cost_per_video_per_second_above_15s_interval",
          "input_cost_per_video_per_second_above_128k_tokens",
          "output_cost_per_second_1080p",
          "annotation_cost_per_page");

  private static final Map<String, PublicPriceField> BASES = bases();

  private static Map<String, PublicPriceField> bases() {
    Map<String, PublicPriceField> bases = new LinkedHashMap<>();
    base(bases, "input_cost_per_token", Meter.INPUT, PriceUnit.TOKEN);
    base(bases, "output_cost_per_token", Meter.OUTPUT, PriceUnit.TOKEN);
    base(bases, "cache_read_input_token_cost", Meter.CACHED_READ, PriceUnit.TOKEN);
    base(bases, "input_cost_per_token_cache_hit", Meter.CACHED_READ, PriceUnit.TOKEN);
    base(bases, "cache_creation_input_token_cost", Meter.CACHED_WRITE, PriceUnit.TOKEN);
    base(bases, "cache_read_input_audio_token_cost", Meter.CACHED_AUDIO_IN, PriceUnit.TOKEN);
    base(bases, "input_cost_per_audio_token", Meter.AUDIO_IN, PriceUnit.TOKEN);
    base(bases, "output_cost_per_audio_token", Meter.AUDIO_OUT, PriceUnit.TOKEN);
    base(bases, "input_cost_per_image_token", Meter.IMAGE_IN, PriceUnit.TOKEN);
    base(bases, "output_cost_per_image_token", Meter.IMAGE_OUT, PriceUnit.TOKEN);
    base(bases, "output_cost_per_video_token", Meter.VIDEO_OUT, PriceUnit.TOKEN);
    base(bases, "output_cost_per_reasoning_token", Meter.REASONING, PriceUnit.TOKEN);
    base(bases, "input_cost_per_character", Meter.INPUT, PriceUnit.CHARACTER);
    base(bases, "output_cost_per_character", Meter.OUTPUT, PriceUnit.CHARACTER);
    base(bases, "input_cost_per_second", Meter.AUDIO_IN, PriceUnit.SECOND);
    base(bases, "output_cost_per_second", Meter.AUDIO_OUT, PriceUnit.SECOND);
    base(bases, "input_cost_per_audio_per_second", Meter.AUDIO_IN, PriceUnit.SECOND);
    base(bases, "input_cost_per_video_per_second", Meter.VIDEO_IN, PriceUnit.SECOND);
    base(bases, "output_cost_per_video_per_second", Meter.VIDEO_OUT, PriceUnit.SECOND);
    base(bases, "input_cost_per_image", Meter.IMAGE_IN, PriceUnit.IMAGE);
    base(bases, "output_cost_per_image", Meter.IMAGE_OUT, PriceUnit.IMAGE);
    base(bases, "input_cost_per_pixel", Meter.IMAGE_IN, PriceUnit.PIXEL);
    base(bases, "output_cost_per_pixel", Meter.IMAGE_OUT, PriceUnit.PIXEL);
    base(bases, "input_cost_per_query", Meter.SEARCH, PriceUnit.QUERY);
    base(bases, "input_cost_per_request", Meter.REQUEST, PriceUnit.REQUEST);
    base(bases, "ocr_cost_per_page", Meter.PAGE, PriceUnit.PAGE);
    return bases;
  }

  private static void base(
      Map<String, PublicPriceField> bases, String name, Meter meter, PriceUnit unit) {
    bases.put(name, new PublicPriceField(meter, unit, null, ServiceTier.STANDARD));
  }

  /** Whether a field of this name says what something costs. */
  static boolean isCost(String name) {
    return name.contains("cost");
  }

  /** Whether a field of this name is known and not taken. */
  static boolean isPassedOver(String name) {
    return PASSED_OVER.contains(name);
  }

  /** What a field of this name says; null for a name that is not known. */
  static @Nullable PublicPriceField of(String name) {
    String base = name;
    Long above = null;
    ServiceTier service = ServiceTier.STANDARD;
    boolean hour = false;
    Matcher suffix = SUFFIX.matcher(base);
    while (!BASES.containsKey(base) && suffix.find()) {
      String word = suffix.group(1);
      boolean twice =
          suffix.group(2) != null
              ? above != null
              : word.equals("above_1hr") ? hour : service != ServiceTier.STANDARD;
      if (twice) {
        return null;
      }
      if (suffix.group(2) != null) {
        above = Math.multiplyExact(Long.parseLong(suffix.group(2)), THOUSAND);
      } else if (word.equals("above_1hr")) {
        hour = true;
      } else {
        service =
            word.equals("batches")
                ? ServiceTier.BATCH
                : word.equals("flex") ? ServiceTier.FLEX : ServiceTier.PRIORITY;
      }
      base = base.substring(0, suffix.start());
      suffix = SUFFIX.matcher(base);
    }
    PublicPriceField found = BASES.get(base);
    if (found == null || (hour && found.meter() != Meter.CACHED_WRITE)) {
      return null;
    }
    Meter meter = hour ? Meter.CACHED_WRITE_1H : found.meter();
    return new PublicPriceField(meter, found.unit(), above, service);
  }
}
