package dev.meterkite.functions.http;

import java.util.Collections;
import java.util.Set;

/**
 * Who calls, as its token proves.
 *
 * @param roles what it may be; empty for somebody who is signed in and nothing more
 * @param subject the token's {@code sub}; for a {@link Role#USER} its user or customer id
 */
public record Caller(Set<Role> roles, String subject) {
  public Caller {
    roles = Set.copyOf(roles);
  }

  /** Whether it has one of these roles. */
  public boolean isAnyOf(Set<Role> allowed) {
    return !Collections.disjoint(roles, allowed);
  }

  /**
   * Whether it may reach the data of a user or customer: any but {@link Role#USER} among the
   * allowed roles reaches everybody's, a user its own.
   */
  public boolean reaches(String owner, Set<Role> allowed) {
    return roles.stream()
        .filter(allowed::contains)
        .anyMatch(role -> role != Role.USER || subject.equals(owner));
  }
}
