package dev.meterkite.functions.credits;

import dev.meterkite.functions.http.Fields;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.schema.Word;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What settle-hold is asked for.
 *
 * @param amount how much to capture; null for all, or beside usage
 * @param usage what the call was whose cost is captured, or null
 * @param overage whether what is more than the hold is deducted
 */
record Settlement(
    String holdId,
    boolean captures,
    @Nullable Long amount,
    @Nullable UsageInput usage,
    boolean overage) {

  private enum Action implements Word {
    CAPTURE,
    RELEASE
  }

  private enum Overage implements Word {
    REFUSE,
    DEBIT
  }

  static Settlement parse(Fields fields) {
    Settlement settlement =
        new Settlement(
            fields.id("hold_id"),
            fields.word("action", Action.class) == Action.CAPTURE,
            fields.optionalInteger("amount", 0, Ledger.MAX_BALANCE),
            UsageInput.optional(fields),
            fields.optionalWord("overage", Overage.class) == Overage.DEBIT);
    if (!settlement.captures) {
      for (String name : List.of("amount", "usage", "overage")) {
        fields.notWith(name, "a release gives back all of the hold");
      }
    } else if (settlement.usage != null) {
      fields.notWith("amount", "must not be given beside usage");
    } else {
      fields.notNull("amount", "an integer; without it all is captured");
    }
    return settlement;
  }
}
