package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.BalanceLevel;
import dev.meterkite.model.credits.journal.LedgerChain;
import dev.meterkite.model.credits.ledger.CreditState.Copy;
import dev.meterkite.model.credits.ledger.CreditState.Found;
import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.credits.lots.Lot;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.credits.stripe.Billing;
import dev.meterkite.model.credits.stripe.PaymentCodec;
import dev.meterkite.model.credits.stripe.Subscription;
import dev.meterkite.model.credits.stripe.SubscriptionStatus;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.schema.Schema.UserAlerts;
import dev.meterkite.model.schema.Schema.UserLedger;
import dev.meterkite.model.schema.Schema.UserSubscriptions;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.schema.Word;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How the credits of a user stand in {@code users/{id}}: read whole, written by what changed. */
public final class LedgerCodec {
  private static final String LOTS = FieldPath.of(Users.LEDGER, UserLedger.LOTS);
  private static final String TERMS = FieldPath.of(Users.LEDGER, UserLedger.TERMS);
  private static final String HOLDS = FieldPath.of(Users.LEDGER, UserLedger.HOLDS);

  private LedgerCodec() {}

  public static CreditState decode(Snapshot owner) {
    Map<String, Object> fields = owner.fields();
    Object raw = fields.get(Users.LEDGER);
    Ledger ledger = raw instanceof Map<?, ?> map ? ledger(map) : null;
    return new CreditState(
        owner.ref().id(),
        owner.exists(),
        LenientFields.instant(fields, Users.CREATED_AT),
        LenientFields.text(fields, Users.EMAIL),
        tier(fields.get(Users.TIER)),
        new Billing(
            LenientFields.text(fields, Users.STRIPE_CUSTOMER_ID),
            LenientFields.text(fields, Users.STRIPE_SUBSCRIPTION_ID),
            subscriptions(LenientFields.map(fields, Users.STRIPE_SUBSCRIPTIONS))),
        copy(fields),
        alerting(fields),
        raw != null && ledger == null,
        ledger,
        LenientFields.instant(fields, Users.LEDGER_DUE_AT),
        LenientFields.instant(fields, Users.ERASED_AT));
  }

  private static Copy copy(Map<String, Object> fields) {
    Object balance = fields.get(Users.CREDITS_BALANCE);
    Long known = wholeBalance(balance);
    Found found = balance == null ? Found.ABSENT : known == null ? Found.UNREADABLE : Found.KNOWN;
    return new Copy(
        found,
        known == null ? 0 : known,
        found == Found.UNREADABLE ? LenientFields.shown(balance) : "",
        LenientFields.whole(fields, Users.CREDITS_AVAILABLE));
  }

  private static BalanceAlerting alerting(Map<String, Object> fields) {
    Long lowAt = LenientFields.whole(fields, Users.LOW_BALANCE_AT);
    Map<?, ?> alerts = LenientFields.map(fields, Users.BALANCE_ALERTS);
    return new BalanceAlerting(
        BalanceLevel.parse(LenientFields.text(fields, Users.BALANCE_LEVEL)).orElse(null),
        lowAt == null || lowAt < 0 ? null : lowAt,
        Math.max(0, LenientFields.whole(alerts, UserAlerts.RAISED, 0)),
        LenientFields.whole(alerts, UserAlerts.LOW),
        LenientFields.whole(alerts, UserAlerts.EMPTY));
  }

  /** The word of a tier. What is no text is an unknown word: it must not read as the free tier. */
  private static @Nullable String tier(@Nullable Object tier) {
    return tier == null || tier instanceof String ? (String) tier : LenientFields.shown(tier);
  }

