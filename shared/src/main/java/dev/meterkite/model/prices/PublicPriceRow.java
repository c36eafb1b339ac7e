package dev.meterkite.model.prices;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.schema.Word;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One row of LiteLLM's {@code model_prices_and_context_window.json}: taken as it is meant, or not
 * at all. Numbers are {@link BigDecimal}, in USD a unit.
 *
 * <p>Nothing is guessed. A cost field that is not known holds the row. Prices of 0 are no prices,
 * except on own hardware. What the file says twice in two units is taken once. Above a step, a
 * meter without a price for it has none, unless it costs below the step what its fallback costs;
 * then that has the step's price too.
 */
final class PublicPriceRow {
  /** Providers whose models run on the operator's own hardware: their 0 is a price. */
  private static final Set<String> OWN_HARDWARE = Set.of("ollama", "ollama_chat");

  private static final Set<String> NO_ROWS = Set.of("sample_spec", "fallback_generalizations");

  /** Sizes and qualities of images in place of models, and classes of sizes. */
  private static final Pattern NO_MODEL =
      Pattern.compile(
          "(low|medium|high|standard|hd|max-x-max|\\d+-x-\\d+)/.*"
              + "|fireworks-ai-(up-to|above|default|moe|embedding|[\\d.]+b-to)\\b.*");

  /** 1,000 USD a million tokens, in pico-USD a token. */
  private static final long DEAREST_TOKEN = 1_000_000_000;

  /** 0.001 USD a million tokens, in pico-USD a token. */
  private static final long CHEAPEST_TOKEN = 1_000;

  private static final int PICO = 12;
  private static final Set<String> OF_TEXT = Set.of("chat", "completion", "responses", "realtime");

  private final String key;
  private final Object value;
  private final List<String> notes = new ArrayList<>();
  private final Map<PriceComponent, Long> prices = new LinkedHashMap<>();
  private String mode = "";
  private String held = "";
  private String heldDetail = "";

  PublicPriceRow(String key, @Nullable Object value) {
    this.key = key;
    this.value = value == null ? "" : value;
  }

  PublicPrice read() {
    if (NO_ROWS.contains(key) || !(value instanceof Map<?, ?> row)) {
      return PublicPrice.leftOut(key, "no_row", "");
    }
    String provider = text(row.get("litellm_provider"));
    mode = text(row.get("mode"));
    if (provider.isEmpty()) {
      return PublicPrice.leftOut(key, "no_provider", "");
    }
    if (NO_MODEL.matcher(key).matches()) {
      return PublicPrice.leftOut(key, "no_model", "a size or quality");
    }
    if (mode.isEmpty()) {
      return PublicPrice.leftOut(key, "no_mode", "");
    }
    if (!DocRef.isId(QuotaRules.id(provider, key))) {
      return PublicPrice.leftOut(key, "no_id", "too long");
    }
    fields(row);
    sayOnce(row);
    steps();
    bounds();
    return result(row, provider);
  }

  private PublicPrice result(Map<?, ?> row, String provider) {
    List<PriceComponent> components = components();
    if (held.isEmpty() && components.isEmpty()) {
      return notes.contains("provisioned_time")
          ? PublicPrice.leftOut(key, "provisioned_time", "a price of reserved capacity")
          : PublicPrice.leftOut(key, "no_price", "");
    }
    boolean zero = components.stream().allMatch(each -> each.price() == 0);
    boolean own = OWN_HARDWARE.contains(provider);
    if (held.isEmpty() && zero && !own) {
      return PublicPrice.leftOut(key, "all_zero", "an experiment or a plan, not a price");
    }
    PublicPrice.Price price =
        new PublicPrice.Price(
            provider,
            key,
            mode,
            deprecatedOn(row.get("deprecation_date")),
            !held.isEmpty() ? PriceStatus.HELD : zero ? PriceStatus.FREE : PriceStatus.ACTIVE,
            components);
    return new PublicPrice(
        key,
        held.isEmpty() ? PublicPrice.Kind.TAKEN : PublicPrice.Kind.HELD,
        held,
        heldDetail,
        price,
        notes);
  }

