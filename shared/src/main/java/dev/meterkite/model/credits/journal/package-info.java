/** Transactions: the journal of a ledger, tied together by their hashes. */
@NullMarked
package dev.meterkite.model.credits.journal;

import org.jspecify.annotations.NullMarked;
