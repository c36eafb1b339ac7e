package dev.meterkite.model.credits.stripe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.rules.InMemoryLedger;
import dev.meterkite.model.credits.stripe.PaymentRecord.Older;
import dev.meterkite.model.credits.stripe.StripePayment.Back;
import dev.meterkite.model.credits.stripe.StripePayment.Dispute;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.credits.stripe.StripePayment.Part;
import dev.meterkite.model.credits.stripe.StripePayment.Refund;
import dev.meterkite.model.credits.stripe.StripePayment.Refunded;
import dev.meterkite.model.credits.stripe.StripePayment.Sale;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Documents of {@code stripe_payments}: what is written is read, and ids lead to one state. */
class PaymentCodecTest {
  private static final Instant T = InMemoryLedger.START;
  private static final Line LINE =
      new Line(
          "il_1", LineKind.CHARGE, "pro", 5_000, 2, T, T.plus(Duration.ofDays(30)), 5_800L, 2_900L);
  private static final StripePayment FACTS =
      new StripePayment(
          Map.of("in_1", new Sale(true, 5_800L, 100, List.of(LINE))),
          Map.of("pi_1", new Part(5_800L, 5_700L, List.of(new Refunded(T, 7)))),
          Map.of("re_1", new Refund("pi_1", 7, T, T.plusSeconds(1))),
          Map.of("dp_1", new Dispute(9, T, T.plusSeconds(2))));
  private static final Booking BOOKING =
      new Booking(100, 40, 5, List.of(new LotShare(null, 30), new LotShare(T, 2)));

  private static Snapshot document(String id, Map<String, Object> fields) {
    DocRef ref = CreditRefs.payment(id);
    return fields.isEmpty() ? Snapshot.absent(ref) : new Snapshot(ref, fields, T);
  }

  private static Map<String, Object> written(PaymentRecord payment) {
    return PaymentCodec.encode(payment, document("pi_1", Map.of()), T);
  }

  @Test
  void whatIsWritten_isRead() {
    PaymentRecord all =
        new PaymentRecord(
            "ada",
            null,
            FACTS,
            Map.of("in_1", BOOKING),
            new Older("t_1", 250, 25),
            T.plusSeconds(3),
            "untied pi_1",
            T.plusSeconds(4));
    assertEquals(all, PaymentCodec.decode(document("pi_1", written(all))));
    PaymentRecord tie =
        new PaymentRecord(null, "pi_2", StripePayment.NONE, Map.of(), null, null, null, null);
    assertEquals(tie, PaymentCodec.decode(document("pi_1", written(tie))));
    assertEquals(Map.of("tied_to", "pi_2", "updated_at", T), written(tie));
    assertEquals(PaymentRecord.NONE, PaymentCodec.decode(document("pi_1", Map.of())));
  }

  @Test
  void fieldsThatAreNoMoreTrue_areRemovedWhereTheyAre() {
    Map<String, Object> before = new HashMap<>();
    before.put("charge_id", "ch_1");
    before.put("amount_paid", 600L);
    before.put("amount_refunded", 6L);
    before.put("theirs", "kept");
    before.put("tie_due_at", T);
    Map<String, Object> changes =
        PaymentCodec.encode(PaymentRecord.NONE.of("ada"), document("pi_1", before), T);
    Map<String, Object> expected = new HashMap<>();
    expected.put("user_id", "ada");
    expected.put("updated_at", T);
    for (String gone : List.of("charge_id", "amount_paid", "amount_refunded", "tie_due_at")) {
      expected.put(gone, Write.REMOVED);
    }
    assertEquals(expected, changes);
  }

  @Test
  void earlierForm_isAPartAndAPurchase() {
    Map<String, Object> fields = new HashMap<>();
    fields.put("user_id", "ada");
    fields.put("transaction_id", "t_1");
    fields.put("credits", 250L);
    fields.put("credits_due", 25L);
    fields.put("charge_id", "ch_1");
    fields.put("amount_paid", 600L);
    fields.put("amount_refunded", 60L);
    PaymentRecord read = PaymentCodec.decode(document("pi_1", fields));
    assertEquals(new Older("t_1", 250, 25), read.older());
    assertEquals(new Back(60, 600), read.facts().back());
    assertEquals(
        Map.of("pi_1", new Part(600L, null, List.of(new Refunded(Instant.EPOCH, 60)))),
        read.facts().parts());
    fields.remove("charge_id");
    fields.put("credits", -1L);
    fields.put("credits_due", "odd");
    PaymentRecord odd = PaymentCodec.decode(document("pi_1", fields));
    assertEquals(new Older("t_1", 0, 0), odd.older());
    assertEquals(StripePayment.NONE, odd.facts());
  }

