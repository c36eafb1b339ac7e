/** How documents come from JSON files, and from an older schema version to the present one. */
@NullMarked
package dev.meterkite.model.migration;

import org.jspecify.annotations.NullMarked;
