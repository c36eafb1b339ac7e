/** Flags and settings of Meterkite for programs that ask through OpenFeature. */
@NullMarked
package dev.meterkite.openfeature;

import org.jspecify.annotations.NullMarked;
