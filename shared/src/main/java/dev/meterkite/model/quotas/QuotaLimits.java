package dev.meterkite.model.quotas;

import dev.meterkite.model.time.Window;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The limits that the catalogue states for a model.
 *
 * @param zone whose minutes, hours, days and months they are
 * @param windows the limits of each window; empty for a model without a quota
 * @param updatedAt when the catalogue's document was last written, null if not known
 */
public record QuotaLimits(ZoneId zone, Map<Window, Limit> windows, @Nullable Instant updatedAt) {

  /** Limits of a catalogue whose age is not known. */
  public QuotaLimits(ZoneId zone, Map<Window, Limit> windows) {
    this(zone, windows, null);
  }

  /**
   * The limits of one window.
   *
   * @param tokens the most tokens, null for no limit
   * @param requests the most requests, null for no limit
   */
  public record Limit(@Nullable Long tokens, @Nullable Long requests) {
    public Limit {
      checkRange(tokens);
      checkRange(requests);
    }

    private static void checkRange(@Nullable Long limit) {
      if (limit != null && (limit < 0 || limit > QuotaState.MAX_FIGURE)) {
        throw new IllegalArgumentException("not a limit: " + limit);
      }
    }
  }

  public QuotaLimits {
    windows = Collections.unmodifiableMap(windows.isEmpty() ? Map.of() : new EnumMap<>(windows));
  }
}
