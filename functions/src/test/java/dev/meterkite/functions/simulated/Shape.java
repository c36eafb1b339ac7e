package dev.meterkite.functions.simulated;

import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Query;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What index a query needs: fields that must equal something, then fields in an order, then the
 * document id. As in Firestore, an inequality on a field that no order names adds that field to the
 * order, and ids come in the direction of the last order.
 *
 * @param equal fields that must equal something, by name
 * @param orders the order of what is found, without the id
 * @param idDescending whether the greatest id comes first
 */
record Shape(List<String> equal, List<Query.Order> orders, boolean idDescending) {
  static Shape of(Query query) {
    Set<String> equal = new TreeSet<>();
    Set<String> compared = new LinkedHashSet<>();
    for (Query.Filter filter : query.filters()) {
      if (!filter.field().equals(Query.ID)) {
        (filter.op() == Query.Op.EQUAL ? equal : compared).add(filter.field());
      }
    }
    List<Query.Order> orders = new ArrayList<>(query.orders());
    boolean descending = !orders.isEmpty() && orders.get(orders.size() - 1).descending();
    boolean byId = namesId(query);
    if (byId) {
      orders.remove(orders.size() - 1);
    }
    for (Query.Order order : orders) {
      compared.remove(order.field());
    }
    if ((byId && !compared.isEmpty())
        || orders.stream().anyMatch(order -> order.field().equals(Query.ID))) {
      throw new StoreException(
          StoreException.Kind.INVALID, "INVALID_ARGUMENT: nothing is ordered behind the id");
    }
    for (String field : compared) {
      orders.add(new Query.Order(field, descending));
    }
    if (descending && orders.isEmpty() && equal.isEmpty()) {
      throw new StoreException(
          StoreException.Kind.PRECONDITION,
          "FAILED_PRECONDITION: ids alone are in ascending order");
    }
    return new Shape(List.copyOf(equal), List.copyOf(orders), descending);
  }

  private static boolean namesId(Query query) {
    List<Query.Order> orders = query.orders();
    return !orders.isEmpty() && orders.get(orders.size() - 1).field().equals(Query.ID);
  }

  /**
   * Checks that a field of what the query finds can be summed up.
   *
   * @throws StoreException INVALID where the query orders by id and not by the field
   */
  void checkSum(Query query, String field) {
    boolean named = orders.stream().anyMatch(each -> each.field().equals(field));
    if (namesId(query) && !named) {
      throw new StoreException(
          StoreException.Kind.INVALID, "INVALID_ARGUMENT: no index has a field behind the id");
    }
  }
}
