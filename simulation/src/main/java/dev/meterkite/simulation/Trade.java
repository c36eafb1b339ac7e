package dev.meterkite.simulation;

import dev.meterkite.functions.store.Store;
import java.time.Instant;
import java.util.List;

/** Something that is done with the functions and that chaos.sh leaves out, with its own books. */
interface Trade {
  /** Writes the documents that have to be there before. */
  void create(Store store, Instant now);

  /**
   * Does one thing, which counts as an operation of the journal.
   *
   * @param caller no other caller at this time has it
   */
  void step(String caller) throws InterruptedException;

  /** Whether something that was begun is still on its way. */
  boolean isBusy();

  /**
   * What is wrong by its books; nobody writes meanwhile, and what was due is done.
   *
   * @param now the domain's time
   */
  List<String> findings(Instant now);
}
