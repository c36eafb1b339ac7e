package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PendingWritesTest {
  private static final DocRef HOLD = new DocRef("credit_holds", "h");

  private final Batch<Object> batch = new Batch<>(List.of());
  private final PendingWrites draft =
      new PendingWrites(
          batch,
          new RefusedKeys(
              CommitLog.of(Snapshot.absent(HOLD)), batch, Limits.DEFAULT, Instant.EPOCH));

  @Test
  void writesToOneDocument_areOneMutationAndStayAsTheyWere() {
    Map<String, Object> held = Map.of("status", "held", "amount", 5L);
    Map<String, Object> captured = Map.of("status", "captured", "captured", 3L);
    draft.add(List.of(new Write.Create(HOLD, held)));
    draft.add(List.of(new Write.Merge(HOLD, captured)));
    draft.add(List.of(new Write.Merge(HOLD, Map.of("captured", 4L))));
    assertEquals(
        List.of(Mutation.create(HOLD, Map.of("status", "captured", "amount", 5L, "captured", 4L))),
        draft.mutations());
    assertEquals(Map.of("status", "held", "amount", 5L), held);
    assertEquals(
        "captured", draft.document(HOLD).fields().get("status"), "what later commands see");
  }
}
