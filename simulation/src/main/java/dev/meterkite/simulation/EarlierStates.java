package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Change;
import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What documents said before they were changed, where the last state does not tell. */
final class EarlierStates {
  /** Characters of a name-based UUID, with which the memory of a report begins. */
  private static final int UUID = 36;

  /**
   * A window of a quota that is over.
   *
   * @param quota the id of the quota's document
   * @param open whether reservations were open when it was over
   */
  record Window(
      String quota, Instant start, Instant end, long tokens, long requests, boolean open) {}

  private final Map<String, Integer> reports = new HashMap<>();
  private final List<Window> windows = new ArrayList<>();

  EarlierStates(Documents documents) {
    documents.listen(this::changed);
  }

  /** How often the report with this memory was counted. */
  int counted(String report) {
    return reports.getOrDefault(report, 0);
  }

  /** Everything that was counted as a report. */
  Set<String> reports() {
    return reports.keySet();
  }

  /** The windows that are over. */
  List<Window> windows() {
    return windows;
  }

  private void changed(Change change) {
    String collection = change.ref().collection();
    if (collection.equals(ModelProviderHealth.COLLECTION)) {
      health(change);
    } else if (collection.equals(ModelQuotas.COLLECTION)) {
      quota(change);
    }
  }

  private void health(Change change) {
    Set<Object> before = new HashSet<>(recent(change.before()));
    for (Object each : recent(change.after())) {
      if (!before.contains(each) && each instanceof String text && text.length() >= UUID) {
        reports.merge(text.substring(0, UUID), 1, Integer::sum);
      }
    }
  }

  private static List<?> recent(Snapshot health) {
    return health.fields().get(ModelProviderHealth.RECENT_KEYS) instanceof List<?> list
        ? list
        : List.of();
  }

  private void quota(Change change) {
    Map<?, ?> before = window(change.before());
    Map<?, ?> after = window(change.after());
    if (before.get(ModelQuotas.STARTS_AT) instanceof Instant start
        && after.get(ModelQuotas.STARTS_AT) instanceof Instant next
        && !Objects.equals(start, next)
        && before.get(ModelQuotas.RESET_AT) instanceof Instant end) {
      boolean open =
          change.before().fields().get(ModelQuotas.RESERVATIONS) instanceof Map<?, ?> all
              && all.values().stream()
                  .anyMatch(each -> each instanceof Map<?, ?> one && one.get("expires_at") != null);
      windows.add(
          new Window(
              change.ref().id(),
              start,
              end,
              number(before.get(ModelQuotas.TOKENS_USED)),
              number(before.get(ModelQuotas.REQUESTS_USED)),
              open));
    }
  }

  private static Map<?, ?> window(Snapshot quota) {
    return quota.fields().get(ModelQuotas.WINDOWS) instanceof Map<?, ?> windows
            && windows.get("month") instanceof Map<?, ?> window
        ? window
        : Map.of();
  }

  private static long number(@Nullable Object value) {
    return value instanceof Long number ? number : 0;
  }
}
