/** Books what Stripe's facts mean for a user's credits. */
@NullMarked
package dev.meterkite.model.credits.payments;

import org.jspecify.annotations.NullMarked;
