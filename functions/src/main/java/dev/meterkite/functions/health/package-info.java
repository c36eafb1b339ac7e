/** Health of the providers: probes, reported outcomes, and what callers may know of it. */
@NullMarked
package dev.meterkite.functions.health;

import org.jspecify.annotations.NullMarked;
