package dev.meterkite.model.quotas;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.time.Window;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A quota document to its state and back.
 *
 * <p>What other programs wrote counts: a document that holds only {@code tokens_used}, {@code
 * tokens_limit} and {@code reset_at} is a single window; where there are windows, a {@code
 * tokens_used} above that of the window it shows is use that they report, and is added to all
 * windows; a {@code tokens_limit} that differs is theirs. A limit of −1 is none; one that cannot be
 * read is 0, so that nothing passes.
 */
final class QuotaCodec {
  private static final long UNLIMITED = -1;

  private QuotaCodec() {}

  static QuotaState decode(Snapshot owner) {
    Map<String, @Nullable Object> fields = FieldValues.map(owner.fields());
    List<QuotaWindow> windows = new ArrayList<>();
    Map<String, @Nullable Object> stored = FieldValues.map(fields.get(ModelQuotas.WINDOWS));
    for (Window kind : Window.values()) {
      Map<String, @Nullable Object> window = FieldValues.map(stored.get(kind.wire()));
      if (!window.isEmpty()) {
        windows.add(window(kind, window));
      }
    }
    if (windows.isEmpty() && owner.exists()) {
      windows.add(window(null, fields));
    } else {
      adopt(fields, windows);
    }
    QuotaState state =
        new QuotaState(
            owner.exists(),
            FieldValues.text(fields.get(ModelQuotas.PROVIDER)),
            FieldValues.text(fields.get(ModelQuotas.MODEL_ID)),
            zone(fields.get(ModelQuotas.TIME_ZONE)),
            windows,
            reservations(fields.get(ModelQuotas.RESERVATIONS)),
            false);
    return owner.exists() && contradicts(fields, state) ? repair(state) : state;
  }

  private static QuotaState repair(QuotaState state) {
    return new QuotaState(
        state.exists(),
        state.provider(),
        state.modelId(),
        state.zone(),
        state.windows(),
        state.reservations(),
        true);
  }

  private static QuotaWindow window(@Nullable Window kind, Map<String, @Nullable Object> fields) {
    Instant start = FieldValues.instant(fields.get(ModelQuotas.STARTS_AT));
    Instant end = FieldValues.instant(fields.get(ModelQuotas.RESET_AT));
    return new QuotaWindow(
        kind,
        start == null ? Instant.EPOCH : start,
        end == null || end.isAfter(QuotaState.NEVER) ? QuotaState.NEVER : end,
        used(fields.get(ModelQuotas.TOKENS_USED)),
        limit(fields.get(ModelQuotas.TOKENS_LIMIT)),
        used(fields.get(ModelQuotas.REQUESTS_USED)),
        limit(fields.get(ModelQuotas.REQUESTS_LIMIT)));
  }

  private static void adopt(Map<String, @Nullable Object> fields, List<QuotaWindow> windows) {
    @Nullable Object mirrors = fields.get(ModelQuotas.MIRRORS);
    for (QuotaWindow shown : List.copyOf(windows)) {
      if (shown.kind() == null || !shown.kind().wire().equals(mirrors)) {
        continue;
      }
      long tokens = Math.max(0, used(fields.get(ModelQuotas.TOKENS_USED)) - shown.tokensUsed());
      long requests =
          Math.max(0, used(fields.get(ModelQuotas.REQUESTS_USED)) - shown.requestsUsed());
      @Nullable Object stated = fields.get(ModelQuotas.TOKENS_LIMIT);
      windows.replaceAll(
          window -> {
            QuotaWindow charged = window.charged(tokens, requests);
            return window.equals(shown) && stated != null
                ? charged.limited(new QuotaLimits.Limit(limit(stated), window.requestsLimit()))
                : charged;
          });
    }
  }

  private static long used(@Nullable Object value) {
    Long used = FieldValues.integer(value);
    if (used == null) {
      Double about = FieldValues.decimal(value);
      used = about == null ? 0L : Long.valueOf((long) Math.ceil(about));
    }
    return Math.max(0, Math.min(used, QuotaState.MAX_USED));
  }

  private static @Nullable Long limit(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    Long limit = FieldValues.integer(value);
    if (limit == null || limit < UNLIMITED) {
      return 0L;
    }
    return limit == UNLIMITED ? null : Long.valueOf(Math.min(limit, QuotaState.MAX_FIGURE));
  }

  private static ZoneId zone(@Nullable Object value) {
    try {
      return value instanceof String name ? ZoneId.of(name) : ZoneOffset.UTC;
    } catch (DateTimeException unknown) {
      return ZoneOffset.UTC;
    }
  }

  private static Map<String, Reservation> reservations(@Nullable Object value) {
    Map<String, Reservation> reservations = new LinkedHashMap<>();
    FieldValues.map(value)
        .forEach(
            (uuid, stored) -> {
              Map<String, @Nullable Object> fields = FieldValues.map(stored);
              Instant reservedAt = FieldValues.instant(fields.get(ModelQuotas.RESERVED_AT));
              Long tokens = FieldValues.integer(fields.get(ModelQuotas.TOKENS));
              if (reservedAt != null && tokens != null && reservations.size() < readable()) {
                Long requests = FieldValues.integer(fields.get(ModelQuotas.REQUESTS));
                reservations.put(
                    uuid,
                    new Reservation(
                        clamp(tokens),
                        requests == null ? 1 : clamp(requests),
                        reservedAt,
                        FieldValues.instant(fields.get(ModelQuotas.EXPIRES_AT))));
              }
            });
    return reservations;
  }

