package dev.meterkite.functions.customers;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.customers.DocumentCache.Known;
import dev.meterkite.functions.customers.DocumentCache.Lookup;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.Role;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.customers.Configuration;
import dev.meterkite.model.customers.Configuration.Warning;
import dev.meterkite.model.customers.ConfigurationRules;
import dev.meterkite.model.customers.ConfigurationRules.Documents;
import dev.meterkite.model.customers.Layered;
import dev.meterkite.model.customers.Setting;
import dev.meterkite.model.customers.WrittenRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.Scenes;
import dev.meterkite.model.schema.Violation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What holds for a customer or a scene, from Firestore where that answers.
 *
 * <p>Each document is the first of these that there is: Firestore's, at most {@link
 * DocumentCache#MAX_AGE} old; while Firestore cannot be reached, the last one known; the file's;
 * none, which leaves the tier's defaults. With {@code CUSTOMER_CONFIG_MODE=override} the file's
 * fields stand over those of the document besides. What {@code _global} forbids as far as anybody
 * here knows, in the document or the file, stays forbidden.
 */
public final class Configurations {
  static final DocRef GLOBAL = new DocRef(FeatureFlags.COLLECTION, FeatureFlags.GLOBAL_ID);
  private static final Set<Role> READERS = Set.of(Role.SERVICE, Role.ADMIN, Role.USER);
  private static final Set<Role> ALL_SEEING = Set.of(Role.SERVICE, Role.ADMIN);

  private final DocumentCache cache;
  private final CurrentPlans plans;
  private final ConfigurationFile file;
  private final InstantSource clock;
  private final Log log;

  /** Configurations over a backend; a process needs them once. */
  public Configurations(Backend backend, CurrentPlans plans) {
    this.cache = new DocumentCache(backend.store(), backend.clock(), backend.log());
    this.plans = plans;
    this.file = ConfigurationFile.of(backend.settings());
    this.clock = backend.clock();
    this.log = backend.log();
  }

  /** The configurations of a process. */
  public static Configurations of(Backend backend) {
    return backend.feature(
        Configurations.class, each -> new Configurations(each, CurrentPlans.of(each)));
  }

  /**
   * Whose configuration is asked for.
   *
   * @param customerId the customer; null to take the scene's
   * @param sceneId the scene; null for the customer's own configuration
   * @param fresh whether every document is to be read now
   */
  record Request(@Nullable String customerId, @Nullable String sceneId, boolean fresh) {
    static Request parse(Fields fields) {
      Request request =
          new Request(
              fields.optionalId("customer_id"),
              fields.optionalId("scene_id"),
              Boolean.TRUE.equals(fields.optionalFlag("fresh")));
      if (!fields.has("customer_id") && !fields.has("scene_id")) {
        fields.fault("customer_id", Violation.REQUIRED, "customer_id or scene_id is required");
      }
      if (request.customerId != null && WrittenRules.isReserved(request.customerId)) {
        fields.fault("customer_id", "reserved_id", "ids with a leading underscore are reserved");
      }
      return request;
    }
  }

  /** Where a configuration comes from, in the words of the answer. */
  private enum Origin {
    FIRESTORE("firestore"),
    CACHE("cache"),
    FILE("file"),
    DEFAULT("default");

    private final String wire;

    Origin(String wire) {
      this.wire = wire;
    }
  }

  /** The documents of one request. */
  private record Gathered(Map<DocRef, Known> documents, boolean reachable) {
    Gathered with(Lookup more) {
      Map<DocRef, Known> all = new LinkedHashMap<>(documents);
      all.putAll(more.documents());
      return new Gathered(all, reachable && more.reachable());
    }

    Map<String, Object> fields(DocRef ref) {
      Known one = documents.get(ref);
      return one == null ? Map.of() : one.snapshot().fields();
    }
  }

  /** The configuration, if the caller may see it. */
  Answer answer(Call<Request> call) {
    Request request = call.request();
    DocRef scene =
        request.sceneId() == null ? null : new DocRef(Scenes.COLLECTION, request.sceneId());
    Gathered gathered = first(request, scene);
    String owner = scene == null ? null : ownerOf(scene, gathered);
    String customerId = owner != null ? owner : request.customerId();
    if (customerId == null || (owner != null && isOther(owner, request))) {
      Answer refusal = withoutCustomer(call, gathered, owner);
      if (refusal != null) {
        return refusal;
      }
    } else if (!call.caller().reaches(customerId, READERS)) {
      return Answer.problem(Problem.forbidden());
    }
    if (request.customerId() == null && customerId != null && isCustomer(customerId)) {
      gathered = gathered.with(cache.lookUp(ofCustomer(customerId), request.fresh()));
    }
    return render(customerId, scene, gathered);
  }

  /** A process that has changed a document does not answer it as it was. */
  void changed(DocRef ref) {
    cache.changed(ref);
  }

  private Gathered first(Request request, @Nullable DocRef scene) {
    List<DocRef> refs = new ArrayList<>();
    refs.add(GLOBAL);
    if (scene != null) {
      refs.add(scene);
    }
    if (request.customerId() != null) {
      refs.addAll(ofCustomer(request.customerId()));
    }
    return new Gathered(Map.of(), true).with(cache.lookUp(refs, request.fresh()));
  }

  private static List<DocRef> ofCustomer(String customerId) {
    return List.of(
        new DocRef(Customers.COLLECTION, customerId),
        new DocRef(FeatureFlags.COLLECTION, customerId));
  }

  private static boolean isCustomer(String id) {
    return DocRef.isId(id) && !WrittenRules.isReserved(id);
  }

  private static boolean isOther(String owner, Request request) {
    return request.customerId() != null && !request.customerId().equals(owner);
  }

