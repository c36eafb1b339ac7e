package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.lots.Lot;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What callers are told: credits as the functions render them. */
public final class CreditAnswers {
  public static final String BALANCE = "balance";
  public static final String HELD = "held";
  static final String AVAILABLE = "available";
  public static final String REQUIRED = "required";
  static final String TRANSACTION = "transaction";
  static final String HOLD = "hold";
  public static final String ACCRUED_MICROS = CreditTransactions.ACCRUED_MICROS;

  /** The deduction of what a capture needed beyond its hold. */
  public static final String OVERAGE_TRANSACTION = "overage_transaction";

  /** What could not be paid of a capture, in micro-USD. */
  public static final String UNPAID_MICROS = "unpaid_micros";

  /** What could not be paid of a capture, in credits. */
  public static final String UNPAID_CREDITS = "unpaid_credits";

  /** The open holds in a view. */
  public static final String HOLDS = "holds";

  /** The most open holds in a view. */
  static final int MOST_HOLDS = 100;

  /** What a sweep could not do, as the code of a refusal. */
  public static final String CODE = "code";

  /** What a sweep says of a user who starts without a grant. */
  public static final String GRANT = "grant";

  private CreditAnswers() {}

  /** {@code transaction?, balance, held, available}. */
  public static Map<String, Object> of(LedgerSession session, @Nullable Transaction transaction) {
    Map<String, Object> answer = new LinkedHashMap<>();
    if (transaction != null) {
      answer.put(TRANSACTION, TransactionCodec.shown(transaction));
    }
    return figures(answer, session.balance(), session.held());
  }

  /** {@code hold, transaction?, balance, held, available}. */
  public static Map<String, Object> of(
      LedgerSession session, Map<String, Object> hold, @Nullable Transaction transaction) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(HOLD, hold);
    answer.putAll(of(session, transaction));
    return answer;
  }

  /** {@code user_id, email?, tier, stripe_customer_id?, created_at?, balance, held, available}. */
  public static Map<String, Object> user(CreditState state, LedgerSession session) {
    return figures(user(state, session.plans()), session.balance(), session.held());
  }

  /** {@code user_id, email?, tier, stripe_customer_id?, created_at?, erased_at?}. */
  public static Map<String, Object> user(CreditState state, Plans plans) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(Users.USER_ID, state.userId());
    if (state.email() != null) {
      answer.put(Users.EMAIL, state.email());
    }
    answer.put(Users.TIER, state.tier() == null ? plans.firstTier().word() : state.tier());
    if (state.billing().customerId() != null) {
      answer.put(Users.STRIPE_CUSTOMER_ID, state.billing().customerId());
    }
    if (state.registeredAt() != null) {
      answer.put(Users.CREATED_AT, state.registeredAt());
    }
    if (state.erasedAt() != null) {
      answer.put(Users.ERASED_AT, state.erasedAt());
    }
    return answer;
  }

  /**
   * {@code user_id, balance, held, available, accrued_micros, sequence, lots, open_holds, holds,
   * refusals}: of the open holds the {@value #MOST_HOLDS} that lapse first, refusals newest first.
   */
  public static Map<String, Object> view(
      String userId, LedgerSession session, List<RefusedCommand> refusals) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(CreditTransactions.USER_ID, userId);
    figures(answer, session.balance(), session.held());
    answer.put(ACCRUED_MICROS, session.accrued().micros());
    answer.put(CreditTransactions.SEQUENCE, session.sequence());
    List<Object> lots = new ArrayList<>();
    for (Lot lot : session.lots().list()) {
      Map<String, Object> shown = new LinkedHashMap<>();
      shown.put("remaining", lot.remaining());
      shown.put("granted", lot.granted());
      if (lot.expiresAt() != null) {
        shown.put("expires_at", lot.expiresAt());
      }
      lots.add(shown);
    }
    answer.put("lots", lots);
    answer.put("open_holds", (long) session.openHolds().size());
    answer.put(
        HOLDS,
        session.openHolds().stream()
            .sorted(Comparator.comparing(OpenHold::expiresAt).thenComparing(OpenHold::holdId))
            .limit(MOST_HOLDS)
            .map(CreditAnswers::open)
            .toList());
    List<Object> refused = new ArrayList<>();
    refusals.forEach(refusal -> refused.add(0, shown(refusal)));
    answer.put("refusals", refused);
    return answer;
  }

  private static Map<String, Object> open(OpenHold hold) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put(CreditHolds.HOLD_ID, hold.holdId());
    shown.put(CreditHolds.AMOUNT, hold.amount());
    shown.put(CreditHolds.EXPIRES_AT, hold.expiresAt());
    if (hold.jobId() != null) {
      shown.put(CreditHolds.JOB_ID, hold.jobId());
    }
    return shown;
  }

  private static Map<String, Object> shown(RefusedCommand refusal) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("at", refusal.at());
    shown.put("operation", refusal.operation());
    shown.put(CODE, refusal.code());
    shown.put("figures", refusal.figures());
    return shown;
  }

  /** Adds {@code balance, held, available}. */
  public static Map<String, Object> figures(Map<String, Object> answer, long balance, long held) {
    answer.put(BALANCE, balance);
    answer.put(HELD, held);
    answer.put(AVAILABLE, balance - held);
    return answer;
  }
}
