package dev.meterkite.local;

import java.util.List;

/**
 * A part of the demo, one for each feature. All sections play, one after the other; when the last
 * has played and no event is on its way any more, all of them check.
 */
interface DemoSection {
  /** The heading, a few words such as {@code A month of credits}. */
  String name();

  /**
   * Plays the section and shows what it did, by {@link DemoStage#row}. It uses ids of its own,
   * moves the clock only forward, and leaves nothing open.
   */
  void play(DemoStage stage) throws Exception;

  /** What is wrong in the end, seen from the documents or the functions; empty when all is well. */
  List<String> check(DemoStage stage) throws Exception;
}
