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
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.stripe.PaymentTies;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.stripe.Meaning;
import dev.meterkite.model.stripe.StripeEvent;
import dev.meterkite.model.stripe.StripePrices;
import dev.meterkite.model.stripe.StripeRules;
import dev.meterkite.model.stripe.TrialCredits;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what events of Stripe ask for, and answers so that Stripe posts again what may
 * succeed later: 200 for what is done or never can be, 503 for a user or a price that is not known
 * here yet, since Stripe repeats such an event for days and shows it to its owner.
 */
final class StripeEvents {
  private static final String UNKNOWN_USER = "unknown_user";

  /** What a thin event says it is: it names an object and holds none. */
  private static final String THIN = "v2.core.event";

  private static final int MAX_ATTEMPTS = 5;
  private static final int LONGEST_WORD = 200;
  private static final long LATEST_SECOND = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

  private final Declared declared;
  private final TrialCredits trials;
  private final boolean bySubtotal;
  private final Credits credits;
  private final Store store;
  private final Log log;
  private final InstantSource clock;

  /**
   * @throws IllegalArgumentException if {@code STRIPE_PRICES} is not as documented
   */
  StripeEvents(Backend backend, Credits credits) {
    this.declared = declared(backend.settings().stripePrices());
    this.trials = backend.settings().stripeTrialCredits();
    this.bySubtotal = backend.settings().stripeSubtotals();
    this.clock = backend.clock();
    this.credits = credits;
    this.store = backend.store();
    this.log = backend.log();
  }

  /** The event in a body; members that are not looked at are kept from counting as unknown. */
  static StripeEvent parse(Fields fields) {
    Map<String, Object> members = fields.members();
    if (THIN.equals(members.get("object"))) {
      return new StripeEvent(
          fields.string("id", 1, LONGEST_WORD),
          THIN + " " + fields.string("type", 1, LONGEST_WORD),
          Instant.EPOCH,
          Map.of());
    }
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
   * What the prices at Stripe stand for, by the words of the plans.
   *
   * @param tiers by id of the price
   * @param packages credits by id of the price
   * @param foreign prices of other products
   */
  record Declared(Map<String, String> tiers, Map<String, Long> packages, Set<String> foreign) {
    StripePrices by(Plans plans) {
      return new StripePrices(tiers, packages, foreign, plans);
    }
  }

  /**
   * What the prices stand for: {@code {"price_1": "pro", "price_2": 250, "price_3": null}}. Which
   * tiers and packages there are is a matter of the plans: a price for another one is unknown.
   *
   * @throws IllegalArgumentException for anything but words, whole numbers, and null for prices of
   *     other products
   */
  static Declared declared(String json) {
    Map<String, String> tiers = new HashMap<>();
    Map<String, Long> packages = new HashMap<>();
    Set<String> foreign = new HashSet<>();
    try {
      for (Map.Entry<String, JsonElement> entry :
          JsonParser.parseString(json).getAsJsonObject().entrySet()) {
        if (entry.getValue().isJsonNull()) {
          foreign.add(entry.getKey());
          continue;
        }
        JsonPrimitive sold = entry.getValue().getAsJsonPrimitive();
        if (sold.isNumber()) {
          packages.put(entry.getKey(), sold.getAsBigDecimal().longValueExact());
        } else if (sold.isString()) {
          tiers.put(entry.getKey(), sold.getAsString());
        } else {
          throw new IllegalArgumentException(entry.getKey());
        }
      }
      return new Declared(tiers, packages, foreign);
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | ArithmeticException
        | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "STRIPE_PRICES must be a JSON object of price ids, each with a tier, the credits of a"
              + " package, or null: "
              + e.getMessage(),
          e);
    }
  }

  /** Takes an event. */
  Answer take(StripeEvent event) {
    StripePrices prices = declared.by(credits.plans());
    Meaning meaning = new StripeRules(prices, trials, bySubtotal).of(event);
    if (meaning instanceof Meaning.Asks asks) {
      return carryOut(event, asks);
    }
    return meaning instanceof Meaning.NotYet notYet
        ? later(event, notYet.code(), notYet.what())
        : received(event, ((Meaning.Nothing) meaning).why());
  }

