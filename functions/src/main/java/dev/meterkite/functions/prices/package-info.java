/** Prices of models and the plans, as they were read a moment ago. */
@NullMarked
package dev.meterkite.functions.prices;

import org.jspecify.annotations.NullMarked;
