package dev.meterkite.model.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertRules;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.rules.CreditRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.usage.RateCard;
import dev.meterkite.model.usage.UsageCommand;
import dev.meterkite.model.usage.UsageRules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Commands as data: what arrives at another instance is what was sent. */
class CommandCodecTest {
  private static final int PER_TYPE = 300;
  private static final DocRef OWNER = new DocRef("users", "ann");
  private static final Query QUERY =
      Query.of("lots", 3).where("n", Query.Op.GREATER, 1.5).where("t", Query.Op.LESS, Instant.MIN);

  record Domain(String name, CommandCodec<?> codec, Class<?> input) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Domain> domains() {
    return List.of(
        new Domain(
            "credits",
            new CreditRules(ForeignBalance.PUT_BACK, DefaultPlans.PLANS).codec(),
            CreditCommand.class),
        new Domain("quotas", new QuotaRules().codec(), QuotaCommand.class),
        new Domain(
            "usage",
            new UsageRules(RateCard.DEFAULT, UsageRules.CLOSE_AFTER).codec(),
            UsageCommand.class),
        new Domain("health", new HealthRules().codec(), HealthCommand.class),
        new Domain("alerts", new AlertRules().codec(), AlertCommand.class));
  }

  @ParameterizedTest
  @MethodSource("domains")
  void everyCommand_arrivesAsItWasSent(Domain domain) {
    for (Class<?> type : domain.input().getPermittedSubclasses()) {
      for (int seed = 0; seed < PER_TYPE; seed++) {
        Object input = new AnyValue(new Random(seed)).of(type);
        Command<Object> command =
            new Command<>(
                OWNER,
                "debit-credits",
                seed % 5 == 0 ? null : "key-" + seed,
                "hash",
                input,
                seed % 5 == 0 ? List.of() : List.of(new DocRef("holds", "h"), OWNER),
                List.of(),
                List.of(new Read.Get(OWNER), new Read.Find(QUERY)));
        assertRoundTrip(domain, command);
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static void assertRoundTrip(Domain domain, Command<Object> command) {
    CommandCodec<Object> codec = (CommandCodec<Object>) domain.codec();
    Map<String, Object> tree = codec.encode(command);
    assertIsTree(tree);
    assertEquals(command, codec.decode(tree));
  }

  private static void assertIsTree(Object tree) {
    if (tree instanceof Map<?, ?> map) {
      map.keySet().forEach(key -> assertEquals(String.class, key.getClass()));
      map.values().forEach(CommandCodecTest::assertIsTree);
    } else if (tree instanceof List<?> list) {
      list.forEach(CommandCodecTest::assertIsTree);
    } else if (tree != null) {
      assertTrue(Set.of(String.class, Long.class, Boolean.class).contains(tree.getClass()));
    }
  }

  @Test
  void documentsSeen_becomeReads() {
    CommandCodec<QuotaCommand> codec = new QuotaRules().codec();
    DocRef other = new DocRef("others", "o");
    Command<QuotaCommand> command =
        new Command<>(
            OWNER,
            "sweep",
            null,
            "",
            new QuotaCommand.Sweep(),
            List.of(),
            List.of(Snapshot.absent(OWNER), Snapshot.absent(other)),
            List.of());
    Command<QuotaCommand> arrived = codec.decode(codec.encode(command));
    assertEquals(List.of(), arrived.seen());
    assertEquals(List.of(new Read.Get(other)), arrived.reads());
  }

  @ParameterizedTest
  @MethodSource("domains")
  void refusals_haveNamesOfTheirOwn(Domain domain) {
    for (Outcome outcome : outcomes(domain)) {
      String name = domain.codec().name(outcome).orElseThrow();
      assertEquals(outcome, domain.codec().outcome(name).orElseThrow());
    }
  }

  private static List<Outcome> outcomes(Domain domain) {
    return switch (domain.name()) {
      case "credits" -> List.of(dev.meterkite.model.credits.CreditOutcome.values());
      case "quotas" -> List.of(dev.meterkite.model.quotas.QuotaOutcome.values());
      case "usage" -> List.of(dev.meterkite.model.usage.UsageOutcome.values());
      case "health" -> List.of(dev.meterkite.model.health.HealthOutcome.values());
      default -> List.of();
    };
  }

  @Test
  void figures_keepTypesAndOrder() {
    CommandCodec<QuotaCommand> codec = new QuotaRules().codec();
    for (int seed = 0; seed < PER_TYPE; seed++) {
      Map<String, Object> figures = new AnyValue(new Random(seed)).untypedMap(3);
      Map<String, Object> arrived = codec.decodeFigures(codec.encodeFigures(figures));
      assertEquals(figures, arrived);
      assertEquals(List.copyOf(figures.keySet()), List.copyOf(arrived.keySet()));
    }
  }

  @Test
  void versions_differByDomainAndShape() {
    List<String> versions = new ArrayList<>();
    domains().forEach(domain -> versions.add(domain.codec().version()));
    assertEquals(versions.size(), Set.copyOf(versions).size());
    record Old(String id, long amount) {}
    record New(String id, Long amount) {}
    record Renamed(String id, long sum) {}
    assertNotEquals(version(Old.class), version(Renamed.class));
    assertNotEquals(
        ValueCodec.shape(Old.class).replace("Old", ""),
        ValueCodec.shape(New.class).replace("New", ""));
  }

  private static String version(Class<?> type) {
    return new CommandCodec<>("domain", type, List.of()).version();
  }

  @Test
  void treeOfAnotherShape_isRefused() {
    CommandCodec<QuotaCommand> codec = new QuotaRules().codec();
    Command<QuotaCommand> settle =
        new Command<>(
            OWNER,
            "settle-quota",
            "k",
            "h",
            new QuotaCommand.Settle("r", 1),
            List.of(OWNER),
            List.of(),
            List.of());
    Map<String, Object> tree = codec.encode(settle);
    Map<String, Object> input = new LinkedHashMap<>(cast(tree.get("input")));
    input.put("more", 1L);
    assertRefused(codec, tree, "input", input);
    input.remove("more");
    input.remove("tokens");
    assertRefused(codec, tree, "input", input);
    input.put("tokens", "many");
    assertRefused(codec, tree, "input", input);
    input.put("tokens", -1L);
    assertRefused(codec, tree, "input", input);
    input.put("tokens", 1L);
    input.put("$type", "Unsettle");
    assertRefused(codec, tree, "input", input);
    assertRefused(codec, tree, "operation", null);
    assertRefused(codec, tree, "markers", List.of());
    assertRefused(codec, tree, "reads", "all");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> cast(Object tree) {
    return (Map<String, Object>) tree;
  }

  private static void assertRefused(
      CommandCodec<QuotaCommand> codec, Map<String, Object> tree, String name, Object value) {
    Map<String, Object> other = new LinkedHashMap<>(tree);
    other.put(name, value);
    assertThrows(IllegalArgumentException.class, () -> codec.decode(other), name);
  }
}
