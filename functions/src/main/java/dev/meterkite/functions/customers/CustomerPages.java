package dev.meterkite.functions.customers;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Page;
import dev.meterkite.functions.http.PageToken;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.customers.ConfigurationRules;
import dev.meterkite.model.customers.Layered;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.Customers;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The customers, by tier and by the end of their contract, in pages. */
final class CustomerPages {
  /** The longest tier that is asked for, in characters: any word, since tiers come and go. */
  private static final int LONGEST_TIER = 100;

  private static final List<PageToken.Part> BY_ID = List.of(PageToken.Part.ID);

  private final Store store;
  private final InstantSource clock;

  CustomerPages(Backend backend) {
    this.store = backend.store();
    this.clock = backend.clock();
  }

  /**
   * What is asked.
   *
   * @param tier only those of this tier, which plans may no longer have; or null
   * @param endsBefore only those whose contract ends before this, the earliest first; or null
   * @param after where the page begins, as the page before said; empty for the first
   */
  record Request(
      @Nullable String tier, @Nullable Instant endsBefore, int limit, List<Object> after) {
    static Request parse(Fields fields) {
      Instant endsBefore = fields.optionalMoment("contract_ends_before");
      List<Object> after =
          PageToken.place(fields, List.of(endsBefore == null ? BY_ID : PageToken.TIME_AND_ID));
      return new Request(
          fields.optionalString("bundle_tier", 1, LONGEST_TIER),
          endsBefore,
          Page.limit(fields),
          after == null ? List.of() : after);
    }

    Query query() {
      int more = limit + 1;
      Query query;
      if (endsBefore != null) {
        query =
            tier == null
                ? Queries.customersWithContractEndBefore(endsBefore, more)
                : Queries.customersInTierWithContractEndBefore(tier, endsBefore, more);
      } else {
        query = tier == null ? Queries.customers(more) : Queries.customersInTier(tier, more);
      }
      return query.after(after);
    }
  }

  /** One page. */
  Answer page(Request request) {
    Instant now = clock.instant();
    return Page.of(store.find(request.query()).join(), request.limit())
        .answer(
            "customers",
            customer -> shown(customer.ref().id(), customer.fields(), now),
            last -> place(last, request));
  }

  /** A customer as callers see it: its id, whether its contract is in force, its document. */
  static Map<String, @Nullable Object> shown(
      String customerId, Map<String, Object> fields, Instant now) {
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put("customer_id", customerId);
    shown.put("active", ConfigurationRules.isActive(Layered.of(fields), now));
    fields.forEach((name, value) -> shown.putIfAbsent(name, JsonValues.shown(value)));
    shown.remove(Schema.COMMIT);
    shown.remove(Customers.USAGE_MONTHS);
    return shown;
  }

  private static List<Object> place(Snapshot last, Request request) {
    List<Object> place = new ArrayList<>();
    if (request.endsBefore() != null) {
      place.add(Objects.requireNonNull(last.fields().get(Customers.CONTRACT_END)));
    }
    place.add(last.ref().id());
    return place;
  }
}
