/** A long workload against the local host under faults of all kinds, and its books afterwards. */
@NullMarked
package dev.meterkite.local.chaos;

import org.jspecify.annotations.NullMarked;