  /** Whose scene it is; null if nobody here knows. */
  private @Nullable String ownerOf(DocRef scene, Gathered gathered) {
    return layered(scene, gathered).get(Scenes.CUSTOMER_ID) instanceof String owner ? owner : null;
  }

  /** A scene that does not exist, or that names no customer. */
  private static Problem ownerless(Request request, Gathered gathered) {
    DocRef scene = new DocRef(Scenes.COLLECTION, Objects.requireNonNull(request.sceneId()));
    return gathered.fields(scene).isEmpty()
        ? Problem.missing(scene)
        : Problem.notFound("The document " + scene + " names no customer in customer_id.");
  }

  /**
   * The answer where scene and customer do not lead to one customer; null for a scene that cannot
   * be read and a caller who may see everybody's: the defaults are shown.
   */
  private @Nullable Answer withoutCustomer(
      Call<Request> call, Gathered gathered, @Nullable String owner) {
    if (!gathered.reachable() && owner == null) {
      return call.caller().isAnyOf(ALL_SEEING)
          ? null
          : Answer.problem(Problem.unavailable(DocumentCache.PAUSE));
    }
    if (!call.caller().isAnyOf(ALL_SEEING)) {
      return Answer.problem(Problem.forbidden());
    }
    return owner == null
        ? Answer.problem(ownerless(call.request(), gathered))
        : Answer.problem(
            Problem.invalid(
                List.of(
                    new Violation(
                        "customer_id",
                        Violation.INCONSISTENT,
                        "the scene belongs to another customer"))));
  }

  private Layered layered(DocRef ref, Gathered gathered) {
    boolean isKnown = gathered.documents().containsKey(ref);
    boolean useFile = file.overrides() || !isKnown;
    return new Layered(gathered.fields(ref), useFile ? file.of(ref) : Map.of());
  }

  private Answer render(@Nullable String customerId, @Nullable DocRef scene, Gathered gathered) {
    List<DocRef> own =
        customerId != null && isCustomer(customerId) ? ofCustomer(customerId) : List.of();
    Documents documents =
        new Documents(
            customerId == null ? "" : customerId,
            own.isEmpty() ? Layered.NONE : layered(own.get(0), gathered),
            scene == null ? Layered.NONE : layered(scene, gathered),
            own.isEmpty() ? Layered.NONE : layered(own.get(1), gathered),
            layered(GLOBAL, gathered));
    Instant now = clock.instant();
    Configuration configuration = ConfigurationRules.resolve(documents, plans(gathered), now);
    warn(customerId, scene, configuration, gathered);
    Map<String, Object> members = new LinkedHashMap<>();
    if (customerId != null) {
      members.put("customer_id", customerId);
    }
    if (scene != null) {
      members.put("scene_id", scene.id());
    }
    members.put("bundle_tier", configuration.tier().word());
    members.put("active", configuration.active());
    members.put("settings", shown(configuration.settings()));
    members.put("feature_flags", shown(configuration.flags()));
    if (!configuration.warnings().isEmpty()) {
      members.put(
          "warnings", configuration.warnings().stream().map(Configurations::shown).toList());
    }
    members.put("source", origin(own, scene, gathered).wire);
    members.put("version", configuration.version());
    members.put("plans_version", configuration.plansVersion());
    members.put("age_seconds", age(gathered, now).toSeconds());
    return Answer.ok(members);
  }

  /** The plans; where Firestore does not answer the last known, as with the documents. */
  private Plans plans(Gathered gathered) {
    if (gathered.reachable()) {
      try {
        return plans.get();
      } catch (StoreException e) {
        log.warn("plans cannot be read", Map.of("kind", e.kind().name()));
      }
    }
    return plans.lastKnown();
  }

  private static Map<String, Object> shown(Warning warning) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("code", warning.code());
    shown.put("field", warning.field());
    return shown;
  }

  private static Map<String, Object> shown(Map<String, Setting> settings) {
    Map<String, Object> shown = new LinkedHashMap<>();
    settings.forEach(
        (name, setting) -> {
          Map<String, @Nullable Object> member = new LinkedHashMap<>();
          member.put("value", JsonValues.shown(setting.value()));
          member.put("source", setting.source().wire());
          shown.put(name, member);
        });
    return shown;
  }

  /** In an outage: what stands behind the customer, or the scene where that is all there is. */
  private Origin origin(List<DocRef> own, @Nullable DocRef scene, Gathered gathered) {
    if (gathered.reachable()) {
      return Origin.FIRESTORE;
    }
    List<DocRef> bearing = new ArrayList<>(own.isEmpty() ? List.of() : own.subList(0, 1));
    if (scene != null) {
      bearing.add(scene);
    }
    if (bearing.stream().anyMatch(gathered.documents()::containsKey)) {
      return Origin.CACHE;
    }
    return bearing.stream().anyMatch(ref -> !file.of(ref).isEmpty()) ? Origin.FILE : Origin.DEFAULT;
  }

  /** Since when nobody has looked at the document that was looked at least recently. */
  private static Duration age(Gathered gathered, Instant now) {
    return gathered.documents().values().stream()
        .map(one -> Duration.between(one.readAt(), now))
        .filter(age -> !age.isNegative())
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  /** One line for each reading, not for each request. */
  private void warn(
      @Nullable String customerId,
      @Nullable DocRef scene,
      Configuration configuration,
      Gathered gathered) {
    boolean justRead = gathered.documents().values().stream().anyMatch(Known::fresh);
    if (justRead && !configuration.warnings().isEmpty()) {
      log.warn(
          "configuration fell back",
          Map.of(
              "customer_id",
              String.valueOf(customerId),
              "scene_id",
              scene == null ? "" : scene.id(),
              "warnings",
              configuration.warnings().toString()));
    }
  }
}
