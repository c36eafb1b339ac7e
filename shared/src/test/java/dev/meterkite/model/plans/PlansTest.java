package dev.meterkite.model.plans;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The plans in their document. */
class PlansTest {
  private static final Plans DEFAULT = DefaultPlans.PLANS;

  private static Plans.Decoded decode(Map<String, Object> fields) {
    return Plans.decode(fields, DEFAULT);
  }

  private static List<String> faulty(Map<String, Object> fields) {
    Plans.Decoded decoded = decode(fields);
    assertEquals(decoded.faults().isEmpty(), decoded.plans().isPresent());
    return decoded.faults().stream().map(Violation::field).toList();
  }

  private static List<String> faults(Map<String, Object> book) {
    Plans.Decoded decoded = decode(Map.of("price_book", book));
    assertTrue(decoded.plans().isEmpty());
    return decoded.faults().stream().map(Violation::field).toList();
  }

  private static Map<String, Object> tier(String word, long credits, long longest) {
    return Map.of("tier", word, "monthly_credits", credits, "longest_job_min", longest);
  }

  private static Map<String, Object> bundleTier(String word) {
    Map<String, Object> tier = new HashMap<>();
    tier.put("tier", word);
    tier.put("data_pack_tier", "plus");
    tier.put("episodes_per_variation", 3L);
    tier.put("max_variations", 7L);
    tier.put("min_quality_score", 0.5);
    tier.put("vla_models", List.of("m-1"));
    tier.put("num_language_variations", 2L);
    tier.put("monthly_scene_quota", 5L);
    tier.put("flags", List.of("tactile", "sim2real"));
    return tier;
  }

  @Test
  void absentDocument_isTheDefault() {
    assertEquals(DEFAULT, Plans.decode(Snapshot.absent(Plans.REF), DEFAULT).plans().orElseThrow());
  }

  @Test
  void emptyDocument_isTheDefault_andSoIsItsSeed() {
    assertEquals(DEFAULT, decode(Map.of()).plans().orElseThrow());
    assertEquals(DEFAULT, decode(DefaultPlans.FIELDS).plans().orElseThrow());
    assertEquals(DEFAULT, decode(DEFAULT.encode()).plans().orElseThrow());
    Snapshot seeded = new Snapshot(Plans.REF, DefaultPlans.FIELDS, Instant.EPOCH);
    assertEquals(DEFAULT, Plans.decode(seeded, DEFAULT).plans().orElseThrow());
  }

  @Test
  void fileOfTheProgram_leavesNothingOut() {
    for (String part : DefaultPlans.FIELDS.keySet()) {
      Map<String, Object> without = new LinkedHashMap<>(DefaultPlans.FIELDS);
      without.remove(part);
      List<Violation> faults = Plans.complete(without).faults();
      assertEquals(part, faults.get(0).field());
      assertEquals(Violation.REQUIRED, faults.get(0).code());
    }
  }

  @Test
  void partThatIsWritten_replacesItsDefault_theOthersStay() {
    Plans plans =
        decode(
                Map.of(
                    "tiers",
                    List.of(tier("seed", 0, 5), tier("tree", 70, 60)),
                    "packages",
                    List.of(Map.of("credits", 40L, "price_cents", 99L)),
                    "version",
                    7L))
            .plans()
            .orElseThrow();
    assertEquals("7", plans.version());
    assertEquals("seed", plans.firstTier().word());
    assertEquals(70, plans.tier("tree").orElseThrow().monthlyCredits());
    assertTrue(plans.tier("free").isEmpty());
    assertTrue(plans.tier(null).isEmpty());
    assertEquals(
        List.of(0, 1, -1), List.of("seed", "tree", "pro").stream().map(plans::rank).toList());
    assertEquals(-1, plans.rank(null));
    assertEquals(99, plans.packageOf(40).orElseThrow().priceCents());
    assertTrue(plans.packageOf(100).isEmpty());
    assertEquals(DEFAULT.jobs(), plans.jobs());
    assertEquals(DEFAULT.bundleTiers(), plans.bundleTiers());
  }

