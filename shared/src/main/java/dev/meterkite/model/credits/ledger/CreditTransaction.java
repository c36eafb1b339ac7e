package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Decoded;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.schema.Typed;
import java.time.Instant;
import java.util.Map;

/**
 * One change of a balance. Those of older programs have no {@code sequence}.
 *
 * @param fields the whole document, with the fields that we do not know
 */
public record CreditTransaction(Map<String, Object> fields) implements Typed {
  public static final Field<String> TRANSACTION_ID =
      Bounds.length(1, 500, Field.string(Schema.CreditTransactions.TRANSACTION_ID)).mandatory();
  public static final Field<String> USER_ID =
      Bounds.length(1, 500, Field.string(Schema.CreditTransactions.USER_ID)).mandatory();
  public static final Field<TransactionType> TYPE =
      Field.word(Schema.CreditTransactions.TYPE, TransactionType.class).mandatory();
  public static final Field<Long> AMOUNT =
      Field.integer(Schema.CreditTransactions.AMOUNT).mandatory();
  public static final Field<Long> BALANCE_AFTER =
      Bounds.atLeast(0, Field.integer(Schema.CreditTransactions.BALANCE_AFTER)).mandatory();
  public static final Field<String> JOB_ID = Field.string(Schema.CreditTransactions.JOB_ID);
  public static final Field<Instant> CREATED_AT =
      Field.timestamp(Schema.CreditTransactions.CREATED_AT).mandatory();
  public static final Field<Long> SEQUENCE =
      Bounds.atLeast(1, Field.integer(Schema.CreditTransactions.SEQUENCE));
  public static final Field<String> PREV_HASH = Field.string(Schema.CreditTransactions.PREV_HASH);
  public static final Field<String> HASH = Field.string(Schema.CreditTransactions.HASH);
  public static final Field<String> DESCRIPTION =
      Field.string(Schema.CreditTransactions.DESCRIPTION);
  public static final Field<Long> REFUNDED =
      Bounds.atLeast(0, Field.integer(Schema.CreditTransactions.REFUNDED));
  public static final Field<String> REVERSES = Field.string(Schema.CreditTransactions.REVERSES);
  public static final Field<String> HOLD_ID = Field.string(Schema.CreditTransactions.HOLD_ID);
  public static final Field<Instant> EXPIRES_AT =
      Field.timestamp(Schema.CreditTransactions.EXPIRES_AT);
  public static final Field<String> REQUEST_HASH = Field.string(Schema.REQUEST_HASH);
  public static final Field<String> ANSWER = Field.string(Schema.ANSWER);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.CreditTransactions.COLLECTION,
          TRANSACTION_ID,
          USER_ID,
          TYPE,
          AMOUNT,
          BALANCE_AFTER,
          JOB_ID,
          CREATED_AT,
          SEQUENCE,
          PREV_HASH,
          HASH,
          DESCRIPTION,
          REFUNDED,
          REVERSES,
          HOLD_ID,
          EXPIRES_AT,
          REQUEST_HASH,
          ANSWER);

  /**
   * A record of this document.
   *
   * @throws IllegalArgumentException with everything that is wrong with it
   */
  public CreditTransaction {
    fields = TABLE.checked(fields);
  }

  /** The record of a document, or everything that is wrong with it; never fails. */
  public static Decoded<CreditTransaction> decode(Map<String, Object> document) {
    return TABLE.decode(document, CreditTransaction::new);
  }
}