  @Test
  void oddEntries_countAsAbsent() {
    Random random = new Random(23);
    List<Object> odd =
        new ArrayList<>(
            List.of("odd", 7.5, -1L, 0L, true, T, Map.of(), List.of("x", Map.of("at", T))));
    PaymentRecord all =
        new PaymentRecord("ada", null, FACTS, Map.of("in_1", BOOKING), null, T, "u", T);
    for (int i = 0; i < 5_000; i++) {
      Object broken = broken(written(all), odd, random);
      @SuppressWarnings("unchecked")
      Map<String, Object> fields = (Map<String, Object>) broken;
      PaymentRecord read = PaymentCodec.decode(document("pi_1", fields));
      assertEquals(read, PaymentCodec.decode(document("pi_1", written(read))));
      read.facts().back().of(100);
    }
  }

  /** The value with one of its parts replaced. */
  private static Object broken(Object value, List<Object> odd, Random random) {
    if (value instanceof Map<?, ?> map && !map.isEmpty() && random.nextInt(5) > 0) {
      Map<Object, Object> copy = new LinkedHashMap<>(map);
      List<Object> keys = new ArrayList<>(copy.keySet());
      Object key = keys.get(random.nextInt(keys.size()));
      copy.put(key, broken(copy.get(key), odd, random));
      return copy;
    }
    if (value instanceof List<?> list && !list.isEmpty() && random.nextInt(5) > 0) {
      List<Object> copy = new ArrayList<>(list);
      int at = random.nextInt(copy.size());
      copy.set(at, broken(copy.get(at), odd, random));
      return copy;
    }
    return value instanceof Map<?, ?> ? value : odd.get(random.nextInt(odd.size()));
  }

  @Test
  void lineThatCannotBe_isLeftOut() {
    Map<String, Object> good =
        Map.of("kind", "whole", "tier", "pro", "start", T, "end", T.plusSeconds(1), "credits", 0L);
    assertEquals(1, lines(good).size());
    assertEquals(
        new Line("", LineKind.WHOLE, "pro", 0, 1, T, T.plusSeconds(1), null, null),
        lines(good).get(0));
    for (Map.Entry<String, Object> wrong :
        Map.<String, Object>of("kind", "half", "tier", 7L, "start", "x", "end", T, "credits", -1L)
            .entrySet()) {
      Map<String, Object> line = new HashMap<>(good);
      line.put(wrong.getKey(), wrong.getValue());
      assertEquals(List.of(), lines(line), wrong::getKey);
    }
    Map<String, Object> none = new HashMap<>(good);
    none.put("quantity", -3L);
    assertEquals(1, lines(none).get(0).quantity());
  }

  private static List<Line> lines(Map<String, Object> line) {
    Map<String, Object> sale = Map.of("invoice", true, "lines", List.of(line, "odd"));
    return PaymentCodec.decode(document("pi_1", Map.of("sales", Map.of("in_1", sale))))
        .facts()
        .sales()
        .get("in_1")
        .lines();
  }

  @Test
  void terms_areReadAsWritten() {
    Term term = new Term(LINE, Map.of("in_1", new Back(5, 600)), 3, BOOKING);
    Terms terms = new Terms(Map.of("in_1 il_1", term));
    Map<String, Object> ledger = Map.of("terms", PaymentCodec.encode(terms));
    assertEquals(terms, PaymentCodec.terms(ledger, "terms"));
    assertEquals(Terms.NONE, PaymentCodec.terms(Map.of(), "terms"));
    assertEquals(Terms.NONE, PaymentCodec.terms(Map.of("terms", Map.of("x", "odd")), "terms"));
  }

  // Ties.

  private static PaymentRecord read(Map<DocRef, Snapshot> store, String id) {
    return PaymentCodec.decode(store.getOrDefault(CreditRefs.payment(id), document(id, Map.of())));
  }

  private static Map<DocRef, Snapshot> readAll(Map<DocRef, Snapshot> store, List<String> ids) {
    Map<DocRef, Snapshot> read = new HashMap<>();
    for (List<DocRef> next = PaymentTies.unread(ids, read);
        !next.isEmpty();
        next = PaymentTies.unread(ids, read)) {
      next.forEach(ref -> read.put(ref, store.getOrDefault(ref, Snapshot.absent(ref))));
    }
    return read;
  }

  private static void tell(Map<DocRef, Snapshot> store, StripePayment facts, String... ids) {
    List<String> all = List.of(ids);
    for (Write.Update write : PaymentTies.unowned(all, facts, readAll(store, all), T)) {
      Map<String, Object> fields = new HashMap<>();
      Snapshot before = store.get(write.ref());
      if (before != null) {
        fields.putAll(before.fields());
      }
      fields.putAll(write.fields());
      fields.values().removeIf(value -> value == Write.REMOVED);
      store.put(write.ref(), new Snapshot(write.ref(), fields, T));
    }
  }

