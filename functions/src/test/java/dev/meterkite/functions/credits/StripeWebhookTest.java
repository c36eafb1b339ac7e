package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.Users;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A37: {@code stripe-webhook} over HTTP, with signatures as Stripe makes them. */
class StripeWebhookTest {
  private final String customer = "cus_" + UUID.randomUUID();
  private final String payment = "pi_" + UUID.randomUUID();

  // Stripe's side.

  private static String hmac(String secret, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String signature(String secret, Instant at, String body) {
    long seconds = at.getEpochSecond();
    return "t=" + seconds + ",v1=" + hmac(secret, seconds + "." + body);
  }

  private static HttpResponse<String> post(String body, String signature) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(Desk.HOSTED.url(StripeWebhook.class, ""))
            .header("Content-Type", "application/json; charset=utf-8")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (signature != null) {
      request.header("Stripe-Signature", signature);
    }
    return Desk.HOSTED.send(request.build());
  }

  private static HttpResponse<String> post(String body) {
    return post(body, signature(Hosted.STRIPE_SECRET, Instant.now(), body));
  }

  /** An event with a new id, made now. */
  private static String event(String type, String object) {
    return event(type, Instant.now(), object);
  }

  private static String event(String type, Instant created, String object) {
    return ("{'id': 'evt_%s', 'object': 'event', 'api_version': '2025-03-31.basil', 'created': %d,"
            + " 'type': '%s', 'livemode': false, 'data': {'object': %s}}")
        .formatted(UUID.randomUUID(), created.getEpochSecond(), type, object)
        .replace('\'', '"');
  }

  private String checkout(String more) {
    return event(
        "checkout.session.completed",
        ("{'id': 'cs_%s', 'mode': 'payment', 'payment_status': 'paid', 'customer': '%s',"
                + " 'payment_intent': '%s', 'currency': 'usd', 'amount_subtotal': 600 %s}")
            .formatted(payment, customer, payment, more));
  }

  private String subscription(String change, Instant created, String status, String price) {
    return event(
        "customer.subscription." + change,
        created,
        ("{'id': 'sub_%s', 'customer': '%s', 'status': '%s',"
                + " 'items': {'data': [{'price': {'id': '%s'}}]}}")
            .formatted(customer, customer, status, price));
  }

  private String invoice(String userId) {
    Instant now = Instant.now();
    return event(
        "invoice.paid",
        ("{'id': 'in_%s', 'customer': '%s', 'payment_intent': '%s', 'lines': {'data': [{"
                + "'pricing': {'price_details': {'price': 'price_enthu'}},"
                + " 'metadata': {'user_id': '%s'},"
                + " 'period': {'start': %d, 'end': %d}}]}}")
            .formatted(
                customer,
                customer,
                payment,
                userId,
                now.getEpochSecond(),
                now.getEpochSecond() + 40_000_000));
  }

  private String refund(long refunded) {
    return event(
        "charge.refunded",
        ("{'id': 'ch_%s', 'customer': '%s', 'payment_intent': '%s', 'amount': 600,"
                + " 'amount_refunded': %d}")
            .formatted(payment, customer, payment, refunded));
  }

  private String named(String userId) {
    return ", 'metadata': {'user_id': '" + userId + "', 'price_id': 'price_100'}";
  }

  private static void received(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals("{\"received\":true}", answer.body());
  }

  // The signature.

