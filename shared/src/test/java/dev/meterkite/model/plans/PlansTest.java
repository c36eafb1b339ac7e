package dev.meterkite.model.plans;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The plans in their document. */
class PlansTest {
  private static final DocRef REF = new DocRef("plans", "default");

  private static Plans.Decoded decode(Map<String, Object> fields) {
    return Plans.decode(new Snapshot(REF, fields, Instant.EPOCH));
  }

  private static List<String> faults(Map<String, Object> book) {
    Plans.Decoded decoded = decode(Map.of("price_book", book));
    assertTrue(decoded.plans().isEmpty());
    return decoded.faults().stream().map(Violation::field).toList();
  }

  @Test
  void absentDocument_isTheDefault() {
    assertEquals(Plans.DEFAULT, Plans.decode(Snapshot.absent(REF)).plans().orElseThrow());
    Plans plans = decode(Map.of("tiers", Map.of("mini", 1L), "version", 7L)).plans().orElseThrow();
    assertEquals("7", plans.version());
    assertEquals(PriceBook.DEFAULT, plans.priceBook());
  }

  @Test
  void priceBook_isWhatTheDocumentSays() {
    Plans plans =
        decode(
                Map.of(
                    "price_book",
                    Map.of(
                        "credit_micros",
                        1_000L,
                        "markup_percent",
                        12.5,
                        "markups",
                        List.of(
                            Map.of("tier", "pro", "percent", 0L),
                            Map.of("provider", "acme", "model_id", "m", "percent", 33.33)))))
            .plans()
            .orElseThrow();
    assertEquals(1_000, plans.priceBook().creditMicros());
    assertEquals(1_250, plans.priceBook().markup("free", "x", "y"));
    assertEquals(0, plans.priceBook().markup("pro", "x", "y"));
    assertEquals(3_333, plans.priceBook().markup("pro", "acme", "m"));
  }

  @Test
  void invalidDocument_isRefusedWithAllFaultsAtOnce() {
    assertEquals(
        List.of("price_book.credit_micros", "price_book.markup_percent", "price_book.markups[0]"),
        faults(
            Map.of(
                "credit_micros",
                0L,
                "markup_percent",
                0.001,
                "markups",
                List.of(Map.of("model_id", "m", "percent", 1L)))));
    assertEquals(
        List.of("price_book.markups"),
        faults(
            Map.of(
                "markups",
                List.of(
                    Map.of("tier", "pro", "percent", 1L), Map.of("tier", "pro", "percent", 2L)))));
    assertEquals(List.of("price_book.markup_percent"), faults(Map.of("markup_percent", -1L)));
    assertEquals(List.of("price_book.markup_percent"), faults(Map.of("markup_percent", "20")));
    assertEquals(
        List.of("price_book.markups[0].percent"),
        faults(Map.of("markups", List.of(Map.of("tier", "pro")))));
  }

  @Test
  void wrongTypeAnywhere_isAFaultOfTheDocument_neverAnException() {
    List<Object> wrong =
        List.of(
            "10000",
            "",
            true,
            Instant.EPOCH,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            1e300,
            -1L,
            Long.MAX_VALUE,
            0.001,
            Map.of("a", 1L),
            List.of("a"),
            List.of(List.of()));
    for (Object value : wrong) {
      assertEquals(List.of("price_book.credit_micros"), faults(Map.of("credit_micros", value)));
      assertEquals(List.of("price_book.markup_percent"), faults(Map.of("markup_percent", value)));
      assertTrue(faults(Map.of("markups", value)).get(0).startsWith("price_book.markups"));
      assertTrue(
          faults(Map.of("markups", List.of(value))).get(0).startsWith("price_book.markups[0]"));
      assertEquals(
          List.of("price_book.markups[0].percent"),
          faults(Map.of("markups", List.of(Map.of("tier", "pro", "percent", value)))));
      if (!value.equals("10000")) {
        for (String scope : List.of("tier", "provider", "model_id")) {
          assertEquals(
              List.of("price_book.markups[0]"),
              faults(Map.of("markups", List.of(Map.of(scope, value, "percent", 1L)))));
        }
      }
      if (!(value instanceof Map)) {
        assertEquals(
            List.of("price_book"),
            decode(Map.of("price_book", value)).faults().stream().map(Violation::field).toList());
      }
      if (!(value instanceof Long) && !value.equals("10000")) {
        assertEquals(
            List.of("version"),
            decode(Map.of("version", value)).faults().stream().map(Violation::field).toList());
      }
    }
    assertEquals(List.of("price_book.credit_micros"), faults(Map.of("credit_micros", 10.5)));
    Map<String, Object> noPercent = new HashMap<>(Map.of("tier", "pro"));
    noPercent.put("percent", null);
    assertEquals(
        List.of("price_book.markups[0].percent"), faults(Map.of("markups", List.of(noPercent))));
  }

  @Test
  void misspeltMembersOfAPriceBook_areFaults_notDefaults() {
    assertEquals(List.of("price_book.markup"), faults(Map.of("credit_micros", 1L, "markup", 5L)));
    assertEquals(
        List.of("price_book.markups[0].model"),
        faults(
            Map.of("markups", List.of(Map.of("provider", "acme", "model", "m", "percent", 1L)))));
  }
}
