package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import java.time.Instant;
import java.util.List;

/**
 * Another instance's commands, as they are taken into a commit of ours.
 *
 * @param ref the document they came in
 * @param version its update time; our commit is applied only if it is still the same
 * @param commands all of them, in order
 */
record Relay<I>(DocRef ref, Instant version, List<Pending<I>> commands) {}
