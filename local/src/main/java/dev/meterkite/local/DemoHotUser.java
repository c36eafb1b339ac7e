package dev.meterkite.local;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Why there is an engine: many callers debit one user at once, first by {@code debit-credits}, then
 * by the read-modify-write transaction of the client library.
 */
final class DemoHotUser implements DemoSection {
  private static final int CALLERS = 4;
  private static final long BALANCE = 10_000_000;
  private static final String USER = "demo-hot";
  private static final Duration TO_THE_END = Duration.ofMinutes(2);

  private final Duration length;
  private long acknowledged;

  /**
   * @param length how long each of the two is played
   */
  DemoHotUser(Duration length) {
    this.length = length;
  }

  @Override
  public String name() {
    return "One user debited by %d callers at once, %d s each way"
        .formatted(CALLERS, length.toSeconds());
  }

  @Override
  public void play(DemoStage stage)
      throws InterruptedException, ExecutionException, TimeoutException {
    stage.create(
        Map.of(
            new DocRef(Users.COLLECTION, USER),
            Map.of(Users.USER_ID, USER, Users.TIER, "payg", Users.CREDITS_BALANCE, BALANCE)));
    stage.awaitEvents();
    String body = "{\"user_id\": \"%s\", \"amount\": 1}".formatted(USER);
    DemoRace ours =
        DemoRace.run(
            CALLERS,
            length,
            TO_THE_END,
            key -> stage.service().post("debit-credits", key, body).statusCode() == 200);
    acknowledged = ours.answered();
    DemoRace usual;
    try (UsualDebit transaction =
        UsualDebit.open(stage.host().firestore(), stage.host().project(), BALANCE)) {
      usual = DemoRace.run(CALLERS, length, length, transaction::debit);
    }
    show(stage.screen(), ours, usual);
  }

  private static void show(Screen screen, DemoRace ours, DemoRace usual) {
    String columns = "%14s %15s";
    screen.row("", columns.formatted("Meterkite", "runTransaction"));
    screen.row("debits a second", columns.formatted(ours.rate(), usual.rate()));
    screen.row("p50", columns.formatted(ours.percentile(50), usual.percentile(50)));
    screen.row("p99", columns.formatted(ours.percentile(99), usual.percentile(99)));
    screen.row("failed", columns.formatted(ours.failed(), usual.failed()));
    screen.row("still unanswered", columns.formatted(ours.open(), usual.open()));
    screen.say(
        "Both on the emulator. Meterkite is called over HTTP, with a token, and keeps a ledger;"
            + " runTransaction runs in this process and writes a balance and a record.");
  }

  @Override
  public List<String> check(DemoStage stage) {
    stage.books().compare(USER, acknowledged);
    return List.of();
  }
}
