package dev.meterkite.functions.store;

import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.Digests;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the engine keeps in an owner document, in the field {@code commit}: a revision that every
 * commit moves (a write that changes nothing would not move the update time, and the precondition
 * of a stale commit would hold), the domain's time of the last commit, the ring of refused keys,
 * when a refused key last found the ring full, the last refusals, and the {@link Host}.
 *
 * <p>A ring entry is one string, {@code "key request code seconds"}: 128 bits of SHA-256 of
 * operation and key, 128 bits of the request hash, the refusal's code, and the real time in epoch
 * seconds; some 80 bytes, so a full ring stays under 100 KB.
 *
 * @param revision number of commits of the engine on this document
 * @param at the domain's time of the last commit; null before the first
 * @param refused refused keys by hash, the oldest first
 * @param overflow the real time, in epoch seconds, at which a refused key was last remembered in a
 *     document of its own ({@link Refusals}); 0 for never. For as long as a key is remembered, the
 *     documents of keys are read before they are decided
 * @param last the last {@value #MOST_LAST} refusals that were remembered, the oldest first, for
 *     people who look: they go out with the ring, in a commit that is made anyway
 * @param host who is writing the document over and over; null for nobody
 */
record CommitLog(
    long revision,
    @Nullable Instant at,
    Map<String, Entry> refused,
    long overflow,
    List<RefusedCommand> last,
    @Nullable Host host) {
  /** The most last refusals; some 150 bytes each. */
  static final int MOST_LAST = 10;

  private static final String REVISION = "revision";
  private static final String AT = "at";
  private static final String REFUSED = "refused";
  private static final String OVERFLOW = "overflow";
  private static final String LAST = "last_refusals";
  private static final String OPERATION = "operation";
  private static final String CODE = "code";
  private static final String FIGURES = "figures";
  private static final String HOST = "host";
  private static final String OVERFLOW_PATH = FieldPath.of(Schema.COMMIT, OVERFLOW);
  private static final String LAST_PATH = FieldPath.of(Schema.COMMIT, LAST);
  private static final String HOST_PATH = FieldPath.of(Schema.COMMIT, HOST);
  private static final String REVISION_PATH = FieldPath.of(Schema.COMMIT, REVISION);
  private static final String AT_PATH = FieldPath.of(Schema.COMMIT, AT);
  private static final String REFUSED_PATH = FieldPath.of(Schema.COMMIT, REFUSED);
  private static final int HASH_BYTES = 16;
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  /** One refused key. */
  record Entry(String request, String code, long epochSecond) {}

  /** What a document holds; anything that is not of this shape counts as absent. */
  static CommitLog of(Snapshot owner) {
    if (!(owner.fields().get(Schema.COMMIT) instanceof Map<?, ?> map)) {
      return new CommitLog(0, null, Map.of(), 0, List.of(), null);
    }
    long revision = map.get(REVISION) instanceof Long number ? number : 0;
    Instant at = map.get(AT) instanceof Instant instant ? instant : null;
    Map<String, Entry> refused = new LinkedHashMap<>();
    if (map.get(REFUSED) instanceof List<?> list) {
      for (Object element : list) {
        parse(String.valueOf(element), refused);
      }
    }
    long overflow = map.get(OVERFLOW) instanceof Long second ? second : 0;
    List<RefusedCommand> last = new ArrayList<>();
    if (map.get(LAST) instanceof List<?> list) {
      list.stream().limit(MOST_LAST).forEach(element -> refusal(element, last));
    }
    return new CommitLog(revision, at, refused, overflow, last, Host.of(map.get(HOST)));
  }

  private static void refusal(Object element, List<RefusedCommand> into) {
    if (element instanceof Map<?, ?> map
        && map.get(AT) instanceof Instant at
        && map.get(OPERATION) instanceof String operation
        && map.get(CODE) instanceof String code) {
      Map<String, Long> figures = new LinkedHashMap<>();
      if (map.get(FIGURES) instanceof Map<?, ?> told) {
        told.forEach(
            (name, figure) -> {
              if (figure instanceof Long whole) {
                figures.put(String.valueOf(name), whole);
              }
            });
      }
      into.add(new RefusedCommand(at, operation, code, figures));
    }
  }

  private static Map<String, Object> fields(RefusedCommand refusal) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(AT, refusal.at());
    fields.put(OPERATION, refusal.operation());
    fields.put(CODE, refusal.code());
    if (!refusal.figures().isEmpty()) {
      fields.put(FIGURES, refusal.figures());
    }
    return fields;
  }

  private static void parse(String text, Map<String, Entry> into) {
    String[] parts = text.split(" ", -1);
    if (parts.length == 4 && parts[3].matches("\\d{1,12}")) {
      into.put(parts[0], new Entry(parts[1], parts[2], Long.parseLong(parts[3])));
    }
  }

  /** This log after one more commit at {@code now}, with the rest as given. */
  CommitLog next(
      Instant now,
      Map<String, Entry> ring,
      long lastOverflow,
      List<RefusedCommand> lastRefusals,
      @Nullable Host nextHost) {
    return new CommitLog(revision + 1, now, ring, lastOverflow, lastRefusals, nextHost);
  }

  /** {@link #overflow} if it still counts at this real time, else 0. */
  long youngOverflow(Instant real, Duration keep) {
    return overflow > real.minus(keep).getEpochSecond() ? overflow : 0;
  }

  /** The entries that still count at this real time. */
  Map<String, Entry> young(Instant real, Duration keep) {
    long oldest = real.minus(keep).getEpochSecond();
    if (refused.values().stream().allMatch(entry -> entry.epochSecond() > oldest)) {
      return refused;
    }
    Map<String, Entry> young = new LinkedHashMap<>(refused);
    young.values().removeIf(entry -> entry.epochSecond() <= oldest);
    return young;
  }

  /** The changes that bring the document from {@code before} to this log. */
  Map<String, Object> changes(CommitLog before) {
    Map<String, Object> changes = new LinkedHashMap<>();
    changes.put(REVISION_PATH, revision);
    if (at != null) {
      changes.put(AT_PATH, at);
    }
    if (!refused.equals(before.refused)) {
      List<String> list = new ArrayList<>(refused.size());
      refused.forEach(
          (key, entry) ->
              list.add(
                  key + " " + entry.request() + " " + entry.code() + " " + entry.epochSecond()));
      changes.put(REFUSED_PATH, list);
    }
    if (overflow != before.overflow) {
      changes.put(OVERFLOW_PATH, overflow == 0 ? Write.REMOVED : overflow);
    }
    if (!last.equals(before.last)) {
      changes.put(LAST_PATH, last.stream().map(CommitLog::fields).toList());
    }
    if (!Objects.equals(host, before.host)) {
      changes.put(HOST_PATH, host == null ? Write.REMOVED : host.fields());
    }
    return changes;
  }

  /** The name under which a key of an operation stands in the ring. */
  static String keyHash(String operation, String key) {
    return hash(operation.length() + ":" + operation + key);
  }

  /** The short form of a request hash. */
  static String requestHash(String requestHash) {
    return hash(requestHash);
  }

  private static String hash(String text) {
    return BASE64.encodeToString(Arrays.copyOf(Digests.sha256(text), HASH_BYTES));
  }
}
