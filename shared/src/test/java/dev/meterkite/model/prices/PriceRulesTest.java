package dev.meterkite.model.prices;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.CallUsage.Quantity;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What calls cost, and which version of a price is charged. */
class PriceRulesTest {
  private static final Instant JAN = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant MAR = Instant.parse("2026-03-01T00:00:00Z");

  private static PriceComponent token(Meter meter, long price) {
    return PriceComponent.of(meter, PriceUnit.TOKEN, price);
  }

  private static PriceVersion version(
      PriceStatus status, Instant from, Instant to, PriceComponent... components) {
    return new PriceVersion(
        "acme", "m/1", "chat", from, to, null, status, null, false, List.of(components));
  }

  private static PriceVersion active(PriceComponent... components) {
    return version(PriceStatus.ACTIVE, JAN, null, components);
  }

  private static CallUsage usage(Object... counts) {
    Map<Quantity, BigDecimal> quantities = new LinkedHashMap<>();
    for (int i = 0; i < counts.length; i += 2) {
      quantities.put((Quantity) counts[i], new BigDecimal(String.valueOf(counts[i + 1])));
    }
    return new CallUsage("acme", "m/1", quantities, ServiceTier.STANDARD, null);
  }

  private static String cost(PriceVersion price, CallUsage usage) {
    Priced priced = PriceRules.cost(price, "v", usage);
    return priced instanceof Priced.Known known
        ? known.cost().text()
        : "unknown " + ((Priced.Unknown) priced).field();
  }

  @Test
  void tokens_costTheirPrices_exactly() {
    PriceVersion price = active(token(Meter.INPUT, 2_500_000), token(Meter.OUTPUT, 10_000_000));
    assertEquals(
        "2602.5", cost(price, usage(Quantity.INPUT_TOKENS, 1_001, Quantity.OUTPUT_TOKENS, 10)));
    assertEquals("0", cost(price, usage()));
    assertEquals("0.000001", cost(active(token(Meter.INPUT, 1)), usage(Quantity.INPUT_TOKENS, 1)));
  }

  @Test
  void partsOfInputAndOutput_countOnce_eachAtItsOwnPrice() {
    PriceVersion price =
        active(
            token(Meter.INPUT, 1_000_000),
            token(Meter.CACHED_READ, 100_000),
            token(Meter.CACHED_WRITE, 1_250_000),
            token(Meter.CACHED_WRITE_1H, 2_000_000),
            token(Meter.OUTPUT, 5_000_000),
            token(Meter.REASONING, 7_000_000));
    CallUsage usage =
        usage(
            Quantity.INPUT_TOKENS, 1_000,
            Quantity.CACHED_INPUT_TOKENS, 400,
            Quantity.CACHE_WRITE_TOKENS, 300,
            Quantity.CACHE_WRITE_1H_TOKENS, 100,
            Quantity.OUTPUT_TOKENS, 50,
            Quantity.REASONING_TOKENS, 20);
    // 300 + 40 + 250 + 200 + 150 + 140
    assertEquals("1080", cost(price, usage));
  }

  @Test
  void tokensWithoutAPriceOfTheirOwn_haveTheFallbacks_andOthersNone() {
    PriceVersion price = active(token(Meter.INPUT, 1_000_000), token(Meter.OUTPUT, 2_000_000));
    assertEquals(
        "10", cost(price, usage(Quantity.INPUT_TOKENS, 10, Quantity.CACHED_INPUT_TOKENS, 5)));
    assertEquals(
        "10", cost(price, usage(Quantity.INPUT_TOKENS, 10, Quantity.CACHE_WRITE_TOKENS, 5)));
    assertEquals(
        "20", cost(price, usage(Quantity.OUTPUT_TOKENS, 10, Quantity.REASONING_TOKENS, 5)));
    assertEquals(
        "10", cost(price, usage(Quantity.INPUT_TOKENS, 10, Quantity.AUDIO_INPUT_TOKENS, 10)));
    assertEquals(
        "unknown image_output_tokens",
        cost(price, usage(Quantity.OUTPUT_TOKENS, 10, Quantity.IMAGE_OUTPUT_TOKENS, 5)));
    assertEquals("unknown characters", cost(price, usage(Quantity.CHARACTERS, 5)));
    assertEquals("unknown audio_seconds", cost(price, usage(Quantity.AUDIO_SECONDS, 5)));
    assertEquals("unknown searches", cost(price, usage(Quantity.SEARCHES, 1)));
  }

