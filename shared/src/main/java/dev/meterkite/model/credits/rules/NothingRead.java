package dev.meterkite.model.credits.rules;

import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.util.List;

/** Nothing was read: for figures that must do with the state alone. */
enum NothingRead implements Seen {
  INSTANCE;

  @Override
  public boolean has(Read read) {
    return false;
  }

  @Override
  public Snapshot document(DocRef ref) {
    throw new IllegalStateException("not read: " + ref);
  }

  @Override
  public List<RefusedCommand> refusals() {
    return List.of();
  }

  @Override
  public List<Snapshot> found(Query query) {
    throw new IllegalStateException("not asked: " + query.collection());
  }
}
