package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.CommandRelays;
import java.time.Instant;
import java.util.List;

/**
 * Another instance's commands, as they are taken into a commit of ours.
 *
 * @param ref the document they came in
 * @param origin who wrote it
 * @param version its update time; our commit is applied only if it is still the same
 * @param commands all of them, in order
 */
record Relay<I>(DocRef ref, Origin origin, Instant version, List<Pending<I>> commands) {
  /**
   * Which relay of which author.
   *
   * @param author one queue of one instance
   * @param number of its relays so far
   */
  record Origin(String author, long number) {
    /** The document that holds the relay. */
    DocRef ref(DocRef owner) {
      String id = Ids.uuid("relay", owner.collection(), owner.id(), author, Long.toString(number));
      return new DocRef(CommandRelays.COLLECTION, id);
    }

    /** The author's next one. */
    Origin next() {
      return new Origin(author, number + 1);
    }
  }
}
