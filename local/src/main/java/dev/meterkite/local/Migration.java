package dev.meterkite.local;

import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.DataModel;
import dev.meterkite.model.customers.ConfigurationRules;
import dev.meterkite.model.customers.FlagRules;
import dev.meterkite.model.customers.WrittenRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.migration.ImportPlan;
import dev.meterkite.model.migration.SchemaSteps;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.Scenes;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.schema.Violation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Brings customers, scenes and users from JSON files into Firestore: validated, planned, written in
 * bounded portions, verified.
 *
 * <p>A document that is there already is never changed: one that holds what the file says counts as
 * done, so a stopped migration is repeated and goes on where it was; one that differs is reported.
 * Each new customer gets its flag document in the same commit as itself.
 */
public final class Migration {
  private final Store store;
  private final Plans plans;
  private final InstantSource clock;
  private final PrintStream out;

  /**
   * @param store where to
   * @param clock stamps the flag documents
   * @param out takes plan, progress and report
   */
  Migration(Store store, Plans plans, InstantSource clock, PrintStream out) {
    this.store = store;
    this.plans = plans;
    this.clock = clock;
    this.out = out;
  }

  /**
   * The same against the project of {@code GOOGLE_CLOUD_PROJECT}: {@code DIR [--dry-run]}. Status 0
   * if everything is there and right, 1 if not, 2 for a wrong command line.
   */
  public static void main(String[] args) throws Exception {
    Options options = Main.optionsOf("migrate", args);
    TargetDocuments.end(
        store ->
            new Migration(store, CurrentPlans.read(store), InstantSource.system(), System.out)
                .run(Path.of(options.arguments().get(0)), options.dryRun()));
  }

  /**
   * Plans, and unless it is a dry run writes and verifies.
   *
   * @return 0 if nothing was wrong, else 1
   */
  int run(Path folder, boolean dryRun) throws IOException {
    ImportPlan plan = new ImportPlan(SchemaSteps.PRESENT, this::violations);
    int files = ImportFiles.addTo(plan, folder);
    Map<DocRef, Map<String, Object>> documents = plan.documents();
    Set<String> existing = existingCustomers(documents);
    List<ImportPlan.Problem> problems = plan.problems(existing::contains);
    Map<DocRef, Snapshot> before = read(documents.keySet());
    out.printf("Plan: %d files, %d documents%n", files, documents.size());
    count(documents, before).forEach((line, count) -> out.printf("  %-32s %d%n", line, count));
    for (ImportPlan.Problem problem : problems) {
      out.printf("  problem %s: %s, %s%n", problem.where(), problem.code(), problem.message());
    }
    if (dryRun) {
      out.println("Dry run: nothing was written.");
      return problems.isEmpty() ? 0 : 1;
    }
    write(documents);
    boolean verified = verify(documents);
    out.printf(
        "%s%n",
        verified && problems.isEmpty()
            ? "Done: everything is there and refers to what is there."
            : "Done, but not everything is right; see above. It may be run again.");
    return verified && problems.isEmpty() ? 0 : 1;
  }

  private List<String> violations(String collection, Map<String, Object> fields) {
    return Stream.concat(
            DataModel.TABLES.stream()
                .filter(table -> table.collection().equals(collection))
                .flatMap(table -> table.validate(fields).stream()),
            unknownTier(collection, fields).stream())
        .map(violation -> violation.field() + ": " + violation.message())
        .toList();
  }

  /** The fault of a tier that the plans do not have. */
  private Optional<Violation> unknownTier(String collection, Map<String, Object> fields) {
    if (collection.equals(Users.COLLECTION)) {
      return fields.get(Users.TIER) instanceof String word && plans.tier(word).isEmpty()
          ? Optional.of(
              new Violation(Users.TIER, Violation.UNKNOWN_VALUE, "must be a tier of the plans"))
          : Optional.empty();
    }
    return WrittenRules.unknownTier(fields, plans);
  }

  private static Map<String, Integer> count(
      Map<DocRef, Map<String, Object>> documents, Map<DocRef, Snapshot> before) {
    Map<String, Integer> counts = new TreeMap<>();
    documents.forEach(
        (ref, fields) ->
            counts.merge(ref.collection() + " " + state(fields, before.get(ref)), 1, Integer::sum));
    return counts;
  }

  private static String state(Map<String, Object> planned, @Nullable Snapshot there) {
    if (there == null || !there.exists()) {
      return "to be created";
    }
    return holds(there, planned) ? "there already" : "there, and different";
  }

  /**
   * Whether a document has the planned fields; others may have come since, and what functions count
   * may have moved on.
   */
  private static boolean holds(Snapshot there, Map<String, Object> planned) {
    return planned.entrySet().stream()
        .filter(field -> !isCounted(there.ref().collection(), field.getKey()))
        .allMatch(field -> Objects.equals(field.getValue(), there.fields().get(field.getKey())));
  }

