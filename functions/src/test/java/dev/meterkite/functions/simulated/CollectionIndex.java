package dev.meterkite.functions.simulated;

import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The documents of a collection that have all fields of a shape, in its order: a composite index. A
 * query reads it from where its answer begins to where it ends.
 */
final class CollectionIndex {
  /** Stands for a field that a document does not have, which is not the same as null. */
  private static final Object MISSING = new Object();

  /**
   * A place in the index.
   *
   * @param values the values of the fields; fewer for a place before or behind all that begin so
   * @param id the document's; null for a place that is no document's
   * @param bias of a place that is no document's: -1 before, 1 behind all that begin so
   */
  private record Key(Object[] values, String id, int bias) {}

  private final Shape shape;
  private final List<List<String>> paths = new ArrayList<>();
  private final TreeMap<Key, Stored> entries;

  CollectionIndex(Shape shape) {
    this.shape = shape;
    shape.equal().forEach(field -> paths.add(FieldPath.segments(field)));
    shape.orders().forEach(order -> paths.add(FieldPath.segments(order.field())));
    this.entries = new TreeMap<>(order(shape));
  }

  private static Comparator<Key> order(Shape shape) {
    int equal = shape.equal().size();
    return (one, other) -> {
      int length = Math.min(one.values().length, other.values().length);
      for (int i = 0; i < length; i++) {
        int byValue = ValueOrder.compare(one.values()[i], other.values()[i]);
        if (byValue != 0) {
          return i >= equal && shape.orders().get(i - equal).descending() ? -byValue : byValue;
        }
      }
      if (one.id() == null || other.id() == null) {
        return one.id() == null ? one.bias() : -other.bias();
      }
      int byId = ValueOrder.TEXTS.compare(one.id(), other.id());
      return shape.idDescending() ? -byId : byId;
    };
  }

  /** Takes a document's change; either state may be absent. */
  void change(Snapshot before, Snapshot after, Stored stored) {
    Object[] old = before.exists() ? values(before) : null;
    Object[] now = after.exists() ? values(after) : null;
    if (old != null && now != null && isSame(old, now)) {
      return;
    }
    if (old != null) {
      entries.remove(new Key(old, before.ref().id(), 0));
    }
    if (now != null) {
      entries.put(new Key(now, after.ref().id(), 0), stored);
    }
  }

