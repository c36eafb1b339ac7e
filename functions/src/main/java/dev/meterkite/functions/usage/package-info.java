/** Metering over HTTP and by events: records in, reports out, counters that agree with both. */
@NullMarked
package dev.meterkite.functions.usage;

import org.jspecify.annotations.NullMarked;
