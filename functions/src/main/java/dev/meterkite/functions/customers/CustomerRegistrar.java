package dev.meterkite.functions.customers;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.AnswerMarker;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.customers.CustomerRegistration;
import dev.meterkite.model.customers.SupportTier;
import dev.meterkite.model.customers.WrittenRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Word;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Registers customers: one conditional commit of the customer, its flags and, with an idempotency
 * key, the marker. If another writer was faster, or the outcome of the commit is unknown, it reads
 * and decides again; the preconditions make the old commit and the new one exclude each other.
 */
final class CustomerRegistrar {
  static final String OPERATION = "register-customer";

  /** Registrations of one customer at the same moment; each loser only reads and answers. */
  private static final int MAX_ATTEMPTS = 8;

  // The bounds of texts are those that the rules for clients have.
  private static final int ORGANIZATION_NAME = 200;
  private static final int TTS_VOICE = 100;
  private static final int LANGUAGE = 35;
  private static final int TIME_ZONE = 100;
  private static final long MAX_QUOTA = (1L << 53) - 1;

  private final Store store;
  private final InstantSource clock;
  private final Configurations configurations;
  private final CurrentPlans plans;

  CustomerRegistrar(Backend backend, Configurations configurations, CurrentPlans plans) {
    this.store = backend.store();
    this.clock = backend.clock();
    this.configurations = configurations;
    this.plans = plans;
  }

  /**
   * What is to be registered.
   *
   * @param given the given fields of the customer's document
   */
  record Request(String customerId, Map<String, Object> given) {
    /**
     * Reads the fields. A tier that plans do not have is a fault of {@code bundle_tier} unless
     * {@code hasTier} says that the customer of this id has a tier already.
     */
    static Request parse(Fields fields, Plans plans, Predicate<String> hasTier) {
      String customerId = fields.id("customer_id");
      if (WrittenRules.isReserved(customerId)) {
        fields.fault("customer_id", "reserved_id", "must not begin with an underscore");
      }
      Map<String, Object> given = new LinkedHashMap<>();
      put(
          given,
          Customers.BUNDLE_TIER,
          fields.optionalWord(
              "bundle_tier", FlagSwitch.words(plans), () -> hasTier.test(customerId)));
      put(
          given,
          Customers.ORGANIZATION_NAME,
          fields.optionalString("organization_name", 1, ORGANIZATION_NAME));
      put(given, Customers.EMAIL, fields.optionalEmail("email"));
      put(
          given,
          Customers.MONTHLY_SCENE_QUOTA,
          fields.optionalInteger("monthly_scene_quota", -1, MAX_QUOTA));
      put(given, Customers.AUDIO_NARRATION_ENABLED, fields.optionalFlag("audio_narration_enabled"));
      put(
          given,
          Customers.SUBTITLE_GENERATION_ENABLED,
          fields.optionalFlag("subtitle_generation_enabled"));
      put(
          given,
          Customers.PREFERRED_TTS_VOICE,
          fields.optionalString("preferred_tts_voice", 1, TTS_VOICE));
      put(
          given,
          Customers.PREFERRED_LANGUAGE,
          fields.optionalString("preferred_language", 1, LANGUAGE));
      put(given, Customers.SUPPORT_TIER, fields.optionalWord("support_tier", SupportTier.class));
      put(given, Customers.CONTRACT_START, fields.optionalMoment("contract_start"));
      put(given, Customers.CONTRACT_END, fields.optionalMoment("contract_end"));
      put(given, Customers.FEATURE_OVERRIDES, overrides(fields));
      put(given, Customers.BILLING_ANCHOR_DAY, fields.optionalInteger("billing_anchor_day", 1, 31));
      put(
          given,
          Customers.BILLING_TIME_ZONE,
          fields.optionalString("billing_time_zone", 1, TIME_ZONE));
      CustomerRegistration.faults(given)
          .forEach(each -> fields.fault(each.field(), each.code(), each.message()));
      return new Request(customerId, given);
    }

    private static void put(Map<String, Object> given, String name, @Nullable Object value) {
      if (value != null) {
        given.put(name, value instanceof Word word ? word.wire() : value);
      }
    }

    /** By the names of flags; any other name is a fault, which the parser notes itself. */
    private static @Nullable Map<String, Object> overrides(Fields fields) {
      Fields part = fields.optionalObject("feature_overrides");
      if (part == null) {
        return null;
      }
      Map<String, Object> overrides = new LinkedHashMap<>();
      for (FeatureFlag flag : FeatureFlag.values()) {
        put(overrides, flag.wire(), part.optionalFlag(flag.wire()));
      }
      return overrides;
    }

    DocRef customer() {
      return new DocRef(Customers.COLLECTION, customerId);
    }

    DocRef flags() {
      return new DocRef(FeatureFlags.COLLECTION, customerId);
    }
  }

  /** What a request asks for. */
  Request parse(Fields fields) {
    return Request.parse(fields, plans.get(), this::hasTier);
  }

  private boolean hasTier(String customerId) {
    DocRef ref = new DocRef(Customers.COLLECTION, customerId);
    return store.read(List.of(ref)).join().get(0).fields().get(Customers.BUNDLE_TIER) != null;
  }

  /** Registers a customer, and answers it as it is then. */
  Answer register(Call<Request> call) {
    ConditionalUpdate.Committed<Answer> committed =
        ConditionalUpdate.commit(store, MAX_ATTEMPTS, () -> decide(call)).orElse(null);
    if (committed == null) {
      return Answer.problem(Problem.unavailable(Problem.SOON)).took(MAX_ATTEMPTS, 1);
    }
    configurations.changed(call.request().customer());
    configurations.changed(call.request().flags());
    return committed.result().took(Math.max(1, committed.attempts()), 1);
  }

  private ConditionalUpdate.Change<Answer> decide(Call<Request> call) {
    Request request = call.request();
    AnswerMarker marker = new AnswerMarker(OPERATION, request.customer(), call);
    List<DocRef> refs = new ArrayList<>(List.of(request.customer(), request.flags()));
    refs.addAll(marker.refs());
    List<Snapshot> read = store.read(refs).join();
    Optional<Answer> earlier = marker.replay(read);
    if (earlier.isPresent()) {
      return nothing(earlier.get());
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    CustomerRegistration.Result result =
        CustomerRegistration.decide(read.get(0), read.get(1), request.given(), plans.get(), now);
    if (result instanceof CustomerRegistration.AlreadyExists exists) {
      return nothing(
          Answer.problem(
              Problem.of(
                      409,
                      "already_exists",
                      "The customer exists with other values in the fields under errors.")
                  .errors(exists.differing())));
    } else if (result instanceof CustomerRegistration.Erased erased) {
      return nothing(
          Answer.problem(
              Problem.of(
                      409,
                      "customer_erased",
                      "The customer was erased: the fields under errors are not taken again.")
                  .errors(erased.names())));
    } else if (result instanceof CustomerRegistration.Invalid invalid) {
      return nothing(Answer.problem(Problem.invalid(invalid.violations())));
    }
    CustomerRegistration.Registered registered = (CustomerRegistration.Registered) result;
    String answer = Json.write(CustomerPages.shown(request.customerId(), registered.fields(), now));
    List<Mutation> mutations = new ArrayList<>();
    registered.writes().forEach(write -> mutations.add(Mutation.of(write, read)));
    mutations.addAll(marker.mutations(answer, now));
    return new ConditionalUpdate.Change<>(mutations, Answer.json(answer, false));
  }

  private static ConditionalUpdate.Change<Answer> nothing(Answer answer) {
    return new ConditionalUpdate.Change<>(List.of(), answer);
  }
}
