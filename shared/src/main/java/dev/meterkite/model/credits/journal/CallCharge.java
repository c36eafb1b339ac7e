package dev.meterkite.model.credits.journal;

import dev.meterkite.model.prices.CallUsage;
import java.math.BigDecimal;
import java.time.Instant;

/**
 * What a transaction or a hold keeps of the call of a model that it charges, so that a statement
 * can explain the amount.
 *
 * @param usage what the call consumed
 * @param at when
 * @param costMicros the cost at the provider in micro-USD, rounded up
 * @param costExact the cost in micro-USD as an exact decimal number
 * @param markupPercent the markup of the user's tier, in percent
 * @param chargeExact cost and markup in micro-USD as an exact decimal number
 * @param priceVersion the version of the price
 * @param plansVersion the version of the plans
 */
public record CallCharge(
    CallUsage usage,
    Instant at,
    long costMicros,
    String costExact,
    BigDecimal markupPercent,
    String chargeExact,
    String priceVersion,
    String plansVersion) {}
