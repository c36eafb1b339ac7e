/** Health and circuit state of model providers. */
@NullMarked
package dev.meterkite.model.health;

import org.jspecify.annotations.NullMarked;