  private @Nullable LocalDate deprecatedOn(@Nullable Object value) {
    try {
      return value == null ? null : LocalDate.parse(text(value));
    } catch (DateTimeException noDay) {
      notes.add("unreadable_deprecation_date");
      return null;
    }
  }

  private void fields(Map<?, ?> row) {
    row.forEach(
        (name, field) -> {
          String word = String.valueOf(name);
          if (word.equals("search_context_cost_per_query")) {
            searches(field);
          } else if (word.equals("tiered_pricing")) {
            tiers(field);
          } else if (PublicPriceField.isPassedOver(word)) {
            notes.add(word.contains("dbu") ? "other_currency" : "not_taken " + word);
          } else if (PublicPriceField.isCost(word)) {
            cost(word, field, null);
          } else if (word.startsWith("regional_processing_uplift")
              || word.equals("provider_specific_entry")) {
            notes.add("multiplier " + word);
          }
        });
  }

  private void cost(String name, @Nullable Object value, PriceComponent.@Nullable Step step) {
    PublicPriceField field = PublicPriceField.of(name);
    if (field == null) {
      hold("unknown_field", name);
      return;
    }
    Long pico = pico(name, value);
    if (pico == null) {
      return;
    }
    PriceComponent.Step above =
        field.above() == null ? step : new PriceComponent.Step(Meter.INPUT, field.above());
    Meter meter = field.meter();
    if (field.unit() == PriceUnit.SECOND && mode.equals("video_generation")) {
      meter = meter == Meter.AUDIO_OUT ? Meter.VIDEO_OUT : meter;
    }
    put(new PriceComponent(meter, field.unit(), 0, above, field.service(), null), pico, name);
  }

  /** Two fields may say the same; not two different things. */
  private void put(PriceComponent where, long pico, String name) {
    Long before = prices.putIfAbsent(where, pico);
    if (before != null && before != pico) {
      hold("two_prices", name);
    }
  }

  private @Nullable Long pico(String name, @Nullable Object value) {
    if (!(value instanceof BigDecimal usd)) {
      hold("no_number", name);
      return null;
    }
    BigDecimal pico = usd.movePointRight(PICO);
    if (pico.signum() < 0 || pico.compareTo(BigDecimal.valueOf(PriceComponent.MAX_PRICE)) > 0) {
      hold("out_of_range", name);
      return null;
    }
    BigDecimal whole = pico.setScale(0, RoundingMode.HALF_UP);
    if (whole.compareTo(pico) != 0) {
      notes.add("rounded");
    }
    return whole.longValueExact();
  }

  /** Prices of a search by its size; where each call is a search, they are prices of the call. */
  private void searches(@Nullable Object value) {
    if (!(value instanceof Map<?, ?> sizes)) {
      hold("no_number", "search_context_cost_per_query");
      return;
    }
    boolean always =
        key.contains("search-preview") || key.contains("search-api") || key.contains("sonar");
    Map<SearchSize, Long> bySize = new LinkedHashMap<>();
    sizes.forEach(
        (name, price) -> {
          String word = String.valueOf(name).replaceFirst("^search_context_size_", "");
          Long pico = pico("search_context_cost_per_query", price);
          SearchSize size = Word.parse(SearchSize.class, word).orElse(null);
          if (size == null) {
            hold("unknown_field", "search_context_cost_per_query." + name);
          } else if (pico != null) {
            bySize.put(size, pico);
          }
        });
    boolean same =
        bySize.size() == SearchSize.values().length && Set.copyOf(bySize.values()).size() == 1;
    bySize.forEach(
        (size, pico) ->
            put(
                new PriceComponent(
                    always ? Meter.REQUEST : Meter.SEARCH,
                    always ? PriceUnit.REQUEST : PriceUnit.QUERY,
                    0,
                    null,
                    ServiceTier.STANDARD,
                    same ? null : size),
                pico,
                "search_context_cost_per_query"));
  }

