package dev.meterkite.functions.customers;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.backend.Budget;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.functions.usage.Metering;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.customers.CustomerFields;
import dev.meterkite.model.customers.SceneFields;
import dev.meterkite.model.customers.WrittenRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.Scenes;
import dev.meterkite.model.schema.Violation;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * What customers and scenes are owed when somebody has written them: a verdict, stamps, flags. Each
 * is read first and changed on the version read, so nobody's write is lost; what another writer
 * came before is decided again.
 */
final class DocumentCare {
  /** Other writers count usage on a customer many times a second; more in a row is no accident. */
  private static final int MAX_ATTEMPTS = 8;

  private static final int SCENES_A_PAGE = 200;

  /** How long the scenes of one customer may take; what is left comes with the event again. */
  private static final Duration SCENES_BUDGET = Duration.ofSeconds(25);

  private final Store store;
  private final InstantSource clock;
  private final InstantSource real;
  private final Log log;
  private final Metering metering;
  private final CurrentPlans plans;

  /** Care for the documents of a backend, with the meter of its customers. */
  DocumentCare(Backend backend, Metering metering, CurrentPlans plans) {
    this.store = backend.store();
    this.clock = backend.clock();
    this.real = backend.realClock();
    this.log = backend.log();
    this.metering = metering;
    this.plans = plans;
  }

  /** The care of a process. */
  static DocumentCare of(Backend backend) {
    return backend.feature(
        DocumentCare.class,
        each -> new DocumentCare(each, Metering.of(each), CurrentPlans.of(each)));
  }

  /**
   * A customer was written. Its scenes are looked at when it has come or gone, and its meter when
   * it has come or another program wrote counters; neither waits for the other.
   */
  Handled customerWritten(DocumentChange change) {
    Handled cared =
        WrittenRules.concerns(change.before().fields(), change.after().fields())
            ? careForCustomer(change)
            : Handled.done("nothing");
    Handled metered = metering.customerWritten(change);
    return metered.verdict() == Handled.Verdict.DONE ? cared : metered;
  }

  private Handled careForCustomer(DocumentChange change) {
    DocRef ref = change.ref();
    Handled handled = tend(() -> owedToCustomer(ref));
    boolean appearance = change.before().exists() != change.after().exists();
    return appearance && handled.verdict() == Handled.Verdict.DONE
        ? scenesOf(ref.id(), handled)
        : handled;
  }

  /** A scene was written. */
  Handled sceneWritten(DocumentChange change) {
    return WrittenRules.concerns(change.before().fields(), change.after().fields())
        ? tend(() -> owedToScene(change.ref()))
        : Handled.done("nothing");
  }

  /**
   * What is owed, and to which versions.
   *
   * @param read the documents that the writes are about, as read
   */
  private record Owed(List<Snapshot> read, List<Write> writes) {
    List<Mutation> mutations() {
      return writes.stream().map(write -> Mutation.of(write, read)).toList();
    }
  }

  private Owed owedToCustomer(DocRef ref) {
    List<Snapshot> read =
        store.read(List.of(ref, new DocRef(FeatureFlags.COLLECTION, ref.id()))).join();
    Snapshot customer = read.get(0);
    return new Owed(
        read,
        WrittenRules.customer(
            customer,
            errors(CustomerFields.TABLE.validate(customer.fields())),
            read.get(1),
            plans.get(),
            clock.instant()));
  }

  private Owed owedToScene(DocRef ref) {
    Snapshot scene = store.read(List.of(ref)).join().get(0);
    boolean customerExists =
        scene.fields().get(Scenes.CUSTOMER_ID) instanceof String id
            && DocRef.isId(id)
            && store.read(List.of(new DocRef(Customers.COLLECTION, id))).join().get(0).exists();
    return owedToScene(scene, customerExists);
  }

  private Owed owedToScene(Snapshot scene, boolean customerExists) {
    return new Owed(
        List.of(scene),
        WrittenRules.scene(
            scene,
            errors(SceneFields.TABLE.validate(scene.fields())),
            customerExists,
            plans.get(),
            clock.instant()));
  }

  private static List<Map<String, Object>> errors(List<Violation> violations) {
    return violations.stream().map(Violation::encode).toList();
  }

  private Handled tend(Supplier<Owed> question) {
    try {
      return ConditionalUpdate.commit(
              store,
              MAX_ATTEMPTS,
              () -> {
                Owed owed = question.get();
                return new ConditionalUpdate.Change<>(owed.mutations(), owed);
              })
          .map(this::tended)
          .orElseGet(() -> Handled.later("contended").took(MAX_ATTEMPTS, 1));
    } catch (CompletionException e) {
      if (StoreException.isForGood(e)) {
        return Handled.impossible("document_full").took(1, 1);
      }
      throw e;
    }
  }

  private Handled tended(ConditionalUpdate.Committed<Owed> committed) {
    Owed owed = committed.result();
    warnOf(owed.writes());
    boolean gone = owed.writes().isEmpty() && !owed.read().get(0).exists();
    return Handled.done(gone ? "gone" : "ok").took(committed.attempts(), 1);
  }

  /** What is wrong now that was not before, such as a tier that nobody knows. */
  private void warnOf(List<Write> writes) {
    for (Write write : writes) {
      if (write instanceof Write.Update update
          && update.fields().get(Schema.VALIDATION_ERRORS) instanceof List<?> errors) {
        log.warn(
            "a document is not valid",
            Map.of("document", update.ref().toString(), "errors", errors.toString()));
      }
    }
  }

  /** Brings the scenes of a customer that has come or gone to what holds now. */
  private Handled scenesOf(String customerId, Handled done) {
    DocRef customer = new DocRef(Customers.COLLECTION, customerId);
    boolean exists = store.read(List.of(customer)).join().get(0).exists();
    Budget budget = new Budget(SCENES_BUDGET, real);
    Query query = Queries.scenesOfCustomer(customerId, SCENES_A_PAGE);
    List<Snapshot> page = store.find(query).join();
    while (!page.isEmpty()) {
      for (Snapshot scene : page) {
        if (!owedToScene(scene, exists).writes().isEmpty()) {
          Handled one = tend(() -> owedToScene(scene.ref()));
          if (one.verdict() == Handled.Verdict.LATER) {
            return one;
          }
        }
      }
      if (budget.isSpent()) {
        return Handled.later("more_scenes");
      }
      String last = page.get(page.size() - 1).ref().id();
      page =
          page.size() < SCENES_A_PAGE ? List.of() : store.find(query.after(List.of(last))).join();
    }
    return done;
  }
}
