package dev.meterkite.model.credits.ledger;

/**
 * The last period for which a user has had, or is deemed to have had, the monthly credits.
 *
 * @param period its first day, such as {@code 2026-11-01}
 * @param tier the tier that granted most in it
 * @param credits how many that tier grants
 */
public record MonthlyGrant(String period, String tier, long credits) {}
