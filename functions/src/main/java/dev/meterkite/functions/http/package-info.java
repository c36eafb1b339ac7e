/** What surrounds every HTTP function: callers, limits, JSON in and out, problem answers. */
@NullMarked
package dev.meterkite.functions.http;

import org.jspecify.annotations.NullMarked;
