package dev.meterkite.model.stripe;

import dev.meterkite.model.credits.commands.CreditCommand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an event asks for. */
public sealed interface Meaning {
  /**
   * Nothing, for good.
   *
   * @param why a word for the log
   */
  record Nothing(String why) implements Meaning {}

  /**
   * The event cannot be understood as a whole, so nothing of it is applied. Money may have been
   * paid, so it must not be acknowledged.
   *
   * @param code {@code unknown_price}, {@code incomplete_event} or {@code amount_mismatch}
   * @param what the price, list or amount at fault
   */
  record NotYet(String code, String what) implements Meaning {}

  /**
   * Commands for one user.
   *
   * @param by how the user is found
   * @param commands what is to be done, each once however often it is told
   */
  record Asks(UserKeys by, List<CreditCommand> commands) implements Meaning {
    public Asks {
      commands = List.copyOf(commands);
    }
  }

  /**
   * By what the user of an event is found.
   *
   * @param userId the user that the event names, or null
   * @param customerId the customer at Stripe, or null
   * @param subscriptionId the subscription at Stripe, or null
   * @param paymentIds the ids of the payment; may be empty
   * @param mayWait whether the event says what went back or which ids belong together: that is kept
   *     also while nobody knows whose payment it is
   */
  record UserKeys(
      @Nullable String userId,
      @Nullable String customerId,
      @Nullable String subscriptionId,
      List<String> paymentIds,
      boolean mayWait) {
    public UserKeys {
      paymentIds = List.copyOf(paymentIds);
    }
  }
}
