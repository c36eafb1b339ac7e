/** Checks ledgers, and compares them with what other programs wrote. */
@NullMarked
package dev.meterkite.model.credits.audit;

import org.jspecify.annotations.NullMarked;
