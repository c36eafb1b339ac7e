package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Change;
import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
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
      String quota, Instant start, Instant end, long tokens, long requests, boolean open) {
    boolean has(Instant at) {
      return !at.isBefore(start) && at.isBefore(end);
    }
  }

  /** A reservation as it was made. */
  record Reserved(Instant at, long tokens) {}

  private final Map<String, Integer> reports = new HashMap<>();
  private final List<Window> windows = new ArrayList<>();
  private final Map<String, Map<String, Reserved>> reservations = new HashMap<>();
  private final Documents documents;

  /** What was deleted because its time was over. */
  private final Documents archive;

  EarlierStates(Simulation simulation, Documents documents) {
    this.documents = documents;
    this.archive = new Documents(simulation, documents.platform());
    documents.listen(this::changed);
  }

  /** A document is about to be deleted because its time is over. */
  void expires(Snapshot document) {
    archive.apply(List.of(Mutation.replace(document.ref(), document.fields())));
  }

  /** What was deleted because its time was over. */
  Documents archive() {
    return archive;
  }

  /** A document as it is, or as it was when it expired. */
  Snapshot lastOf(DocRef ref) {
    Snapshot present = documents.get(ref);
    return present.exists() ? present : archive.get(ref);
  }

  /** All reservations of a quota, by their id. */
  Map<String, Reserved> reservations(String quota) {
    return reservations.getOrDefault(quota, Map.of());
  }

  /** The windows of a quota that are over. */
  List<Window> windowsOf(String quota) {
    return windows.stream().filter(each -> each.quota().equals(quota)).toList();
  }

  /** The window that runs; null where a quota has none. */
  static @Nullable Window present(Snapshot quota) {
    Map<?, ?> window = window(quota);
    return window.get(ModelQuotas.STARTS_AT) instanceof Instant start
            && window.get(ModelQuotas.RESET_AT) instanceof Instant end
        ? window(quota, window, start, end)
        : null;
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
      windows.add(window(change.before(), before, start, end));
    }
    Map<String, Reserved> known =
        reservations.computeIfAbsent(change.ref().id(), unused -> new HashMap<>());
    Map<?, ?> earlier = open(change.before());
    open(change.after())
        .forEach(
            (id, open) -> {
              if (!earlier.containsKey(id)
                  && open instanceof Map<?, ?> reservation
                  && reservation.get(ModelQuotas.RESERVED_AT) instanceof Instant at) {
                known.putIfAbsent(
                    String.valueOf(id),
                    new Reserved(at, number(reservation.get(ModelQuotas.TOKENS))));
              }
            });
  }

  private static Window window(Snapshot quota, Map<?, ?> window, Instant start, Instant end) {
    boolean isOpen =
        open(quota).values().stream()
            .anyMatch(
                each -> each instanceof Map<?, ?> one && one.get(ModelQuotas.EXPIRES_AT) != null);
    return new Window(
        quota.ref().id(),
        start,
        end,
        number(window.get(ModelQuotas.TOKENS_USED)),
        number(window.get(ModelQuotas.REQUESTS_USED)),
        isOpen);
  }

  private static Map<?, ?> open(Snapshot quota) {
    return quota.fields().get(ModelQuotas.RESERVATIONS) instanceof Map<?, ?> all ? all : Map.of();
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