  private static boolean isCounted(String collection, String field) {
    return collection.equals(Users.COLLECTION)
        ? field.equals(Users.CREDITS_BALANCE)
        : ConfigurationRules.UNCONFIGURING.contains(field);
  }

  private Set<String> existingCustomers(Map<DocRef, Map<String, Object>> documents) {
    Set<DocRef> named = new LinkedHashSet<>();
    documents.forEach(
        (ref, fields) -> {
          if (ref.collection().equals(Scenes.COLLECTION)
              && fields.get(Scenes.CUSTOMER_ID) instanceof String id
              && DocRef.isId(id)) {
            named.add(new DocRef(Customers.COLLECTION, id));
          }
        });
    Set<String> existing = new LinkedHashSet<>();
    read(named)
        .forEach(
            (ref, snapshot) -> {
              if (snapshot.exists()) {
                existing.add(ref.id());
              }
            });
    return existing;
  }

  private Map<DocRef, Snapshot> read(Set<DocRef> refs) {
    Map<DocRef, Snapshot> found = new LinkedHashMap<>();
    List<DocRef> all = List.copyOf(refs);
    for (int from = 0; from < all.size(); from += Pages.MOST) {
      List<DocRef> page = all.subList(from, Math.min(all.size(), from + Pages.MOST));
      Pages.read(store, page).forEach(snapshot -> found.put(snapshot.ref(), snapshot));
    }
    return found;
  }

  private void write(Map<DocRef, Map<String, Object>> documents) {
    int done = 0;
    for (List<Map.Entry<DocRef, Map<String, Object>>> page : Pages.of(documents)) {
      try {
        Pages.commit(store, () -> missing(page));
      } catch (CompletionException e) {
        throw new LocalHostException(
            "Stopped after %d of %d documents, of which nothing is lost: run it again to go on. %s"
                .formatted(done, documents.size(), e.getCause()),
            e);
      }
      done += page.size();
      out.printf("  %d of %d%n", done, documents.size());
    }
  }

  private List<Mutation> missing(List<Map.Entry<DocRef, Map<String, Object>>> page) {
    Set<DocRef> refs = new LinkedHashSet<>();
    for (Map.Entry<DocRef, Map<String, Object>> document : page) {
      refs.add(document.getKey());
      if (document.getKey().collection().equals(Customers.COLLECTION)) {
        refs.add(flags(document.getKey()));
      }
    }
    Map<DocRef, Snapshot> there = read(refs);
    List<Mutation> mutations = new ArrayList<>();
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    for (Map.Entry<DocRef, Map<String, Object>> document : page) {
      DocRef ref = document.getKey();
      if (isAbsent(ref, there)) {
        mutations.add(Mutation.create(ref, document.getValue()));
      }
      if (refs.contains(flags(ref)) && isAbsent(flags(ref), there)) {
        tierOf(document.getValue())
            .map(tier -> Mutation.create(flags(ref), FlagRules.initial(tier, now)))
            .ifPresent(mutations::add);
      }
    }
    return mutations;
  }

  private Optional<BundleTier> tierOf(Map<String, Object> customer) {
    return plans.bundleTier(
        customer.get(Customers.BUNDLE_TIER) instanceof String word ? word : null);
  }

  private static DocRef flags(DocRef customer) {
    return new DocRef(FeatureFlags.COLLECTION, customer.id());
  }

  private static boolean isAbsent(DocRef ref, Map<DocRef, Snapshot> there) {
    Snapshot snapshot = there.get(ref);
    return snapshot == null || !snapshot.exists();
  }

  /** Reads everything again: counts, flags of customers, customers of scenes. */
  private boolean verify(Map<DocRef, Map<String, Object>> documents) {
    Map<DocRef, Snapshot> there = read(documents.keySet());
    Set<DocRef> flags = new LinkedHashSet<>();
    Set<DocRef> customers = new LinkedHashSet<>();
    documents.forEach(
        (ref, fields) -> {
          if (ref.collection().equals(Customers.COLLECTION)) {
            flags.add(flags(ref));
          } else if (fields.get(Scenes.CUSTOMER_ID) instanceof String id && DocRef.isId(id)) {
            customers.add(new DocRef(Customers.COLLECTION, id));
          }
        });
    boolean complete = true;
    out.println("Verified:");
    for (Map.Entry<String, Integer> line : count(documents, there).entrySet()) {
      out.printf("  %-32s %d%n", line.getKey(), line.getValue());
      complete &= line.getKey().endsWith("there already");
    }
    boolean flagged = areThere("flag documents", flags);
    boolean referred = areThere("customers that scenes name", customers);
    return complete && flagged && referred;
  }

  private boolean areThere(String what, Set<DocRef> refs) {
    long found = read(refs).values().stream().filter(Snapshot::exists).count();
    out.printf("  %-32s %d of %d%n", what, found, refs.size());
    return found == refs.size();
  }
}
