package dev.meterkite.model.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.meterkite.model.document.DocRef;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommandTest {
  private static final DocRef ANN = new DocRef("users", "ann");
  private static final DocRef MARKER = new DocRef("idempotency_keys", "m");

  private static Command<String> command(String key, List<DocRef> markers) {
    return new Command<>(ANN, "debit", key, "hash", "in", markers, List.of(), List.of());
  }

  @Test
  void keyAndMarkers_comeTogether() {
    assertEquals(List.of(MARKER), command("k", List.of(MARKER)).markers());
    assertEquals(List.of(), command(null, List.of()).markers());
    assertThrows(IllegalArgumentException.class, () -> command("k", List.of()));
    assertThrows(IllegalArgumentException.class, () -> command(null, List.of(MARKER)));
  }
}
