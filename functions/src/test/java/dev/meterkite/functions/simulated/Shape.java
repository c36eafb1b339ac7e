package dev.meterkite.functions.simulated;

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
    if (!orders.isEmpty() && orders.get(orders.size() - 1).field().equals(Query.ID)) {
      orders.remove(orders.size() - 1);
    }
    for (Query.Order order : orders) {
      if (order.field().equals(Query.ID)) {
        throw new IllegalArgumentException("the document id is the last order: " + query);
      }
      compared.remove(order.field());
    }
    for (String field : compared) {
      orders.add(new Query.Order(field, descending));
    }
    return new Shape(List.copyOf(equal), List.copyOf(orders), descending);
  }
}