  @Test
  void webhookWithoutAValidSignature_is401AndWritesNothing() {
    // A37: missing, for another secret, another body, another time, old, from the future, no form.
    String user = Desk.user(10);
    Map<String, Object> before = Desk.userFields(user);
    String body = checkout(named(user));
    String right = signature(Hosted.STRIPE_SECRET, Instant.now(), body);
    String mac = right.substring(right.indexOf("v1=") + 3);
    long now = Instant.now().getEpochSecond();
    List<String> wrong = new ArrayList<>();
    wrong.add(null);
    wrong.add(signature("whsec_other", Instant.now(), body));
    wrong.add(signature(Hosted.STRIPE_SECRET, Instant.now().minusSeconds(310), body));
    wrong.add(signature(Hosted.STRIPE_SECRET, Instant.now().plusSeconds(310), body));
    wrong.add(signature(Hosted.STRIPE_SECRET, Instant.now(), body + " "));
    wrong.add("t=" + (now - 5) + ",v1=" + mac);
    wrong.add("t=" + now + ",v0=" + mac);
    wrong.add("v1=" + mac);
    wrong.add("t=" + now);
    wrong.add("t,t=" + now + ",v1=" + mac);
    wrong.add("t=99999999999999999999,v1=" + mac);
    wrong.add("t=" + now + ",v1=");
    wrong.add("=,=,");
    for (String signature : wrong) {
      HttpResponse<String> answer = post(body, signature);
      Desk.refused(answer, 401, "unauthenticated");
      assertEquals("Stripe-Signature", answer.headers().firstValue("WWW-Authenticate").get());
    }
    assertEquals(before, Desk.userFields(user));
    received(post(body, right));
    assertEquals(110, Desk.balance(user));
  }

  @Test
  void bearerTokens_doNotTakeTheSignaturesPlace() {
    for (String role : List.of("service", "admin", "scheduler")) {
      HttpResponse<String> answer =
          Desk.HOSTED.post(StripeWebhook.class, role, Desk.key(), checkout(""));
      Desk.refused(answer, 401, "unauthenticated");
    }
  }

  @Test
  void signatureOfTheNextSecret_isTakenWhileTheSecretIsReplaced() {
    String user = Desk.user(0);
    String body = checkout(named(user));
    received(post(body, signature("whsec_next", Instant.now(), body)));
    String twice = checkout(named(user));
    Instant now = Instant.now();
    String both =
        signature("whsec_retired", now, twice)
            + ",v1="
            + hmac(Hosted.STRIPE_SECRET, now.getEpochSecond() + "." + twice);
    received(post(twice, both));
    assertEquals(100, Desk.balance(user));
  }

  @Test
  void tolerance_isFiveMinutesBothWays() {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    StripeSignature check = new StripeSignature(Set.of("s"), InstantSource.fixed(now));
    for (int seconds : List.of(-300, 0, 300)) {
      assertTrue(check.isOf("b", signature("s", now.plusSeconds(seconds), "b")), seconds + " s");
    }
    for (int seconds : List.of(-301, 301)) {
      assertFalse(check.isOf("b", signature("s", now.plusSeconds(seconds), "b")), seconds + " s");
    }
    StripeSignature none = new StripeSignature(Set.of(), InstantSource.fixed(now));
    assertFalse(none.isOf("b", signature("s", now, "b")), "no secret, no sender");
  }