  private static StripePayment refund(String id) {
    return new StripePayment(
        Map.of(), Map.of(), Map.of(id, new Refund(null, 1, T, null)), Map.of());
  }

  @Test
  void tiedIds_leadToOneStateWhateverIsTiedFirst() {
    Map<DocRef, Snapshot> store = new HashMap<>();
    tell(store, refund("re_1"), "a");
    tell(store, refund("re_2"), "b");
    tell(store, refund("re_3"), "c");
    tell(store, StripePayment.NONE, "b", "c");
    tell(store, refund("re_4"), "a", "d", "b");
    for (String id : List.of("a", "b", "c", "d")) {
      List<String> ids = List.of(id);
      tell(store, refund("re_" + id), id);
      assertEquals(null, PaymentTies.userId(ids, readAll(store, ids)));
    }
    assertEquals(8, read(store, "a").facts().refunds().size());
    assertEquals("a", read(store, "b").tiedTo());
    assertEquals("b", read(store, "c").tiedTo());
    assertEquals("a", read(store, "d").tiedTo());
    assertFalse(store.get(CreditRefs.payment("b")).fields().containsKey("refunds"));
    List<String> known = List.of("a", "b", "c", "d");
    assertEquals(List.of(), PaymentTies.unowned(known, refund("re_a"), readAll(store, known), T));
  }

  @Test
  void stateOfASale_staysElseThatOfAUser() {
    Map<DocRef, Snapshot> store = new HashMap<>();
    tell(store, refund("re_1"), "pi_1");
    PaymentRecord ofUser = PaymentRecord.NONE.of("ada").untied(T, null);
    store.put(CreditRefs.payment("pi_2"), document("pi_2", written(ofUser)));
    tell(store, StripePayment.NONE, "pi_1", "pi_2");
    assertEquals("pi_2", read(store, "pi_1").tiedTo());
    assertEquals("ada", read(store, "pi_2").userId());
    StripePayment sold =
        new StripePayment(
            Map.of("in_1", new Sale(true, 1L, 1, List.of())), Map.of(), Map.of(), Map.of());
    tell(store, sold, "in_1");
    tell(store, StripePayment.NONE, "pi_2", "in_1");
    assertEquals("in_1", read(store, "pi_2").tiedTo());
    PaymentRecord all = read(store, "in_1");
    assertEquals("ada", all.userId());
    assertEquals(T, all.tieDueAt());
    assertEquals(List.of("re_1"), List.copyOf(all.facts().refunds().keySet()));
    List<String> far = List.of("pi_1");
    assertEquals("ada", PaymentTies.userId(far, readAll(store, far)));
  }

  @Test
  void tiesInACircle_endSomewhere() {
    Map<DocRef, Snapshot> store = new HashMap<>();
    store.put(CreditRefs.payment("a"), document("a", Map.of("tied_to", "b")));
    store.put(CreditRefs.payment("b"), document("b", Map.of("tied_to", "a")));
    List<String> ids = List.of("a");
    assertNull(PaymentTies.userId(ids, readAll(store, ids)));
    assertEquals(2, readAll(store, ids).size());
  }

  @Test
  void merged_keepsBookingsAndTheFirstAlert() {
    PaymentRecord one =
        new PaymentRecord(
            "ada", null, FACTS, Map.of("in_1", BOOKING), null, null, null, T.plusSeconds(9));
    PaymentRecord other =
        new PaymentRecord(
            "bob",
            null,
            StripePayment.NONE,
            Map.of("in_1", Booking.NONE, "cs_1", BOOKING),
            new Older("t", 1, 0),
            null,
            "untied cs_1",
            T);
    PaymentRecord merged = one.merge(other);
    assertEquals("ada", merged.userId());
    assertEquals(Map.of("in_1", BOOKING, "cs_1", BOOKING), merged.bookings());
    assertEquals(T, merged.alertedAt());
    assertEquals("untied cs_1", merged.untiedAlert());
    assertEquals(new Older("t", 1, 0), merged.older());
    assertEquals("bob", PaymentRecord.NONE.merge(other).userId());
    assertEquals(false, PaymentRecord.NONE.hasState());
    assertEquals(true, PaymentRecord.NONE.of("ada").hasState());
    assertEquals(true, PaymentRecord.NONE.with(refund("re_1")).hasState());
    assertEquals(true, PaymentRecord.NONE.booked(Map.of(), new Older("t", 1, 0)).hasState());
  }
}
