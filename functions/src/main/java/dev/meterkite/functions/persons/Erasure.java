package dev.meterkite.functions.persons;

import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.AnswerMarker;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.rules.ErasedUser;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.persons.Person;
import dev.meterkite.model.persons.PersonalData;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.Erasures;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/**
 * Erases what names a person, in bounded batches that any process may go on with.
 *
 * <p>The first commit closes the person's own document: its names go, {@code erased_at} and {@code
 * erasure: erasing} are set, and {@code erasures/…} notes who asked. From then on credits rules
 * refuse whatever would bring a text back. Then all places of {@link PersonalData} are walked; each
 * batch changes its documents and moves the cursor in one conditional commit, so that a document is
 * counted once wherever a process dies and however many erase at once. The last commit says {@code
 * erased}.
 *
 * <p>An erasure of an erased person walks again, and finds what came since. A key belongs to its
 * request from the first commit on, and has the answer from the last: until then a repeat goes on.
 */
final class Erasure {
  static final String OPERATION = "erase-user";

  /** Documents of a batch. */
  static final int BATCH = 100;

  /** Batches of one call; what is left is answered with {@code more: true}. */
  private static final int MOST_BATCHES = 20;

  /** How often a batch is tried that others change meanwhile. */
  private static final int MAX_ATTEMPTS = 8;

  /** Requests remembered in the proof. */
  private static final int REQUESTS_KEPT = 20;

  private static final String ERASING = "erasing";
  private static final String ERASED = "erased";

  private final Store store;
  private final InstantSource clock;
  private final int mostBatches;

  Erasure(Store store, InstantSource clock) {
    this(store, clock, MOST_BATCHES);
  }

  Erasure(Store store, InstantSource clock, int mostBatches) {
    this.store = store;
    this.clock = clock;
    this.mostBatches = mostBatches;
  }

  /**
   * What is asked.
   *
   * @param jobTopics whether what the user's jobs say goes too
   */
  record Request(Person person, boolean jobTopics) {
    static Request parse(Fields fields) {
      return new Request(
          Persons.person(fields), Boolean.TRUE.equals(fields.optionalFlag("job_topics")));
    }
  }

  /** Erases, or goes on. */
  Answer erase(Call<Request> call) {
    int batches = 0;
    int lost = 0;
    Optional<Answer> answer = Optional.empty();
    boolean begins = true;
    while (answer.isEmpty()) {
      try {
        answer = begins ? begin(call) : batch(call, batches >= mostBatches);
        batches += begins ? 0 : 1;
        begins = false;
        lost = 0;
      } catch (CompletionException e) {
        lost++;
        if (!isLost(e) || lost == MAX_ATTEMPTS) {
          throw e;
        }
      }
    }
    return answer.get();
  }

  private static boolean isLost(CompletionException e) {
    return e.getCause() instanceof StoreException failure
        && failure.kind() == StoreException.Kind.PRECONDITION;
  }

  /** Closes the person's document; answers a repeat and a refusal. */
  private Optional<Answer> begin(Call<Request> call) {
    Person person = call.request().person();
    AnswerMarker marker = marker(call);
    List<DocRef> refs = new ArrayList<>(List.of(person.document(), person.erasure()));
    refs.addAll(marker.refs());
    List<Snapshot> read = store.read(refs).join();
    Optional<Answer> earlier = marker.replay(read);
    if (earlier.isPresent()) {
      return earlier;
    }
    Snapshot document = read.get(0);
    Snapshot erasure = read.get(1);
    boolean goesOn =
        ERASING.equals(erasure.fields().get(Erasures.STATUS))
            && (isOfTopics(erasure) || !call.request().jobTopics())
            && (!document.exists() || document.fields().containsKey(Users.ERASED_AT));
    List<Mutation> key = marker.opening(read, clock.instant().truncatedTo(ChronoUnit.MICROS));
    if (!goesOn) {
      return begin(call, document, erasure, key);
    }
    if (!key.isEmpty()) {
      ConditionalUpdate.write(store, key.toArray(Mutation[]::new));
    }
    return Optional.empty();
  }

