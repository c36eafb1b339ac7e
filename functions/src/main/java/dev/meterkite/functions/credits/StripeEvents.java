package dev.meterkite.functions.credits;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.credits.CreditCommand;
import dev.meterkite.model.credits.CreditCommands;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditPackage;
import dev.meterkite.model.credits.SubscriptionTier;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.stripe.Meaning;
import dev.meterkite.model.stripe.StripeEvent;
import dev.meterkite.model.stripe.StripePrices;
import dev.meterkite.model.stripe.StripeRules;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * Carries out what events of Stripe ask for, and answers so that Stripe posts again what may
 * succeed later: 200 for what is done or never can be, 503 for a user or a price that is not known
 * here yet, since Stripe repeats such an event for days and shows it to its owner.
 */
final class StripeEvents {
  private static final String UNKNOWN_USER = "unknown_user";
  private static final int LONGEST_WORD = 200;
  private static final long LATEST_SECOND = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

  private final StripeRules rules;
  private final Credits credits;
  private final Store store;
  private final Log log;

  /**
   * @throws IllegalArgumentException if {@code STRIPE_PRICES} is not as documented
   */
  StripeEvents(Backend backend, Credits credits) {
    this.rules = new StripeRules(prices(backend.settings().stripePrices()));
    this.credits = credits;
    this.store = backend.store();
    this.log = backend.log();
  }

  /** The event in a body; members that are not looked at are kept from counting as unknown. */
  static StripeEvent parse(Fields fields) {
    fields.members();
    return new StripeEvent(
        fields.string("id", 1, LONGEST_WORD),
        fields.string("type", 1, LONGEST_WORD),
        Instant.ofEpochSecond(fields.integer("created", 0, LATEST_SECOND)),
        object(fields));
  }

  private static Map<String, Object> object(Fields fields) {
    Fields data = fields.optionalObject("data");
    if (data == null) {
      fields.fault("data", "required", "is required");
      return Map.of();
    }
    data.members();
    Fields object = data.optionalObject("object");
    if (object == null) {
      data.fault("object", "required", "is required");
      return Map.of();
    }
    return object.members();
  }

  /**
   * What the prices stand for: {@code {"price_1": "pro", "price_2": 250}}.
   *
   * @throws IllegalArgumentException for anything but tiers that are sold and sizes of packages
   */
  static StripePrices prices(String json) {
    Map<String, SubscriptionTier> tiers = new HashMap<>();
    Map<String, CreditPackage> packages = new HashMap<>();
    try {
      for (Map.Entry<String, JsonElement> entry :
          JsonParser.parseString(json).getAsJsonObject().entrySet()) {
        JsonPrimitive sold = entry.getValue().getAsJsonPrimitive();
        if (sold.isNumber()) {
          packages.put(
              entry.getKey(),
              CreditPackage.ofCredits(sold.getAsBigDecimal().longValueExact()).orElseThrow());
        } else {
          tiers.put(entry.getKey(), SubscriptionTier.parse(sold.getAsString()).orElseThrow());
        }
      }
      return new StripePrices(tiers, packages);
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | ArithmeticException
        | NoSuchElementException
        | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "STRIPE_PRICES must be a JSON object of price ids, each with a tier that is sold or the"
              + " credits of a package: "
              + e.getMessage(),
          e);
    }
  }

  /** Takes an event. */
  Answer take(StripeEvent event) {
    Meaning meaning = rules.of(event);
    if (meaning instanceof Meaning.Asks asks) {
      Optional<String> userId = userOf(asks);
      return userId.isPresent()
          ? carryOut(event, userId.get(), asks.commands())
          : later(event, UNKNOWN_USER, String.valueOf(asks.customerId()));
    }
    return meaning instanceof Meaning.UnknownPrice unknown
        ? later(event, "unknown_price", unknown.price())
        : received(event, ((Meaning.Nothing) meaning).why());
  }

  /** By the id that the event names, else by the payment that is refunded, else by customer. */
  private Optional<String> userOf(Meaning.Asks asks) {
    String named = asks.userId();
    if (named != null && DocRef.isId(named)) {
      return Optional.of(named);
    }
    String payment = asks.paymentId();
    if (payment != null && DocRef.isId(payment)) {
      Snapshot paid = store.read(List.of(CreditCommands.payment(payment))).join().get(0);
      if (paid.fields().get(StripePayments.USER_ID) instanceof String userId
          && DocRef.isId(userId)) {
        return Optional.of(userId);
      }
    }
    String customer = asks.customerId();
    if (customer == null) {
      return Optional.empty();
    }
    List<Snapshot> users = store.find(Queries.usersOfStripeCustomer(customer, 2)).join();
    return users.size() == 1 ? Optional.of(users.get(0).ref().id()) : Optional.empty();
  }

  private Answer carryOut(StripeEvent event, String userId, List<CreditCommand> inputs) {
    List<Command<CreditCommand>> commands =
        inputs.stream().map(input -> CreditCommands.stripe(userId, input)).toList();
    Answer answer = received(event, "ok");
    for (Reply reply : credits.carryOut(commands)) {
      if (reply instanceof Reply.Refused refused) {
        if (refused.outcome() != CreditOutcome.ALREADY_EXPIRED) {
          boolean isNobody = refused.outcome() == CreditOutcome.NOT_FOUND;
          return later(event, isNobody ? UNKNOWN_USER : refused.outcome().code(), userId);
        }
        answer = received(event, refused.outcome().code());
      } else if (!(reply instanceof Reply.Answered)) {
        return Credits.answer(reply);
      }
      answer = answer.took(reply.effort().attempts(), reply.effort().batch());
    }
    return answer;
  }

  private Answer received(StripeEvent event, String outcome) {
    Answer answer = Answer.ok(Map.of("received", true));
    if (outcome.equals(StripeRules.IGNORED)) {
      return answer.outcome(outcome + " " + event.type());
    }
    if (!outcome.equals("ok")) {
      log.warn(
          "nothing can come of an event of Stripe",
          Map.of("event", event.id(), "type", event.type(), "code", outcome));
    }
    return answer.outcome(outcome);
  }

  private Answer later(StripeEvent event, String code, String what) {
    log.warn(
        "an event of Stripe cannot be dealt with yet",
        Map.of("event", event.id(), "type", event.type(), "code", code, "what", what));
    return Answer.problem(
        Problem.of(503, code, "What the event names is not known here yet; post it again."));
  }
}
