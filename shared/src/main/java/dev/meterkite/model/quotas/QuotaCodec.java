package dev.meterkite.model.quotas;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.time.Window;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A quota document to its state and back.
 *
 * <p>What other programs wrote counts: a document that holds only {@code tokens_used}, {@code
 * tokens_limit} and {@code reset_at} is a single window; where there are windows, a {@code
 * tokens_used} above that of the window it shows is use that they report, and is added to all
 * windows; a {@code tokens_limit} that differs is theirs. A limit written as text or with a
 * fraction is read and floored; −1 is none; one that cannot be read is 0, so that nothing passes;
 * none of them is written over. {@code reset_at} can also be text or seconds or milliseconds since
 * 1970; a window of a kind without one is the one that contains now.
 */
final class QuotaCodec {
  private static final long UNLIMITED = -1;
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?\\d{1,30}(?:\\.\\d{1,30})?(?:[eE][+-]?\\d{1,2})?");
  private static final BigDecimal MILLIS_FROM = BigDecimal.valueOf(100_000_000_000L);
  private static final BigDecimal LAST_MILLIS = BigDecimal.valueOf(QuotaState.NEVER.toEpochMilli());

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
            upkeep(fields));
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
        state.upkeep().repairing(true));
  }

  private static QuotaState.Upkeep upkeep(Map<String, @Nullable Object> fields) {
    Set<String> theirs = new HashSet<>();
    theirs(fields, "", theirs);
    FieldValues.map(fields.get(ModelQuotas.WINDOWS))
        .forEach(
            (kind, window) ->
                theirs(
                    FieldValues.map(window),
                    FieldPath.of(ModelQuotas.WINDOWS, kind) + ".",
                    theirs));
    int stored = FieldValues.map(fields.get(ModelQuotas.RESERVATIONS)).size();
    Long count = FieldValues.integer(fields.get(ModelQuotas.RESERVATIONS_COUNT));
    boolean complete = count != null && count == stored;
    return new QuotaState.Upkeep(
        false,
        theirs,
        complete ? FieldValues.instant(fields.get(ModelQuotas.RESERVATIONS_SINCE)) : null,
        FieldValues.instant(fields.get(ModelQuotas.LIMITS_AT)));
  }

  private static void theirs(
      Map<String, @Nullable Object> fields, String path, Set<String> theirs) {
    for (String limit : List.of(ModelQuotas.TOKENS_LIMIT, ModelQuotas.REQUESTS_LIMIT)) {
      @Nullable Object value = fields.get(limit);
      if (value != null && !value.equals(limit(value))) {
        theirs.add(path + limit);
      }
    }
  }

  private static QuotaWindow window(@Nullable Window kind, Map<String, @Nullable Object> fields) {
    Instant start = FieldValues.instant(fields.get(ModelQuotas.STARTS_AT));
    Instant end = moment(fields.get(ModelQuotas.RESET_AT));
    Instant unstated = kind == null ? QuotaState.NEVER : QuotaWindow.UNSTATED;
    return new QuotaWindow(
        kind,
        start == null ? Instant.EPOCH : start,
        end == null ? unstated : end.isAfter(QuotaState.NEVER) ? QuotaState.NEVER : end,
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
    BigDecimal used = decimal(value);
    return used == null || used.signum() < 0
        ? 0
        : used.min(BigDecimal.valueOf(QuotaState.MAX_USED))
            .setScale(0, RoundingMode.CEILING)
            .longValue();
  }

  /** A timestamp, text of one, or seconds or milliseconds since 1970; null for anything else. */
  private static @Nullable Instant moment(@Nullable Object value) {
    if (value instanceof Instant moment) {
      return moment;
    }
    if (value instanceof String text && isDate(text)) {
      return date(text.strip().replace(' ', 'T'));
    }
    BigDecimal since = decimal(value);
    if (since == null || since.signum() <= 0) {
      return null;
    }
    BigDecimal millis = since.compareTo(MILLIS_FROM) >= 0 ? since : since.movePointRight(3);
    return millis.compareTo(LAST_MILLIS) > 0 ? null : Instant.ofEpochMilli(millis.longValue());
  }

  private static boolean isDate(String text) {
    return text.indexOf('-') > 0 && text.indexOf(':') > 0;
  }

  /** A date and time as RFC 3339 or Python's {@code str} writes it; without an offset it is UTC. */
  private static @Nullable Instant date(String text) {
    try {
      TemporalAccessor parsed =
          DateTimeFormatter.ISO_DATE_TIME.parseBest(
              text, OffsetDateTime::from, LocalDateTime::from);
      Instant at =
          parsed instanceof OffsetDateTime exact
              ? exact.toInstant()
              : LocalDateTime.from(parsed).toInstant(ZoneOffset.UTC);
      return at.truncatedTo(ChronoUnit.MICROS);
    } catch (DateTimeException notOfThisForm) {
      return null;
    }
  }

  /** A number, or text of one; null for anything else. */
  private static @Nullable BigDecimal decimal(@Nullable Object value) {
    if (value instanceof Long number) {
      return BigDecimal.valueOf(number);
    }
    if (value instanceof Double number) {
      return Double.isFinite(number) ? BigDecimal.valueOf(number) : null;
    }
    return value instanceof String text && NUMBER.matcher(text.strip()).matches()
        ? new BigDecimal(text.strip())
        : null;
  }

  /** A limit, floored; 0 if it cannot be read, null for none. */
  private static @Nullable Long limit(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    @Nullable Object exact = value instanceof Long ? value : decimal(value);
    if (exact instanceof BigDecimal number) {
      BigDecimal most = BigDecimal.valueOf(QuotaState.MAX_FIGURE);
      exact = number.min(most).setScale(0, RoundingMode.FLOOR).longValue();
    }
    Long limit = FieldValues.integer(exact);
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
    put(fields, ModelQuotas.LIMITS_AT, state.upkeep().limitsAt());
    if (state.upkeep().since() != null) {
      fields.put(ModelQuotas.RESERVATIONS_SINCE, state.upkeep().since());
      fields.put(ModelQuotas.RESERVATIONS_COUNT, (long) state.reservations().size());
    }
    state.dueAt().ifPresent(due -> fields.put(ModelQuotas.QUOTA_DUE_AT, due));
    return fields;
  }

  private static void window(Map<String, Object> fields, String path, QuotaWindow window) {
    if (!window.start().equals(Instant.EPOCH)) {
      fields.put(path + ModelQuotas.STARTS_AT, window.start());
    }
    if (!window.end().equals(QuotaState.NEVER) && !window.end().equals(QuotaWindow.UNSTATED)) {
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
            .filter(field -> !state.upkeep().theirs().contains(field.getKey()))
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
    for (String path : before.upkeep().theirs()) {
      if (Objects.equals(old.get(path), encode(after).get(path))) {
        changes.remove(path);
      }
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
