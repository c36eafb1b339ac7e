package dev.meterkite.model.prices;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where a price comes from.
 *
 * @param name the file or person
 * @param revision the file's version, or null
 * @param rowKey the key of its row, or null
 * @param fetchedAt when it was taken, or null
 */
public record PriceSource(
    String name, @Nullable String revision, @Nullable String rowKey, @Nullable Instant fetchedAt) {}