  @Test
  void jobPrices_areExact() {
    JobPrices jobs = DEFAULT.jobs();
    assertEquals(30, jobs.credits(BigDecimal.TEN, "hd", "express"));
    assertEquals(1, jobs.credits(new BigDecimal("0.5"), "standard", "standard"));
    assertEquals(180, jobs.credits(JobPrices.LONGEST, "standard", "standard"));
    assertEquals("standard", jobs.usualQuality());
    assertEquals("standard", jobs.usualPriority());
    JobPrices own =
        decode(
                Map.of(
                    "jobs",
                    Map.of(
                        "credits_per_minute",
                        0.1,
                        "qualities",
                        List.of(Map.of("quality", "raw", "multiplier", 0.3)),
                        "priorities",
                        List.of(
                            Map.of("priority", "night", "multiplier", 1L),
                            Map.of("priority", "now", "multiplier", 3L)))))
            .plans()
            .orElseThrow()
            .jobs();
    assertEquals(1, own.credits(BigDecimal.TEN, "raw", "now"));
    assertEquals(9, own.credits(new BigDecimal("100"), "raw", "now"));
    assertEquals(10, own.credits(new BigDecimal("100.1"), "raw", "now"));
    assertThrows(
        IllegalArgumentException.class, () -> own.credits(BigDecimal.TEN, "standard", "now"));
    assertThrows(
        IllegalArgumentException.class, () -> own.credits(BigDecimal.TEN, "raw", "express"));
    assertThrows(IllegalArgumentException.class, () -> own.credits(BigDecimal.ZERO, "raw", "now"));
    assertThrows(
        IllegalArgumentException.class, () -> own.credits(new BigDecimal("180.1"), "raw", "now"));
  }

  @Test
  void bundleTiers_areWhatTheDocumentSays() {
    Plans plans = decode(Map.of("bundle_tiers", List.of(bundleTier("lab")))).plans().orElseThrow();
    BundleTier tier = plans.bundleTier("lab").orElseThrow();
    assertEquals(
        new BundleTier(
            "lab",
            DataPackTier.PLUS,
            3,
            7,
            0.5,
            List.of("m-1"),
            2,
            5L,
            Set.of(FeatureFlag.SIM2REAL, FeatureFlag.TACTILE)),
        tier);
    assertEquals(List.of(FeatureFlag.SIM2REAL, FeatureFlag.TACTILE), List.copyOf(tier.flags()));
    assertTrue(plans.bundleTier("pro").isEmpty());
    assertEquals(tier, plans.firstBundleTier());
    assertEquals(plans, decode(plans.encode()).plans().orElseThrow());
  }

  @Test
  void lowBalance_isCreditsOrAPercentageOfTheMonth() {
    Map<String, Object> credits = new HashMap<>(tier("a", 2_502, 5));
    credits.put("low_balance", 50L);
    Map<String, Object> percent = new HashMap<>(tier("b", 2_502, 5));
    percent.put("low_balance", "20%");
    Plans plans =
        decode(Map.of("tiers", List.of(credits, percent, tier("c", 1, 5)))).plans().orElseThrow();
    assertEquals(new Threshold(50, false), plans.tier("a").orElseThrow().lowBalance());
    assertEquals(new Threshold(20, true), plans.tier("b").orElseThrow().lowBalance());
    assertEquals(null, plans.tier("c").orElseThrow().lowBalance());
    assertEquals(50, new Threshold(50, false).credits(2_502));
    assertEquals(501, new Threshold(20, true).credits(2_502));
    assertEquals(0, new Threshold(20, true).credits(0));
    assertEquals(plans, decode(plans.encode()).plans().orElseThrow());
  }

