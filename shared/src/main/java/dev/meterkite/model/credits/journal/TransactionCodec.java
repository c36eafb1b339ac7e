package dev.meterkite.model.credits.journal;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.lots.LotShareCodec;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Table;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Documents of {@code credit_transactions}: their fields, and how they are read and written. */
public final class TransactionCodec {
  /** The fields of a transaction that callers see, in this order. */
  private static final List<String> PUBLIC =
      List.of(
          CreditTransactions.TRANSACTION_ID,
          CreditTransactions.USER_ID,
          CreditTransactions.TYPE,
          CreditTransactions.AMOUNT,
          CreditTransactions.BALANCE_AFTER,
          CreditTransactions.SEQUENCE,
          CreditTransactions.JOB_ID,
          CreditTransactions.HOLD_ID,
          CreditTransactions.REVERSES,
          CreditTransactions.REFUNDED,
          CreditTransactions.DESCRIPTION,
          CreditTransactions.REASON,
          CreditTransactions.EXPIRES_AT,
          CreditTransactions.USAGE,
          CreditTransactions.COST_MICROS,
          CreditTransactions.COST_EXACT,
          CreditTransactions.MARKUP_PERCENT,
          CreditTransactions.CHARGE_EXACT,
          CreditTransactions.PRICE_VERSION,
          CreditTransactions.PLANS_VERSION,
          CreditTransactions.ACCRUED_MICROS,
          CreditTransactions.CREATED_AT,
          CreditTransactions.PREV_HASH,
          CreditTransactions.HASH,
          CreditTransactions.ERASED);

  /** Loaded only where documents are checked: a debit needs none of it. */
  private static final class Declared {
    static final Table TABLE =
        Table.of(
            CreditTransactions.COLLECTION,
            Bounds.length(1, 500, Field.string(CreditTransactions.TRANSACTION_ID)).mandatory(),
            Bounds.length(1, 500, Field.string(CreditTransactions.USER_ID)).mandatory(),
            Field.word(CreditTransactions.TYPE, TransactionType.class).mandatory(),
            Field.integer(CreditTransactions.AMOUNT).mandatory(),
            Bounds.atLeast(0, Field.integer(CreditTransactions.BALANCE_AFTER)).mandatory(),
            Field.string(CreditTransactions.JOB_ID),
            Field.timestamp(CreditTransactions.CREATED_AT).mandatory(),
            Bounds.atLeast(1, Field.integer(CreditTransactions.SEQUENCE)),
            Field.string(CreditTransactions.PREV_HASH),
            Field.string(CreditTransactions.HASH),
            Field.string(CreditTransactions.DESCRIPTION),
            Bounds.atLeast(0, Field.integer(CreditTransactions.REFUNDED)),
            Field.string(CreditTransactions.REVERSES),
            Field.string(CreditTransactions.HOLD_ID),
            Field.timestamp(CreditTransactions.EXPIRES_AT),
            Field.string(Schema.REQUEST_HASH),
            Field.string(Schema.ANSWER));
  }

  private TransactionCodec() {}

  /** All fields, with their types and bounds. */
  public static Table table() {
    return Declared.TABLE;
  }

  /**
   * A sealed transaction and the write that creates its document.
   *
   * @param transaction with its hash
   */
  public record Entry(Transaction transaction, Write.Create write) {}

  /** The transaction of a document. Never fails: a value that cannot be read counts as absent. */
  public static Transaction decode(Snapshot document) {
    return decode(document.fields());
  }

  /** The same of the document's fields. */
  public static Transaction decode(Map<String, Object> fields) {
    return new Transaction(
        LenientFields.text(fields, CreditTransactions.TRANSACTION_ID),
        LenientFields.text(fields, CreditTransactions.USER_ID),
        TransactionType.parse(LenientFields.text(fields, CreditTransactions.TYPE)).orElse(null),
        LenientFields.whole(fields, CreditTransactions.AMOUNT, 0),
        LenientFields.whole(fields, CreditTransactions.BALANCE_AFTER),
        details(fields),
        LenientFields.instant(fields, CreditTransactions.CREATED_AT),
        LenientFields.whole(fields, CreditTransactions.SEQUENCE),
        LotShareCodec.decode(LenientFields.list(fields, CreditTransactions.LOTS)),
        LenientFields.text(fields, CreditTransactions.PREV_HASH),
        LenientFields.text(fields, CreditTransactions.HASH),
        LenientFields.whole(fields, CreditTransactions.REFUNDED, 0));
  }

  /** The details that rules ask for; what a call cost is never read back. */
  private static EntryDetails details(Map<String, Object> fields) {
    return EntryDetails.builder()
        .jobId(LenientFields.text(fields, CreditTransactions.JOB_ID))
        .holdId(LenientFields.text(fields, CreditTransactions.HOLD_ID))
        .description(LenientFields.text(fields, CreditTransactions.DESCRIPTION))
        .reason(LenientFields.text(fields, CreditTransactions.REASON))
        .expiresAt(LenientFields.instant(fields, CreditTransactions.EXPIRES_AT))
        .periodStart(LenientFields.instant(fields, CreditTransactions.PERIOD_START))
        .reverses(
            LenientFields.text(fields, CreditTransactions.REVERSES),
            LenientFields.whole(fields, CreditTransactions.REVERSES_SEQUENCE))
        .stripeEventId(LenientFields.text(fields, CreditTransactions.STRIPE_EVENT_ID))
        .plansVersion(LenientFields.text(fields, CreditTransactions.PLANS_VERSION))
        .build();
  }

