package dev.meterkite.model.command;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.util.List;

/**
 * What has been read for a command besides its owner document, with what earlier commands of the
 * same commit did to it.
 */
public interface Seen {
  /** Whether this has been read; if not, ask for it with {@link Decision.NeedsReads}. */
  boolean has(Read read);

  /**
   * The document as it stands, absent or not.
   *
   * @throws IllegalStateException if it was not read
   */
  Snapshot document(DocRef ref);

  /**
   * What the query found.
   *
   * @throws IllegalStateException if it was not asked
   */
  List<Snapshot> found(Query query);

  /** The last commands on the owner document that were refused, the oldest first. */
  List<RefusedCommand> refusals();
}
