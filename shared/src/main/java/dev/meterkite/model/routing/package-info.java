/** The choice of a model for a task, and the record of each choice. */
@NullMarked
package dev.meterkite.model.routing;

import org.jspecify.annotations.NullMarked;