  @Test
  void version_isTheStatedOne_elseAHashOfWhatThePlansSay() {
    assertEquals("2026-12", decode(Map.of("version", "2026-12")).plans().orElseThrow().version());
    assertTrue(DEFAULT.version().matches("[0-9a-f]{12}"), DEFAULT.version());
    Set<String> versions = new HashSet<>(Set.of(DEFAULT.version()));
    List<Map<String, Object>> changes =
        List.of(
            Map.of("tiers", List.of(tier("free", 10, 1))),
            Map.of("tiers", List.of(tier("free", 11, 1))),
            Map.of("packages", List.of()),
            Map.of("bundle_tiers", List.of(bundleTier("lab"))),
            Map.of("bundle_tiers", List.of(bundleTier("lab"), bundleTier("lab_2"))),
            Map.of("price_book", Map.of("credit_micros", 1L)));
    for (Map<String, Object> change : changes) {
      assertTrue(versions.add(decode(change).plans().orElseThrow().version()), "" + change);
    }
    Map<String, Object> twoModels = bundleTier("lab");
    twoModels.put("vla_models", List.of("a", "b"));
    Map<String, Object> oneModel = bundleTier("lab");
    oneModel.put("vla_models", List.of("a\",\"b"));
    assertNotEquals(
        decode(Map.of("bundle_tiers", List.of(twoModels))).plans().orElseThrow().version(),
        decode(Map.of("bundle_tiers", List.of(oneModel))).plans().orElseThrow().version());
    assertEquals(
        DEFAULT.version(),
        decode(Map.of("validation_errors", List.of("x"), "description", "for people"))
            .plans()
            .orElseThrow()
            .version());
  }

  @Test
  void priceBook_isWhatTheDocumentSays() {
    Plans plans =
        decode(
                Map.of(
                    "price_book",
                    Map.of(
                        "credit_micros",
                        1_000L,
                        "markup_percent",
                        12.5,
                        "markups",
                        List.of(
                            Map.of("tier", "pro", "percent", 0L),
                            Map.of("provider", "acme", "model_id", "m", "percent", 33.33)))))
            .plans()
            .orElseThrow();
    assertEquals(1_000, plans.priceBook().creditMicros());
    assertEquals(1_250, plans.priceBook().markup("free", "x", "y"));
    assertEquals(0, plans.priceBook().markup("pro", "x", "y"));
    assertEquals(3_333, plans.priceBook().markup("pro", "acme", "m"));
    assertEquals(plans, decode(plans.encode()).plans().orElseThrow());
  }

  @Test
  void invalidDocument_isRefusedWithAllFaultsAtOnce() {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("version", "");
    document.put("tiers", List.of(tier("Free", -1, 1), tier("a", 1, 181), tier("a", 1, 1)));
    document.put(
        "packages",
        List.of(
            Map.of("credits", 0L, "price_cents", 1L),
            Map.of("credits", 5L, "price_cents", 2L),
            Map.of("credits", 5L, "price_cents", 3L),
            Map.of("credits", 6L, "price_cents", 3L)));
    document.put(
        "jobs",
        Map.of(
            "credits_per_minute",
            0L,
            "qualities",
            List.of(
                Map.of("quality", "hd", "multiplier", 1.00001),
                Map.of("quality", "hd", "multiplier", 2L)),
            "priorities",
            List.of()));
    Map<String, Object> lab = bundleTier("lab");
    lab.put("flags", List.of("time_travel", "tactile", "tactile"));
    lab.put("data_pack_tier", "huge");
    lab.put("min_quality_score", 1.5);
    lab.put("monthly_scene_quota", -2L);
    document.put("bundle_tiers", List.of(lab));
    document.put(
        "price_book",
        Map.of("credit_micros", 0L, "markups", List.of(Map.of("tier", "pro", "percent", 1L))));
    document.put("teirs", List.of());
    assertEquals(
        List.of(
            "version",
            "tiers[0].tier",
            "tiers[0].monthly_credits",
            "tiers[1].longest_job_min",
            "packages[0].credits",
            "packages[2]",
            "packages[3]",
            "jobs.credits_per_minute",
            "jobs.qualities[0].multiplier",
            "jobs.qualities[1]",
            "jobs.priorities",
            "bundle_tiers[0].data_pack_tier",
            "bundle_tiers[0].min_quality_score",
            "bundle_tiers[0].monthly_scene_quota",
            "bundle_tiers[0].flags[0]",
            "bundle_tiers[0].flags[2]",
            "price_book.credit_micros",
            "price_book.markups[0].tier",
            "tiers[2]",
            "teirs"),
        faulty(document));
  }

