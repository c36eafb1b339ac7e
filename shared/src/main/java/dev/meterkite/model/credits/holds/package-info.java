/** Documents of holds: credits set aside. */
@NullMarked
package dev.meterkite.model.credits.holds;

import org.jspecify.annotations.NullMarked;
