package dev.meterkite.functions.quotas;

/**
 * What one run of {@code reset-quotas} did.
 *
 * @param customersReset scene counters set back to 0
 * @param modelsReset quota documents brought up to date
 * @param monthsClosed usage months closed
 * @param recordsRecounted records counted because their customer has appeared
 * @param customersAudited customers whose summaries were compared with their records
 * @param recordsRedriven records that the comparison counted
 * @param more whether work is left for the next run
 */
record SweepResult(
    long customersReset,
    long modelsReset,
    long monthsClosed,
    long recordsRecounted,
    long customersAudited,
    long recordsRedriven,
    boolean more) {}