  /** A list of ranges, each with prices: of input tokens, or of results of a search. */
  private void tiers(@Nullable Object value) {
    List<?> list = value instanceof List<?> found ? found : List.of();
    BigDecimal end = null;
    Meter counted = Meter.INPUT;
    for (Object each : list) {
      Map<?, ?> entry = each instanceof Map<?, ?> map ? map : Map.of();
      boolean results = entry.containsKey("max_results_range");
      counted = results ? Meter.RESULTS : Meter.INPUT;
      Object range = entry.get(results ? "max_results_range" : "range");
      if (!(range instanceof List<?> bounds)
          || bounds.size() != 2
          || !(bounds.get(0) instanceof BigDecimal from)
          || !(bounds.get(1) instanceof BigDecimal to)
          || !follows(end, from)
          || to.compareTo(from) <= 0
          || to.stripTrailingZeros().scale() > 0) {
        hold("unknown_tiers", "tiered_pricing");
        return;
      }
      PriceComponent.Step step =
          end == null ? null : new PriceComponent.Step(counted, end.longValueExact());
      entry.forEach(
          (name, price) -> {
            String word = String.valueOf(name);
            if (PublicPriceField.isCost(word)) {
              cost(word, price, step);
            } else if (!word.equals("range") && !word.equals("max_results_range")) {
              hold("unknown_tiers", "tiered_pricing." + word);
            }
          });
      end = to;
    }
    if (end == null) {
      hold("unknown_tiers", "tiered_pricing");
      return;
    }
    beyond(counted, end.longValueExact());
  }

  private static boolean follows(@Nullable BigDecimal end, BigDecimal from) {
    if (from.stripTrailingZeros().scale() > 0) {
      return false;
    }
    return end == null
        ? from.compareTo(BigDecimal.ONE) <= 0
        : from.compareTo(end) == 0 || from.compareTo(end.add(BigDecimal.ONE)) == 0;
  }

  /** Above the last range nothing is known. */
  private void beyond(Meter counted, long end) {
    for (PriceComponent each : List.copyOf(prices.keySet())) {
      if (each.step() == null) {
        prices.putIfAbsent(each.above(counted, end), 0L);
      }
    }
  }

  /** Where a row says one thing in several units, one of them is taken. */
  private void sayOnce(Map<?, ?> row) {
    if (OF_TEXT.contains(mode) || mode.equals("embedding")) {
      boolean provisioned =
          has(each -> each.unit() == PriceUnit.SECOND && isPlainSecond(each, row));
      if (provisioned) {
        drop(each -> each.unit() == PriceUnit.SECOND && isPlainSecond(each, row));
        notes.add("provisioned_time");
      }
      if (has(is(Meter.INPUT, PriceUnit.TOKEN)) && has(is(Meter.INPUT, PriceUnit.CHARACTER))) {
        drop(each -> each.unit() == PriceUnit.CHARACTER);
        notes.add("characters_said_in_tokens");
      }
    }
    if (!mode.equals("embedding") && has(is(Meter.INPUT, PriceUnit.TOKEN))) {
      dropNoted(is(Meter.IMAGE_IN, PriceUnit.IMAGE), "images_said_in_tokens");
    }
    if (has(is(Meter.IMAGE_OUT, PriceUnit.TOKEN))) {
      dropNoted(is(Meter.IMAGE_OUT, PriceUnit.IMAGE), "images_said_in_tokens");
    }
    if (mode.startsWith("image_") && has(is(Meter.IMAGE_OUT, PriceUnit.IMAGE))) {
      dropNoted(is(Meter.IMAGE_IN, PriceUnit.IMAGE), "input_images");
    }
    if (mode.equals("audio_transcription")) {
      transcription();
    }
    if (mode.equals("audio_speech")) {
      speech();
    }
  }

  private boolean isPlainSecond(PriceComponent each, Map<?, ?> row) {
    return (each.meter() == Meter.AUDIO_IN && row.containsKey("input_cost_per_second"))
        || each.meter() == Meter.AUDIO_OUT;
  }

  /** The second that is heard is priced once, on whichever side the file has it. */
  private void transcription() {
    PriceComponent in = PriceComponent.of(Meter.AUDIO_IN, PriceUnit.SECOND, 0);
    PriceComponent out = PriceComponent.of(Meter.AUDIO_OUT, PriceUnit.SECOND, 0);
    Long heard = prices.getOrDefault(in, 0L);
    Long written = prices.remove(out);
    if (written != null && written != 0) {
      if (heard != 0 && !heard.equals(written)) {
        hold("two_prices", "output_cost_per_second");
      } else if (heard != 0) {
        notes.add("same_second_twice");
      }
      prices.put(in, written);
    }
    boolean tokens =
        has(is(Meter.INPUT, PriceUnit.TOKEN)) || has(is(Meter.AUDIO_IN, PriceUnit.TOKEN));
    if (tokens) {
      dropNoted(is(Meter.AUDIO_IN, PriceUnit.SECOND), "seconds_said_in_tokens");
    }
  }

