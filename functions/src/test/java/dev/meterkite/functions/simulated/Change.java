package dev.meterkite.functions.simulated;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;

/**
 * What a commit did to one document.
 *
 * @param before the document before the commit
 * @param after the document after it; the same state where the commit changed nothing
 * @param time when the commit was applied
 */
public record Change(Snapshot before, Snapshot after, Instant time) {
  /** Which document. */
  public DocRef ref() {
    return after.ref();
  }

  /** Whether the commit left the document as it was. */
  public boolean isNone() {
    return before.exists() == after.exists()
        && (!after.exists() || before.updateTime().equals(after.updateTime()));
  }
}
