package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.credits.BalanceLevel;
import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Decoded;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.schema.Typed;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A user: identity, tier, and a copy of the balance, of which {@code ledger} is the truth.
 *
 * @param fields the whole document, with the fields that we do not know
 */
public record User(Map<String, Object> fields) implements Typed {
  public static final Field<String> USER_ID =
      Bounds.length(1, 500, Field.string(Schema.Users.USER_ID)).mandatory();
  public static final Field<String> EMAIL = Field.string(Schema.Users.EMAIL);
  public static final Field<String> TIER = Field.string(Schema.Users.TIER);
  public static final Field<Long> CREDITS_BALANCE =
      Bounds.atLeast(0, Field.integer(Schema.Users.CREDITS_BALANCE));
  public static final Field<Long> CREDITS_AVAILABLE =
      Bounds.atLeast(0, Field.integer(Schema.Users.CREDITS_AVAILABLE));
  public static final Field<BalanceLevel> BALANCE_LEVEL =
      Field.word(Schema.Users.BALANCE_LEVEL, BalanceLevel.class);
  public static final Field<Long> LOW_BALANCE_AT =
      Bounds.atLeast(0, Field.integer(Schema.Users.LOW_BALANCE_AT));
  public static final Field<Map<String, Object>> BALANCE_ALERTS =
      Field.map(Schema.Users.BALANCE_ALERTS);
  public static final Field<String> STRIPE_CUSTOMER_ID =
      Field.string(Schema.Users.STRIPE_CUSTOMER_ID);
  public static final Field<String> STRIPE_SUBSCRIPTION_ID =
      Field.string(Schema.Users.STRIPE_SUBSCRIPTION_ID);
  public static final Field<Map<String, Object>> STRIPE_SUBSCRIPTIONS =
      Field.map(Schema.Users.STRIPE_SUBSCRIPTIONS);
  public static final Field<Instant> CREATED_AT = Field.timestamp(Schema.Users.CREATED_AT);
  public static final Field<Instant> UPDATED_AT = Field.timestamp(Schema.Users.UPDATED_AT);
  public static final Field<Map<String, Object>> LEDGER = Field.map(Schema.Users.LEDGER);
  public static final Field<Instant> LEDGER_DUE_AT = Field.timestamp(Schema.Users.LEDGER_DUE_AT);
  public static final Field<List<Object>> VALIDATION_ERRORS =
      Field.array(Schema.Users.VALIDATION_ERRORS);
  public static final Field<Instant> ERASED_AT = Field.timestamp(Schema.Users.ERASED_AT);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.Users.COLLECTION,
          USER_ID,
          EMAIL,
          TIER,
          CREDITS_BALANCE,
          CREDITS_AVAILABLE,
          BALANCE_LEVEL,
          LOW_BALANCE_AT,
          BALANCE_ALERTS,
          STRIPE_CUSTOMER_ID,
          STRIPE_SUBSCRIPTION_ID,
          STRIPE_SUBSCRIPTIONS,
          CREATED_AT,
          UPDATED_AT,
          LEDGER,
          LEDGER_DUE_AT,
          VALIDATION_ERRORS,
          ERASED_AT);

  /**
   * A record of this document.
   *
   * @throws IllegalArgumentException with everything that is wrong with it
   */
  public User {
    fields = TABLE.checked(fields);
  }

  /** The record of a document, or everything that is wrong with it; never fails. */
  public static Decoded<User> decode(Map<String, Object> document) {
    return TABLE.decode(document, User::new);
  }
}
