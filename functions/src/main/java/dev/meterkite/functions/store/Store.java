package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the engine asks of a document store: four calls, one round trip each, none of which repeats
 * anything by itself. Failures complete the future with a {@link StoreException}.
 */
public interface Store {
  /** Reads documents as they all stood at one moment; absent ones too, in the order asked. */
  CompletableFuture<List<Snapshot>> read(List<DocRef> refs);

  /**
   * Runs a query. One for a text of 1,500 bytes or more, which no index holds whole, may find
   * nothing.
   */
  CompletableFuture<List<Snapshot>> find(Query query);

  /**
   * Adds up what a query finds, in the store; its limit is of no account.
   *
   * @param sum the field to sum up, where what is no number counts nothing; null to count documents
   * @return a {@link Long}, or a {@link Double} where one was added
   */
  CompletableFuture<Number> total(Query query, @Nullable String sum);

  /**
   * Applies all mutations, or none when a precondition fails.
   *
   * @return the update time of each document, in the order of the mutations
   */
  CompletableFuture<List<Instant>> commit(List<Mutation> mutations);
}
