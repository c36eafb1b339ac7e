package dev.meterkite.model.usage;

/**
 * How much one document of a month's summary holds, so that it stays below Firestore's 1 MiB.
 *
 * <p>An entry is the amounts of one action on one day, or of one action that is late for one day.
 * The largest, with an action of 100 characters and all ten amounts, takes some 350 bytes: {@value
 * #MAX_ENTRIES} of them take 875 KB.
 *
 * @param actions most different actions; an action that is late for some day counts for itself
 * @param entries most entries
 * @param documents most documents of a month, a power of two; beyond them the bounds give way
 */
record SummaryBounds(int actions, int entries, int documents) {
  static final int MAX_ACTIONS = 500;
  static final int MAX_ENTRIES = 2_500;
  static final int MAX_DOCUMENTS = 1 << 16;
  static final SummaryBounds DEFAULT = new SummaryBounds(MAX_ACTIONS, MAX_ENTRIES, MAX_DOCUMENTS);

  SummaryBounds {
    if (actions < 1 || entries < 1 || Integer.bitCount(documents) != 1) {
      throw new IllegalArgumentException("not bounds: " + actions + ", " + entries);
    }
  }
}
