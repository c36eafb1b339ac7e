package dev.meterkite.functions.simulated;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A Firestore database without time, distance and faults: each call happens at once and as a whole.
 * What it does is what the contract of stores checks on the emulator too.
 */
public final class Documents {
  private static final Comparator<DocRef> BY_NAME =
      Comparator.comparing(DocRef::collection).thenComparing(DocRef::id, ValueOrder.TEXTS);

  private final InstantSource clock;
  private final Platform platform;
  private final Map<String, StoredCollection> collections = new TreeMap<>();
  private final List<Consumer<Change>> listeners = new ArrayList<>();
  private Instant last = Instant.MIN;
  private long commits;

  /** An empty database. */
  public Documents(InstantSource clock, Platform platform) {
    this.clock = clock;
    this.platform = platform;
  }

  /** What it behaves like. */
  public Platform platform() {
    return platform;
  }

  /** Tells of each change of each document, in the order of the commits, from now on. */
  public void listen(Consumer<Change> listener) {
    listeners.add(listener);
  }

  /** How many commits were applied. */
  public long commits() {
    return commits;
  }

  /** A document as it is. */
  public Snapshot get(DocRef ref) {
    Stored stored = stored(ref);
    return stored == null ? Snapshot.absent(ref) : stored.snapshot;
  }

  private Stored stored(DocRef ref) {
    StoredCollection collection = collections.get(ref.collection());
    return collection == null ? null : collection.get(ref.id());
  }

  /** All documents in the order of their names. */
  public List<Snapshot> all() {
    List<Snapshot> all = new ArrayList<>();
    collections.keySet().forEach(collection -> all.addAll(all(collection)));
    return all;
  }

  /** All documents of a collection in the order of their ids. */
  public List<Snapshot> all(String collection) {
    StoredCollection stored = collections.get(collection);
    return stored == null
        ? List.of()
        : stored.all().stream()
            .map(each -> each.snapshot)
            .sorted(Comparator.comparing(Snapshot::ref, BY_NAME))
            .toList();
  }

  /** The documents that a query finds. */
  public List<Snapshot> find(Query asked) {
    Query query = frozen(asked);
    Shape shape = Shape.of(query);
    List<Snapshot> found = new ArrayList<>();
    StoredCollection collection = collections.get(query.collection());
    if (collection != null && query.filters().stream().noneMatch(Documents::isCutInIndexes)) {
      collection
          .index(shape)
          .find(
              query,
              document -> {
                found.add(document);
                return found.size() < query.limit();
              });
    }
    return found;
  }

  /** The query with its values as they are stored, moments in microseconds. */
  private static Query frozen(Query query) {
    return new Query(
        query.collection(),
        query.filters().stream()
            .map(each -> new Query.Filter(each.field(), each.op(), Contents.stored(each.value())))
            .toList(),
        query.orders(),
        query.limit(),
        query.startAfter().stream().map(Contents::stored).toList());
  }

  /** No index holds such a value whole. */
  private static boolean isCutInIndexes(Query.Filter filter) {
    return filter.value() instanceof String text
        && Contents.utf8(text) >= Contents.MAX_INDEXED_BYTES;
  }

  /**
   * Counts what a query finds, whatever its limit, or sums up a field of it.
   *
   * @param sum the field; null to count
   */
  public Number total(Query asked, String sum) {
    Query query = frozen(asked);
    Shape shape = Shape.of(query);
    if (sum != null) {
      shape.checkSum(query, sum);
    }
    Total total = new Total(sum == null ? null : FieldPath.segments(sum));
    StoredCollection collection = collections.get(query.collection());
    if (collection != null) {
      collection.index(shape).find(query, total::add);
    }
    return total.number();
  }

  /** Whether a precondition does not hold now. */
  boolean refuses(List<Mutation> mutations) {
    for (Mutation mutation : mutations) {
      Stored stored = stored(mutation.ref());
      boolean refused =
          switch (mutation.condition()) {
            case NONE, REPLACE, DELETE -> false;
            case ABSENT -> stored != null;
            case VERSION ->
                stored == null || !mutation.version().equals(stored.snapshot.updateTime());
          };
      if (refused) {
        return true;
      }
    }
    return false;
  }

  /**
   * Applies all mutations in their order, or none.
   *
   * @return the update time of each document; the epoch for one that is gone
   * @throws StoreException if a precondition does not hold, or contents are refused
   * @throws IllegalArgumentException for values of a type that documents do not have
   */
  public List<Instant> apply(List<Mutation> mutations) {
    return applyFrozen(frozen(mutations));
  }