  /** Seals a new transaction with its hash, for which it names the hash before it. */
  public static Entry seal(Transaction unsealed) {
    Map<String, Object> fields = encode(unsealed);
    String hash = LedgerChain.hash(fields, Objects.requireNonNull(unsealed.prevHash()));
    fields.put(CreditTransactions.HASH, hash);
    return new Entry(
        unsealed.sealed(hash),
        new Write.Create(CreditRefs.transaction(Objects.requireNonNull(unsealed.id())), fields));
  }

  /** Notes on a transaction how much of it has been given or taken back. */
  public static Write.Update refunded(String id, long total) {
    return new Write.Update(CreditRefs.transaction(id), Map.of(CreditTransactions.REFUNDED, total));
  }

  /** The document of a transaction. */
  public static Map<String, Object> encode(Transaction transaction) {
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, CreditTransactions.TRANSACTION_ID, transaction.id());
    put(fields, CreditTransactions.USER_ID, transaction.userId());
    TransactionType type = transaction.type();
    put(fields, CreditTransactions.TYPE, type == null ? null : type.wire());
    fields.put(CreditTransactions.AMOUNT, transaction.amount());
    put(fields, CreditTransactions.BALANCE_AFTER, transaction.balanceAfter());
    encode(fields, transaction.details());
    put(fields, CreditTransactions.CREATED_AT, transaction.createdAt());
    put(fields, CreditTransactions.SEQUENCE, transaction.sequence());
    fields.put(CreditTransactions.LOTS, LotShareCodec.encode(transaction.lots()));
    put(fields, CreditTransactions.PREV_HASH, transaction.prevHash());
    put(fields, CreditTransactions.HASH, transaction.hash());
    if (transaction.refunded() != 0) {
      fields.put(CreditTransactions.REFUNDED, transaction.refunded());
    }
    return fields;
  }

  /** Adds the fields of details. */
  public static void encode(Map<String, Object> fields, EntryDetails details) {
    put(fields, CreditTransactions.PLANS_VERSION, details.plansVersion());
    put(fields, CreditTransactions.JOB_ID, details.jobId());
    put(fields, CreditTransactions.HOLD_ID, details.holdId());
    put(fields, CreditTransactions.REVERSES, details.reverses());
    put(fields, CreditTransactions.REVERSES_SEQUENCE, details.reversesSequence());
    put(fields, CreditTransactions.DESCRIPTION, details.description());
    put(fields, CreditTransactions.REASON, details.reason());
    put(fields, CreditTransactions.EXPIRES_AT, details.expiresAt());
    put(fields, CreditTransactions.PERIOD_START, details.periodStart());
    put(fields, CreditTransactions.STRIPE_EVENT_ID, details.stripeEventId());
    CallCharge charge = details.charge();
    if (charge != null) {
      encode(fields, charge);
    }
    put(fields, CreditTransactions.ACCRUED_MICROS, details.accruedMicros());
  }

  /** Adds what is kept of a call. */
  public static void encode(Map<String, Object> fields, CallCharge charge) {
    Map<String, Object> consumed = new LinkedHashMap<>(charge.usage().encode());
    consumed.put("at", charge.at());
    fields.put(CreditTransactions.USAGE, consumed);
    encodeCost(fields, charge);
  }

  /** Adds what a call cost, without what it consumed. */
  public static void encodeCost(Map<String, Object> fields, CallCharge charge) {
    fields.put(CreditTransactions.COST_MICROS, charge.costMicros());
    fields.put(CreditTransactions.COST_EXACT, charge.costExact());
    BigDecimal percent = charge.markupPercent();
    fields.put(
        CreditTransactions.MARKUP_PERCENT,
        percent.scale() <= 0 ? (Object) percent.longValue() : (Object) percent.doubleValue());
    fields.put(CreditTransactions.CHARGE_EXACT, charge.chargeExact());
    fields.put(CreditTransactions.PRICE_VERSION, charge.priceVersion());
    fields.put(CreditTransactions.PLANS_VERSION, charge.plansVersion());
  }

  /** A transaction as callers see it. */
  public static Map<String, Object> shown(Transaction transaction) {
    return shown(encode(transaction));
  }

  /** A document as callers see it, also one of an older system: its values as they are stored. */
  public static Map<String, Object> shown(Map<String, Object> document) {
    Map<String, Object> answer = new LinkedHashMap<>();
    for (String name : PUBLIC) {
      Object value = document.get(name);
      if (value != null) {
        answer.put(name, value);
      }
    }
    return answer;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.put(name, value);
    }
  }
}
