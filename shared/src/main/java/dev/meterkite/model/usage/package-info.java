/** Usage records, what was counted for them, and their totals. */
@NullMarked
package dev.meterkite.model.usage;

import org.jspecify.annotations.NullMarked;
