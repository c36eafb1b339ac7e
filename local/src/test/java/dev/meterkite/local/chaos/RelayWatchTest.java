package dev.meterkite.local.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.firestore.v1.Document;
import com.google.firestore.v1.MapValue;
import com.google.firestore.v1.Value;
import com.google.firestore.v1.Write;
import dev.meterkite.local.chaos.RelayWatch.Counts;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is seen of relays in the commits of three processes: 0 is the host of {@code users/u}. */
class RelayWatchTest {
  private static final String DOCUMENTS = "projects/p/databases/(default)/documents/";

  private final RelayWatch watch = new RelayWatch();

  RelayWatchTest() {
    watch.applied(0, List.of(claim("users/u")));
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }

  private static Write write(String path, Map<String, Value> fields) {
    return Write.newBuilder()
        .setUpdate(Document.newBuilder().setName(DOCUMENTS + path).putAllFields(fields))
        .build();
  }

  private static Write claim(String owner) {
    MapValue commit =
        MapValue.newBuilder().putFields("revision", text("1")).putFields("host", text("h")).build();
    return write(owner, Map.of("commit", Value.newBuilder().setMapValue(commit).build()));
  }

  private static Write opened(String relay, String owner) {
    return write(
        "command_relays/" + relay,
        Map.of("open_for", text("hash"), "owner", text(owner), "commands", text("[]")));
  }

  private static Write served(String relay) {
    return write("command_relays/" + relay, Map.of("answers", text("[]")));
  }

  private static Write takenBack(String relay) {
    return write("command_relays/" + relay, Map.of());
  }

  @Test
  void relayThatIsServed_needsNoHostAnyMore() {
    watch.applied(1, List.of(opened("r", "users/u")));
    assertEquals(OptionalInt.of(0), watch.host());
    watch.applied(0, List.of(claim("users/u"), served("r")));
    assertEquals(OptionalInt.empty(), watch.host());
    watch.killed(Set.of(0));
    assertEquals(new Counts(1, 1, 0, 0, 0, 0), watch.counts());
  }

  @Test
  void hostThatIsKilled_countsOnceWithAllRelaysOfOthers() {
    watch.applied(1, List.of(opened("r", "users/u"), opened("s", "users/u")));
    watch.applied(2, List.of(opened("t", "users/other")));
    watch.killed(Set.of(0));
    assertEquals(new Counts(3, 0, 0, 0, 1, 2), watch.counts());
    watch.applied(1, List.of(takenBack("r")));
    watch.applied(1, List.of(takenBack("s")));
    assertEquals(new Counts(3, 0, 2, 0, 1, 2), watch.counts());
  }

  @Test
  void authorThatIsKilled_leavesItsRelayToTheHost() {
    watch.applied(1, List.of(opened("r", "users/u"), opened("s", "users/u")));
    watch.killed(Set.of(1));
    assertEquals(new Counts(2, 0, 0, 2, 0, 0), watch.counts());
    assertEquals(OptionalInt.empty(), watch.host());
    watch.applied(0, List.of(served("r")));
    assertEquals(new Counts(2, 1, 0, 1, 0, 0), watch.counts());
  }

  @Test
  void relayWithoutAHost_orOfTheHostItself_isNoReasonToKill() {
    watch.applied(1, List.of(opened("r", "users/nobody")));
    watch.applied(0, List.of(opened("s", "users/u")));
    assertEquals(OptionalInt.empty(), watch.host());
    watch.killed(Set.of(0, 1, 2));
    assertEquals(new Counts(2, 0, 0, 2, 0, 0), watch.counts());
  }

  @Test
  void documentsWithoutAClaim_changeNoHost() {
    watch.applied(2, List.of(write("users/u", Map.of("commit", text("no map")))));
    watch.applied(2, List.of(Write.newBuilder().setDelete(DOCUMENTS + "users/u").build()));
    watch.applied(1, List.of(opened("r", "users/u")));
    assertEquals(OptionalInt.of(0), watch.host());
  }
}
