package dev.meterkite.functions.access;

import java.util.Map;
import java.util.Optional;

/**
 * One line of the access table.
 *
 * @param what what it is about, in words
 * @param caller who asks
 * @param document collection and id
 * @param before the document as it stands before; empty when there is none
 * @param operation what is attempted
 * @param allowed whether the rules must let it through
 */
record Row(
    String what,
    RulesCaller caller,
    String document,
    Optional<Map<String, Object>> before,
    Operation operation,
    boolean allowed) {

  @Override
  public String toString() {
    return "%s %s %s: %s -> %s"
        .formatted(caller.name(), operation.kind(), document, what, allowed ? "allowed" : "denied");
  }
}
