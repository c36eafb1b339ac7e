package dev.meterkite.model.credits.commands;

import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.prices.Priced;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.math.BigDecimal;
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

  /** What a transaction or hold keeps of it, so that a statement can explain the charge. */
  public Map<String, Object> encode(Priced.Known known, String tier) {
    Map<String, Object> fields = new LinkedHashMap<>();
    Map<String, Object> consumed = new LinkedHashMap<>(usage.encode());
    consumed.put("at", at);
    fields.put(CreditTransactions.USAGE, consumed);
    fields.put(CreditTransactions.COST_MICROS, known.cost().microsRoundedUp());
    fields.put(CreditTransactions.COST_EXACT, known.cost().text());
    BigDecimal percent = PriceBook.percent(markup(tier));
    fields.put(
        CreditTransactions.MARKUP_PERCENT,
        percent.scale() <= 0 ? (Object) percent.longValue() : (Object) percent.doubleValue());
    fields.put(CreditTransactions.CHARGE_EXACT, charge(known, tier).text());
    fields.put(CreditTransactions.PRICE_VERSION, known.version());
    fields.put(CreditTransactions.PLANS_VERSION, plansVersion);
    return fields;
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
