package dev.meterkite.functions.credits;

import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.rules.CreditRules;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import java.time.Instant;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The rules of credits by the plans of the moment: each decision is made by one version of the
 * plans, the one that {@link CurrentPlans#latest} has. Callers ask for the plans before they submit
 * a command, so that no decision waits for them.
 */
final class PlannedRules implements Rules<CreditState, CreditCommand> {
  private final CurrentPlans plans;
  private final Function<Plans, CreditRules> rulesOf;
  private volatile @Nullable Planned planned;

  private record Planned(Plans plans, CreditRules rules) {}

  /**
   * @param rulesOf the rules by one version of the plans
   */
  PlannedRules(CurrentPlans plans, Function<Plans, CreditRules> rulesOf) {
    this.plans = plans;
    this.rulesOf = rulesOf;
  }

  /** The rules of the moment. */
  @SuppressWarnings("ReferenceEquality") // plans that were not read again are the same object
  CreditRules now() {
    Plans latest = plans.latest();
    Planned known = planned;
    if (known == null || known.plans() != latest) {
      known = new Planned(latest, rulesOf.apply(latest));
      planned = known;
    }
    return known.rules();
  }

  @Override
  public CreditState decode(Snapshot owner) {
    return CreditState.decode(owner);
  }

  @Override
  public Map<String, Object> changes(CreditState before, CreditState after) {
    return CreditState.changes(before, after);
  }

  @Override
  public Decision<CreditState> decide(
      CreditState state, Seen seen, Command<CreditCommand> command, Instant now) {
    return now().decide(state, seen, command, now);
  }

  @Override
  public Decision.Refused<CreditState> refuseAgain(
      CreditState state, Command<CreditCommand> command, String code, Instant now) {
    return now().refuseAgain(state, command, code, now);
  }

  @Override
  public CommandCodec<CreditCommand> codec() {
    return CreditRules.commands();
  }
}
