package dev.meterkite.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.CreditPackage;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.quotas.QuotaStatus;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.schema.Word;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The model against the facts in facts.tsv, and those against the documents they are from. */
class FactsTest {
  private static final Path SOURCES = Path.of("..", "..", "shared", "spec");

  @Test
  void model_isWhatTheFactsSay() throws IOException {
    assertEquals(String.join("\n", facts()), String.join("\n", model()));
  }

  /** Only where the source documents lie beside the checkout. */
  @Test
  void facts_areWhatTheSourceDocumentsSay() throws IOException {
    assumeTrue(Files.isDirectory(SOURCES));
    Set<String> facts = facts();
    Set<String> withoutRequired =
        facts.stream().map(f -> f.substring(0, f.lastIndexOf('\t'))).collect(Collectors.toSet());
    List<String> missing = new ArrayList<>();
    int read = 0;
    for (String document : List.of("kitesforu-firestore.md", "blueprint-firestore-schema.md")) {
      for (String fact : markdown(Files.readAllLines(SOURCES.resolve(document)))) {
        read++;
        if (!facts.contains(fact) && !withoutRequired.contains(fact)) {
          missing.add(fact);
        }
      }
    }
    assertEquals(List.of(), missing);
    assertTrue(read >= 140, "rows read from the source documents: " + read);
  }

  private static Set<String> facts() throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                FactsTest.class.getResourceAsStream("/facts.tsv"), StandardCharsets.UTF_8))) {
      return reader
          .lines()
          .filter(line -> !line.startsWith("#"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static String fact(Object... cells) {
    return Arrays.stream(cells).map(Object::toString).collect(Collectors.joining("\t"));
  }

  private static Set<String> model() {
    Set<String> facts = new TreeSet<>();
    for (Table table : DataModel.TABLES) {
      for (Field<?> field : table.fields()) {
        facts.add(
            fact(
                "field",
                table.collection(),
                field.path(),
                field.kind().wire(),
                field.required() ? "yes" : "no"));
      }
    }
    Plans plans = DefaultPlans.PLANS;
    plans.bundleTiers().forEach(tier -> bundleTier(tier, facts));
    for (UserTier tier : plans.tiers()) {
      String name = tier.word();
      facts.add(fact("subscription_tier", name, "Monthly credits", tier.monthlyCredits()));
      facts.add(
          fact("subscription_tier", name, "Longest job in minutes", tier.longestJobMinutes()));
    }
    for (CreditPackage sold : plans.packages()) {
      facts.add(fact("credit_package", sold.credits(), "Price in USD", dollars(sold.priceCents())));
    }
    assertEquals(BigDecimal.ONE, plans.jobs().creditsPerMinute());
    plans
        .jobs()
        .qualities()
        .forEach((word, factor) -> facts.add(fact("quality", word, "Multiplier", factor)));
    plans
        .jobs()
        .priorities()
        .forEach((word, factor) -> facts.add(fact("priority", word, "Multiplier", factor)));
    for (QuotaStatus status : QuotaStatus.values()) {
      facts.add(fact("quota_status", status.wire(), "From percent", status.fromPercent()));
    }
    for (AlertType type : AlertType.values()) {
      facts.add(fact("alert_type", type.wire(), "Default severity", type.defaultSeverity().wire()));
    }
    return facts;
  }

  private static String dollars(long cents) {
    assertEquals(0, cents % 100);
    return Long.toString(cents / 100);
  }

  private static void bundleTier(BundleTier tier, Set<String> facts) {
    String name = tier.word();
    boolean foundation = name.equals("foundation");
    List<String> all = DefaultPlans.PLANS.bundleTier("enterprise").orElseThrow().vlaModels();
    assertTrue(!foundation || tier.vlaModels().equals(all));
    facts.add(fact("bundle_tier", name, "Data Tier", tier.dataPackTier().wire()));
    facts.add(fact("bundle_tier", name, "Episodes/Var", number(tier.episodesPerVariation())));
    facts.add(fact("bundle_tier", name, "Max Variations", number(tier.maxVariations())));
    facts.add(
        fact(
            "bundle_tier",
            name,
            "Min Quality",
            String.format(Locale.ROOT, "%.2f", tier.minQualityScore())));
    facts.add(fact("bundle_tier", name, "VLA Models", foundation ? "all" : list(tier.vlaModels())));
    facts.add(fact("bundle_tier", name, "Language Vars", number(tier.numLanguageVariations())));
    assertEquals(
        tier.has(FeatureFlag.AUDIO_NARRATION), tier.has(FeatureFlag.SUBTITLE_GENERATION), name);
    facts.add(fact("bundle_tier", name, "Audio/Subtitles", yes(FeatureFlag.AUDIO_NARRATION, tier)));
    facts.add(fact("bundle_tier", name, "Sim2Real", yes(FeatureFlag.SIM2REAL, tier)));
    facts.add(fact("bundle_tier", name, "Contact Rich", yes(FeatureFlag.CONTACT_RICH, tier)));
    facts.add(fact("bundle_tier", name, "Tactile", yes(FeatureFlag.TACTILE, tier)));
    facts.add(
        fact(
            "bundle_tier",
            name,
            "Feature flags",
            list(tier.flags().stream().map(Word::wire).toList())));
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String list(List<String> words) {
    return words.isEmpty() ? "none" : String.join(", ", words);
  }

  private static String yes(FeatureFlag flag, BundleTier tier) {
    return tier.has(flag) ? "Yes" : "No";
  }

  /** The rows of the tables of fields and of tiers in a document, as facts. */
  private static List<String> markdown(List<String> lines) {
    List<String> facts = new ArrayList<>();
    String section = "";
    List<String> head = List.of();
    for (String line : lines) {
      if (line.startsWith("#")) {
        section = line.replaceFirst("#+ ", "");
      }
      List<String> cells = cells(line);
      if (cells.size() < 3) {
        head = List.of();
      } else if (head.isEmpty()) {
        head = cells;
      } else if (!cells.get(0).startsWith("-")) {
        facts.addAll(row(section, head, cells));
      }
    }
    return facts;
  }

  private static List<String> cells(String line) {
    return line.startsWith("|")
        ? Arrays.stream(line.substring(1, line.lastIndexOf("|")).split("\\|", -1))
            .map(c -> c.strip().replace("`", ""))
            .toList()
        : List.of();
  }

  private static List<String> row(String section, List<String> head, List<String> cells) {
    if (head.subList(0, 2).equals(List.of("Field", "Type"))) {
      String fact = fact("field", section, cells.get(0), type(cells.get(1)));
      return head.get(2).equals("Required")
          ? List.of(fact(fact, cells.get(2).toLowerCase(Locale.ROOT)))
          : List.of(fact);
    }
    List<String> facts = new ArrayList<>();
    if (head.get(0).equals("Aspect")) {
      for (int tier = 1; tier < cells.size(); tier++) {
        facts.add(
            fact(
                "bundle_tier",
                head.get(tier).toLowerCase(Locale.ROOT),
                cells.get(0),
                cells.get(tier)));
      }
    }
    return facts;
  }

  private static String type(String word) {
    return switch (word) {
      case "int" -> "integer";
      case "bool" -> "boolean";
      case "object" -> "map";
      default -> word;
    };
  }
}
