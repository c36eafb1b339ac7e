package dev.meterkite.model.routing;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Outcome;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * How decisions are written down that reserve nothing: models without a quota, and requests that no
 * model can serve. Each is a new document; nothing is decided on, so nothing is refused. Their
 * owner is a document that does not exist and is never written: under its name those of one process
 * gather into common commits.
 */
public final class DecisionRules implements Rules<Boolean, QuotaCommand.Purpose> {
  private static final DocRef OWNER = new DocRef(RoutingDecisions.COLLECTION, "none");

  /** The command that writes a decision down; its document is the command's marker. */
  public static Command<QuotaCommand.Purpose> write(
      String key, String requestHash, QuotaCommand.Purpose decision) {
    return new Command<>(
        OWNER,
        "route-model",
        key,
        requestHash,
        decision,
        List.of(decision.document().ref()),
        List.of(Snapshot.absent(OWNER)),
        List.of());
  }

  @Override
  public Boolean decode(Snapshot owner) {
    return owner.exists();
  }

  @Override
  public Map<String, Object> changes(Boolean before, Boolean after) {
    return Map.of();
  }

  @Override
  public Decision<Boolean> decide(
      Boolean state, Seen seen, Command<QuotaCommand.Purpose> command, Instant now) {
    QuotaCommand.Purpose decision = command.input();
    return new Decision.Applied<>(state, decision.answer(), List.of(decision.document()));
  }

  /** Never asked, since nothing is refused. */
  @Override
  public Decision.Refused<Boolean> refuseAgain(
      Boolean state, Command<QuotaCommand.Purpose> command, String code, Instant now) {
    return new Decision.Refused<>(new Never(code), Map.of());
  }

  private record Never(String code) implements Outcome {
    @Override
    public boolean remembered() {
      return false;
    }
  }
}
