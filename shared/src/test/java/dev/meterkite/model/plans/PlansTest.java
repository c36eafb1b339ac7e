package dev.meterkite.model.plans;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
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
}
