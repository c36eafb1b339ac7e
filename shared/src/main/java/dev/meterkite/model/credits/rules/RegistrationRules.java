package dev.meterkite.model.credits.rules;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.CreditAnswers;
import dev.meterkite.model.credits.ledger.CreditDecisions;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What register-user does. A user that does not exist is created, and its ledger is opened in the
 * same commit, so the answer already has the first grant. A user that exists keeps every field that
 * it has: a given field that it lacks is set, one that differs refuses the whole registration.
 *
 * <p>Example: on an empty database {@code {u1, tier pro}} creates u1 with a balance of 2,500; the
 * same again changes nothing; {@code {u1, tier free}} is refused with {@code already_exists} for
 * {@code tier}; {@code {u1, email a@b.example}} adds the address.
 *
 * <p>Whether another user has the Stripe customer is looked up with the command. Two registrations
 * of different users that run at the same moment may both find it free: Stripe's events then name
 * two users, and are refused until one of them is corrected.
 */
final class RegistrationRules {
  private final CreditState state;
  private final Seen seen;
  private final CreditCommand.Register register;
  private final Instant now;
  private final ForeignBalance foreign;
  private final Plans plans;

  RegistrationRules(
      CreditState state,
      Seen seen,
      CreditCommand.Register register,
      Instant now,
      ForeignBalance foreign,
      Plans plans) {
    this.state = state;
    this.seen = seen;
    this.register = register;
    this.now = now;
    this.foreign = foreign;
    this.plans = plans;
  }

  Decision<CreditState> decide() {
    List<Object> errors = new ArrayList<>();
    List<Read> missing = new ArrayList<>();
    if (state.exists()) {
      check(errors, Users.EMAIL, state.email(), register.email());
      check(errors, Users.TIER, state.tier(), register.tier());
      check(
          errors,
          Users.STRIPE_CUSTOMER_ID,
          state.billing().customerId(),
          register.stripeCustomerId());
    }
    if (errors.isEmpty()) {
      checkOwner(errors, missing);
    }
    if (!errors.isEmpty()) {
      return new Decision.Refused<>(CreditOutcome.ALREADY_EXISTS, Map.of("errors", errors));
    }
    CreditState next =
        state.exists()
            ? state.completedBy(register.email(), register.tier(), register.stripeCustomerId())
            : CreditState.registered(
                state.userId(),
                register.email(),
                register.tier() == null ? plans.firstTier().word() : register.tier(),
                register.stripeCustomerId(),
                now);
    LedgerOpener opener = new LedgerOpener(next, seen, now, foreign, plans, false);
    LedgerSession session = opener.open();
    if (opener.isUnreadable()) {
      return CreditRules.unreadable(state, seen, register, plans, now);
    }
    if (session == null) {
      missing.addAll(opener.missing());
    }
    return session == null || !missing.isEmpty()
        ? new Decision.NeedsReads<>(missing)
        : registered(next, session);
  }

  /** Looks whose the Stripe customer is, unless it is this user's already. */
  private void checkOwner(List<Object> errors, List<Read> missing) {
    String customer = register.stripeCustomerId();
    if (customer == null || customer.equals(state.billing().customerId())) {
      return;
    }
    Query owners = CreditCommands.usersOfStripeCustomer(customer);
    if (!seen.has(new Read.Find(owners))) {
      missing.add(new Read.Find(owners));
    } else if (seen.found(owners).stream()
        .anyMatch(one -> !one.ref().id().equals(state.userId()))) {
      errors.add(error(Users.STRIPE_CUSTOMER_ID, "taken", "belongs to another user"));
    }
  }

  private Decision<CreditState> registered(CreditState next, LedgerSession session) {
    Map<String, Object> answer = CreditAnswers.user(next, session);
    return register.keepsAnswer()
        ? CreditDecisions.applied(next, session, answer)
        : CreditDecisions.settled(state, next, session, answer);
  }

  /** A field that is absent on either side does not differ. */
  private static void check(
      List<Object> errors, String field, @Nullable String found, @Nullable String given) {
    if (found != null && given != null && !found.equals(given)) {
      errors.add(error(field, "differs", "is not what the user has; nothing was changed"));
    }
  }

  private static Map<String, Object> error(String field, String code, String message) {
    return new Violation(field, code, message).encode();
  }
}
