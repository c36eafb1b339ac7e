package dev.meterkite.functions.persons;

import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.PageToken;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.persons.Person;
import dev.meterkite.model.persons.PersonalData;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A person's documents as JSON lines, {@code {"document": "users/u1", "fields": {…}}}, in pages.
 *
 * <p>The last line of every page says how many lines are before it, and either where the next page
 * begins or that nothing is left, so that a cut answer is known as one. Documents are read as they
 * stand when their page is made; a page is no picture of one moment.
 */
final class Export {
  /** The most documents of a page. */
  static final int MOST = 500;

  private static final int USUAL = 200;

  /** Documents read at once; each has at most 1 MiB. */
  private static final int BATCH = 20;

  /** The person, the collection where the next page begins, and the document behind which. */
  private static final List<List<PageToken.Part>> FORMS =
      List.of(
          List.of(PageToken.Part.ID, PageToken.Part.ID),
          List.of(PageToken.Part.ID, PageToken.Part.ID, PageToken.Part.ID));

  /** No further batch is read for a page that holds so much: 4 MiB of text. */
  private static final int ENOUGH = 4 << 20;

  private final Store store;

  Export(Store store) {
    this.store = store;
  }

  /**
   * What is asked.
   *
   * @param step the collection where the page begins; empty for the first page
   * @param after the document behind which it begins; empty for the first page
   */
  record Request(Person person, int limit, String step, String after) {
    static Request parse(Fields fields) {
      Person person = Persons.person(fields);
      int limit = (int) fields.integer("limit", 1, MOST, USUAL);
      List<Object> place = PageToken.place(fields, FORMS);
      if (place == null) {
        return new Request(person, limit, "", "");
      }
      String step = String.valueOf(place.get(1));
      if (!owner(person).equals(place.get(0)) || person.step(step).isEmpty()) {
        fields.fault("page_token", "format", "must be the next_page_token of an earlier answer");
      }
      return new Request(
          person, limit, step, place.size() == 2 ? "" : String.valueOf(place.get(2)));
    }
  }

  /**
   * The person in a token: a hash of its kind and id, so that a token of another person is refused
   * and does not skip documents of this one.
   */
  private static String owner(Person person) {
    return person.erasure().id();
  }

  /** One page on the way. */
  private static final class Page {
    private final StringBuilder lines = new StringBuilder();
    private int documents;

    void add(Snapshot document) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("document", document.ref().toString());
      line.put("fields", JsonValues.shown(document.fields()));
      lines.append(Json.write(line)).append('\n');
      documents++;
    }

    Answer end(Map<String, Object> rest) {
      Map<String, Object> page = new LinkedHashMap<>();
      page.put("documents", (long) documents);
      page.putAll(rest);
      lines.append(Json.write(Map.of("page", page))).append('\n');
      return Answer.text("application/x-ndjson; charset=utf-8", lines.toString());
    }
  }

  /** One page; 404 for a person of whom there is no document at all. */
  Answer page(Request request) {
    Person person = request.person();
    Page page = new Page();
    String after = request.after();
    Optional<PersonalData> step =
        request.step().isEmpty() ? person.after("") : person.step(request.step());
    while (step.isPresent()) {
      int wanted = Math.min(BATCH, request.limit() - page.documents);
      List<Snapshot> found = PersonDocuments.find(store, person, step.get(), wanted, after);
      found.forEach(page::add);
      if (found.size() < wanted) {
        step = person.after(step.get().step());
        after = "";
      } else {
        after = found.get(found.size() - 1).ref().id();
      }
      boolean isFull = page.documents >= request.limit() || page.lines.length() >= ENOUGH;
      if (step.isPresent() && isFull) {
        List<String> place = new ArrayList<>(List.of(owner(person), step.get().step()));
        if (!after.isEmpty()) {
          place.add(after);
        }
        return page.end(Map.of("next_page_token", PageToken.of(place)));
      }
    }
    Snapshot erasure = store.read(List.of(person.erasure())).join().get(0);
    if (erasure.exists()) {
      page.add(erasure);
    }
    return page.documents == 0 && request.step().isEmpty()
        ? Answer.problem(Problem.missing(person.document()))
        : page.end(Map.of("complete", true));
  }
}
