package dev.meterkite.model.credits.holds;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The attempt of a job that a hold is for.
 *
 * @param attempt its number, counted from 1
 * @param jobCreatedAt {@code created_at} of the job, or null where it cannot be read
 */
public record JobMark(long attempt, @Nullable Instant jobCreatedAt) {}