  /** The subscriptions in this map; what cannot be read counts as never heard of. */
  private static Map<String, Subscription> subscriptions(Map<?, ?> map) {
    Map<String, Subscription> subscriptions = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      Map<?, ?> fields = entry.getValue() instanceof Map<?, ?> found ? found : Map.of();
      Optional<SubscriptionStatus> status =
          SubscriptionStatus.parse(LenientFields.text(fields, UserSubscriptions.STATUS));
      Optional<Subscription.Change> change =
          Word.parse(
              Subscription.Change.class, LenientFields.text(fields, UserSubscriptions.CHANGE));
      String tier = LenientFields.text(fields, UserSubscriptions.TIER);
      Instant changedAt = LenientFields.instant(fields, UserSubscriptions.CHANGED_AT);
      boolean readable = status.isPresent() && change.isPresent() && changedAt != null;
      if (readable && changedAt != null && (tier != null || !status.get().isLive())) {
        subscriptions.put(
            String.valueOf(entry.getKey()),
            new Subscription(
                status.get(),
                tier,
                changedAt,
                change.get(),
                LenientFields.instant(fields, UserSubscriptions.PERIOD_END)));
      }
    }
    return subscriptions;
  }

  /** A balance as others write it: also 100.0 from programs without integers. */
  private static @Nullable Long wholeBalance(@Nullable Object balance) {
    if (balance instanceof Double number && number == Math.rint(number)) {
      return number >= 0 && number <= Ledger.MAX_BALANCE ? number.longValue() : null;
    }
    return balance instanceof Long number && number >= 0 && number <= Ledger.MAX_BALANCE
        ? number
        : null;
  }

  /** The ledger in this map, or null when it cannot be right. */
  private static @Nullable Ledger ledger(Map<?, ?> map) {
    try {
      Lots lots = lots(LenientFields.map(map, UserLedger.LOTS));
      Holds holds = holds(LenientFields.map(map, UserLedger.HOLDS));
      Ledger ledger =
          new Ledger(
              whole(map, UserLedger.SEQUENCE),
              whole(map, UserLedger.BALANCE),
              Objects.requireNonNull(LenientFields.text(map, UserLedger.HASH)),
              lots,
              holds,
              grant(LenientFields.map(map, UserLedger.GRANT)),
              PaymentCodec.terms(map, UserLedger.TERMS),
              refunds(LenientFields.list(map, UserLedger.REFUNDS)),
              LenientFields.whole(map, UserLedger.REBUILT_AT),
              ExactMicros.of(
                  LenientFields.whole(map, UserLedger.ACCRUED_MICROS, 0),
                  LenientFields.whole(map, UserLedger.ACCRUED_FRACTION, 0)));
      return isSound(ledger) ? ledger : null;
    } catch (IllegalArgumentException
        | NullPointerException
        | ArithmeticException
        | DateTimeException e) {
      return null; // a broken ledger is a state of its own, which the rules rebuild with an alert
    }
  }

  /** Whether the parts of a ledger agree with each other. */
  private static boolean isSound(Ledger ledger) {
    Map<String, Long> pinned = new HashMap<>();
    for (OpenHold hold : ledger.holds().open().values()) {
      hold.pins().forEach(pin -> pinned.merge(key(pin.expiresAt()), pin.amount(), Math::addExact));
    }
    boolean pinsFit =
        ledger.lots().list().stream()
            .allMatch(lot -> pinned.getOrDefault(key(lot.expiresAt()), 0L) == lot.held());
    return pinsFit
        && LedgerChain.isHash(ledger.hash())
        && ledger.lots().total() == ledger.balance()
        && ledger.lots().held() == ledger.held();
  }

  private static long whole(Map<?, ?> map, String name) {
    return Objects.requireNonNull(LenientFields.whole(map, name));
  }

  private static Lots lots(Map<?, ?> map) {
    List<Lot> lots = new ArrayList<>();
    map.forEach(
        (key, value) -> {
          Map<?, ?> lot = (Map<?, ?>) asMap(value);
          lots.add(
              new Lot(
                  expiry(key),
                  whole(lot, UserLedger.GRANTED),
                  whole(lot, UserLedger.REMAINING),
                  whole(lot, UserLedger.HELD)));
        });
    lots.sort(Comparator.comparing(Lot::expiresAt, Lots.ORDER));
    return new Lots(lots);
  }

  private static Holds holds(Map<?, ?> map) {
    List<OpenHold> holds = new ArrayList<>();
    map.forEach(
        (id, value) -> {
          Map<?, ?> hold = asMap(value);
          List<LotShare> pins = new ArrayList<>();
          LenientFields.map(hold, UserLedger.PINS)
              .forEach((key, amount) -> pins.add(new LotShare(expiry(key), (Long) asLong(amount))));
          pins.sort(Comparator.comparing(LotShare::expiresAt, Lots.ORDER));
          holds.add(
              new OpenHold(
                  String.valueOf(id),
                  whole(hold, UserLedger.AMOUNT),
                  Objects.requireNonNull(LenientFields.instant(hold, UserLedger.EXPIRES_AT)),
                  LenientFields.text(hold, UserLedger.JOB_ID),
                  LenientFields.text(hold, UserLedger.PLANS_VERSION),
                  pins));
        });
    return Holds.of(holds);
  }

  private static Map<?, ?> asMap(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new IllegalArgumentException("not a map");
  }

  private static long asLong(Object value) {
    if (value instanceof Long number) {
      return number;
    }
    throw new IllegalArgumentException("not an integer");
  }

  private static @Nullable MonthlyGrant grant(Map<?, ?> map) {
    return map.isEmpty()
        ? null
        : new MonthlyGrant(
            Objects.requireNonNull(LenientFields.text(map, UserLedger.PERIOD)),
            Objects.requireNonNull(LenientFields.text(map, UserLedger.TIER)),
            whole(map, UserLedger.CREDITS));
  }

  private static List<Instant> refunds(List<?> list) {
    return list.stream().filter(Instant.class::isInstance).map(Instant.class::cast).toList();
  }

  private static @Nullable Instant expiry(Object key) {
    return key.equals(UserLedger.NEVER) ? null : Instant.parse(String.valueOf(key));
  }

  private static String key(@Nullable Instant expiresAt) {
    return expiresAt == null ? UserLedger.NEVER : expiresAt.toString();
  }

  /** What has to be written to bring the document from one state to the next, by field path. */
  public static Map<String, Object> changes(CreditState before, CreditState after) {
    Map<String, Object> changes = new LinkedHashMap<>();
    put(changes, Users.LEDGER_DUE_AT, before.dueAt(), after.dueAt());
    Ledger next = after.ledger();
    if (next == null) {
      return changes;
    }
    registration(changes, before, after);
    billing(changes, before, after);
    if (before.found() != after.found() || before.foundBalance() != after.foundBalance()) {
      changes.put(Users.CREDITS_BALANCE, after.foundBalance());
    }
    put(changes, Users.CREDITS_AVAILABLE, before.copy().available(), after.copy().available());
    alerting(changes, before.alerting(), after.alerting());
    if (before.ledger() == null) {
      changes.put(Users.LEDGER, encode(next));
    } else {
      difference(changes, Users.LEDGER, encodeFigures(before.ledger()), encodeFigures(next));
      if (!before.ledger().lots().equals(next.lots())) {
        difference(changes, LOTS, encode(before.ledger().lots()), encode(next.lots()));
      }
      if (!before.ledger().holds().equals(next.holds())) {
        difference(changes, HOLDS, encode(before.ledger().holds()), encode(next.holds()));
      }
      if (!before.ledger().terms().equals(next.terms())) {
        Map<String, Object> terms = PaymentCodec.encode(before.ledger().terms());
        difference(changes, TERMS, terms, PaymentCodec.encode(next.terms()));
      }
    }
    return changes;
  }

  /** What register-user sets: a whole new user, or fields that an existing one did not have. */
  private static void registration(
      Map<String, Object> changes, CreditState before, CreditState after) {
    Instant registeredAt = after.registeredAt();
    if (!before.exists() && registeredAt != null) {
      changes.put(Users.USER_ID, after.userId());
      changes.put(Users.CREATED_AT, registeredAt);
      changes.put(Users.UPDATED_AT, registeredAt);
    }
    put(changes, Users.EMAIL, before.email(), after.email());
    if (before.tier() == null) {
      put(changes, Users.TIER, null, after.tier());
    }
  }

  private static void alerting(
      Map<String, Object> changes, BalanceAlerting before, BalanceAlerting after) {
    BalanceLevel level = after.level();
    if (level != null && level != before.level()) {
      changes.put(Users.BALANCE_LEVEL, level.wire());
    }
    difference(changes, Users.BALANCE_ALERTS, encode(before), encode(after));
  }

  private static Map<String, Object> encode(BalanceAlerting alerting) {
    Map<String, Object> map = new LinkedHashMap<>();
    if (alerting.raised() > 0) {
      map.put(UserAlerts.RAISED, alerting.raised());
    }
    put(map, UserAlerts.LOW, null, alerting.low());
    put(map, UserAlerts.EMPTY, null, alerting.empty());
    return map;
  }

  private static void billing(Map<String, Object> changes, CreditState before, CreditState after) {
    Billing old = before.billing();
    Billing next = after.billing();
    if (old.equals(next)) {
      return;
    }
    put(changes, Users.TIER, before.tier(), after.tier());
    put(changes, Users.STRIPE_CUSTOMER_ID, old.customerId(), next.customerId());
    put(changes, Users.STRIPE_SUBSCRIPTION_ID, old.subscriptionId(), next.subscriptionId());
    difference(changes, Users.STRIPE_SUBSCRIPTIONS, encode(old), encode(next));
  }

  private static void put(
      Map<String, Object> changes, String name, @Nullable Object before, @Nullable Object after) {
    if (!Objects.equals(before, after)) {
      changes.put(name, after == null ? Write.REMOVED : after);
    }
  }

  private static void difference(
      Map<String, Object> changes,
      String map,
      Map<String, Object> before,
      Map<String, Object> after) {
    after.forEach(
        (key, value) -> {
          if (!value.equals(before.get(key))) {
            changes.put(map + "." + FieldPath.of(key), value);
          }
        });
    for (String key : before.keySet()) {
      if (!after.containsKey(key)) {
        changes.put(map + "." + FieldPath.of(key), Write.REMOVED);
      }
    }
  }

  private static Map<String, Object> encode(Ledger ledger) {
    Map<String, Object> map = encodeFigures(ledger);
    map.put(UserLedger.LOTS, encode(ledger.lots()));
    map.put(UserLedger.HOLDS, encode(ledger.holds()));
    if (!ledger.terms().byKey().isEmpty()) {
      map.put(UserLedger.TERMS, PaymentCodec.encode(ledger.terms()));
    }
    return map;
  }

  /** All but lots, holds and terms. */
  private static Map<String, Object> encodeFigures(Ledger ledger) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(UserLedger.SEQUENCE, ledger.sequence());
    map.put(UserLedger.BALANCE, ledger.balance());
    map.put(UserLedger.HASH, ledger.hash());
    map.put(UserLedger.HELD, ledger.held());
    MonthlyGrant grant = ledger.grant();
    if (grant != null) {
      map.put(
          UserLedger.GRANT,
          Map.of(
              UserLedger.PERIOD,
              grant.period(),
              UserLedger.TIER,
              grant.tier(),
              UserLedger.CREDITS,
              grant.credits()));
    }
    if (!ledger.refunds().isEmpty()) {
      map.put(UserLedger.REFUNDS, ledger.refunds());
    }
    if (ledger.rebuiltAt() != null) {
      map.put(UserLedger.REBUILT_AT, ledger.rebuiltAt());
    }
    if (!ledger.accrued().isZero()) {
      map.put(UserLedger.ACCRUED_MICROS, ledger.accrued().micros());
      map.put(UserLedger.ACCRUED_FRACTION, ledger.accrued().fraction());
    }
    return map;
  }

  private static Map<String, Object> encode(Billing billing) {
    Map<String, Object> map = new LinkedHashMap<>();
    billing.subscriptions().forEach((id, subscription) -> map.put(id, encode(subscription)));
    return map;
  }

  private static Map<String, Object> encode(Subscription subscription) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(UserSubscriptions.STATUS, subscription.status().wire());
    if (subscription.tier() != null) {
      map.put(UserSubscriptions.TIER, subscription.tier());
    }
    map.put(UserSubscriptions.CHANGED_AT, subscription.changedAt());
    map.put(UserSubscriptions.CHANGE, subscription.change().wire());
    if (subscription.periodEnd() != null) {
      map.put(UserSubscriptions.PERIOD_END, subscription.periodEnd());
    }
    return map;
  }

  private static Map<String, Object> encode(Lots lots) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Lot lot : lots.list()) {
      map.put(
          key(lot.expiresAt()),
          Map.of(
              UserLedger.GRANTED, lot.granted(),
              UserLedger.REMAINING, lot.remaining(),
              UserLedger.HELD, lot.held()));
    }
    return map;
  }

  private static Map<String, Object> encode(Holds holds) {
    Map<String, Object> map = new LinkedHashMap<>();
    holds.open().forEach((id, hold) -> map.put(id, encode(hold)));
    return map;
  }

  private static Map<String, Object> encode(OpenHold hold) {
    Map<String, Object> pins = new LinkedHashMap<>();
    hold.pins().forEach(pin -> pins.put(key(pin.expiresAt()), pin.amount()));
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(UserLedger.AMOUNT, hold.amount());
    map.put(UserLedger.EXPIRES_AT, hold.expiresAt());
    map.put(UserLedger.PINS, pins);
    if (hold.jobId() != null) {
      map.put(UserLedger.JOB_ID, hold.jobId());
    }
    if (hold.plansVersion() != null) {
      map.put(UserLedger.PLANS_VERSION, hold.plansVersion());
    }
    return map;
  }
}
