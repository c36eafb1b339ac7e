package dev.meterkite.functions.customers;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.AnswerMarker;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.customers.FlagRules;
import dev.meterkite.model.customers.WrittenRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sets flags: of one customer, for all by {@code _global}, or for a share of a tier. One
 * conditional commit, decided again when another writer came first; with an idempotency key it
 * carries a marker, so a repeat is answered as the first and does not undo what was set in between.
 */
final class FlagSwitch {
  static final String OPERATION = "set-feature-flag";

  /** Flags are set by hand: whoever loses this often meets something else than contention. */
  private static final int MAX_ATTEMPTS = 8;

  /** Places of a percentage behind the point; a rollout tells no finer shares apart. */
  private static final int PERCENT_SCALE = 2;

  private static final BigDecimal ALL = BigDecimal.valueOf(100);

  private final Store store;
  private final InstantSource clock;
  private final Configurations configurations;
  private final CurrentPlans plans;

  FlagSwitch(Backend backend, Configurations configurations, CurrentPlans plans) {
    this.store = backend.store();
    this.clock = backend.clock();
    this.configurations = configurations;
    this.plans = plans;
  }

  /**
   * What is to be set.
   *
   * @param customerId a customer or {@code _global}; null for a rollout
   * @param tier whose customers a rollout is for; null without one
   * @param percent the share of them, 0 to 100
   * @param value on, off, or null to clear
   */
  record Request(
      @Nullable String customerId,
      @Nullable String tier,
      @Nullable BigDecimal percent,
      FeatureFlag flag,
      @Nullable Boolean value) {

    static Request parse(Fields fields, Plans plans) {
      Request request =
          new Request(
              fields.optionalId("customer_id"),
              fields.optionalWord("bundle_tier", words(plans)),
              fields.optionalDecimal("percent", BigDecimal.ZERO, ALL),
              fields.word("flag", FeatureFlag.class),
              fields.optionalFlag("value"));
      if (!fields.isNamed("value")) {
        fields.fault("value", Violation.REQUIRED, "must be true, false, or null to clear");
      }
      checkTarget(fields, request.customerId);
      checkRollout(fields, request.percent);
      return request;
    }

    private static void checkTarget(Fields fields, @Nullable String customerId) {
      boolean ofTier = fields.has("bundle_tier");
      if (fields.has("customer_id") == ofTier) {
        fields.fault(
            "customer_id",
            Violation.INCONSISTENT,
            "either customer_id, or bundle_tier and percent");
      }
      if (customerId != null
          && WrittenRules.isReserved(customerId)
          && !customerId.equals(FeatureFlags.GLOBAL_ID)) {
        fields.fault("customer_id", "reserved_id", "must be a customer or _global");
      }
      if (fields.has("percent") != ofTier) {
        fields.fault("percent", Violation.INCONSISTENT, "goes with bundle_tier, and only with it");
      }
    }

    private static void checkRollout(Fields fields, @Nullable BigDecimal percent) {
      if (percent != null && percent.stripTrailingZeros().scale() > PERCENT_SCALE) {
        fields.fault("percent", Violation.OUT_OF_RANGE, "must have at most two decimals");
      }
    }

    DocRef flags() {
      return customerId == null
          ? Configurations.GLOBAL
          : new DocRef(FeatureFlags.COLLECTION, customerId);
    }

    boolean isGlobal() {
      return customerId == null || customerId.equals(FeatureFlags.GLOBAL_ID);
    }

    Map<String, Object> changes(Instant now) {
      return tier != null && percent != null
          ? FlagRules.rollOut(flag, tier, percent.doubleValue(), value, now)
          : FlagRules.set(flag, value, now);
    }
  }

  /** The tiers of customers by their words. */
  static List<String> words(Plans plans) {
    return plans.bundleTiers().stream().map(BundleTier::word).toList();
  }

  /** What a request asks for. */
  Request parse(Fields fields) {
    return Request.parse(fields, plans.get());
  }

