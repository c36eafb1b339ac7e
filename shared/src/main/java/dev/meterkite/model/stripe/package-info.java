/** What events of Stripe mean for credits: read leniently, decided by rules, nothing called. */
@NullMarked
package dev.meterkite.model.stripe;

import org.jspecify.annotations.NullMarked;
