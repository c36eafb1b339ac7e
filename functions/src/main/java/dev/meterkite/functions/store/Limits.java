package dev.meterkite.functions.store;

import java.time.Duration;

/**
 * The engine's bounds.
 *
 * @param commands most commands in one commit
 * @param bytes most bytes in one commit, as {@link Sizes} estimates them
 * @param attempts most commits tried for one command
 * @param life how long after its submission an attempt of a command may start
 * @param waiting most commands that wait for one document
 * @param documents most documents whose state is kept
 * @param cacheAge how long a kept state is worth trying
 * @param refused most refused keys remembered in an owner document; further ones have documents of
 *     their own
 * @param refusedFor how long a refused key is remembered; must be longer than any attempt can live
 */
public record Limits(
    int commands,
    int bytes,
    int attempts,
    Duration life,
    int waiting,
    int documents,
    Duration cacheAge,
    int refused,
    Duration refusedFor) {

  /** The bounds in production. */
  public static final Limits DEFAULT =
      new Limits(
          500,
          3_500 * 1_024,
          100,
          Duration.ofSeconds(10),
          10_000,
          10_000,
          Duration.ofSeconds(10),
          1_000,
          Duration.ofMinutes(4));

  /** Each command alone, on a state read for it: for engines that leave nothing behind. */
  public static final Limits ALONE =
      new Limits(
          1,
          DEFAULT.bytes,
          DEFAULT.attempts,
          DEFAULT.life,
          DEFAULT.waiting,
          DEFAULT.documents,
          Duration.ZERO,
          DEFAULT.refused,
          DEFAULT.refusedFor);

  public Limits {
    if (refusedFor.compareTo(life.multipliedBy(2)) < 0) {
      throw new IllegalArgumentException("a refused key must outlive every attempt");
    }
  }
}