  @Test
  void packagesWithoutAReadablePrice_areNoTwins() {
    assertEquals(
        List.of("packages[1].price_cents", "packages[2].price_cents", "packages[3].credits"),
        faulty(
            Map.of(
                "packages",
                List.of(
                    Map.of("credits", 1L, "price_cents", 1L),
                    Map.of("credits", 2L),
                    Map.of("credits", 3L, "price_cents", "dear"),
                    Map.of("credits", "many", "price_cents", 4L)))));
  }

  @Test
  void description_isATextForPeople() {
    assertEquals(List.of("description"), faulty(Map.of("description", 5L)));
    assertEquals(List.of("description"), faulty(Map.of("description", "x".repeat(101))));
    assertEquals(List.of(), faulty(Map.of("description", "x".repeat(100))));
  }

  @Test
  void unknownFlag_isAnsweredWithAllThatAreKnown() {
    Map<String, Object> lab = bundleTier("lab");
    lab.put("flags", List.of("time_travel"));
    lab.put("vla_models", List.of(5L));
    List<String> messages =
        decode(Map.of("bundle_tiers", List.of(lab))).faults().stream()
            .map(Violation::message)
            .toList();
    assertEquals("must be a string of 1 to 100 characters", messages.get(0));
    assertTrue(messages.get(1).startsWith("must be one of audio_narration, "), "" + messages);
  }

