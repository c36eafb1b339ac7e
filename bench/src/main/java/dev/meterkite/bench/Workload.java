package dev.meterkite.bench;

import org.jspecify.annotations.Nullable;

/**
 * What callers ask for. Operation {@code n} begins with one call, and an answer may lead to a next
 * one: a hold to its capture. The same {@code n} always makes the same calls.
 */
interface Workload {
  /**
   * One HTTP request.
   *
   * @param function whom it goes to
   * @param key its idempotency key, which no other operation uses
   * @param body JSON
   */
  record Call(String function, String key, String body) {}

  /** The first call of an operation. */
  Call first(long n);

  /**
   * The call that follows an answer with status 200.
   *
   * @param answered the call that was answered
   * @param answer the body
   * @return null when the operation is done
   */
  default @Nullable Call then(long n, Call answered, String answer) {
    return null;
  }

  /** The same operations, beginning with a later one. */
  default Workload from(long offset) {
    Workload all = this;
    return new Workload() {
      @Override
      public Call first(long n) {
        return all.first(offset + n);
      }

      @Override
      public @Nullable Call then(long n, Call answered, String answer) {
        return all.then(offset + n, answered, answer);
      }
    };
  }
}
