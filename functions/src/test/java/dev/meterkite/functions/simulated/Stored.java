package dev.meterkite.functions.simulated;

import dev.meterkite.model.document.Snapshot;

/** A document in its collection; indexes hold it by its key and find its latest state. */
final class Stored {
  Snapshot snapshot;

  /** At least its size in bytes; reckoned exactly only where that would be too much. */
  int mostBytes;

  Stored(Snapshot snapshot, int mostBytes) {
    this.snapshot = snapshot;
    this.mostBytes = mostBytes;
  }
}