  private Optional<Answer> begin(
      Call<Request> call, Snapshot document, Snapshot erasure, List<Mutation> key) {
    Person person = call.request().person();
    boolean isUser = person.kind() == Person.Kind.USER;
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    if (!document.exists() && !erasure.exists() && !isKnown(person)) {
      return Optional.of(Answer.problem(Problem.missing(document.ref())));
    }
    if (isUser && !document.fields().containsKey(Users.ERASED_AT)) {
      Optional<Answer> refusal = ErasedUser.obstacle(document, now).map(Erasure::refusal);
      if (refusal.isPresent()) {
        return refusal;
      }
    }
    List<Mutation> mutations = new ArrayList<>(key);
    Map<String, Long> counts = new LinkedHashMap<>();
    if (isUser || document.exists()) {
      Map<String, Object> fields =
          new LinkedHashMap<>(
              PersonalData.of(person.kind())
                  .get(0)
                  .erase(document, call.request().jobTopics(), now));
      if (!fields.isEmpty()) {
        counts.put(count(document.ref().collection()), 1L);
      }
      fields.put(Users.ERASURE, ERASING);
      if (!document.fields().containsKey(Users.ERASED_AT)) {
        fields.put(Users.ERASED_AT, now);
      }
      if (!document.exists()) {
        fields.put(Users.USER_ID, person.id());
      }
      mutations.add(Mutation.update(document.ref(), fields, document.updateTime()));
    }
    mutations.add(
        new Mutation(
            person.erasure(),
            proof(call, erasure, now),
            counts,
            erasure.exists() ? Mutation.Condition.VERSION : Mutation.Condition.ABSENT,
            erasure.updateTime()));
    ConditionalUpdate.write(store, mutations.toArray(Mutation[]::new));
    return Optional.empty();
  }

  /** Whether anything is left of a person whose own document is gone. */
  private boolean isKnown(Person person) {
    return PersonalData.of(person.kind()).stream()
        .anyMatch(place -> !PersonDocuments.find(store, person, place, 1, "").isEmpty());
  }

  private static Answer refusal(String code) {
    return Answer.problem(
        Problem.of(
            409,
            code,
            code.equals(ErasedUser.HOLDS_OPEN)
                ? "Credits are held for the user: settle or release the holds first."
                : "A subscription at Stripe is active: cancel it first."));
  }

