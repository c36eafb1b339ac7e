/** Calls of models that OpenTelemetry tells of, as debits of users and usage of customers. */
@NullMarked
package dev.meterkite.functions.spans;

import org.jspecify.annotations.NullMarked;
