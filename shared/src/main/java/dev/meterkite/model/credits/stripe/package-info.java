/** Facts about payments and subscriptions at Stripe, and how they are stored. */
@NullMarked
package dev.meterkite.model.credits.stripe;

import org.jspecify.annotations.NullMarked;
