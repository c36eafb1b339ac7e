package dev.meterkite.functions.persons;

import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.persons.Person;
import dev.meterkite.model.persons.PersonalData;
import java.util.List;

/** The documents of a person in one place. */
final class PersonDocuments {
  private PersonDocuments() {}

  /**
   * The next documents, in the order of their ids.
   *
   * @param after the id behind which they begin; empty to begin
   */
  static List<Snapshot> find(
      Store store, Person person, PersonalData place, int limit, String after) {
    if (!place.by().equals(PersonalData.DOCUMENT_ID)) {
      return store.find(person.page(place, limit, after)).join();
    }
    if (!after.isEmpty()) {
      return List.of();
    }
    DocRef ref = new DocRef(place.collection(), person.id());
    return store.read(List.of(ref)).join().stream().filter(Snapshot::exists).toList();
  }
}
