package dev.meterkite.model.credits.rules;

import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.BalanceLevel;
import dev.meterkite.model.credits.ledger.BalanceAlerting;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.Threshold;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * When a user's balance is low: below its own {@code low_balance_at}, else below the threshold of
 * its tier, else below the usual one.
 *
 * <p>What counts is what the user can spend: the balance less open holds. Each commit that takes it
 * below the threshold, or to zero, sets {@code balance_level} and raises one alert; the commit that
 * brings it back resolves that alert. So 200 credits with a threshold of 50, debited by 160 and
 * then by 40, raise {@code balance_low} and {@code balance_empty}; a grant of 20 resolves the
 * second, one of 30 more the first. Users without a threshold have a level, and no alerts.
 *
 * @param usual the threshold of tiers that state none
 * @param plans where the tiers are
 */
record LowBalance(Threshold usual, Plans plans) {
  /**
   * Below how many credits a user's balance is low; 0 for no threshold.
   *
   * @param user the user, whose own threshold counts where it has one
   */
  long threshold(CreditState user) {
    Long own = user.alerting().lowAt();
    if (own != null) {
      return own;
    }
    Optional<UserTier> tier = user.tier(plans);
    long month = tier.map(UserTier::monthlyCredits).orElse(0L);
    return tier.map(UserTier::lowBalance).orElse(usual).credits(month);
  }

  private static BalanceLevel level(Ledger ledger, long threshold) {
    long available = ledger.balance() - ledger.held();
    return available <= 0
        ? BalanceLevel.EMPTY
        : available < threshold ? BalanceLevel.LOW : BalanceLevel.OK;
  }

  /**
   * A decision with the level that it leaves, and what its crossing of a threshold raises and
   * resolves; or what has to be read before that is known.
   */
  Decision<CreditState> crossing(
      CreditState before, Decision.Applied<CreditState> applied, Seen seen, Instant now) {
    CreditState next = applied.next();
    Ledger ledger = next.ledger();
    if (ledger == null) {
      return applied;
    }
    long threshold = threshold(next);
    BalanceLevel level = level(ledger, threshold);
    BalanceAlerting known = next.alerting();
    BalanceLevel from = known.level();
    if (from == null) {
      // A user seen for the first time has crossed nothing.
      from = before.ledger() == null ? level : level(before.ledger(), threshold);
    }
    List<Write> writes = new ArrayList<>(applied.writes());
    List<Read> missing = new ArrayList<>();
    BalanceAlerting after = known.at(level);
    for (BalanceLevel worse : List.of(BalanceLevel.LOW, BalanceLevel.EMPTY)) {
      Long open = known.alert(worse);
      if (open == null && level == worse && from.compareTo(level) < 0 && threshold > 0) {
        after = after.raise(worse);
        DocRef ref = ref(next, worse, after.raised());
        writes.add(new Write.Merge(ref, alert(next, worse, message(next, ledger, threshold), now)));
      } else if (open != null && level.compareTo(worse) < 0) {
        after = after.resolve(worse);
        DocRef ref = ref(next, worse, open);
        if (seen.has(new Read.Get(ref))) {
          resolve(seen.document(ref), now, writes);
        } else {
          missing.add(new Read.Get(ref));
        }
      }
    }
    return missing.isEmpty()
        ? new Decision.Applied<>(next.with(after), applied.answer(), writes)
        : new Decision.NeedsReads<>(missing);
  }

  private static AlertType type(BalanceLevel level) {
    return level == BalanceLevel.LOW ? AlertType.BALANCE_LOW : AlertType.BALANCE_EMPTY;
  }

  /** Which alert; its number is the same however often the crossing is decided. */
  private static DocRef ref(CreditState user, BalanceLevel level, long number) {
    return Alerts.ref(type(level), AlertSubject.user(user.userId()), "balance_level " + number);
  }

  private static Map<String, Object> alert(
      CreditState user, BalanceLevel level, String message, Instant now) {
    Map<String, Object> fields =
        Alerts.document(type(level), AlertSubject.user(user.userId()), message, now);
    // Numbers begin anew for a user whose document was lost.
    fields.put(ModelRouterAlerts.RESOLVED_AT, Write.REMOVED);
    fields.put(ModelRouterAlerts.EXPIRE_AT, Write.REMOVED);
    return fields;
  }

  private static String message(CreditState user, Ledger ledger, long threshold) {
    long available = ledger.balance() - ledger.held();
    return available == 0
        ? "user " + user.userId() + " has no credits left to spend"
        : "user "
            + user.userId()
            + " has "
            + available
            + " credits to spend, fewer than "
            + threshold;
  }

  private static void resolve(Snapshot alert, Instant now, List<Write> writes) {
    Map<String, Object> changes = Alerts.resolve(alert, now);
    if (!changes.isEmpty()) {
      writes.add(new Write.Update(alert.ref(), changes));
    }
  }
}