  /** Speech: a token of audio, else a second, else a token; all output tokens are of audio. */
  private void speech() {
    if (has(is(Meter.AUDIO_OUT, PriceUnit.TOKEN))) {
      long token =
          Objects.requireNonNull(
              prices.get(PriceComponent.of(Meter.AUDIO_OUT, PriceUnit.TOKEN, 0)));
      dropNoted(is(Meter.AUDIO_OUT, PriceUnit.SECOND), "seconds_said_in_tokens");
      prices.put(PriceComponent.of(Meter.OUTPUT, PriceUnit.TOKEN, 0), token);
    } else if (has(is(Meter.AUDIO_OUT, PriceUnit.SECOND))) {
      dropNoted(is(Meter.OUTPUT, PriceUnit.TOKEN), "tokens_said_in_seconds");
    }
  }

  private static Predicate<PriceComponent> is(Meter meter, PriceUnit unit) {
    return each -> each.meter() == meter && each.unit() == unit;
  }

  /** Whether there is a price above 0 for this. */
  private boolean has(Predicate<PriceComponent> which) {
    return prices.entrySet().stream()
        .anyMatch(entry -> which.test(entry.getKey()) && entry.getValue() > 0);
  }

  private void drop(Predicate<PriceComponent> which) {
    prices.keySet().removeIf(which);
  }

  private void dropNoted(Predicate<PriceComponent> which, String note) {
    if (has(which)) {
      notes.add(note);
    }
    drop(which);
  }

  /** Above each step, every meter of tokens has a price, or is known to have none. */
  private void steps() {
    Set<Long> bounds = new TreeSet<>();
    for (PriceComponent each : prices.keySet()) {
      PriceComponent.Step step = each.step();
      if (step != null && step.meter() == Meter.INPUT) {
        bounds.add(step.above());
      }
    }
    for (PriceComponent each : List.copyOf(prices.keySet())) {
      if (each.step() == null && each.unit() == PriceUnit.TOKEN) {
        bounds.forEach(bound -> step(each, bound));
      }
    }
  }

  private void step(PriceComponent base, long bound) {
    PriceComponent above = base.above(Meter.INPUT, bound);
    if (prices.containsKey(above)) {
      return;
    }
    Meter fallback = base.meter().fallback();
    long dear = 0;
    if (fallback != null) {
      PriceComponent other =
          new PriceComponent(fallback, PriceUnit.TOKEN, 0, null, base.service(), null);
      Long otherAbove = prices.get(other.above(Meter.INPUT, bound));
      if (otherAbove != null && Objects.equals(prices.get(other), prices.get(base))) {
        dear = otherAbove;
      }
    }
    if (dear == 0) {
      notes.add("unknown_above_a_step");
    }
    prices.put(above, dear);
  }

  private void bounds() {
    prices.forEach(
        (where, pico) -> {
          if (where.unit() == PriceUnit.TOKEN && pico > DEAREST_TOKEN) {
            hold("too_dear", "above 1,000 USD a million tokens");
          } else if (where.unit() == PriceUnit.TOKEN && pico > 0 && pico < CHEAPEST_TOKEN) {
            hold("too_cheap", "below 0.001 USD a million tokens");
          }
        });
  }

  private List<PriceComponent> components() {
    List<PriceComponent> components = new ArrayList<>();
    prices.forEach(
        (where, pico) ->
            components.add(
                new PriceComponent(
                    where.meter(),
                    where.unit(),
                    pico,
                    where.step(),
                    where.service(),
                    where.searchSize())));
    return components;
  }

  private void hold(String reason, String detail) {
    if (held.isEmpty()) {
      held = reason;
      heldDetail = detail;
    }
  }

  private static String text(@Nullable Object value) {
    return value instanceof String text ? text : "";
  }
}
