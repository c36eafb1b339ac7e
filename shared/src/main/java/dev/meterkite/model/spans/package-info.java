/** Calls of models, as the spans of OpenTelemetry's GenAI conventions have them. */
@NullMarked
package dev.meterkite.model.spans;

import org.jspecify.annotations.NullMarked;
