package dev.meterkite.model.credits;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.PaymentRecord.Older;
import dev.meterkite.model.credits.StripePayment.Back;
import dev.meterkite.model.credits.StripePayment.Dispute;
import dev.meterkite.model.credits.StripePayment.Line;
import dev.meterkite.model.credits.StripePayment.LineKind;
import dev.meterkite.model.credits.StripePayment.Part;
import dev.meterkite.model.credits.StripePayment.Refund;
import dev.meterkite.model.credits.StripePayment.Refunded;
import dev.meterkite.model.credits.StripePayment.Sale;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditTransactions;
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
final class PaymentCodec {
  private PaymentCodec() {}

  static PaymentRecord decode(Snapshot document) {
    Map<String, Object> fields = document.fields();
    StripePayment facts =
        new StripePayment(
            map(fields, StripePayments.SALES, PaymentCodec::sale),
            map(fields, StripePayments.PARTS, PaymentCodec::part),
            map(fields, StripePayments.REFUNDS, PaymentCodec::refund),
            map(fields, StripePayments.DISPUTES, PaymentCodec::dispute));
    return new PaymentRecord(
        Raw.text(fields, StripePayments.USER_ID),
        Raw.text(fields, StripePayments.TIED_TO),
        facts.merge(olderFacts(document.ref().id(), fields)),
        map(fields, StripePayments.BOOKINGS, PaymentCodec::booking),
        older(fields),
        Raw.instant(fields, StripePayments.TIE_DUE_AT),
        Raw.text(fields, StripePayments.UNTIED_ALERT),
        Raw.instant(fields, StripePayments.ALERTED_AT));
  }

  private static @Nullable Older older(Map<String, Object> fields) {
    String bought = Raw.text(fields, StripePayments.TRANSACTION_ID);
    return bought == null
        ? null
        : new Older(
            bought,
            Math.max(0, Raw.whole(fields, StripePayments.CREDITS, 0)),
            Math.max(0, Raw.whole(fields, StripePayments.CREDITS_DUE, 0)));
  }

  /** What an earlier form noted of the charge; any failure of a refund is later than it. */
  private static StripePayment olderFacts(String id, Map<String, Object> fields) {
    Long paid = Raw.whole(fields, StripePayments.AMOUNT_PAID);
    long refunded = Raw.whole(fields, StripePayments.AMOUNT_REFUNDED, 0);
    return Raw.text(fields, StripePayments.CHARGE_ID) == null
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
  static Map<String, Object> encode(PaymentRecord payment, Snapshot before, Instant now) {
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
    Raw.map(fields, name)
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
    for (Object each : Raw.list(fields, StripePaymentKeys.LINES)) {
      Line line = each instanceof Map<?, ?> map ? line(map) : null;
      if (line != null) {
        lines.add(line);
      }
    }
    return new Sale(
        Boolean.TRUE.equals(fields.get(StripePaymentKeys.INVOICE)),
        Raw.whole(fields, StripePaymentKeys.AMOUNT),
        Math.max(0, Raw.whole(fields, StripePaymentKeys.PACKAGES, 0)),
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
        Word.parse(LineKind.class, Raw.text(fields, StripePaymentKeys.KIND)).orElse(null);
    String tier = Raw.text(fields, StripePaymentKeys.TIER);
    Instant start = Raw.instant(fields, StripePaymentKeys.START);
    Instant end = Raw.instant(fields, StripePaymentKeys.END);
    long credits = Raw.whole(fields, StripePaymentKeys.CREDITS, -1);
    if (kind == null || tier == null || start == null || end == null) {
      return null;
    }
    return !start.isBefore(end) || credits < 0
        ? null
        : new Line(
            Objects.requireNonNullElse(Raw.text(fields, StripePaymentKeys.KEY), ""),
            kind,
            tier,
            credits,
            Math.max(1, Raw.whole(fields, StripePaymentKeys.QUANTITY, 1)),
            start,
            end,
            Raw.whole(fields, StripePaymentKeys.AMOUNT),
            Raw.whole(fields, StripePaymentKeys.UNIT));
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
    for (Object each : Raw.list(fields, StripePaymentKeys.REFUNDED)) {
      Instant at = each instanceof Map<?, ?> map ? Raw.instant(map, StripePaymentKeys.AT) : null;
      if (at != null && each instanceof Map<?, ?> map) {
        refunded.add(new Refunded(at, Raw.whole(map, StripePaymentKeys.AMOUNT, 0)));
      }
    }
    return new Part(
        Raw.whole(fields, StripePaymentKeys.AMOUNT),
        Raw.whole(fields, StripePaymentKeys.STATED),
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
        Raw.text(fields, StripePaymentKeys.PART),
        Math.max(0, Raw.whole(fields, StripePaymentKeys.AMOUNT, 0)),
        Raw.instant(fields, StripePaymentKeys.CREATED_AT),
        Raw.instant(fields, StripePaymentKeys.FAILED_AT));
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
        Math.max(0, Raw.whole(fields, StripePaymentKeys.AMOUNT, 0)),
        Raw.instant(fields, StripePaymentKeys.WITHDRAWN_AT),
        Raw.instant(fields, StripePaymentKeys.REINSTATED_AT));
  }

  private static Object encode(Dispute dispute) {
    return object(
        StripePaymentKeys.AMOUNT, dispute.amount(),
        StripePaymentKeys.WITHDRAWN_AT, dispute.withdrawnAt(),
        StripePaymentKeys.REINSTATED_AT, dispute.reinstatedAt());
  }

  private static Booking booking(Map<?, ?> fields) {
    Map<String, Object> lots = new LinkedHashMap<>();
    lots.put(CreditTransactions.LOTS, Raw.list(fields, StripePaymentKeys.LOTS));
    return new Booking(
        Math.max(0, Raw.whole(fields, StripePaymentKeys.GIVEN, 0)),
        Math.max(0, Raw.whole(fields, StripePaymentKeys.DUE, 0)),
        Math.max(0, Raw.whole(fields, StripePaymentKeys.CREDITED, 0)),
        CreditAnswers.shares(lots));
  }

  private static Map<String, Object> encode(Booking booking) {
    return object(
        StripePaymentKeys.GIVEN, booking.given(),
        StripePaymentKeys.DUE, booking.due(),
        StripePaymentKeys.CREDITED, booking.credited(),
        StripePaymentKeys.LOTS, CreditAnswers.shares(booking.taken()));
  }

  /** The running lines in this map. */
  static Terms terms(Map<?, ?> ledger, String name) {
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
                    0, Math.min(Integer.MAX_VALUE, Raw.whole(fields, StripePaymentKeys.MONTHS, 0))),
            booking(Raw.map(fields, StripePaymentKeys.BOOKING)));
  }

  private static Back back(Map<?, ?> fields) {
    return new Back(
        Math.max(0, Raw.whole(fields, StripePaymentKeys.BACK, 0)),
        Math.max(0, Raw.whole(fields, StripePaymentKeys.PAID, 0)));
  }

  static Map<String, Object> encode(Terms terms) {
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