  @Test
  void bodyThatIsSigned_isReadByteForByte() {
    String user = Desk.user(0);
    String body = checkout(named(user) + ", 'description': 'Zwölf Drachen – 12 \uD83E\uDE81'");
    received(post("\n" + body + "\n "));
    assertEquals(100, Desk.balance(user));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "{\"id\": \"evt_1\", \"type\": \"invoice.paid\", \"created\": 1}",
        "{\"id\": \"evt_1\", \"type\": \"invoice.paid\", \"created\": 1, \"data\": {}}",
        "{\"id\": 7, \"type\": \"invoice.paid\", \"created\": 1, \"data\": {\"object\": {}}}",
        "{\"id\": \"evt_1\", \"type\": \"x\", \"created\": -1, \"data\": {\"object\": {}}}",
        "{\"id\": \"evt_1\", \"type\": \"x\", \"created\": \"1\", \"data\": {\"object\": []}}"
      })
  void signedBodyThatIsNoEvent_is400(String body) {
    Desk.refused(post(body), 400, "invalid_request");
  }

  @Test
  void bodyThatIsTooLarge_is413AndAnotherTypeIs415() {
    String large = " ".repeat(1024 * 1024 + 1);
    Desk.refused(post(large), 413, "payload_too_large");
    String body = checkout("");
    HttpRequest form =
        HttpRequest.newBuilder(Desk.HOSTED.url(StripeWebhook.class, ""))
            .header("Content-Type", "text/plain")
            .header("Stripe-Signature", signature(Hosted.STRIPE_SECRET, Instant.now(), body))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    Desk.refused(Desk.HOSTED.send(form), 415, "unsupported_media_type");
    HttpRequest get = HttpRequest.newBuilder(Desk.HOSTED.url(StripeWebhook.class, "")).build();
    Desk.refused(Desk.HOSTED.send(get), 405, "method_not_allowed");
  }

  // What comes of events.

  @Test
  void purchase_isGivenOnceHoweverOftenItIsTold() {
    // A37
    String user = Desk.user(5);
    String body = checkout(named(user));
    for (int i = 0; i < 3; i++) {
      received(post(body));
      received(post(checkout(named(user))));
    }
    assertEquals(105, Desk.balance(user));
    assertEquals(customer, Desk.userFields(user).get(Users.STRIPE_CUSTOMER_ID));
    JsonArray transactions = statement(user).getAsJsonArray("transactions");
    assertEquals(2, transactions.size());
    JsonObject purchase = transactions.get(0).getAsJsonObject();
    assertEquals("purchase", purchase.get("type").getAsString());
    assertEquals(100, purchase.get("amount").getAsLong());
  }

  private static JsonObject statement(String user) {
    return Desk.json(Desk.HOSTED.get(CreditStatement.class, "service", "user_id=" + user));
  }

  @Test
  void eventWithoutAUserId_findsItsUserByCustomer() {
    String user = Desk.user(5);
    Desk.refused(post(checkout(", 'metadata': {'credits': '100'}")), 503, "unknown_user");
    assertEquals(5, Desk.balance(user));
    Map<String, Object> fields = Desk.userFields(user);
    fields.put(Users.STRIPE_CUSTOMER_ID, customer);
    Desk.HOSTED.set(Users.COLLECTION, user, fields);
    received(post(checkout(", 'metadata': {'credits': '100'}")));
    assertEquals(105, Desk.balance(user));
  }

  @Test
  void userThatIsNotThereYet_isWaitedFor() {
    String user = "user-" + UUID.randomUUID();
    HttpResponse<String> answer = post(checkout(named(user)));
    Desk.refused(answer, 503, "unknown_user");
    assertTrue(answer.headers().firstValue("Retry-After").isPresent());
    assertFalse(Desk.HOSTED.read(Users.COLLECTION, user).exists());
    assertFalse(Desk.HOSTED.read("stripe_payments", payment).exists(), "nothing is left behind");
  }

  @Test
  void customerOfTwoUsers_isNobodys() {
    for (String user : List.of(Desk.user(1), Desk.user(2))) {
      Map<String, Object> fields = Desk.userFields(user);
      fields.put(Users.STRIPE_CUSTOMER_ID, customer);
      Desk.HOSTED.set(Users.COLLECTION, user, fields);
    }
    Desk.refused(
        post(subscription("created", Instant.now(), "active", "price_pro")), 503, "unknown_user");
  }

  @Test
  void priceThatIsNotKnown_isWaitedFor() {
    String user = Desk.user(5);
    String more = ", 'metadata': {'user_id': '" + user + "', 'price_id': 'price_of_tomorrow'}";
    Desk.refused(post(checkout(more)), 503, "unknown_price");
    assertEquals(5, Desk.balance(user));
  }

  @Test
  void otherEvents_areReceivedAndNothingComesOfThem() {
    String user = Desk.user(5);
    Map<String, Object> before = Desk.userFields(user);
    received(post(event("customer.updated", "{'id': '" + customer + "'}")));
    received(post(checkout(named(user)).replace("\"paid\"", "\"unpaid\"")));
    assertEquals(before, Desk.userFields(user));
  }

  @Test
  void webhooksOfASubscription_endTheSameInAnyOrder() {
    // A37; all 720 orders are tried on the rules.
    Random random = new Random(37);
    Instant at = Instant.now();
    for (int sample = 0; sample < 4; sample++) {
      StripeWebhookTest stripe = new StripeWebhookTest();
      String user = Desk.user("free", 0);
      Map<String, Object> fields = Desk.userFields(user);
      fields.put(Users.STRIPE_CUSTOMER_ID, stripe.customer);
      Desk.HOSTED.set(Users.COLLECTION, user, fields);
      List<String> six =
          new ArrayList<>(
              List.of(
                  stripe.subscription("created", at, "incomplete", "price_enthu"),
                  stripe.subscription("updated", at, "active", "price_enthu"),
                  stripe.subscription("updated", at.plusSeconds(3), "active", "price_pro"),
                  stripe.subscription("deleted", at.plusSeconds(9), "canceled", "price_pro"),
                  stripe.invoice(user),
                  stripe.refund(300)));
      Collections.shuffle(six, random);
      six.addAll(List.copyOf(six.subList(0, 3)));
      six.forEach(body -> received(post(body)));
      Map<String, Object> end = Desk.userFields(user);
      assertEquals(500L, end.get(Users.CREDITS_BALANCE));
      assertEquals("free", end.get(Users.TIER));
      assertNull(end.get(Users.STRIPE_SUBSCRIPTION_ID));
      Map<?, ?> subscription =
          (Map<?, ?>)
              ((Map<?, ?>) end.get(Users.STRIPE_SUBSCRIPTIONS)).get("sub_" + stripe.customer);
      assertEquals("canceled", subscription.get("status"));
      assertEquals("pro", subscription.get("tier"));
    }
  }

  private String basilInvoice(String more) {
    long now = Instant.now().getEpochSecond();
    return event(
        "invoice.paid",
        ("{'id': 'in_%s', 'object': 'invoice', 'customer': '%s', 'amount_paid': 2900,"
                + " 'parent': {'type': 'subscription_details', 'subscription_details':"
                + " {'subscription': 'sub_%s', 'metadata': {}}}, 'lines': {'object': 'list',"
                + " 'data': [{'id': 'il_1', 'amount': 2900, 'quantity': 1, 'pricing': {'type':"
                + " 'price_details', 'price_details': {'price': 'price_pro', 'product': 'prod_1'}},"
                + " 'period': {'start': %d, 'end': %d}}] %s}}")
            .formatted(customer, customer, customer, now, now + 2_592_000, more));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.5", "\"2\"", "0", "-1", "true", "1e30"})
  void c6_quantityThatCannotBeRead_isUnavailableAndLeavesNothing(String quantity) {
    String user = Desk.user(0);
    Map<String, Object> fields = Desk.userFields(user);
    fields.put(Users.STRIPE_CUSTOMER_ID, customer);
    Desk.HOSTED.set(Users.COLLECTION, user, fields);
    String invoice = basilInvoice("");
    String odd = invoice.replace("\"quantity\": 1,", "\"quantity\": " + quantity + ",");
    Desk.refused(post(odd), 503, "incomplete_event");
    assertEquals(0, Desk.balance(user));
    received(post(invoice.replace("\"quantity\": 1,", "\"quantity\": 2.0,")));
    assertEquals(5_000, Desk.balance(user), "the same invoice, once it can be read");
  }

  @Test
  void c1_refundWithoutACustomer_isTiedByTheInvoicesPaymentInAllOrders() {
    for (int first = 0; first < 6; first++) {
      StripeWebhookTest stripe = new StripeWebhookTest();
      String user = Desk.user(0);
      Map<String, Object> fields = Desk.userFields(user);
      fields.put(Users.STRIPE_CUSTOMER_ID, stripe.customer);
      Desk.HOSTED.set(Users.COLLECTION, user, fields);
      List<String> three =
          new ArrayList<>(
              List.of(
                  stripe.basilInvoice(", 'has_more': false"),
                  event(
                      "invoice_payment.paid",
                      ("{'id': 'inpay_1', 'invoice': 'in_%s', 'amount_paid': 2900, 'status':"
                              + " 'paid', 'payment': {'type': 'payment_intent',"
                              + " 'payment_intent': '%s'}}")
                          .formatted(stripe.customer, stripe.payment)),
                  event(
                      "charge.refunded",
                      ("{'id': 'ch_%s', 'payment_intent': '%s', 'amount': 2900,"
                              + " 'amount_refunded': 2900}")
                          .formatted(stripe.payment, stripe.payment))));
      Collections.rotate(three, first % 3);
      if (first > 2) {
        Collections.swap(three, 1, 2);
      }
      three.addAll(List.copyOf(three));
      three.forEach(body -> received(post(body)));
      assertEquals(0, Desk.balance(user));
      assertEquals(List.of(), alertsOf(user));
    }
  }

  private static List<Object> alertsOf(String user) {
    return Desk.HOSTED.store().find(Queries.alerts(false, null, 100, List.of())).join().stream()
        .filter(alert -> user.equals(alert.fields().get("user_id")))
        .map(alert -> alert.fields().get("type"))
        .toList();
  }

  @Test
  void c2_chargebackAndC3_wonDispute() {
    String user = Desk.user(0);
    received(post(checkout(named(user))));
    for (String type : List.of("created", "funds_withdrawn", "funds_withdrawn")) {
      received(post(dispute(type, "needs_response")));
    }
    assertEquals(0, Desk.balance(user));
    for (int i = 0; i < 2; i++) {
      received(post(dispute("funds_reinstated", "won")));
    }
    assertEquals(100, Desk.balance(user));
    received(post(refund(600)));
    assertEquals(0, Desk.balance(user));
    assertEquals(List.of(), alertsOf(user));
  }

  private String dispute(String type, String status) {
    return event(
        "charge.dispute." + type,
        ("{'id': 'dp_%s', 'object': 'dispute', 'amount': 600, 'charge': 'ch_%s',"
                + " 'payment_intent': '%s', 'status': '%s'}")
            .formatted(payment, payment, payment, status));
  }

  @Test
  void c4_linesCutOff_waitAndLeaveNothing() {
    String user = Desk.user(0);
    Map<String, Object> fields = Desk.userFields(user);
    fields.put(Users.STRIPE_CUSTOMER_ID, customer);
    Desk.HOSTED.set(Users.COLLECTION, user, fields);
    Desk.refused(post(basilInvoice(", 'has_more': true")), 503, "incomplete_event");
    assertEquals(fields, Desk.userFields(user));
    assertFalse(Desk.HOSTED.read("stripe_payments", "in_" + customer).exists());
  }

  @Test
  void c6_subtotalThatIsNoMultiple_waits() {
    String user = Desk.user(0);
    String body = checkout(named(user)).replace("600", "700");
    Desk.refused(post(body), 503, "amount_mismatch");
    assertEquals(0, Desk.balance(user));
  }

  @Test
  void c12_subscriptionOfAnotherProduct_isReceived() {
    received(post(subscription("updated", Instant.now(), "active", "price_newsletter")));
    received(post(subscription("deleted", Instant.now(), "canceled", "price_newsletter")));
    Desk.refused(
        post(subscription("updated", Instant.now(), "active", "price_x")), 503, "unknown_price");
  }

  @Test
  void thinEvents_areReceived() {
    received(
        post(
            ("{'id': 'evt_1', 'object': 'v2.core.event', 'livemode': false, 'type':"
                    + " 'v1.billing.meter.no_meter_found', 'created': '2024-09-17T06:20:52.246Z',"
                    + " 'related_object': null, 'reason': null}")
                .replace('\'', '"')));
  }

  @Test
  void eventWithoutAVersion_isRead() {
    String user = Desk.user(0);
    for (String version : List.of("null", "'2024-09-30.acacia'", "'2026-08-26.dahlia'")) {
      StripeWebhookTest stripe = new StripeWebhookTest();
      String body = stripe.checkout(named(user));
      received(post(body.replace("\"2025-03-31.basil\"", version.replace('\'', '"'))));
    }
    assertEquals(300, Desk.balance(user));
  }

  @Test
  void refundThatBelongsToNoSale_isToldByTheSweepAfterDays() {
    String user = Desk.user(0);
    Map<String, Object> fields = Desk.userFields(user);
    fields.put(Users.STRIPE_CUSTOMER_ID, customer);
    Desk.HOSTED.set(Users.COLLECTION, user, fields);
    received(post(refund(600)));
    assertEquals(List.of(), alertsOf(user));
    Map<String, Object> waiting =
        new java.util.LinkedHashMap<>(Desk.HOSTED.read("stripe_payments", payment).fields());
    waiting.put("tie_due_at", Instant.parse("2020-01-01T00:00:00Z"));
    Desk.HOSTED.set("stripe_payments", payment, waiting);
    Desk.json(Desk.HOSTED.post(ExpireCredits.class, "scheduler", Desk.key(), "{}"));
    assertEquals(List.of("refund_abuse"), alertsOf(user));
    assertFalse(Desk.HOSTED.read("stripe_payments", payment).fields().containsKey("tie_due_at"));
  }

  @Test
  void refund_findsItsUserByThePaymentAndTakesBackInProportion() {
    String user = Desk.user(0);
    received(post(checkout(named(user))));
    Map<String, Object> fields = Desk.userFields(user);
    fields.remove(Users.STRIPE_CUSTOMER_ID);
    Desk.HOSTED.set(Users.COLLECTION, user, fields);
    received(post(refund(300)));
    received(post(refund(300)));
    assertEquals(50, Desk.balance(user));
    Desk.done(DebitCredits.class, "{'user_id': '" + user + "', 'amount': 40}");
    received(post(refund(600)));
    assertEquals(0, Desk.balance(user));
    assertEquals(
        List.of("refund_abuse"),
        Desk.HOSTED.store().find(Queries.alerts(false, null, 100, List.of())).join().stream()
            .filter(alert -> user.equals(alert.fields().get("user_id")))
            .map(alert -> alert.fields().get("type"))
            .toList());
  }

  @Test
  void sameEventTwiceAtOnce_isCarriedOutOnce() {
    // A7, A8
    String user = Desk.user(0);
    String body = checkout(named(user));
    List<Thread> threads = new ArrayList<>();
    List<Integer> statuses = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < 8; i++) {
      Thread thread = new Thread(() -> statuses.add(post(body).statusCode()));
      threads.add(thread);
      thread.start();
    }
    threads.forEach(StripeWebhookTest::join);
    assertEquals(Collections.nCopies(8, 200), statuses);
    assertEquals(100, Desk.balance(user));
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void prices_areTiersAndPackagesAndForeignOnes() {
    assertEquals(1, StripeEvents.declared("{\"p\": \"pro\"}").tiers().size());
    assertEquals(1, StripeEvents.declared("{\"p\": 250}").packages().size());
    assertEquals(0, StripeEvents.declared("{}").packages().size());
    assertEquals(Set.of("p"), StripeEvents.declared("{\"p\": null}").foreign());
    for (String wrong :
        List.of("", "[]", "{\"p\"", "{\"p\": true}", "{\"p\": 100.5}", "{\"p\": {}}")) {
      IllegalArgumentException failure =
          assertThrows(IllegalArgumentException.class, () -> StripeEvents.declared(wrong), wrong);
      assertTrue(failure.getMessage().startsWith("STRIPE_PRICES"), failure.getMessage());
    }
  }
}
