/** Structured log lines on standard output, in the form that Cloud Logging reads. */
@NullMarked
package dev.meterkite.functions.log;

import org.jspecify.annotations.NullMarked;
