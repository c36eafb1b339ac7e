package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What the engine asks of a document store: three calls, one round trip each, none of which repeats
 * anything by itself. Failures complete the future with a {@link StoreException}.
 */
public interface Store {
  /** Reads documents as they all stood at one moment; absent ones too, in the order asked. */
  CompletableFuture<List<Snapshot>> read(List<DocRef> refs);

  /** Runs a query. */
  CompletableFuture<List<Snapshot>> find(Query query);

  /**
   * Applies all mutations, or none when a precondition fails.
   *
   * @return the update time of each document, in the order of the mutations
   */
  CompletableFuture<List<Instant>> commit(List<Mutation> mutations);
}
