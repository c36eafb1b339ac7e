/** The data model as a whole. */
@NullMarked
package dev.meterkite.model;

import org.jspecify.annotations.NullMarked;