  @Test
  void listsWithoutAnItem_orWithTooMany_areFaults() {
    assertEquals(List.of("tiers"), faulty(Map.of("tiers", List.of())));
    assertEquals(List.of("bundle_tiers"), faulty(Map.of("bundle_tiers", List.of())));
    assertEquals(List.of(), faulty(Map.of("packages", List.of())));
    List<Object> tiers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      tiers.add(tier("t" + i, 1, 1));
    }
    assertEquals(List.of(), faulty(Map.of("tiers", tiers)));
    tiers.add(tier("t50", 1, 1));
    assertEquals(List.of("tiers"), faulty(Map.of("tiers", tiers)));
  }

  @Test
  void invalidPriceBook_isRefusedWithAllFaultsAtOnce() {
    assertEquals(
        List.of("price_book.credit_micros", "price_book.markup_percent", "price_book.markups[0]"),
        faults(
            Map.of(
                "credit_micros",
                0L,
                "markup_percent",
                0.001,
                "markups",
                List.of(Map.of("provider", "", "percent", 1L)))));
    assertEquals(
        List.of("price_book.markups[0]"),
        faults(Map.of("markups", List.of(Map.of("model_id", "m", "percent", 1L)))));
    assertEquals(
        List.of("price_book.markups"),
        faults(
            Map.of(
                "markups",
                List.of(
                    Map.of("tier", "pro", "percent", 1L), Map.of("tier", "pro", "percent", 2L)))));
    assertEquals(List.of("price_book.markup_percent"), faults(Map.of("markup_percent", -1L)));
    assertEquals(List.of("price_book.markup_percent"), faults(Map.of("markup_percent", "20")));
    assertEquals(
        List.of("price_book.markups[0].percent"),
        faults(Map.of("markups", List.of(Map.of("tier", "pro")))));
  }

  private static final List<Object> WRONG =
      List.of(
          "10000",
          "",
          true,
          Instant.EPOCH,
          Double.NaN,
          Double.POSITIVE_INFINITY,
          1e300,
          -1L,
          Long.MAX_VALUE,
          0.001,
          Map.of("a", 1L),
          List.of("a"),
          List.of(List.of()));

  @Test
  void wrongTypeInAPriceBook_isAFaultOfTheDocument_neverAnException() {
    for (Object value : WRONG) {
      assertEquals(List.of("price_book.credit_micros"), faults(Map.of("credit_micros", value)));
      assertEquals(List.of("price_book.markup_percent"), faults(Map.of("markup_percent", value)));
      assertTrue(faults(Map.of("markups", value)).get(0).startsWith("price_book.markups"));
      assertTrue(
          faults(Map.of("markups", List.of(value))).get(0).startsWith("price_book.markups[0]"));
      assertEquals(
          List.of("price_book.markups[0].percent"),
          faults(Map.of("markups", List.of(Map.of("tier", "pro", "percent", value)))));
      if (!value.equals("10000")) {
        for (String scope : List.of("tier", "provider", "model_id")) {
          assertEquals(
              List.of("price_book.markups[0]"),
              faults(Map.of("markups", List.of(Map.of(scope, value, "percent", 1L)))));
        }
      }
      if (!(value instanceof Map)) {
        assertEquals(List.of("price_book"), faulty(Map.of("price_book", value)));
      }
      if (!(value instanceof Long) && !value.equals("10000")) {
        assertEquals(List.of("version"), faulty(Map.of("version", value)));
      }
    }
    assertEquals(List.of("price_book.credit_micros"), faults(Map.of("credit_micros", 10.5)));
    Map<String, Object> noPercent = new HashMap<>(Map.of("tier", "pro"));
    noPercent.put("percent", null);
    assertEquals(
        List.of("price_book.markups[0].percent"), faults(Map.of("markups", List.of(noPercent))));
  }

  @Test
  void wrongTypeAnywhere_isAFaultWhereItIs_neverAnException() {
    for (String part : DefaultPlans.FIELDS.keySet()) {
      for (Object value : WRONG) {
        Map<String, Object> document = Map.of(part, value);
        for (String field : faulty(document)) {
          assertTrue(field.startsWith(part), field + " of " + document);
        }
        assertTrue(decode(document).plans().isEmpty(), "" + document);
      }
    }
  }

  /** Any value anywhere in the document makes it valid or gives faults; nothing throws. */
  @Test
  void documentWithOneValueReplaced_isDecidedWithoutAnException() {
    for (long seed = 1; seed <= 3_000; seed++) {
      Random random = new Random(seed);
      Object wrong = WRONG.get(random.nextInt(WRONG.size()));
      Object changed = replaced(DefaultPlans.FIELDS, wrong, random);
      Map<String, Object> document = new LinkedHashMap<>();
      ((Map<?, ?>) changed).forEach((name, value) -> document.put("" + name, value));
      Plans.Decoded decoded = decode(document);
      assertEquals(decoded.plans().isEmpty(), !decoded.faults().isEmpty(), "seed " + seed);
      decoded
          .plans()
          .ifPresent(plans -> assertEquals(plans, decode(plans.encode()).plans().orElseThrow()));
    }
  }

  private static Object replaced(Object value, Object wrong, Random random) {
    if (value instanceof Map<?, ?> map && !map.isEmpty()) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((name, member) -> copy.put("" + name, member));
      String chosen = List.copyOf(copy.keySet()).get(random.nextInt(copy.size()));
      copy.put(chosen, replaced(copy.get(chosen), wrong, random));
      return copy;
    }
    if (value instanceof List<?> list && !list.isEmpty()) {
      List<Object> copy = new ArrayList<>(list);
      int chosen = random.nextInt(copy.size());
      copy.set(chosen, replaced(copy.get(chosen), wrong, random));
      return copy;
    }
    return wrong;
  }

  @Test
  void misspeltMembers_areFaults_notDefaults() {
    assertEquals(List.of("price_book.markup"), faults(Map.of("credit_micros", 1L, "markup", 5L)));
    assertEquals(
        List.of("price_book.markups[0].model"),
        faults(
            Map.of("markups", List.of(Map.of("provider", "acme", "model", "m", "percent", 1L)))));
    Map<String, Object> misspelt = new HashMap<>(tier("a", 1, 1));
    misspelt.put("low_balanse", 5L);
    assertEquals(List.of("tiers[0].low_balanse"), faulty(Map.of("tiers", List.of(misspelt))));
    assertEquals(List.of("packges"), faulty(Map.of("packges", List.of())));
    assertEquals(PriceBook.DEFAULT, decode(Map.of()).plans().orElseThrow().priceBook());
  }
}