  @Test
  void secondsAndImages_byInputOrOutput_costTheSame_andNarrowerMetersComeFirst() {
    for (Meter meter : List.of(Meter.INPUT, Meter.AUDIO_IN, Meter.OUTPUT, Meter.AUDIO_OUT)) {
      PriceVersion price = active(PriceComponent.of(meter, PriceUnit.SECOND, 100_000_000));
      assertEquals("500", cost(price, usage(Quantity.AUDIO_SECONDS, 5)), meter.wire());
    }
    for (Meter meter : List.of(Meter.INPUT, Meter.IMAGE_IN, Meter.OUTPUT, Meter.IMAGE_OUT)) {
      PriceVersion price = active(PriceComponent.of(meter, PriceUnit.IMAGE, 1_000_000));
      assertEquals("2", cost(price, usage(Quantity.IMAGES, 2)), meter.wire());
    }
    PriceVersion both =
        active(
            PriceComponent.of(Meter.INPUT, PriceUnit.SECOND, 1_000_000),
            PriceComponent.of(Meter.AUDIO_IN, PriceUnit.SECOND, 3_000_000),
            PriceComponent.of(Meter.INPUT, PriceUnit.IMAGE, 1_000_000),
            PriceComponent.of(Meter.OUTPUT, PriceUnit.IMAGE, 4_000_000));
    assertEquals(
        "7", cost(both, usage(Quantity.AUDIO_SECONDS, 1, Quantity.IMAGES, 1)), "each once");
    assertEquals(
        "unknown audio_seconds",
        cost(active(token(Meter.INPUT, 1_000_000)), usage(Quantity.AUDIO_SECONDS, 1)),
        "a price of tokens is none of seconds");
  }

  @Test
  void otherUnits_costTheirPrices() {
    assertEquals(
        "180000",
        cost(
            active(PriceComponent.of(Meter.INPUT, PriceUnit.CHARACTER, 180_000_000)),
            usage(Quantity.CHARACTERS, 1_000)));
    PriceVersion seconds = active(PriceComponent.of(Meter.AUDIO_OUT, PriceUnit.SECOND, 71_670_000));
    assertEquals("71.67", cost(seconds, usage(Quantity.AUDIO_SECONDS, 1)));
    assertEquals("0.14334", cost(seconds, usage(Quantity.AUDIO_SECONDS, "0.002")));
    assertEquals(
        "80000",
        cost(
            active(PriceComponent.of(Meter.IMAGE_OUT, PriceUnit.IMAGE, 40_000_000_000L)),
            usage(Quantity.IMAGES, 2)));
    assertEquals(
        "5003",
        cost(
            active(
                token(Meter.INPUT, 1_000_000),
                PriceComponent.of(Meter.REQUEST, PriceUnit.REQUEST, 5_000_000_000L)),
            usage(Quantity.INPUT_TOKENS, 3)),
        "a price a request counts once a call");
  }

