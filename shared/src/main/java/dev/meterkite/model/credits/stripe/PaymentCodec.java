package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.lots.LotShareCodec;
import dev.meterkite.model.credits.stripe.PaymentRecord.Older;
import dev.meterkite.model.credits.stripe.StripePayment.Back;
import dev.meterkite.model.credits.stripe.StripePayment.Dispute;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.credits.stripe.StripePayment.Part;
import dev.meterkite.model.credits.stripe.StripePayment.Refund;
import dev.meterkite.model.credits.stripe.StripePayment.Refunded;
import dev.meterkite.model.credits.stripe.StripePayment.Sale;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.StripePaymentKeys;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.schema.Word;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How payments are stored in {@code stripe_payments}, and running lines in {@code users}. Reading
 * never fails: an entry that cannot be read counts as absent.
 */
public final class PaymentCodec {
  private PaymentCodec() {}

  public static PaymentRecord decode(Snapshot document) {
    Map<String, Object> fields = document.fields();
    StripePayment facts =
        new StripePayment(
            map(fields, StripePayments.SALES, PaymentCodec::sale),
            map(fields, StripePayments.PARTS, PaymentCodec::part),
            map(fields, StripePayments.REFUNDS, PaymentCodec::refund),
            map(fields, StripePayments.DISPUTES, PaymentCodec::dispute));
    return new PaymentRecord(
        LenientFields.text(fields, StripePayments.USER_ID),
        LenientFields.text(fields, StripePayments.TIED_TO),
        facts.merge(olderFacts(document.ref().id(), fields)),
        map(fields, StripePayments.BOOKINGS, PaymentCodec::booking),
        older(fields),
        LenientFields.instant(fields, StripePayments.TIE_DUE_AT),
        LenientFields.text(fields, StripePayments.UNTIED_ALERT),
        LenientFields.instant(fields, StripePayments.ALERTED_AT));
  }

  private static @Nullable Older older(Map<String, Object> fields) {
    String bought = LenientFields.text(fields, StripePayments.TRANSACTION_ID);
    return bought == null
        ? null
        : new Older(
            bought,
            Math.max(0, LenientFields.whole(fields, StripePayments.CREDITS, 0)),
            Math.max(0, LenientFields.whole(fields, StripePayments.CREDITS_DUE, 0)));
  }

  /** What an earlier form noted of the charge; any failure of a refund is later than it. */
  private static StripePayment olderFacts(String id, Map<String, Object> fields) {
    Long paid = LenientFields.whole(fields, StripePayments.AMOUNT_PAID);
    long refunded = LenientFields.whole(fields, StripePayments.AMOUNT_REFUNDED, 0);
    return LenientFields.text(fields, StripePayments.CHARGE_ID) == null
        ? StripePayment.NONE
        : new StripePayment(
            Map.of(),
            Map.of(id, new Part(paid, null, List.of(new Refunded(Instant.EPOCH, refunded)))),
            Map.of(),
            Map.of());
  }

