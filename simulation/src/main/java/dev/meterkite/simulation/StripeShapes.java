package dev.meterkite.simulation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.time.Instant;

/** Objects of Stripe's events, in the shapes of before and after 2025-03-31. */
final class StripeShapes {
  private StripeShapes() {}

  /** Names and values in turn; moments are seconds. */
  static JsonObject object(Object... members) {
    JsonObject object = new JsonObject();
    for (int i = 0; i < members.length; i += 2) {
      object.add((String) members[i], value(members[i + 1]));
    }
    return object;
  }

  private static JsonElement value(Object value) {
    if (value instanceof JsonElement element) {
      return element;
    } else if (value instanceof Instant moment) {
      return new JsonPrimitive(moment.getEpochSecond());
    } else if (value instanceof Number number) {
      return new JsonPrimitive(number);
    } else if (value instanceof Boolean flag) {
      return new JsonPrimitive(flag);
    }
    return new JsonPrimitive((String) value);
  }

  /** A paid session in which packages were bought. */
  static JsonObject session(Sale sale, int count) {
    return object(
        "id",
        "cs_" + sale.intent,
        "object",
        "checkout.session",
        "mode",
        "payment",
        "payment_status",
        "paid",
        "customer",
        "cus_" + sale.buyer,
        "payment_intent",
        sale.intent,
        "currency",
        "usd",
        "amount_subtotal",
        sale.paid,
        "amount_total",
        sale.paid,
        "metadata",
        object("user_id", sale.buyer, "price_id", "price_" + sale.credits / count));
  }

  /** A line of a tier, without the money. */
  static JsonObject line(String price, int seats, Instant start, Instant end) {
    return object("price", price, "quantity", seats, "period", object("start", start, "end", end));
  }

  /** A paid invoice of one line. */
  static JsonObject invoice(String id, Sale sale, boolean isOld, JsonObject sold) {
    String subscription = "sub_" + sale.intent;
    JsonObject line =
        object(
            "id",
            "il_" + sale.intent,
            "amount",
            sale.paid,
            "quantity",
            sold.get("quantity"),
            "period",
            sold.get("period"));
    JsonElement price = sold.get("price");
    if (isOld) {
      line.add("price", object("id", price, "object", "price"));
      line.addProperty("proration", false);
      line.addProperty("subscription", subscription);
    } else {
      line.add("pricing", object("price_details", object("price", price)));
      line.add(
          "parent",
          object(
              "subscription_item_details",
              object("subscription", subscription, "proration", false)));
    }
    JsonArray lines = new JsonArray();
    lines.add(line);
    JsonObject invoice =
        object(
            "id",
            id,
            "object",
            "invoice",
            "customer",
            "cus_" + sale.buyer,
            "amount_paid",
            sale.paid,
            "lines",
            object("object", "list", "data", lines, "has_more", false));
    if (isOld) {
      invoice.addProperty("payment_intent", sale.intent);
      invoice.addProperty("subscription", subscription);
    } else {
      invoice.add("parent", object("subscription_details", object("subscription", subscription)));
    }
    return invoice;
  }

  /** What ties an invoice to its payment intent since 2025-03-31. */
  static JsonObject tie(String invoice, Sale sale) {
    return object(
        "id",
        "inpay_" + sale.intent,
        "object",
        "invoice_payment",
        "invoice",
        invoice,
        "amount_paid",
        sale.paid,
        "payment",
        object("type", "payment_intent", "payment_intent", sale.intent));
  }

  /** A charge with all that was refunded so far. */
  static JsonObject charge(Sale sale) {
    return object(
        "id",
        "ch_" + sale.intent,
        "object",
        "charge",
        "payment_intent",
        sale.intent,
        "amount",
        sale.paid,
        "amount_refunded",
        sale.refunded());
  }

  /** One refund. */
  static JsonObject refund(String id, Sale sale, long cents, Instant created, String status) {
    return object(
        "id",
        id,
        "object",
        "refund",
        "amount",
        cents,
        "charge",
        "ch_" + sale.intent,
        "payment_intent",
        sale.intent,
        "created",
        created,
        "status",
        status);
  }

  /** A dispute of the whole payment. */
  static JsonObject dispute(String id, Sale sale, String status) {
    return object(
        "id",
        id,
        "object",
        "dispute",
        "amount",
        sale.paid,
        "charge",
        "ch_" + sale.intent,
        "payment_intent",
        sale.intent,
        "status",
        status);
  }
}
