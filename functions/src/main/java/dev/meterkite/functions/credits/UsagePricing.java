package dev.meterkite.functions.credits;

import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.prices.Prices;
import dev.meterkite.model.credits.commands.UsageCharge;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.prices.Priced;
import dev.meterkite.model.schema.Violation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What calls of models are charged, by the prices of their time and the plans of now. */
final class UsagePricing {
  /** How far ahead of our clock a call may be. */
  private static final Duration AHEAD = Duration.ofMinutes(5);

  private final Prices prices;
  private final CurrentPlans plans;
  private final InstantSource clock;

  UsagePricing(Prices prices, CurrentPlans plans, InstantSource clock) {
    this.prices = prices;
    this.plans = plans;
    this.clock = clock;
  }

  /** The problem of a call that lies ahead; empty for any other. */
  Optional<Problem> early(UsageInput usage) {
    Instant at = usage.at();
    return at == null || !at.isAfter(clock.instant().plus(AHEAD))
        ? Optional.empty()
        : Optional.of(
            Problem.invalid(
                List.of(
                    new Violation(
                        "usage.at",
                        Violation.OUT_OF_RANGE,
                        "must be at most 5 minutes from now"))));
  }

  /** What a call is charged by. */
  UsageCharge charge(UsageInput usage) {
    Instant given = usage.at();
    Instant at = given == null ? clock.instant().truncatedTo(ChronoUnit.MICROS) : given;
    Plans now = plans.get();
    return new UsageCharge(
        usage.usage(), at, prices.cost(usage.usage(), at), now.priceBook(), now.version());
  }

  /** What a call would be charged, for a user of a tier. */
  Answer quote(UsageInput usage, @Nullable String tier) {
    Optional<Problem> early = early(usage);
    if (early.isPresent()) {
      return Answer.problem(early.get());
    }
    UsageCharge charge = charge(usage);
    if (!(charge.priced() instanceof Priced.Known known)) {
      return Answer.problem(unknownPrice().with(charge.figures((Priced.Unknown) charge.priced())));
    }
    ExactMicros whole = charge.charge(known, tier);
    long creditMicros = charge.book().creditMicros();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("credits", whole.partsToCover(creditMicros));
    answer.put("credits_exact", whole.partsText(creditMicros));
    answer.put("cost_micros", known.cost().microsRoundedUp());
    answer.put("cost_exact", known.cost().text());
    answer.put("markup_percent", PriceBook.percent(charge.markup(tier)));
    answer.put("breakdown", known.lines().stream().map(UsagePricing::line).toList());
    answer.put("price_version", known.version());
    answer.put("plans_version", charge.plansVersion());
    return Answer.ok(answer);
  }

  /** A part of a cost; its price is of a million units, as the catalogue's are. */
  private static Map<String, Object> line(Priced.Line line) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("kind", line.kind());
    fields.put("quantity", line.quantity());
    fields.put("price_micros", line.component().price());
    fields.put("cost_micros", line.cost().microsRoundedUp());
    fields.put("cost_exact", line.cost().text());
    return fields;
  }

  /** 400 {@code unknown_price}; figures say what has none. */
  static Problem unknownPrice() {
    return Problem.of(400, "unknown_price", "Something that the call consumed has no known price.");
  }
}
