package dev.meterkite.functions.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What clients asked and were told, and the search for a serial order that explains it (Wing and
 * Gong's, with the memory of Lowe's): every answer is right on the state that the operations before
 * it leave, and what was told before another was asked comes before it.
 *
 * <p>The state is two sums, of a user (balance, held) or of a quota (used, reserved); each
 * operation adds to them, so the set of operations done is all that the search has to remember.
 */
final class History {
  static final int MOST_OPERATIONS = 62;
  private static final int MOST_STEPS = 50_000;

  /** What must hold of the two sums before an operation. */
  interface Check {
    boolean holds(long first, long second);
  }

  /**
   * One operation.
   *
   * @param told null where nobody heard an answer: it may have happened at any time since, or never
   * @param first what it adds to the first sum
   * @param group operations of which at most one can happen, such as the ends of one hold; or empty
   * @param afterGroup a group of which one must have happened before; or empty
   */
  record Operation(
      String name,
      Instant asked,
      Instant told,
      long first,
      long second,
      String group,
      String afterGroup,
      Check before) {
    @Override
    public String toString() {
      return "\n  %s asked %s told %s adds %d, %d".formatted(name, asked, told, first, second);
    }
  }

  private final List<Operation> operations = new ArrayList<>();
  private final Set<Long> seen = new HashSet<>();
  private int steps;

  void add(Operation operation) {
    if (operations.size() == MOST_OPERATIONS) {
      throw new IllegalStateException("a longer history than the search takes");
    }
    operations.add(operation);
  }

  int size() {
    return operations.size();
  }

  /** Why no serial order explains the history; empty when one does. */
  Optional<String> unexplained(long first, long second) {
    seen.clear();
    steps = 0;
    return search(0, first, second)
        ? Optional.empty()
        : Optional.of("no serial order explains " + operations);
  }

  private boolean search(long done, long first, long second) {
    if (!seen.add(done)) {
      return false;
    }
    if (++steps > MOST_STEPS) {
      throw new IllegalStateException("undecided after " + MOST_STEPS + " steps");
    }
    Instant bound = Instant.MAX;
    for (int i = 0; i < operations.size(); i++) {
      Instant told = operations.get(i).told();
      if ((done >> i & 1) == 0 && told != null && told.isBefore(bound)) {
        bound = told;
      }
    }
    if (bound.equals(Instant.MAX)) {
      return true; // What is left was never answered, and need not have happened.
    }
    for (int i = 0; i < operations.size(); i++) {
      Operation next = operations.get(i);
      if ((done >> i & 1) == 0
          && !next.asked().isAfter(bound)
          && next.before().holds(first, second)
          && (next.group().isEmpty() || !hasDone(done, next.group()))
          && (next.afterGroup().isEmpty() || hasDone(done, next.afterGroup()))
          && search(done | 1L << i, first + next.first(), second + next.second())) {
        return true;
      }
    }
    return false;
  }

  private boolean hasDone(long done, String group) {
    for (int i = 0; i < operations.size(); i++) {
      if ((done >> i & 1) == 1 && operations.get(i).group().equals(group)) {
        return true;
      }
    }
    return false;
  }
}
