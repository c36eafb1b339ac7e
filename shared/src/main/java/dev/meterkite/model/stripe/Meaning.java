package dev.meterkite.model.stripe;

import dev.meterkite.model.credits.CreditCommand;
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
   * Something that cannot be told, because a price has no meaning here. Money may have been paid,
   * so the event must not be acknowledged.
   *
   * @param price the price's id, or what stands in its place
   */
  record UnknownPrice(String price) implements Meaning {}

  /**
   * Commands for one user.
   *
   * @param userId the user that the event names, or null
   * @param customerId the customer at Stripe, by whom the user is found otherwise, or null
   * @param paymentId the payment, by which the user of a refund is found otherwise, or null
   * @param commands what is to be done, each once however often it is told
   */
  record Asks(
      @Nullable String userId,
      @Nullable String customerId,
      @Nullable String paymentId,
      List<CreditCommand> commands)
      implements Meaning {
    public Asks {
      commands = List.copyOf(commands);
    }
  }
}
