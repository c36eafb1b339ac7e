package dev.meterkite.functions.usage;

import dev.meterkite.functions.store.Reply;
import java.util.List;
import java.util.function.Predicate;

/**
 * What became of some documents for which something was due.
 *
 * @param done how many were brought up to date
 * @param failed how many stay due because it could not be done now
 */
public record Swept(int done, int failed) {
  /** Nothing was due after all. */
  public static final Swept NOTHING = new Swept(0, 0);

  /** One document was brought up to date. */
  static final Swept ONE = new Swept(1, 0);

  /** One document stays due. */
  static final Swept FAILED = new Swept(0, 1);

  /** Both together. */
  public Swept plus(Swept more) {
    return new Swept(done + more.done, failed + more.failed);
  }

  /**
   * What replies say.
   *
   * @param done whether a reply tells of a document that was brought up to date
   */
  public static Swept of(List<Reply> replies, Predicate<Reply> done) {
    int failed = (int) replies.stream().filter(reply -> !(reply instanceof Reply.Answered)).count();
    return new Swept((int) replies.stream().filter(done).count(), failed);
  }
}
