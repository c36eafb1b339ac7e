package dev.meterkite.model.credits.commands;

import dev.meterkite.model.credits.journal.CallCharge;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.prices.Priced;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call of a model that is to be charged for. The markup depends on the user's tier, so what it
 * costs in credits is known only beside the ledger.
 *
 * @param usage what was consumed
 * @param at the time of the call
 * @param priced its cost at the provider
 * @param book how the cost becomes credits
 * @param plansVersion the plans that the book is from
 */
public record UsageCharge(
    CallUsage usage, Instant at, Priced priced, PriceBook book, String plansVersion) {

  /** The markup for a user of a tier, in hundredths of a percent. */
  public long markup(@Nullable String tier) {
    return book.markup(tier, usage.provider(), usage.modelId());
  }

  /** What a user of a tier is charged in micro-USD, exact. */
  public ExactMicros charge(Priced.Known known, @Nullable String tier) {
    return PriceBook.charge(known.cost(), markup(tier));
  }

  /** What a transaction or hold of a user of a tier keeps of it. */
  public CallCharge explained(Priced.Known known, String tier) {
    return new CallCharge(
        usage,
        at,
        known.cost().microsRoundedUp(),
        known.cost().text(),
        PriceBook.percent(markup(tier)),
        charge(known, tier).text(),
        known.version(),
        plansVersion);
  }

  /** Which field has no price, for the caller. */
  public Map<String, Object> figures(Priced.Unknown unknown) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("provider", usage.provider());
    figures.put("model_id", usage.modelId());
    figures.put("reason", unknown.message());
    if (!unknown.field().isEmpty()) {
      figures.put("field", "usage." + unknown.field());
    }
    return figures;
  }
}
