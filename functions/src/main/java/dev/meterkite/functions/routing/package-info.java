/**
 * The choice of a model for a task: the catalogue, the decision, its reservation and its record.
 */
@NullMarked
package dev.meterkite.functions.routing;

import org.jspecify.annotations.NullMarked;