  private static int readable() {
    return QuotaState.MAX_OPEN + QuotaState.MAX_LAPSED;
  }

  private static long clamp(long amount) {
    return Math.max(0, Math.min(amount, QuotaState.MAX_FIGURE));
  }

  /** All fields but the reservations, by path. */
  private static Map<String, Object> encode(QuotaState state) {
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, ModelQuotas.PROVIDER, state.provider());
    put(fields, ModelQuotas.MODEL_ID, state.modelId());
    state
        .tightest()
        .ifPresent(
            shown -> {
              window(fields, "", shown);
              if (shown.kind() != null) {
                fields.remove(ModelQuotas.STARTS_AT);
                fields.put(ModelQuotas.MIRRORS, shown.kind().wire());
                fields.put(ModelQuotas.TIME_ZONE, state.zone().getId());
              }
            });
    for (QuotaWindow window : state.windows()) {
      if (window.kind() != null) {
        window(fields, FieldPath.of(ModelQuotas.WINDOWS, window.kind().wire()) + ".", window);
      }
    }
    fields.put(ModelQuotas.STATUS, state.status().wire());
    state.dueAt().ifPresent(due -> fields.put(ModelQuotas.QUOTA_DUE_AT, due));
    return fields;
  }

  private static void window(Map<String, Object> fields, String path, QuotaWindow window) {
    if (!window.start().equals(Instant.EPOCH)) {
      fields.put(path + ModelQuotas.STARTS_AT, window.start());
    }
    if (!window.end().equals(QuotaState.NEVER)) {
      fields.put(path + ModelQuotas.RESET_AT, window.end());
    }
    fields.put(path + ModelQuotas.TOKENS_USED, window.tokensUsed());
    put(fields, path + ModelQuotas.TOKENS_LIMIT, window.tokensLimit());
    fields.put(path + ModelQuotas.REQUESTS_USED, window.requestsUsed());
    put(fields, path + ModelQuotas.REQUESTS_LIMIT, window.requestsLimit());
  }

  private static void put(Map<String, Object> fields, String path, @Nullable Object value) {
    if (value != null) {
      fields.put(path, value);
    }
  }

  private static boolean contradicts(Map<String, @Nullable Object> stored, QuotaState state) {
    Map<String, Object> fields = encode(state);
    boolean lapsed =
        stored.get(ModelQuotas.QUOTA_DUE_AT) != null
            && !fields.containsKey(ModelQuotas.QUOTA_DUE_AT);
    return lapsed
        || fields.entrySet().stream()
            .anyMatch(field -> !field.getValue().equals(stored(stored, field.getKey())));
  }

  private static @Nullable Object stored(Map<String, @Nullable Object> fields, String path) {
    @Nullable Object value = fields;
    for (String segment : FieldPath.segments(path)) {
      value = FieldValues.map(value).get(segment);
    }
    return value;
  }

  static Map<String, Object> changes(QuotaState before, QuotaState after) {
    Map<String, Object> old = encode(before);
    Map<String, Object> changes = encode(after);
    for (String path : old.keySet()) {
      if (!changes.containsKey(path)) {
        changes.put(path, Write.REMOVED);
      }
    }
    if (before.repair() && !changes.containsKey(ModelQuotas.QUOTA_DUE_AT)) {
      changes.put(ModelQuotas.QUOTA_DUE_AT, Write.REMOVED);
    } else if (!before.repair() && before.exists()) {
      changes.entrySet().removeIf(change -> change.getValue().equals(old.get(change.getKey())));
    }
    for (QuotaWindow window : before.windows()) {
      if (window.kind() != null && absent(after, window.kind())) {
        String path = FieldPath.of(ModelQuotas.WINDOWS, window.kind().wire());
        changes.keySet().removeIf(leaf -> leaf.startsWith(path + "."));
        changes.put(path, Write.REMOVED);
      }
    }
    reservations(before.reservations(), after.reservations(), changes);
    return changes;
  }

  private static boolean absent(QuotaState state, Window kind) {
    return state.windows().stream().noneMatch(window -> window.kind() == kind);
  }

  private static void reservations(
      Map<String, Reservation> before,
      Map<String, Reservation> after,
      Map<String, Object> changes) {
    after.forEach(
        (uuid, reservation) -> {
          if (!Objects.equals(reservation, before.get(uuid))) {
            changes.put(FieldPath.of(ModelQuotas.RESERVATIONS, uuid), encode(reservation));
          }
        });
    for (String uuid : before.keySet()) {
      if (!after.containsKey(uuid)) {
        changes.put(FieldPath.of(ModelQuotas.RESERVATIONS, uuid), Write.REMOVED);
      }
    }
  }

  private static Map<String, Object> encode(Reservation reservation) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ModelQuotas.TOKENS, reservation.tokens());
    if (reservation.requests() != 1) {
      fields.put(ModelQuotas.REQUESTS, reservation.requests());
    }
    fields.put(ModelQuotas.RESERVED_AT, reservation.reservedAt());
    put(fields, ModelQuotas.EXPIRES_AT, reservation.expiresAt());
    return fields;
  }
}
