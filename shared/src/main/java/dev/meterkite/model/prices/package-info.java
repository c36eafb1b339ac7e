/** What calls of models cost: prices, what a call consumed, and exact amounts of money. */
@NullMarked
package dev.meterkite.model.prices;

import org.jspecify.annotations.NullMarked;
