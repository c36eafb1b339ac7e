package dev.meterkite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How often a document may be written, at moments given. */
class CommitQueueTest {
  private static final long SECOND = 1_000_000_000;

  private final CommitQueue<String> queue = new CommitQueue<>(1, 2, Duration.ofSeconds(3));

  private void add(String commit, String document, long now) {
    queue.add(commit, Map.of(document, CommitQueue.ANY), now);
  }

  private List<String> go(long now) {
    return queue.due(now).go();
  }

  @Test
  void burstGoesAtOnce_andThenOneASecond() {
    for (String commit : List.of("a", "b", "c", "d")) {
      add(commit, "hot", 0);
    }
    assertEquals(List.of("a", "b"), go(0));
    assertEquals(List.of(), go(SECOND - 1));
    assertEquals(List.of("c"), go(SECOND));
    assertEquals(List.of("d"), go(2 * SECOND));
    assertTrue(queue.isEmpty());
  }

  @Test
  void commitThatTheStoreWillRefuse_goesAtOnceWithoutAToken() {
    queue.applied("hot", "v1", 0);
    queue.add("late", Map.of("hot", "v0"), 0);
    queue.add("first", Map.of("hot", "v1"), 0);
    queue.add("second", Map.of("hot", "v1"), 0);
    queue.add("third", Map.of("hot", "v1"), 0);
    CommitQueue.Due<String> due = queue.due(0);
    assertEquals(List.of("late"), due.doomed());
    assertEquals(List.of("first", "second"), due.go());
  }

  @Test
  void restNeverSavesMoreThanTheBurst() {
    add("a", "hot", 0);
    assertEquals(List.of("a"), go(0));
    for (String commit : List.of("b", "c", "d")) {
      add(commit, "hot", 100 * SECOND);
    }
    assertEquals(List.of("b", "c"), go(100 * SECOND));
  }

  @Test
  void otherDocuments_doNotWait_butMayNotOvertakeOnTheSame() {
    for (String commit : List.of("a", "b", "c")) {
      add(commit, "hot", 0);
    }
    queue.add("both", Map.of("hot", CommitQueue.ANY, "cold", CommitQueue.ANY), 0);
    add("behind both", "cold", 0);
    add("other", "elsewhere", 0);
    assertEquals(List.of("a", "b", "other"), go(0));
    assertEquals(List.of("c"), go(SECOND));
    assertEquals(List.of("both", "behind both"), go(2 * SECOND));
  }

  @Test
  void waitOfThreeSeconds_isContention_andOneNanosecondLessIsNot() {
    for (String commit : List.of("a", "b", "c")) {
      add(commit, "hot", 0);
    }
    go(0);
    queue.applied("hot", "v1", 0);
    // Nothing was poked at until the wait of the third is over, and somebody took the token.
    add("d", "hot", 3 * SECOND - 1);
    assertEquals(List.of("c", "d"), go(3 * SECOND - 1));
    add("e", "hot", 4 * SECOND - 1);
    add("f", "hot", 4 * SECOND - 1);
    add("g", "hot", 4 * SECOND - 1);
    assertEquals(List.of("e"), go(4 * SECOND - 1));
    CommitQueue<String> slow = new CommitQueue<>(0.1, 1, Duration.ofSeconds(3));
    slow.add("first", Map.of("hot", CommitQueue.ANY), 0);
    slow.add("second", Map.of("hot", CommitQueue.ANY), 0);
    assertEquals(List.of("first"), slow.due(0).go());
    assertEquals(List.of(), slow.due(3 * SECOND - 1).contended());
    assertEquals(List.of("second"), slow.due(3 * SECOND).contended());
  }

  @Test
  void commitOnAnOlderVersion_goesOnAtOnceToBeRefused() {
    add("a", "hot", 0);
    add("b", "hot", 0);
    queue.add("stale", Map.of("hot", "v1"), 0);
    queue.add("right", Map.of("hot", "v2"), 0);
    assertEquals(List.of("a", "b"), go(0));
    queue.applied("hot", "v2", 0);
    CommitQueue.Due<String> due = queue.due(1);
    assertEquals(List.of("stale"), due.doomed());
    assertEquals(List.of(), due.go());
    assertEquals(List.of("right"), go(SECOND));
  }

  @Test
  void failedCommit_givesItsTokenBack() {
    add("a", "hot", 0);
    add("b", "hot", 0);
    add("c", "hot", 0);
    assertEquals(List.of("a", "b"), go(0));
    queue.failed(Set.of("hot"), 0);
    assertEquals(List.of("c"), go(0));
  }
}