  @Test
  void zero_isAPriceOnlyWhereItIsFree() {
    PriceComponent[] zero = {token(Meter.INPUT, 0), token(Meter.OUTPUT, 0)};
    CallUsage usage = usage(Quantity.INPUT_TOKENS, 10, Quantity.OUTPUT_TOKENS, 1);
    assertEquals("unknown input_tokens", cost(active(zero), usage));
    assertEquals("0", cost(version(PriceStatus.FREE, JAN, null, zero), usage));
    PriceComponent[] some = {token(Meter.INPUT, 1_000_000), token(Meter.CACHED_READ, 0)};
    assertEquals("10", cost(active(some), usage(Quantity.INPUT_TOKENS, 10)));
    assertEquals(
        "unknown cached_input_tokens",
        cost(active(some), usage(Quantity.INPUT_TOKENS, 10, Quantity.CACHED_INPUT_TOKENS, 1)));
    assertEquals("unknown ", cost(version(PriceStatus.UNKNOWN, JAN, null), usage));
    assertEquals("unknown ", cost(version(PriceStatus.HELD, JAN, null, some), usage));
  }

  @ParameterizedTest
  @CsvSource({
    "128000, 128000",
    "128001, 256002",
    "200000, 400000",
    "200001, 600003",
  })
  void call_isChargedAsAWhole_atTheHighestStepThatItExceeds(long input, String micros) {
    PriceVersion price =
        active(
            token(Meter.INPUT, 1_000_000),
            token(Meter.INPUT, 2_000_000).above(Meter.INPUT, 128_000),
            token(Meter.INPUT, 3_000_000).above(Meter.INPUT, 200_000));
    assertEquals(micros, cost(price, usage(Quantity.INPUT_TOKENS, input)));
    assertEquals(
        micros,
        cost(price, usage(Quantity.INPUT_TOKENS, input, Quantity.CACHED_INPUT_TOKENS, input - 1)),
        "cached tokens count for the step");
  }

  @Test
  void stepsByResults_needTheResults() {
    PriceComponent query = PriceComponent.of(Meter.SEARCH, PriceUnit.QUERY, 5_000_000_000L);
    PriceComponent more =
        PriceComponent.of(Meter.SEARCH, PriceUnit.QUERY, 25_000_000_000L).above(Meter.RESULTS, 25);
    PriceVersion price = active(query, more);
    assertEquals("unknown searches", cost(price, usage(Quantity.SEARCHES, 1)));
    assertEquals("5000", cost(price, usage(Quantity.SEARCHES, 1, Quantity.RESULTS, 25)));
    assertEquals("50000", cost(price, usage(Quantity.SEARCHES, 2, Quantity.RESULTS, 26)));
  }

  @Test
  void services_haveTheirOwnPrices_neverDerivedOnes() {
    PriceVersion price =
        active(token(Meter.INPUT, 1_000_000), token(Meter.INPUT, 545_000).in(ServiceTier.BATCH));
    Map<Quantity, BigDecimal> ten = Map.of(Quantity.INPUT_TOKENS, BigDecimal.TEN);
    assertEquals("5.45", cost(price, new CallUsage("acme", "m/1", ten, ServiceTier.BATCH, null)));
    assertEquals(
        "unknown input_tokens",
        cost(price, new CallUsage("acme", "m/1", ten, ServiceTier.FLEX, null)));
  }

  @Test
  void searchesOfASize_needTheSize() {
    List<PriceComponent> sizes = new ArrayList<>();
    long dollars = 6_000_000_000L;
    for (SearchSize size : SearchSize.values()) {
      sizes.add(
          new PriceComponent(
              Meter.REQUEST, PriceUnit.REQUEST, dollars, null, ServiceTier.STANDARD, size));
      dollars += 4_000_000_000L;
    }
    PriceVersion price = active(sizes.toArray(PriceComponent[]::new));
    assertEquals("unknown requests", cost(price, usage()));
    assertEquals(
        "10000",
        cost(
            price,
            new CallUsage("acme", "m/1", Map.of(), ServiceTier.STANDARD, SearchSize.MEDIUM)));
  }