  /** Sets it and answers the flags as they stand then. */
  Answer set(Call<Request> call) {
    ConditionalUpdate.Committed<Answer> committed =
        ConditionalUpdate.commit(store, MAX_ATTEMPTS, () -> decide(call)).orElse(null);
    if (committed == null) {
      return Answer.problem(Problem.unavailable(Problem.SOON)).took(MAX_ATTEMPTS, 1);
    }
    configurations.changed(call.request().flags());
    return committed.result().took(Math.max(1, committed.attempts()), 1);
  }

  private ConditionalUpdate.Change<Answer> decide(Call<Request> call) {
    Request request = call.request();
    AnswerMarker marker = new AnswerMarker(OPERATION, request.flags(), call);
    List<DocRef> refs = new ArrayList<>(List.of(request.flags()));
    if (!request.isGlobal()) {
      refs.add(new DocRef(Customers.COLLECTION, request.flags().id()));
    }
    refs.addAll(marker.refs());
    List<Snapshot> read = store.read(refs).join();
    Optional<Answer> earlier = marker.replay(read);
    if (earlier.isPresent()) {
      return nothing(earlier.get());
    }
    if (!request.isGlobal() && !read.get(1).exists()) {
      return nothing(Answer.problem(Problem.missing(read.get(1).ref())));
    }
    Instant now = clock.instant();
    Map<String, Object> before =
        read.get(0).exists()
            ? read.get(0).fields()
            : initial(request.isGlobal() ? Map.of() : read.get(1).fields(), now);
    Map<String, Object> after = applied(before, request.changes(now));
    String answer = Json.write(shown(request.flags().id(), after));
    List<Mutation> mutations = new ArrayList<>();
    mutations.add(
        read.get(0).exists()
            ? Mutation.update(request.flags(), request.changes(now), read.get(0).updateTime())
            : Mutation.create(request.flags(), after));
    mutations.addAll(marker.mutations(answer, now));
    return new ConditionalUpdate.Change<>(mutations, Answer.json(answer, false));
  }

  private static ConditionalUpdate.Change<Answer> nothing(Answer answer) {
    return new ConditionalUpdate.Change<>(List.of(), answer);
  }

  /** What a flag document begins with: the tier's entries, where there is a tier. */
  private Map<String, Object> initial(Map<String, Object> customer, Instant now) {
    return plans
        .get()
        .bundleTier(customer.get(Customers.BUNDLE_TIER) instanceof String word ? word : null)
        .map(tier -> FlagRules.initial(tier, now))
        .orElseGet(() -> Map.of(FeatureFlags.SCHEMA_VERSION, FlagRules.SCHEMA_VERSION));
  }

  /** A document with changes by field path. */
  private static Map<String, Object> applied(
      Map<String, Object> document, Map<String, Object> changes) {
    Map<String, Object> after = new LinkedHashMap<>(document);
    changes.forEach((path, value) -> apply(after, FieldPath.segments(path), value));
    return after;
  }

  private static void apply(Map<String, Object> map, List<String> path, Object value) {
    String first = path.get(0);
    if (path.size() > 1) {
      Map<String, Object> inner = new LinkedHashMap<>();
      if (map.get(first) instanceof Map<?, ?> old) {
        old.forEach((key, item) -> inner.put(String.valueOf(key), item));
      }
      apply(inner, path.subList(1, path.size()), value);
      map.put(first, inner);
    } else if (value == Write.REMOVED) {
      map.remove(first);
    } else {
      map.put(first, value);
    }
  }

  private static Map<String, @Nullable Object> shown(String id, Map<String, Object> flags) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (FeatureFlag flag : FeatureFlag.values()) {
      if (flags.get(flag.wire()) instanceof Boolean value) {
        values.put(flag.wire(), value);
      }
    }
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put("customer_id", id);
    shown.put("feature_flags", values);
    if (flags.get(FeatureFlags.ROLLOUTS) instanceof Map<?, ?> rollouts) {
      shown.put(FeatureFlags.ROLLOUTS, JsonValues.shown(rollouts));
    }
    return shown;
  }
}