  /**
   * Carries out what an event asks for. What is told of a payment whose user nobody knows is kept
   * on its own, on the condition that nobody has changed the payment meanwhile.
   */
  private Answer carryOut(StripeEvent event, Meaning.Asks asks) {
    Meaning.UserKeys by = asks.by();
    for (int attempt = 1; ; attempt++) {
      Map<DocRef, Snapshot> payment =
          by.mayWait() || by.userId() == null ? payment(by.paymentIds()) : Map.of();
      Optional<String> userId = userOf(by, payment);
      if (userId.isPresent()) {
        return carryOut(event, userId.get(), asks.commands(), List.copyOf(payment.values()));
      }
      if (!by.mayWait()) {
        return later(event, UNKNOWN_USER, String.valueOf(by.customerId()));
      }
      try {
        keep(asks.commands(), payment);
        return received(event, "ok");
      } catch (CompletionException e) {
        boolean wasChanged =
            e.getCause() instanceof StoreException failure
                && failure.kind() == StoreException.Kind.PRECONDITION;
        if (!wasChanged || attempt == MAX_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private void keep(List<CreditCommand> commands, Map<DocRef, Snapshot> payment) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    for (CreditCommand command : commands) {
      if (command instanceof CreditCommand.Pay pay) {
        List<Mutation> mutations =
            PaymentTies.unowned(pay.ids(), pay.facts(), payment, now).stream()
                .map(write -> mutation(write, payment))
                .toList();
        if (!mutations.isEmpty()) {
          ConditionalUpdate.write(store, mutations.toArray(Mutation[]::new));
        }
      }
    }
  }

  private static Mutation mutation(Write.Update write, Map<DocRef, Snapshot> payment) {
    Snapshot before = payment.getOrDefault(write.ref(), Snapshot.absent(write.ref()));
    return Mutation.update(write.ref(), write.fields(), before.updateTime());
  }

  /** The documents of a payment, as its ids lead to them. */
  private Map<DocRef, Snapshot> payment(List<String> ids) {
    Map<DocRef, Snapshot> read = new LinkedHashMap<>();
    if (ids.isEmpty()) {
      return read;
    }
    for (List<DocRef> next = PaymentTies.unread(ids, read);
        !next.isEmpty();
        next = PaymentTies.unread(ids, read)) {
      store.read(next).join().forEach(document -> read.put(document.ref(), document));
    }
    return read;
  }

  /**
   * The user: of what went back by the payment, else by the id that the event names, else by the
   * payment, customer or subscription.
   */
  private Optional<String> userOf(Meaning.UserKeys by, Map<DocRef, Snapshot> payment) {
    Optional<String> owner =
        payment.isEmpty()
            ? Optional.empty()
            : Optional.ofNullable(PaymentTies.userId(by.paymentIds(), payment))
                .filter(DocRef::isId);
    Optional<String> named = Optional.ofNullable(by.userId()).filter(DocRef::isId);
    Optional<String> known = by.mayWait() ? owner.or(() -> named) : named.or(() -> owner);
    return known.or(() -> ofCustomer(by.customerId())).or(() -> ofSubscription(by));
  }

  private Optional<String> ofCustomer(@Nullable String customer) {
    return customer == null
        ? Optional.empty()
        : theOnly(store.find(Queries.usersOfStripeCustomer(customer, 2)).join());
  }

  private Optional<String> ofSubscription(Meaning.UserKeys by) {
    String subscription = by.subscriptionId();
    if (subscription == null || !DocRef.isId(subscription)) {
      return Optional.empty();
    }
    Snapshot noted = store.read(List.of(CreditRefs.payment(subscription))).join().get(0);
    return noted.fields().get(StripePayments.USER_ID) instanceof String userId
            && DocRef.isId(userId)
        ? Optional.of(userId)
        : theOnly(store.find(Queries.usersOfStripeSubscription(subscription, 2)).join());
  }

  private static Optional<String> theOnly(List<Snapshot> users) {
    return users.size() == 1 ? Optional.of(users.get(0).ref().id()) : Optional.empty();
  }

  private Answer carryOut(
      StripeEvent event, String userId, List<CreditCommand> inputs, List<Snapshot> seen) {
    List<Command<CreditCommand>> commands =
        inputs.stream().map(input -> CreditCommands.stripe(userId, input, seen)).toList();
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
    if (outcome.equals(StripeRules.IGNORED) || outcome.equals(StripeRules.NOT_OURS)) {
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
        Problem.of(503, code, "The event cannot be applied as a whole yet; post it again."));
  }
}