  /**
   * What to write to a document so that it holds a state, fields of the earlier form removed.
   *
   * @param before the document as read
   */
  public static Map<String, Object> encode(PaymentRecord payment, Snapshot before, Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, StripePayments.USER_ID, payment.userId());
    put(fields, StripePayments.TIED_TO, payment.tiedTo());
    StripePayment facts = payment.facts();
    put(fields, StripePayments.SALES, map(facts.sales(), PaymentCodec::encode));
    put(fields, StripePayments.PARTS, map(facts.parts(), PaymentCodec::encode));
    put(fields, StripePayments.REFUNDS, map(facts.refunds(), PaymentCodec::encode));
    put(fields, StripePayments.DISPUTES, map(facts.disputes(), PaymentCodec::encode));
    put(fields, StripePayments.BOOKINGS, map(payment.bookings(), PaymentCodec::encode));
    put(fields, StripePayments.TIE_DUE_AT, payment.tieDueAt());
    put(fields, StripePayments.UNTIED_ALERT, payment.untiedAlert());
    put(fields, StripePayments.ALERTED_AT, payment.alertedAt());
    Older older = payment.older();
    put(fields, StripePayments.TRANSACTION_ID, older == null ? null : older.transactionId());
    put(fields, StripePayments.CREDITS, older == null ? null : older.credits());
    put(fields, StripePayments.CREDITS_DUE, older == null ? null : older.due());
    put(fields, StripePayments.CHARGE_ID, null);
    put(fields, StripePayments.AMOUNT_PAID, null);
    put(fields, StripePayments.AMOUNT_REFUNDED, null);
    fields.put(StripePayments.UPDATED_AT, now);
    fields
        .entrySet()
        .removeIf(
            field ->
                field.getValue() == Write.REMOVED && !before.fields().containsKey(field.getKey()));
    return fields;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    boolean isEmpty = value == null || (value instanceof Map<?, ?> map && map.isEmpty());
    fields.put(name, isEmpty || value == null ? Write.REMOVED : value);
  }

  private static <V> Map<String, V> map(
      Map<?, ?> fields, String name, Function<Map<?, ?>, @Nullable V> decode) {
    Map<String, V> map = new TreeMap<>();
    LenientFields.map(fields, name)
        .forEach(
            (id, value) -> {
              V decoded = value instanceof Map<?, ?> entry ? decode.apply(entry) : null;
              if (decoded != null) {
                map.put(String.valueOf(id), decoded);
              }
            });
    return map;
  }

  private static <V> Map<String, Object> map(Map<String, V> values, Function<V, Object> encode) {
    Map<String, Object> map = new LinkedHashMap<>();
    new TreeMap<>(values).forEach((id, value) -> map.put(id, encode.apply(value)));
    return map;
  }

  /** The members of a map in turn, without those that are null. */
  private static Map<String, Object> object(@Nullable Object... members) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < members.length; i += 2) {
      Object value = members[i + 1];
      if (value != null) {
        map.put(String.valueOf(members[i]), value);
      }
    }
    return map;
  }

  private static Sale sale(Map<?, ?> fields) {
    List<Line> lines = new ArrayList<>();
    for (Object each : LenientFields.list(fields, StripePaymentKeys.LINES)) {
      Line line = each instanceof Map<?, ?> map ? line(map) : null;
      if (line != null) {
        lines.add(line);
      }
    }
    return new Sale(
        Boolean.TRUE.equals(fields.get(StripePaymentKeys.INVOICE)),
        LenientFields.whole(fields, StripePaymentKeys.AMOUNT),
        Math.max(0, LenientFields.whole(fields, StripePaymentKeys.PACKAGES, 0)),
        lines);
  }

  private static Object encode(Sale sale) {
    return object(
        StripePaymentKeys.INVOICE, sale.isInvoice(),
        StripePaymentKeys.AMOUNT, sale.amount(),
        StripePaymentKeys.PACKAGES, sale.packages(),
        StripePaymentKeys.LINES, sale.lines().stream().map(PaymentCodec::encode).toList());
  }

  private static @Nullable Line line(Map<?, ?> fields) {
    LineKind kind =
        Word.parse(LineKind.class, LenientFields.text(fields, StripePaymentKeys.KIND)).orElse(null);
    String tier = LenientFields.text(fields, StripePaymentKeys.TIER);
    Instant start = LenientFields.instant(fields, StripePaymentKeys.START);
    Instant end = LenientFields.instant(fields, StripePaymentKeys.END);
    long credits = LenientFields.whole(fields, StripePaymentKeys.CREDITS, -1);
    if (kind == null || tier == null || start == null || end == null) {
      return null;
    }
    return !start.isBefore(end) || credits < 0
        ? null
        : new Line(
            Objects.requireNonNullElse(LenientFields.text(fields, StripePaymentKeys.KEY), ""),
            kind,
            tier,
            credits,
            Math.max(1, LenientFields.whole(fields, StripePaymentKeys.QUANTITY, 1)),
            start,
            end,
            LenientFields.whole(fields, StripePaymentKeys.AMOUNT),
            LenientFields.whole(fields, StripePaymentKeys.UNIT));
  }

  private static Map<String, Object> encode(Line line) {
    return object(
        StripePaymentKeys.KEY, line.key(),
        StripePaymentKeys.KIND, line.kind().wire(),
        StripePaymentKeys.TIER, line.tier(),
        StripePaymentKeys.CREDITS, line.credits(),
        StripePaymentKeys.QUANTITY, line.quantity(),
        StripePaymentKeys.START, line.start(),
        StripePaymentKeys.END, line.end(),
        StripePaymentKeys.AMOUNT, line.amount(),
        StripePaymentKeys.UNIT, line.unit());
  }

  private static Part part(Map<?, ?> fields) {
    List<Refunded> refunded = new ArrayList<>();
    for (Object each : LenientFields.list(fields, StripePaymentKeys.REFUNDED)) {
      Instant at =
          each instanceof Map<?, ?> map ? LenientFields.instant(map, StripePaymentKeys.AT) : null;
      if (at != null && each instanceof Map<?, ?> map) {
        refunded.add(new Refunded(at, LenientFields.whole(map, StripePaymentKeys.AMOUNT, 0)));
      }
    }
    return new Part(
        LenientFields.whole(fields, StripePaymentKeys.AMOUNT),
        LenientFields.whole(fields, StripePaymentKeys.STATED),
        refunded);
  }

  private static Object encode(Part part) {
    return object(
        StripePaymentKeys.AMOUNT,
        part.amount(),
        StripePaymentKeys.STATED,
        part.stated(),
        StripePaymentKeys.REFUNDED,
        part.refunded().stream()
            .map(
                each ->
                    object(
                        StripePaymentKeys.AT, each.at(), StripePaymentKeys.AMOUNT, each.amount()))
            .toList());
  }

  private static Refund refund(Map<?, ?> fields) {
    return new Refund(
        LenientFields.text(fields, StripePaymentKeys.PART),
        Math.max(0, LenientFields.whole(fields, StripePaymentKeys.AMOUNT, 0)),
        LenientFields.instant(fields, StripePaymentKeys.CREATED_AT),
        LenientFields.instant(fields, StripePaymentKeys.FAILED_AT));
  }

  private static Object encode(Refund refund) {
    return object(
        StripePaymentKeys.PART, refund.part(),
        StripePaymentKeys.AMOUNT, refund.amount(),
        StripePaymentKeys.CREATED_AT, refund.createdAt(),
        StripePaymentKeys.FAILED_AT, refund.failedAt());
  }

  private static Dispute dispute(Map<?, ?> fields) {
    return new Dispute(
        Math.max(0, LenientFields.whole(fields, StripePaymentKeys.AMOUNT, 0)),
        LenientFields.instant(fields, StripePaymentKeys.WITHDRAWN_AT),
        LenientFields.instant(fields, StripePaymentKeys.REINSTATED_AT));
  }

  private static Object encode(Dispute dispute) {
    return object(
        StripePaymentKeys.AMOUNT, dispute.amount(),
        StripePaymentKeys.WITHDRAWN_AT, dispute.withdrawnAt(),
        StripePaymentKeys.REINSTATED_AT, dispute.reinstatedAt());
  }

  private static Booking booking(Map<?, ?> fields) {
    return new Booking(
        Math.max(0, LenientFields.whole(fields, StripePaymentKeys.GIVEN, 0)),
        Math.max(0, LenientFields.whole(fields, StripePaymentKeys.DUE, 0)),
        Math.max(0, LenientFields.whole(fields, StripePaymentKeys.CREDITED, 0)),
        LotShareCodec.decode(LenientFields.list(fields, StripePaymentKeys.LOTS)));
  }

  private static Map<String, Object> encode(Booking booking) {
    return object(
        StripePaymentKeys.GIVEN, booking.given(),
        StripePaymentKeys.DUE, booking.due(),
        StripePaymentKeys.CREDITED, booking.credited(),
        StripePaymentKeys.LOTS, LotShareCodec.encode(booking.taken()));
  }

  /** The running lines in this map. */
  public static Terms terms(Map<?, ?> ledger, String name) {
    return new Terms(map(ledger, name, PaymentCodec::term));
  }

  private static @Nullable Term term(Map<?, ?> fields) {
    Line line = line(fields);
    return line == null
        ? null
        : new Term(
            line,
            map(fields, StripePaymentKeys.BACK, PaymentCodec::back),
            (int)
                Math.max(
                    0,
                    Math.min(
                        Integer.MAX_VALUE,
                        LenientFields.whole(fields, StripePaymentKeys.MONTHS, 0))),
            booking(LenientFields.map(fields, StripePaymentKeys.BOOKING)));
  }

  private static Back back(Map<?, ?> fields) {
    return new Back(
        Math.max(0, LenientFields.whole(fields, StripePaymentKeys.BACK, 0)),
        Math.max(0, LenientFields.whole(fields, StripePaymentKeys.PAID, 0)));
  }

  public static Map<String, Object> encode(Terms terms) {
    return map(terms.byKey(), PaymentCodec::encode);
  }

  private static Object encode(Term term) {
    Map<String, Object> fields = new LinkedHashMap<>(encode(term.line()));
    fields.put(
        StripePaymentKeys.BACK,
        map(
            term.back(),
            each ->
                object(StripePaymentKeys.BACK, each.back(), StripePaymentKeys.PAID, each.paid())));
    fields.put(StripePaymentKeys.MONTHS, (long) term.months());
    fields.put(StripePaymentKeys.BOOKING, encode(term.booking()));
    return fields;
  }
}
