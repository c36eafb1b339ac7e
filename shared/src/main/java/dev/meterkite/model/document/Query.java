package dev.meterkite.model.document;

import java.util.ArrayList;
import java.util.List;

/**
 * A query over one collection: conditions, an order, a bound. All queries of the code are made by
 * {@code Queries}, so that a test can derive the indexes they need.
 *
 * @param collection the collection asked
 * @param filters conditions, all of which must hold
 * @param orders the order of the answer; Firestore adds the document id at the end
 * @param limit the most documents to answer, at least 1
 * @param startAfter values of the ordered fields (and last the document id, where given) behind
 *     which the answer begins; empty to begin at the start
 */
public record Query(
    String collection,
    List<Filter> filters,
    List<Order> orders,
    int limit,
    List<Object> startAfter) {

  /** The field name that stands for the document id in filters and orders. */
  public static final String ID = "__name__";

  /** How a filter compares. */
  public enum Op {
    EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL
  }

  /**
   * One condition; a document without the field never meets it.
   *
   * @param field a field path
   * @param op the comparison
   * @param value what the field is compared with
   */
  public record Filter(String field, Op op, Object value) {}

  /**
   * One step of the order.
   *
   * @param field a field path or {@link #ID}
   * @param descending whether the greatest comes first
   */
  public record Order(String field, boolean descending) {}

  public Query {
    filters = List.copyOf(filters);
    orders = List.copyOf(orders);
    startAfter = List.copyOf(startAfter);
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1: " + limit);
    }
    if (startAfter.size() > orders.size() + 1) {
      throw new IllegalArgumentException("more cursor values than orders");
    }
  }

  /** All documents of a collection, in the order of their ids. */
  public static Query of(String collection, int limit) {
    return new Query(collection, List.of(), List.of(), limit, List.of());
  }

  /** This query with one more condition. */
  public Query where(String field, Op op, Object value) {
    List<Filter> more = new ArrayList<>(filters);
    more.add(new Filter(field, op, value));
    return new Query(collection, more, orders, limit, startAfter);
  }

  /** This query with one more step of ascending order. */
  public Query ascending(String field) {
    return ordered(new Order(field, false));
  }

  /** This query with one more step of descending order. */
  public Query descending(String field) {
    return ordered(new Order(field, true));
  }

  private Query ordered(Order order) {
    List<Order> more = new ArrayList<>(orders);
    more.add(order);
    return new Query(collection, filters, more, limit, startAfter);
  }

  /** This query with its answer beginning behind the document with these values. */
  public Query after(List<Object> values) {
    return new Query(collection, filters, orders, limit, values);
  }
}
