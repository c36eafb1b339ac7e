/**
 * Prepaid credits. This package holds the words and document ids that its sub-packages share; it
 * uses none of them. Each sub-package uses only the ones before it:
 *
 * <ol>
 *   <li>{@code lots}: credits by expiry, and the holds that pin them
 *   <li>{@code stripe}: facts about payments and subscriptions
 *   <li>{@code journal}: transactions, tied together by their hashes
 *   <li>{@code holds}: documents of holds
 *   <li>{@code ledger}: one user's ledger and its stored form
 *   <li>{@code jobs}: podcast jobs and what they owe
 *   <li>{@code commands}: commands to a ledger
 *   <li>{@code payments}: what Stripe's facts mean for a ledger
 *   <li>{@code rules}: decides every command
 *   <li>{@code audit}: checks ledgers
 * </ol>
 */
@NullMarked
package dev.meterkite.model.credits;

import org.jspecify.annotations.NullMarked;
