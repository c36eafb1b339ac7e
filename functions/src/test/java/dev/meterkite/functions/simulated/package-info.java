/**
 * Firestore and what the platform puts around it, in memory and virtual time, all from one seed.
 *
 * <p>{@code Documents} is the database; {@code SimulatedStore} the way to it, with the service's
 * pace and faults of calls; {@code MemoryStore} the same for callers who wait. {@code
 * EventDelivery}, {@code ScheduledCalls} and {@code TimeToLive} do what Eventarc, Cloud Scheduler
 * and the service's deletion of expired documents may do. {@code Platform} switches between the
 * emulator and the documented service. The contract of stores and {@code StoresAgreeTest} keep it
 * true.
 */
package dev.meterkite.functions.simulated;
