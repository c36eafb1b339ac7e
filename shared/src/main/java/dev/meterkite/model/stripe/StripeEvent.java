package dev.meterkite.model.stripe;

import java.time.Instant;
import java.util.Map;

/**
 * An event as Stripe posts it.
 *
 * @param id its id; the same change may be told by several events
 * @param type such as {@code invoice.paid}
 * @param created when Stripe made it, in whole seconds
 * @param object what it is about, as it was then: JSON as null, Boolean, BigDecimal, String, List
 *     and Map
 */
public record StripeEvent(String id, String type, Instant created, Map<String, Object> object) {}