  private static boolean isSame(Object[] old, Object[] now) {
    for (int i = 0; i < old.length; i++) {
      if (old[i] != now[i] && ValueOrder.compare(old[i], now[i]) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Null for a document that lacks a field. */
  private Object[] values(Snapshot document) {
    Object[] values = new Object[paths.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = at(document.fields(), paths.get(i));
      if (values[i] == MISSING) {
        return null;
      }
      values[i] = Contents.indexed(values[i]);
    }
    return values;
  }

  private static Object at(Map<String, Object> fields, List<String> path) {
    Object value = fields;
    for (String segment : path) {
      if (!(value instanceof Map<?, ?> map) || !map.containsKey(segment)) {
        return MISSING;
      }
      value = map.get(segment);
    }
    return value;
  }

  /** The value that a sum adds; null where there is none. */
  static Object valueOf(Snapshot document, List<String> path) {
    Object value = at(document.fields(), path);
    return value == MISSING ? null : value;
  }

  /** Hands the documents that a query finds to a taker, whatever its limit, until it has enough. */
  void find(Query query, Predicate<Snapshot> taker) {
    Object[] equal = equal(query);
    Key from = new Key(equal, null, -1);
    Key bound = nearBound(query, equal);
    Key cursor = cursor(query, equal);
    Key start = later(later(from, bound), cursor);
    List<Query.Filter> ends = farBounds(query);
    List<Condition> conditions = query.filters().stream().map(Condition::of).toList();
    for (Map.Entry<Key, Stored> entry : entries.tailMap(start, false).entrySet()) {
      Key key = entry.getKey();
      if (!beginsWith(key, equal) || ends.stream().anyMatch(end -> isBehind(key, end))) {
        return;
      }
      Snapshot document = entry.getValue().snapshot;
      if (conditions.stream().allMatch(each -> each.holds(document)) && !taker.test(document)) {
        return;
      }
    }
  }

  private Key later(Key one, Key other) {
    return other == null || entries.comparator().compare(one, other) > 0 ? one : other;
  }

  private Object[] equal(Query query) {
    Object[] values = new Object[shape.equal().size()];
    for (Query.Filter filter : query.filters()) {
      if (filter.op() == Query.Op.EQUAL && !filter.field().equals(Query.ID)) {
        values[shape.equal().indexOf(filter.field())] = filter.value();
      }
    }
    return values;
  }

  /** Where the filters on the first order let the answer begin; null where they do not say. */
  private Key nearBound(Query query, Object[] equal) {
    for (Query.Filter filter : query.filters()) {
      if (isOnFirstOrder(filter) && isNear(filter)) {
        boolean included =
            filter.op() == Query.Op.GREATER_OR_EQUAL || filter.op() == Query.Op.LESS_OR_EQUAL;
        return new Key(with(equal, filter.value()), null, included ? -1 : 1);
      }
    }
    return null;
  }

  private List<Query.Filter> farBounds(Query query) {
    return query.filters().stream().filter(each -> isOnFirstOrder(each) && !isNear(each)).toList();
  }

  private boolean isOnFirstOrder(Query.Filter filter) {
    return filter.op() != Query.Op.EQUAL
        && !shape.orders().isEmpty()
        && shape.orders().get(0).field().equals(filter.field());
  }

  private boolean isNear(Query.Filter filter) {
    boolean least = filter.op() == Query.Op.GREATER || filter.op() == Query.Op.GREATER_OR_EQUAL;
    return least != shape.orders().get(0).descending();
  }

  /** Whether a place is past what a far bound lets through; nothing behind it is found either. */
  private boolean isBehind(Key key, Query.Filter end) {
    Object value = key.values()[shape.equal().size()];
    int order = ValueOrder.compare(value, end.value());
    boolean descending = shape.orders().get(0).descending();
    return descending ? order < 0 : order > 0;
  }

  private Key cursor(Query query, Object[] equal) {
    if (query.startAfter().isEmpty()) {
      return null;
    }
    int orders = Math.min(shape.orders().size(), query.startAfter().size());
    Object[] values = Arrays.copyOf(equal, equal.length + orders);
    for (int i = 0; i < orders; i++) {
      values[equal.length + i] = Contents.indexed(query.startAfter().get(i));
    }
    return query.startAfter().size() > orders
        ? new Key(values, String.valueOf(query.startAfter().get(orders)), 0)
        : new Key(values, null, 1);
  }

  private static Object[] with(Object[] values, Object more) {
    Object[] longer = Arrays.copyOf(values, values.length + 1);
    longer[values.length] = more;
    return longer;
  }

  private static boolean beginsWith(Key key, Object[] values) {
    for (int i = 0; i < values.length; i++) {
      if (ValueOrder.compare(key.values()[i], values[i]) != 0) {
        return false;
      }
    }
    return true;
  }

  /** A filter with the path of its field. */
  private record Condition(List<String> path, Query.Filter filter) {
    static Condition of(Query.Filter filter) {
      boolean id = filter.field().equals(Query.ID);
      return new Condition(id ? List.of() : FieldPath.segments(filter.field()), filter);
    }

    boolean holds(Snapshot document) {
      Object value = path.isEmpty() ? document.ref().id() : at(document.fields(), path);
      if (value == MISSING || !ValueOrder.isComparable(value, filter.value())) {
        return false;
      }
      int order = ValueOrder.compare(value, filter.value());
      return switch (filter.op()) {
        case EQUAL -> order == 0;
        case LESS -> order < 0;
        case LESS_OR_EQUAL -> order <= 0;
        case GREATER -> order > 0;
        case GREATER_OR_EQUAL -> order >= 0;
      };
    }
  }
}
