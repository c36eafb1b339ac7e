/** What the product sells and for how much, as data. */
@NullMarked
package dev.meterkite.model.plans;

import org.jspecify.annotations.NullMarked;
