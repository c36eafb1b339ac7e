/** The whole system in one thread: functions, store, events, clients and faults from one seed. */
@org.jspecify.annotations.NullMarked
package dev.meterkite.simulation;
