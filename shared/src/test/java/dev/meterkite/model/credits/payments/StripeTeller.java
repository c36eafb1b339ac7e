package dev.meterkite.model.credits.payments;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.rules.InMemoryLedger;
import dev.meterkite.model.credits.stripe.PaymentTies;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.stripe.Meaning;
import dev.meterkite.model.stripe.StripeEvent;
import dev.meterkite.model.stripe.StripeRules;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Events of Stripe told to a bank as the webhook tells them to the store. */
public final class StripeTeller {
  public final InMemoryLedger bank;
  public final StripeRules rules;
  private static int events;

  public StripeTeller(InMemoryLedger bank, StripeRules rules) {
    this.bank = bank;
    this.rules = rules;
  }

  /** An object of Stripe: names and values in turn; whole numbers and moments as JSON has them. */
  public static Map<String, Object> object(Object... members) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < members.length; i += 2) {
      Object value = members[i + 1];
      object.put(
          (String) members[i],
          value instanceof Integer || value instanceof Long
              ? BigDecimal.valueOf(((Number) value).longValue())
              : value instanceof Instant moment
                  ? BigDecimal.valueOf(moment.getEpochSecond())
                  : value);
    }
    return object;
  }

  public static Map<String, Object> list(Object... items) {
    return object("object", "list", "data", List.of(items), "has_more", false);
  }

  public static StripeEvent event(String type, Instant created, Object... members) {
    return new StripeEvent("evt_" + events++, type, created, object(members));
  }

  /** What becomes of an event: the code of what it waits for, or the outcome of its command. */
  public String tell(StripeEvent event) {
    Meaning meaning = rules.of(event);
    if (meaning instanceof Meaning.NotYet notYet) {
      return notYet.code();
    }
    if (meaning instanceof Meaning.Nothing nothing) {
      return nothing.why();
    }
    Meaning.Asks asks = assertInstanceOf(Meaning.Asks.class, meaning);
    Meaning.UserKeys by = asks.by();
    Map<DocRef, Snapshot> payment = payment(by.paymentIds());
    String userId = user(by, payment);
    CreditCommand command = asks.commands().get(0);
    if (userId != null) {
      return bank.run(CreditCommands.stripe(userId, command, List.copyOf(payment.values())));
    }
    if (!by.mayWait()) {
      return "unknown_user";
    }
    CreditCommand.Pay pay = (CreditCommand.Pay) command;
    PaymentTies.unowned(pay.ids(), pay.facts(), payment, bank.now)
        .forEach(write -> bank.set(write.ref(), write.fields()));
    return "kept";
  }

  private Map<DocRef, Snapshot> payment(List<String> ids) {
    Map<DocRef, Snapshot> read = new LinkedHashMap<>();
    List<DocRef> next = ids.isEmpty() ? List.of() : PaymentTies.unread(ids, read);
    while (!next.isEmpty()) {
      next.forEach(ref -> read.put(ref, bank.snapshot(ref)));
      next = PaymentTies.unread(ids, read);
    }
    return read;
  }

  private String user(Meaning.UserKeys by, Map<DocRef, Snapshot> payment) {
    List<String> found = new ArrayList<>();
    String owner = payment.isEmpty() ? null : PaymentTies.userId(by.paymentIds(), payment);
    found.add(by.mayWait() ? owner : by.userId());
    found.add(by.mayWait() ? by.userId() : owner);
    bank.documents.forEach(
        (ref, fields) -> {
          if (by.customerId() != null
              && by.customerId().equals(fields.get(Users.STRIPE_CUSTOMER_ID))) {
            found.add(ref.id());
          }
        });
    if (by.subscriptionId() != null) {
      Snapshot noted = bank.snapshot(CreditRefs.payment(by.subscriptionId()));
      found.add((String) noted.fields().get(StripePayments.USER_ID));
    }
    return found.stream().filter(Objects::nonNull).findFirst().orElse(null);
  }
}
