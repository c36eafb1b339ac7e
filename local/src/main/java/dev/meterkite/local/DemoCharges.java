package dev.meterkite.local;

import dev.meterkite.functions.prices.Prices;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What the calls of the demo cost, reckoned apart from the functions that charge for them: by the
 * tokens and the prices of real models, exact, and with each call rounded up to a whole credit.
 */
final class DemoCharges {
  /** Units of {@link ExactMicros} in a pico-USD. */
  private static final BigInteger UNITS_PER_PICO = BigInteger.valueOf(10_000_000);

  private static final long CREDIT_MICROS = PriceBook.DEFAULT.creditMicros();
  private static final double MICROS_PER_USD = 1e6;

  private final List<Model> models = models();
  private final Map<String, ExactMicros> exact = new ConcurrentHashMap<>();
  private final AtomicLong roundedUp = new AtomicLong();

  /**
   * A model of the seeded catalogue.
   *
   * @param input pico-USD an input token
   * @param output pico-USD an output token
   */
  record Model(String provider, String modelId, long input, long output) {
    /** What a call costs. */
    ExactMicros cost(LlmTrace.Call call) {
      BigInteger pico =
          BigInteger.valueOf(call.context())
              .multiply(BigInteger.valueOf(input))
              .add(BigInteger.valueOf(call.generated()).multiply(BigInteger.valueOf(output)));
      return new ExactMicros(pico.multiply(UNITS_PER_PICO));
    }

    /** The {@code usage} of a call. */
    String usage(LlmTrace.Call call) {
      return """
      {"provider": "%s", "model_id": "%s", "input_tokens": %d, "output_tokens": %d}\
      """
          .formatted(provider, modelId, call.context(), call.generated());
    }
  }

  /** The models for text that the seeded catalogue prices by tokens. */
  private static List<Model> models() {
    return Prices.seedDocuments().stream()
        .map(document -> FieldValues.map(document.fields()))
        .filter(fields -> List.of("llm").equals(fields.get(ModelCatalog.TASK_TYPES)))
        .map(
            fields ->
                new Model(
                    Objects.toString(fields.get(ModelCatalog.PROVIDER)),
                    Objects.toString(fields.get(ModelCatalog.MODEL_ID)),
                    price(fields.get(ModelCatalog.INPUT_COST_MICROS_PER_MILLION)),
                    price(fields.get(ModelCatalog.OUTPUT_COST_MICROS_PER_MILLION))))
        .toList();
  }

  private static long price(@Nullable Object microsPerMillion) {
    return Objects.requireNonNull(FieldValues.integer(microsPerMillion), "a price");
  }

  /** The model of a call; the calls go round all of them. */
  Model model(long index) {
    return models.get((int) (index % models.size()));
  }

  int modelCount() {
    return models.size();
  }

  /** Counts a call that was charged. */
  void add(String user, ExactMicros cost) {
    exact.merge(user, cost, ExactMicros::plus);
    roundedUp.addAndGet(cost.partsToCover(CREDIT_MICROS));
  }

  /** What a user was charged. */
  ExactMicros of(String user) {
    return exact.getOrDefault(user, ExactMicros.ZERO);
  }

  /** Whole credits that all users were charged, each user's part of a credit left out. */
  long wholeCredits() {
    return exact.values().stream().mapToLong(each -> each.wholePartsOf(CREDIT_MICROS)).sum();
  }

  /** Compares rounding each call up with charging what it cost. */
  void show(Screen screen) {
    double cost = exact.values().stream().reduce(ExactMicros.ZERO, ExactMicros::plus).micros();
    double exactCredits = cost / CREDIT_MICROS;
    String columns = "%16s %14s";
    screen.row("", columns.formatted("each rounded up", "exact"));
    screen.row(
        "credits", columns.formatted("%,d".formatted(roundedUp.get()), number(exactCredits)));
    screen.row(
        "USD",
        columns.formatted(
            number(roundedUp.get() * CREDIT_MICROS / MICROS_PER_USD),
            number(cost / MICROS_PER_USD)));
    if (cost > 0) {
      screen.say(
          "Rounding each call up to a whole credit charges %s times as much."
              .formatted(number(roundedUp.get() / exactCredits)));
    }
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%,.2f", value);
  }
}
