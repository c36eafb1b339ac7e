/** One user's ledger: its state, its stored form, and the decisions that change it. */
@NullMarked
package dev.meterkite.model.credits.ledger;

import org.jspecify.annotations.NullMarked;