  @Test
  void usage_thatContradictsItself_isNone() {
    assertThrows(
        IllegalArgumentException.class,
        () -> usage(Quantity.INPUT_TOKENS, 1, Quantity.CACHED_INPUT_TOKENS, 2));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            usage(
                Quantity.INPUT_TOKENS, 3,
                Quantity.CACHED_INPUT_TOKENS, 2,
                Quantity.CACHE_WRITE_TOKENS, 2));
    assertThrows(
        IllegalArgumentException.class,
        () -> usage(Quantity.OUTPUT_TOKENS, 1, Quantity.REASONING_TOKENS, 2));
    assertThrows(IllegalArgumentException.class, () -> usage(Quantity.AUDIO_SECONDS, "0.0001"));
    assertThrows(IllegalArgumentException.class, () -> usage(Quantity.IMAGES, "0.5"));
    assertThrows(IllegalArgumentException.class, () -> usage(Quantity.IMAGES, "-1"));
  }

  private static Snapshot document(PriceVersion version) {
    return new Snapshot(
        new DocRef("model_prices", version.id()), PriceCodec.encode(version), Instant.EPOCH);
  }

  private static String charged(PriceHistory history, Instant at) {
    Priced priced = history.cost(usage(Quantity.INPUT_TOKENS, 1), at);
    return priced instanceof Priced.Known known ? known.cost().text() : "unknown";
  }

  @Test
  void call_isChargedAtThePriceOfItsOwnTime() {
    List<Snapshot> documents =
        List.of(
            document(version(PriceStatus.ACTIVE, JAN, MAR, token(Meter.INPUT, 1_000_000))),
            document(version(PriceStatus.HELD, MAR, null, token(Meter.INPUT, 99_000_000))),
            document(
                version(
                    PriceStatus.ACTIVE,
                    MAR.plus(Duration.ofDays(1)),
                    null,
                    token(Meter.INPUT, 2_000_000))));
    PriceHistory history = PriceHistory.of("acme", "m/1", documents, null);
    assertEquals("unknown", charged(history, JAN.minusNanos(1_000)));
    assertEquals("1", charged(history, JAN));
    assertEquals("1", charged(history, MAR.minusNanos(1_000)));
    assertEquals("unknown", charged(history, MAR), "a held price is none");
    assertEquals("2", charged(history, MAR.plus(Duration.ofDays(1))));
    assertEquals("2", charged(history, MAR.plus(Duration.ofDays(900))));
  }

  @Test
  void catalogue_countsOnlyWhereThereIsNoVersion() {
    Snapshot catalogue =
        new Snapshot(
            new DocRef("model_catalog", "acme_m%2F1"),
            Map.of(
                "provider",
                "acme",
                "model_id",
                "m/1",
                "input_cost_micros_per_million",
                7_000_000L,
                "cached_input_cost_micros_per_million",
                700_000L,
                "output_cost_micros_per_million",
                0L,
                "long_context",
                Map.of(
                    "above_input_tokens", 10L,
                    "input_cost_micros_per_million", 8_000_000L,
                    "output_cost_micros_per_million", 9_000_000L)),
            Instant.EPOCH);
    Snapshot version =
        document(version(PriceStatus.ACTIVE, JAN, MAR, token(Meter.INPUT, 1_000_000)));
    PriceHistory history = PriceHistory.of("acme", "m/1", List.of(version), catalogue);
    assertEquals("1", charged(history, JAN));
    assertEquals("7", charged(history, MAR));
    PriceVersion shortForm = history.at(MAR).orElseThrow().version();
    assertEquals(
        "14.7", cost(shortForm, usage(Quantity.INPUT_TOKENS, 3, Quantity.CACHED_INPUT_TOKENS, 1)));
    assertEquals("unknown output_tokens", cost(shortForm, usage(Quantity.OUTPUT_TOKENS, 1)));
    assertEquals(
        "88",
        cost(shortForm, usage(Quantity.INPUT_TOKENS, 11, Quantity.CACHED_INPUT_TOKENS, 5)),
        "above the step cached tokens are the step's input");
  }

  @Test
  void unreadableDocument_makesThePriceUnknownFromItsTimeOn() {
    Map<String, Object> wrong = new LinkedHashMap<>();
    wrong.put("effective_from", MAR);
    wrong.put("components", List.of(Map.of("meter", "input", "unit", "token", "price", "1")));
    PriceHistory history =
        PriceHistory.of(
            "acme",
            "m/1",
            List.of(
                document(version(PriceStatus.ACTIVE, JAN, null, token(Meter.INPUT, 1_000_000))),
                new Snapshot(new DocRef("model_prices", "x"), wrong, Instant.EPOCH)),
            null);
    assertEquals("1", charged(history, MAR.minusNanos(1_000)));
    assertEquals("unknown", charged(history, MAR));
    assertEquals(List.of("x"), history.refused());
  }

  @Test
  void version_isWhatItsDocumentSays() {
    PriceVersion version =
        new PriceVersion(
            "acme",
            "m/1",
            "chat",
            JAN,
            MAR,
            LocalDate.parse("2026-05-01"),
            PriceStatus.ACTIVE,
            new PriceSource("file", "r1", "acme/m/1", JAN),
            true,
            List.of(
                token(Meter.INPUT, 5),
                token(Meter.INPUT, 6).above(Meter.INPUT, 200_000).in(ServiceTier.PRIORITY)));
    PriceCodec.Decoded decoded = PriceCodec.decode(PriceCodec.encode(version));
    assertEquals(List.of(), decoded.faults());
    assertEquals(version, decoded.version().orElseThrow());
    assertEquals("acme_m%2F1_2026-01-01T00:00:00Z", version.id());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, 0, 0",
    "1, 0, 1, 1, 0",
    "99999999999999999, 9999, 9999999999999, 10000, 0",
    "100000000000000000, 10000, 0, 10000, 1",
    "100000000000000001, 10000, 1, 10001, 1",
  })
  void amount_isStoredAsMicrosAndAFraction(
      String units, long micros, long fraction, long up, long credits) {
    ExactMicros amount = new ExactMicros(new BigInteger(units));
    assertEquals(micros, amount.micros());
    assertEquals(fraction, amount.fraction());
    assertEquals(up, amount.microsRoundedUp());
    assertEquals(credits, amount.wholePartsOf(10_000));
    assertEquals(amount, ExactMicros.of(micros, fraction));
  }

  @Test
  void markup_mostSpecificCounts() {
    PriceBook book =
        new PriceBook(
            10_000,
            100,
            List.of(
                new PriceBook.Markup("pro", null, null, 200),
                new PriceBook.Markup(null, "acme", null, 300),
                new PriceBook.Markup("pro", "acme", null, 400),
                new PriceBook.Markup(null, "acme", "m", 500)));
    assertEquals(100, book.markup("free", "other", "m"));
    assertEquals(200, book.markup("pro", "other", "m"));
    assertEquals(300, book.markup("free", "acme", "x"));
    assertEquals(400, book.markup("pro", "acme", "x"));
    assertEquals(500, book.markup("pro", "acme", "m"));
    assertEquals(500, book.markup(null, "acme", "m"));
    assertEquals("300.75", PriceBook.charge(ExactMicros.of(250, 6_250_000_000_000L), 2_000).text());
    assertEquals("0.030075", ExactMicros.of(300, 7_500_000_000_000L).partsText(10_000));
  }

  @Test
  void largestCall_isCounted() {
    List<PriceComponent> components = new ArrayList<>();
    components.add(token(Meter.INPUT, PriceComponent.MAX_PRICE));
    Priced priced =
        PriceRules.cost(
            active(components.toArray(PriceComponent[]::new)),
            "v",
            usage(Quantity.INPUT_TOKENS, CallUsage.MAX_QUANTITY));
    ExactMicros cost = assertInstanceOf(Priced.Known.class, priced).cost();
    ExactMicros charge = PriceBook.charge(cost, PriceBook.MAX_MARKUP);
    assertTrue(charge.micros() < Long.MAX_VALUE, charge::text);
  }
}
