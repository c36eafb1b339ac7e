/** What the product sells and for how much: the plans that count now. */
@NullMarked
package dev.meterkite.functions.plans;

import org.jspecify.annotations.NullMarked;
