package dev.meterkite.functions.customers;

import com.google.gson.JsonArray;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.customers.BundleTier;
import dev.meterkite.model.customers.ConfigurationRules;
import dev.meterkite.model.customers.Layered;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.Customers;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The customers, by tier and by the end of their contract, in pages. */
final class CustomerPages {
  private static final int MOST = 100;
  private static final int USUAL = 50;
  private static final int LONGEST_TOKEN = 4_000;

  private final Store store;
  private final InstantSource clock;

  CustomerPages(Backend backend) {
    this.store = backend.store();
    this.clock = backend.clock();
  }

  /**
   * What is asked.
   *
   * @param tier only those of this tier, or null
   * @param endsBefore only those whose contract ends before this, the earliest first; or null
   * @param after where the page begins, as the page before said; empty for the first
   */
  record Request(
      @Nullable BundleTier tier, @Nullable Instant endsBefore, int limit, List<Object> after) {
    static Request parse(Fields fields) {
      Instant endsBefore = fields.optionalMoment("contract_ends_before");
      return new Request(
          fields.optionalWord("bundle_tier", BundleTier.class),
          endsBefore,
          (int) fields.integer("limit", 1, MOST, USUAL),
          position(fields, endsBefore != null));
    }

    Query query() {
      int more = limit + 1;
      Query query;
      if (endsBefore != null) {
        query =
            tier == null
                ? Queries.customersWithContractEndBefore(endsBefore, more)
                : Queries.customersInTierWithContractEndBefore(tier.wire(), endsBefore, more);
      } else {
        query = tier == null ? Queries.customers(more) : Queries.customersInTier(tier.wire(), more);
      }
      return query.after(after);
    }
  }

  /** One page. */
  Answer page(Request request) {
    List<Snapshot> found = store.find(request.query()).join();
    List<Snapshot> page = found.subList(0, Math.min(found.size(), request.limit()));
    Instant now = clock.instant();
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("customers", page.stream().map(customer -> shown(customer, now)).toList());
    if (found.size() > page.size()) {
      members.put("next_page_token", token(page.get(page.size() - 1), request));
    }
    return Answer.ok(members);
  }

  private static Map<String, @Nullable Object> shown(Snapshot customer, Instant now) {
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put("customer_id", customer.ref().id());
    shown.put("active", ConfigurationRules.isActive(Layered.of(customer.fields()), now));
    customer.fields().forEach((name, value) -> shown.putIfAbsent(name, JsonValues.shown(value)));
    shown.remove(Schema.COMMIT);
    return shown;
  }

  private static String token(Snapshot last, Request request) {
    JsonArray parts = new JsonArray();
    parts.add(last.ref().id());
    if (request.endsBefore() != null) {
      parts.add(String.valueOf(last.fields().get(Customers.CONTRACT_END)));
    }
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(parts.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static List<Object> position(Fields fields, boolean byContractEnd) {
    String token = fields.optionalString("page_token", 1, LONGEST_TOKEN);
    if (token == null) {
      return List.of();
    }
    try {
      String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      JsonArray parts = JsonParser.parseString(text).getAsJsonArray();
      String id = parts.get(0).getAsString();
      if (DocRef.isId(id) && parts.size() == (byContractEnd ? 2 : 1)) {
        List<Object> position = new ArrayList<>();
        if (byContractEnd) {
          position.add(Fields.parseMoment(parts.get(1).getAsString()));
        }
        position.add(id);
        return position;
      }
    } catch (IllegalArgumentException
        | IllegalStateException
        | IndexOutOfBoundsException
        | UnsupportedOperationException
        | JsonParseException
        | DateTimeException e) {
      // Not one of ours, whatever is wrong with it.
    }
    fields.fault("page_token", "format", "must be the next_page_token of an answer to the same");
    return List.of();
  }
}
