/** Commands to one user's ledger. */
@NullMarked
package dev.meterkite.model.credits.commands;

import org.jspecify.annotations.NullMarked;
