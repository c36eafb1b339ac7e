package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Snapshot;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Where a test plants a fault of the product, between a function and what is around it. Nothing is
 * planted where a method is not overridden.
 */
interface Defect {
  /** Nothing is planted. */
  Defect NONE = new Defect() {};

  /** A play begins. */
  default void begins(InstantSource domainClock) {}

  /** A request as the function takes it. */
  default Request request(String function, Request request) {
    return request;
  }

  /** An answer as the function gives it. */
  default Response.Answer answer(String function, Response.Answer answer) {
    return answer;
  }

  /** Whether a function does anything, before it says that it did. */
  default boolean works(String function) {
    return true;
  }

  /** A document as the function sees it. */
  default Snapshot read(String function, Snapshot document) {
    return document;
  }

  /** A write as the function sends it; null for none. */
  default @Nullable Mutation write(String function, Mutation mutation) {
    return mutation;
  }

  /** Whether a commit leaves as several, one for each document. */
  default boolean commitsApart(String function) {
    return false;
  }

  /** Whether the function takes a commit that failed so for applied. */
  default boolean takesForApplied(String function, StoreException.Kind failure) {
    return false;
  }
}
