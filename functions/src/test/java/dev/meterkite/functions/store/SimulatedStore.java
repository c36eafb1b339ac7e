package dev.meterkite.functions.store;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CommandRelays;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** A store in virtual time with the semantics that the engine relies on, and with faults. */
final class SimulatedStore implements Store {
  /** Probabilities of what goes wrong with a call. */
  record Faults(
      double neverArrives,
      double landsLate,
      double acknowledgementLost,
      double aborted,
      double readFails,
      double appliedTwice) {
    static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0);
    static final Faults MANY = new Faults(0.05, 0.12, 0.12, 0.05, 0.04, 0.03);
  }

  static final Duration DEADLINE = Duration.ofSeconds(4);
  private static final Duration FAST = Duration.ofMillis(3);
  private static final Duration SLOW = Duration.ofMillis(60);
  private static final Duration LATE = Duration.ofSeconds(20);
  private static final Duration LATEST = Duration.ofSeconds(80);

  private final Simulation simulation;
  private final Faults faults;
  private final Map<DocRef, Snapshot> documents =
      new TreeMap<>(Comparator.comparing(DocRef::collection).thenComparing(DocRef::id));
  private long version;
  private Instant last = Simulation.START;
  long commits;
  long reads;
  long relaysCreated;
  long relaysAnswered;
  long relaysRecalled;

  SimulatedStore(Simulation simulation, Faults faults) {
    this.simulation = simulation;
    this.faults = faults;
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    reads++;
    return call(() -> refs.stream().map(this::get).toList());
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    return call(() -> select(query));
  }

  private <T> CompletableFuture<T> call(Supplier<T> answer) {
    CompletableFuture<T> future = new CompletableFuture<>();
    if (simulation.chance(faults.readFails())) {
      simulation.after(latency(), () -> future.completeExceptionally(unknown("read failed")));
      return future;
    }
    simulation.after(
        latency(),
        () -> {
          T served = answer.get();
          simulation.after(latency(), () -> future.complete(served));
        });
    return future;
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    return call(() -> total(matching(query).toList(), sum));
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    commits++;
    CompletableFuture<List<Instant>> future = new CompletableFuture<>();
    if (simulation.chance(faults.aborted())) {
      StoreException aborted = new StoreException(StoreException.Kind.CONTENTION, "ABORTED");
      simulation.after(latency(), () -> future.completeExceptionally(aborted));
      return future;
    }
    boolean never = simulation.chance(faults.neverArrives());
    boolean late = simulation.chance(faults.landsLate());
    boolean silent = simulation.chance(faults.acknowledgementLost());
    Duration lands = late ? simulation.between(LATE, LATEST) : latency();
    if (!never) {
      simulation.after(lands, () -> land(mutations, future, silent || late));
      if (simulation.chance(faults.appliedTwice())) {
        simulation.after(
            simulation.between(lands, LATEST),
            () -> land(mutations, new CompletableFuture<>(), true));
      }
    }
    if (never || late || silent) {
      boolean soon = simulation.chance(0.5) && !late;
      simulation.after(
          soon ? lands.plus(latency()) : DEADLINE,
          () -> future.completeExceptionally(unknown("no answer")));
    }
    return future;
  }

  private void land(
      List<Mutation> mutations, CompletableFuture<List<Instant>> future, boolean silent) {
    StoreException refused = null;
    List<Instant> times = List.of();
    try {
      times = apply(mutations);
    } catch (StoreException e) {
      refused = e;
    }
    if (!silent) {
      StoreException failure = refused;
      List<Instant> done = times;
      simulation.after(
          latency(),
          () -> {
            if (failure != null) {
              future.completeExceptionally(failure);
            } else {
              future.complete(done);
            }
          });
    }
  }

  private static StoreException unknown(String message) {
    return new StoreException(StoreException.Kind.UNKNOWN, message);
  }

  private Duration latency() {
    return simulation.between(FAST, simulation.chance(0.1) ? SLOW.multipliedBy(10) : SLOW);
  }

  /** Moves with every commit. */
  long version() {
    return version;
  }

  /** The document as it stands. */
  Snapshot get(DocRef ref) {
    Snapshot present = documents.get(ref);
    return present == null ? Snapshot.absent(ref) : present;
  }

  /** All documents. */
  List<Snapshot> all() {
    return List.copyOf(documents.values());
  }

  /** Applies all mutations at once, or none. */
  List<Instant> apply(List<Mutation> mutations) {
    Set<DocRef> named = new HashSet<>();
    for (Mutation mutation : mutations) {
      if (!named.add(mutation.ref())) {
        throw new StoreException(StoreException.Kind.INVALID, "twice in one commit");
      }
      check(mutation);
    }
    version++;
    Instant now = simulation.instant().truncatedTo(ChronoUnit.MICROS);
    Instant time = now.isAfter(last) ? now : last.plusNanos(1_000);
    last = time;
    List<Instant> times = new ArrayList<>();
    for (Mutation mutation : mutations) {
      times.add(apply(mutation, time));
      count(mutation);
    }
    return times;
  }

  private void count(Mutation mutation) {
    if (mutation.ref().collection().equals(CommandRelays.COLLECTION)
        && mutation.condition() != Mutation.Condition.DELETE) {
      if (mutation.condition() == Mutation.Condition.ABSENT) {
        relaysCreated++;
      } else if (mutation.fields().containsKey(CommandRelays.ANSWERS)) {
        relaysAnswered++;
      } else {
        relaysRecalled++;
      }
    }
  }

  private void check(Mutation mutation) {
    Snapshot present = get(mutation.ref());
    boolean holds =
        switch (mutation.condition()) {
          case NONE, REPLACE, DELETE -> true;
          case ABSENT -> !present.exists();
          case VERSION -> Objects.equals(present.updateTime(), mutation.version());
        };
    if (!holds) {
      throw new StoreException(
          StoreException.Kind.PRECONDITION, mutation.condition() + " of " + mutation.ref());
    }
    if (mutation.fields().containsKey("__poison__")) {
      throw new StoreException(StoreException.Kind.INVALID, "__poison__");
    }
  }

  private Instant apply(Mutation mutation, Instant time) {
    Snapshot present = get(mutation.ref());
    if (mutation.condition() == Mutation.Condition.DELETE) {
      documents.remove(mutation.ref());
      return time;
    }
    boolean replaces = mutation.condition() == Mutation.Condition.REPLACE;
    Map<String, Object> fields = copy(replaces ? Map.of() : present.fields());
    mutation.fields().forEach((path, value) -> set(fields, FieldPath.segments(path), value, false));
    mutation.increments().forEach((path, by) -> set(fields, FieldPath.segments(path), by, true));
    if (present.exists() && fields.equals(present.fields())) {
      return present.updateTime();
    }
    documents.put(mutation.ref(), new Snapshot(mutation.ref(), fields, time));
    return time;
  }

  private static Map<String, Object> copy(Map<?, ?> fields) {
    Map<String, Object> copy = new LinkedHashMap<>();
    fields.forEach(
        (key, value) ->
            copy.put(String.valueOf(key), value instanceof Map<?, ?> inner ? copy(inner) : value));
    return copy;
  }

  @SuppressWarnings("unchecked")
  private static void set(
      Map<String, Object> fields, List<String> path, Object value, boolean increment) {
    Map<String, Object> at = fields;
    for (String segment : path.subList(0, path.size() - 1)) {
      if (!(at.get(segment) instanceof Map<?, ?>)) {
        at.put(segment, new LinkedHashMap<String, Object>());
      }
      at = (Map<String, Object>) at.get(segment);
    }
    String last = path.get(path.size() - 1);
    if (value == Write.REMOVED) {
      at.remove(last);
    } else if (increment) {
      long before = at.get(last) instanceof Long number ? number : 0;
      at.put(last, before + (Long) value);
    } else {
      at.put(last, value);
    }
  }

  List<Snapshot> select(Query query) {
    Comparator<Snapshot> order = Comparator.comparing(snapshot -> snapshot.ref().id());
    for (int i = query.orders().size() - 1; i >= 0; i--) {
      Query.Order step = query.orders().get(i);
      Comparator<Snapshot> by =
          (one, other) -> compare(value(one, step.field()), value(other, step.field()));
      order = (step.descending() ? by.reversed() : by).thenComparing(order);
    }
    return matching(query).sorted(order).limit(query.limit()).toList();
  }

  private Stream<Snapshot> matching(Query query) {
    return documents.values().stream()
        .filter(document -> document.ref().collection().equals(query.collection()))
        .filter(document -> query.filters().stream().allMatch(filter -> matches(document, filter)))
        .filter(
            document ->
                query.orders().stream().allMatch(by -> value(document, by.field()) != null));
  }

  private static Number total(List<Snapshot> found, String sum) {
    long whole = sum == null ? found.size() : 0;
    double rest = 0;
    for (Snapshot document : found) {
      Object value = sum == null ? null : document.fields().get(sum);
      whole += value instanceof Long number ? number : 0;
      rest += value instanceof Double number ? number : 0;
    }
    return rest == 0 ? (Number) whole : (Number) (whole + rest);
  }

  private static Object value(Snapshot document, String field) {
    return field.equals(Query.ID) ? document.ref().id() : document.fields().get(field);
  }

  @SuppressWarnings("unchecked")
  private static int compare(Object one, Object other) {
    return ((Comparable<Object>) one).compareTo(other);
  }

  private static boolean matches(Snapshot document, Query.Filter filter) {
    Object value = value(document, filter.field());
    if (value == null || value.getClass() != filter.value().getClass()) {
      return false;
    }
    int order = compare(value, filter.value());
    return switch (filter.op()) {
      case EQUAL -> order == 0;
      case LESS -> order < 0;
      case LESS_OR_EQUAL -> order <= 0;
      case GREATER -> order > 0;
      case GREATER_OR_EQUAL -> order >= 0;
    };
  }
}