  private static Map<String, Object> proof(Call<Request> call, Snapshot erasure, Instant now) {
    Person person = call.request().person();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Erasures.SUBJECT, person.document().toString());
    fields.put(person.kind().idField(), person.id());
    fields.put(Erasures.STATUS, ERASING);
    fields.put(Erasures.JOB_TOPICS, call.request().jobTopics() || isOfTopics(erasure));
    fields.put(Erasures.STEP, person.after("").orElseThrow().step());
    fields.put(Erasures.CURSOR, Write.REMOVED);
    fields.put(Erasures.UPDATED_AT, now);
    if (!erasure.fields().containsKey(Erasures.STARTED_AT)) {
      fields.put(Erasures.STARTED_AT, now);
    }
    Map<String, Object> request = new LinkedHashMap<>();
    request.put(Erasures.AT, now);
    request.put(Erasures.BY, call.caller().subject());
    request.put(Erasures.JOB_TOPICS, call.request().jobTopics());
    List<Object> requests = new ArrayList<>();
    if (erasure.fields().get(Erasures.REQUESTS) instanceof List<?> before) {
      requests.addAll(
          before.subList(Math.max(0, before.size() - REQUESTS_KEPT + 1), before.size()));
    }
    requests.add(request);
    fields.put(Erasures.REQUESTS, requests);
    return fields;
  }

  /** One batch, or the end. */
  private Optional<Answer> batch(Call<Request> call, boolean isEnough) {
    Person person = call.request().person();
    Snapshot erasure = store.read(List.of(person.erasure())).join().get(0);
    if (isEnough) {
      return Optional.of(Answer.ok(shown(person, erasure.fields(), true)));
    }
    if (!ERASING.equals(erasure.fields().get(Erasures.STATUS))) {
      return Optional.of(ended(call, erasure)); // another call came to the end first
    }
    Optional<PersonalData> step = person.step(text(erasure, Erasures.STEP));
    String after = text(erasure, Erasures.CURSOR);
    while (step.isPresent()) {
      List<Snapshot> found = PersonDocuments.find(store, person, step.get(), BATCH, after);
      List<Mutation> mutations = new ArrayList<>();
      for (Snapshot document : found) {
        change(step.get(), document, erasure).ifPresent(mutations::add);
      }
      if (!mutations.isEmpty() || found.size() == BATCH) {
        commit(person, step.get(), found, mutations, erasure);
        return Optional.empty();
      }
      step = person.after(step.get().step());
      after = "";
    }
    return Optional.of(finish(call, erasure));
  }

  /** Commits the changes of a batch together with the place that it reached. */
  private void commit(
      Person person,
      PersonalData step,
      List<Snapshot> found,
      List<Mutation> mutations,
      Snapshot erasure) {
    Map<String, Long> counts =
        mutations.isEmpty() ? Map.of() : Map.of(count(step.collection()), (long) mutations.size());
    Map<String, Object> place = new LinkedHashMap<>();
    if (found.size() < BATCH) {
      Optional<PersonalData> next = person.after(step.step());
      place.put(Erasures.STEP, next.<Object>map(PersonalData::step).orElse(Write.REMOVED));
      place.put(Erasures.CURSOR, Write.REMOVED);
    } else {
      place.put(Erasures.STEP, step.step());
      place.put(Erasures.CURSOR, found.get(found.size() - 1).ref().id());
    }
    place.put(Erasures.UPDATED_AT, clock.instant().truncatedTo(ChronoUnit.MICROS));
    mutations.add(
        new Mutation(
            erasure.ref(), place, counts, Mutation.Condition.VERSION, erasure.updateTime()));
    ConditionalUpdate.write(store, mutations.toArray(Mutation[]::new));
  }

  /** What is to be done to a document; empty where nothing names the person. */
  private static Optional<Mutation> change(
      PersonalData place, Snapshot document, Snapshot erasure) {
    if (place.isRemoved(document)) {
      return Optional.of(Mutation.delete(document.ref()));
    }
    Map<String, Object> changes =
        new LinkedHashMap<>(place.erase(document, isOfTopics(erasure), startedAt(erasure)));
    if (document.fields().get(Schema.ANSWER) instanceof String answer) {
      String rest = Texts.without(answer);
      if (!rest.equals(answer)) {
        changes.put(Schema.ANSWER, rest);
      }
    }
    return changes.isEmpty()
        ? Optional.empty()
        : Optional.of(Mutation.update(document.ref(), changes, document.updateTime()));
  }

  private Answer finish(Call<Request> call, Snapshot erasure) {
    Person person = call.request().person();
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    Snapshot document = store.read(List.of(person.document())).join().get(0);
    Map<String, Object> end = new LinkedHashMap<>();
    end.put(Erasures.STATUS, ERASED);
    end.put(Erasures.STEP, Write.REMOVED);
    end.put(Erasures.CURSOR, Write.REMOVED);
    end.put(Erasures.FINISHED_AT, now);
    end.put(Erasures.UPDATED_AT, now);
    List<Mutation> mutations = new ArrayList<>();
    mutations.add(Mutation.update(erasure.ref(), end, erasure.updateTime()));
    if (document.exists()) {
      mutations.add(
          Mutation.update(document.ref(), Map.of(Users.ERASURE, ERASED), document.updateTime()));
    }
    Map<String, Object> fields = new LinkedHashMap<>(erasure.fields());
    fields.putAll(end);
    String answer = Json.write(shown(person, fields, false));
    mutations.addAll(marker(call).closing(answer, now));
    ConditionalUpdate.write(store, mutations.toArray(Mutation[]::new));
    return Answer.json(answer, false);
  }

  private Answer ended(Call<Request> call, Snapshot erasure) {
    String answer = Json.write(shown(call.request().person(), erasure.fields(), false));
    List<Mutation> key =
        marker(call).closing(answer, clock.instant().truncatedTo(ChronoUnit.MICROS));
    if (!key.isEmpty()) {
      ConditionalUpdate.write(store, key.toArray(Mutation[]::new));
    }
    return Answer.json(answer, false);
  }

  /** {@code user_id or customer_id, status, erased_at, job_topics, counts, more}. */
  private static Map<String, Object> shown(
      Person person, Map<String, Object> erasure, boolean more) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put(person.kind().idField(), person.id());
    shown.put(Erasures.STATUS, String.valueOf(erasure.get(Erasures.STATUS)));
    if (erasure.get(Erasures.STARTED_AT) instanceof Instant at) {
      shown.put(Users.ERASED_AT, at);
    }
    shown.put(Erasures.JOB_TOPICS, Boolean.TRUE.equals(erasure.get(Erasures.JOB_TOPICS)));
    Object counts = erasure.get(Erasures.COUNTS) instanceof Map<?, ?> map ? map : Map.of();
    Object values = JsonValues.shown(counts);
    shown.put(Erasures.COUNTS, values == null ? Map.of() : values);
    shown.put("more", more);
    return shown;
  }

  private static AnswerMarker marker(Call<Request> call) {
    return new AnswerMarker(OPERATION, call.request().person().document(), call);
  }

  private static boolean isOfTopics(Snapshot erasure) {
    return Boolean.TRUE.equals(erasure.fields().get(Erasures.JOB_TOPICS));
  }

  private static Instant startedAt(Snapshot erasure) {
    return erasure.fields().get(Erasures.STARTED_AT) instanceof Instant at ? at : Instant.EPOCH;
  }

  private static String text(Snapshot erasure, String name) {
    return erasure.fields().get(name) instanceof String text ? text : "";
  }

  private static String count(String collection) {
    return FieldPath.of(Erasures.COUNTS, collection);
  }
}