  /** The mutations with their values as they are stored, whatever becomes of the caller's. */
  static List<Mutation> frozen(List<Mutation> mutations) {
    return mutations.stream().map(Documents::frozen).toList();
  }

  private static Mutation frozen(Mutation mutation) {
    Map<String, Object> fields = new LinkedHashMap<>(mutation.fields().size() * 2);
    mutation
        .fields()
        .forEach(
            (path, value) ->
                fields.put(path, value == Write.REMOVED ? value : Contents.stored(value)));
    return new Mutation(
        mutation.ref(),
        fields,
        Map.copyOf(mutation.increments()),
        mutation.condition(),
        mutation.version());
  }

  List<Instant> applyFrozen(List<Mutation> mutations) {
    Map<DocRef, Draft> drafts = new LinkedHashMap<>();
    for (Mutation mutation : mutations) {
      drafts.computeIfAbsent(mutation.ref(), this::draft).apply(mutation);
    }
    drafts.values().forEach(Draft::checkCondition);
    checkSizes(drafts);
    Instant time = time(drafts);
    List<Change> changes = new ArrayList<>(drafts.size());
    drafts.forEach((ref, draft) -> changes.add(put(ref, draft, time)));
    commits++;
    last = time;
    List<Instant> times = new ArrayList<>(mutations.size());
    for (Mutation mutation : mutations) {
      Snapshot after = get(mutation.ref());
      times.add(after.exists() ? after.updateTime() : Instant.EPOCH);
    }
    for (Change change : changes) {
      listeners.forEach(listener -> listener.accept(change));
    }
    return times;
  }

  private Draft draft(DocRef ref) {
    Stored stored = stored(ref);
    return stored == null
        ? new Draft(Snapshot.absent(ref), 0)
        : new Draft(stored.snapshot, stored.mostBytes);
  }

  private void checkSizes(Map<DocRef, Draft> drafts) {
    long bytes = 0;
    for (Map.Entry<DocRef, Draft> each : drafts.entrySet()) {
      Draft draft = each.getValue();
      bytes += draft.bytesWritten();
      if (draft.mostBytes() > Contents.MAX_DOCUMENT_BYTES) {
        draft.isOf(Contents.size(each.getKey(), draft.fields()));
        if (draft.mostBytes() > Contents.MAX_DOCUMENT_BYTES) {
          throw new StoreException(
              StoreException.Kind.INVALID,
              "INVALID_ARGUMENT: a document of too many bytes: " + each.getKey());
        }
      }
    }
    if (bytes > platform.largestCommit()) {
      throw platform.largestCommitIsInvalid()
          ? new StoreException(StoreException.Kind.INVALID, "INVALID_ARGUMENT: too many bytes")
          : new StoreException(StoreException.Kind.UNKNOWN, "RESOURCE_EXHAUSTED: too many bytes");
    }
  }

  /** Microseconds, never before the last commit, and behind the last change of each document. */
  private Instant time(Map<DocRef, Draft> drafts) {
    Instant time = clock.instant().truncatedTo(ChronoUnit.MICROS);
    if (time.isBefore(last)) {
      time = last;
    }
    for (Draft draft : drafts.values()) {
      Instant before = draft.before.updateTime();
      if (before != null && !before.isBefore(time)) {
        time = before.plus(1, ChronoUnit.MICROS);
      }
    }
    return time;
  }

  private Change put(DocRef ref, Draft draft, Instant time) {
    if (!draft.isChanged()) {
      return new Change(draft.before, draft.before, time);
    }
    Snapshot after =
        draft.exists() ? new Snapshot(ref, draft.fields(), time) : Snapshot.absent(ref);
    collections
        .computeIfAbsent(ref.collection(), name -> new StoredCollection())
        .put(draft.before, after, draft.mostBytes());
    return new Change(draft.before, after, time);
  }

  /** A hash over all documents with their update times: equal for two equal runs. */
  public String digest() {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    for (Snapshot document : all()) {
      String text = document.ref() + " " + document.updateTime() + " " + sorted(document.fields());
      digest.update(text.getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static Object sorted(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> sorted = new TreeMap<>();
      map.forEach((key, inner) -> sorted.put(key, sorted(inner)));
      return sorted;
    }
    return value instanceof List<?> list ? list.stream().map(Documents::sorted).toList() : value;
  }
}
