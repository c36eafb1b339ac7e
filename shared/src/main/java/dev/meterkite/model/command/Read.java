package dev.meterkite.model.command;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;

/** Something besides its owner document that a command must see before it can be decided. */
public sealed interface Read {
  /** One document, which may be absent. */
  record Get(DocRef ref) implements Read {}

  /** The documents that a query finds. */
  record Find(Query query) implements Read {}
}
