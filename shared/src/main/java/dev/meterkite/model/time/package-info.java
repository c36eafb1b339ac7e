/** Half-open periods of time: calendar windows and months from an anchor day, in any zone. */
@NullMarked
package dev.meterkite.model.time;

import org.jspecify.annotations.NullMarked;
