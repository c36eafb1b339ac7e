package dev.meterkite.functions.events;

import java.util.function.Function;

/**
 * What one document trigger listens to and what it does.
 *
 * <p>Example: {@code new Trigger("on-job-written", Schema.PodcastJobs.COLLECTION, this::react)},
 * handed to {@link Intake#accept} with each event.
 *
 * @param name the function's name
 * @param collection whose documents it listens to
 * @param reaction what it does; says by its result what happens to the event. What it throws is
 *     logged and thrown on, so that the event is delivered again
 */
public record Trigger(String name, String collection, Function<DocumentChange, Handled> reaction) {}
