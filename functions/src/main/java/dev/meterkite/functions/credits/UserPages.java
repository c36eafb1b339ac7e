package dev.meterkite.functions.credits;

import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Page;
import dev.meterkite.functions.http.PageToken;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.credits.rules.CreditRules;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.schema.Queries;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The users with their balances, in pages. */
final class UserPages {
  private static final int LONGEST_TIER = 100;

  private final Store store;
  private final InstantSource clock;
  private final PlannedRules rules;

  UserPages(Store store, InstantSource clock, PlannedRules rules) {
    this.store = store;
    this.clock = clock;
    this.rules = rules;
  }

  /**
   * Which users are asked for; null for a condition that is not made.
   *
   * @param email exactly as it stands in the document
   * @param after the id behind which the page begins; empty for the first
   */
  record Request(
      @Nullable String email,
      @Nullable String stripeCustomerId,
      @Nullable String tier,
      int limit,
      List<Object> after) {
    static Request parse(Fields fields) {
      List<Object> after = PageToken.place(fields, List.of(List.of(PageToken.Part.ID)));
      return new Request(
          fields.optionalEmail("email"),
          fields.optionalString("stripe_customer_id", 1, CreditLimits.STRIPE_ID),
          fields.optionalString("tier", 1, LONGEST_TIER),
          Page.limit(fields),
          after == null ? List.of() : after);
    }

    Query query() {
      return Queries.users(email, stripeCustomerId, tier, limit + 1, after);
    }
  }

  /** One page. */
  Answer page(Request request) {
    Instant now = clock.instant();
    CreditRules listing = rules.now();
    return Page.of(store.find(request.query()).join(), request.limit())
        .answer("users", user -> listing.listed(user, now), last -> List.of(last.ref().id()));
  }
}
