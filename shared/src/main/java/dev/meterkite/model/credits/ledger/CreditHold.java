package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Decoded;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.schema.Typed;
import java.time.Instant;
import java.util.Map;

/**
 * Credits set aside, until they are captured, released, or lapse.
 *
 * @param fields the whole document, with the fields that we do not know
 */
public record CreditHold(Map<String, Object> fields) implements Typed {
  public static final Field<String> HOLD_ID =
      Bounds.length(1, 500, Field.string(Schema.CreditHolds.HOLD_ID)).mandatory();
  public static final Field<String> USER_ID =
      Bounds.length(1, 500, Field.string(Schema.CreditHolds.USER_ID)).mandatory();
  public static final Field<String> JOB_ID = Field.string(Schema.CreditHolds.JOB_ID);
  public static final Field<Long> AMOUNT =
      Bounds.atLeast(0, Field.integer(Schema.CreditHolds.AMOUNT)).mandatory();
  public static final Field<Long> CAPTURED =
      Bounds.atLeast(0, Field.integer(Schema.CreditHolds.CAPTURED));
  public static final Field<HoldStatus> STATUS =
      Field.word(Schema.CreditHolds.STATUS, HoldStatus.class).mandatory();
  public static final Field<String> CODE = Field.string(Schema.CreditHolds.CODE);
  public static final Field<String> TRANSACTION_ID =
      Field.string(Schema.CreditHolds.TRANSACTION_ID);
  public static final Field<Instant> EXPIRES_AT = Field.timestamp(Schema.CreditHolds.EXPIRES_AT);
  public static final Field<Instant> CREATED_AT = Field.timestamp(Schema.CreditHolds.CREATED_AT);
  public static final Field<Instant> CLOSED_AT = Field.timestamp(Schema.CreditHolds.CLOSED_AT);
  public static final Field<Long> ATTEMPT =
      Bounds.atLeast(1, Field.integer(Schema.CreditHolds.ATTEMPT));
  public static final Field<Long> ATTEMPTS =
      Bounds.atLeast(1, Field.integer(Schema.CreditHolds.ATTEMPTS));
  public static final Field<Instant> JOB_CREATED_AT =
      Field.timestamp(Schema.CreditHolds.JOB_CREATED_AT);
  public static final Field<String> REQUEST_HASH = Field.string(Schema.REQUEST_HASH);
  public static final Field<String> ANSWER = Field.string(Schema.ANSWER);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
              Schema.CreditHolds.COLLECTION,
              HOLD_ID,
              USER_ID,
              JOB_ID,
              AMOUNT,
              CAPTURED,
              STATUS,
              CODE,
              TRANSACTION_ID,
              EXPIRES_AT,
              CREATED_AT,
              CLOSED_AT,
              ATTEMPT,
              ATTEMPTS,
              JOB_CREATED_AT,
              REQUEST_HASH,
              ANSWER)
          .with(
              Schema.CreditHolds.CAPTURED,
              "must not be more than was held",
              hold -> hold.read(CAPTURED).orElse(0L) <= hold.read(AMOUNT).orElse(0L));

  /**
   * A record of this document.
   *
   * @throws IllegalArgumentException with everything that is wrong with it
   */
  public CreditHold {
    fields = TABLE.checked(fields);
  }

  /** The record of a document, or everything that is wrong with it; never fails. */
  public static Decoded<CreditHold> decode(Map<String, Object> document) {
    return TABLE.decode(document, CreditHold::new);
  }
}
