package dev.meterkite.model.command;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something to be done once to one owner document and what hangs on it.
 *
 * @param owner the document whose state decides
 * @param operation its name, such as {@code debit-credits}
 * @param key what makes it this command and no other among those of the operation and owner: the
 *     caller's idempotency key, or what a trigger owes; null for commands that may be repeated,
 *     such as sweeps
 * @param requestHash hash of operation and normalised body: the same key with another hash is a
 *     conflict
 * @param input the domain's own part
 * @param markers where the document may stand that proves this command was applied, the likeliest
 *     first; empty exactly when {@code key} is null
 * @param seen documents read before the command was made, at most some seconds ago
 * @param reads what else is to be read with the owner document
 * @param <I> the domain's input type
 */
public record Command<I>(
    DocRef owner,
    String operation,
    @Nullable String key,
    String requestHash,
    I input,
    List<DocRef> markers,
    List<Snapshot> seen,
    List<Read> reads) {

  public Command {
    markers = List.copyOf(markers);
    seen = List.copyOf(seen);
    reads = List.copyOf(reads);
    if ((key == null) != markers.isEmpty()) {
      throw new IllegalArgumentException("a key needs a place for its marker, and only a key");
    }
  }
}
