package dev.meterkite.model.document;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class QueryTest {
  @Test
  void conditionsAndOrders_addUpInTheirSequence() {
    Query query =
        Query.of("jobs", 10)
            .where("user_id", Query.Op.EQUAL, "ann")
            .where("at", Query.Op.LESS, 5L)
            .descending("at")
            .ascending(Query.ID)
            .after(List.of(4L, "x"));
    assertEquals(
        new Query(
            "jobs",
            List.of(
                new Query.Filter("user_id", Query.Op.EQUAL, "ann"),
                new Query.Filter("at", Query.Op.LESS, 5L)),
            List.of(new Query.Order("at", true), new Query.Order(Query.ID, false)),
            10,
            List.of(4L, "x")),
        query);
  }

  @Test
  void unboundedQuery_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> Query.of("jobs", 0));
  }

  @Test
  void cursorLongerThanTheOrder_isRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> Query.of("jobs", 1).after(List.of(1L, "id")));
  }
}
