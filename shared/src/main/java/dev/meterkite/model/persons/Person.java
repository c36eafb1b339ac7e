package dev.meterkite.model.persons;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.Erasures;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.Users;
import java.util.List;
import java.util.Optional;

/**
 * Whom documents are about: a user, or a customer.
 *
 * @param kind which of the two
 * @param id the user's or customer's id, which names its documents and stays when it is erased
 */
public record Person(Kind kind, String id) {
  /** The two kinds of persons; they have no document in common. */
  public enum Kind {
    USER(Users.COLLECTION, Erasures.USER_ID),
    CUSTOMER(Customers.COLLECTION, Erasures.CUSTOMER_ID);

    private final String collection;
    private final String idField;

    Kind(String collection, String idField) {
      this.collection = collection;
      this.idField = idField;
    }

    /** The field by which other documents name such a person. */
    public String idField() {
      return idField;
    }
  }

  /** The person's own document. */
  public DocRef document() {
    return new DocRef(kind.collection, id);
  }

  /** The proof of the person's erasure. */
  public DocRef erasure() {
    return new DocRef(Erasures.COLLECTION, Ids.uuid("erasure", document().toString()));
  }

  /**
   * A page of the documents of one collection that are about the person, in the order of their ids.
   *
   * @param after the id behind which it begins; empty for the first page
   */
  public Query page(PersonalData data, int limit, String after) {
    return Queries.ofPerson(data.collection(), data.by(), value(data), limit, after);
  }

  private String value(PersonalData data) {
    return switch (data.named()) {
      case BY_ID -> id;
      case BY_DOCUMENT -> document().toString();
      case BY_FLAGS -> new DocRef(FeatureFlags.COLLECTION, id).toString();
    };
  }

  /** The step of this name; empty where such a person has none. */
  public Optional<PersonalData> step(String name) {
    return PersonalData.of(kind).stream().filter(each -> each.step().equals(name)).findFirst();
  }

  /** The step behind this one, or the first for an empty name. */
  public Optional<PersonalData> after(String step) {
    List<PersonalData> steps = PersonalData.of(kind);
    if (step.isEmpty()) {
      return steps.stream().findFirst();
    }
    for (int i = 0; i + 1 < steps.size(); i++) {
      if (steps.get(i).step().equals(step)) {
        return Optional.of(steps.get(i + 1));
      }
    }
    return Optional.empty();
  }
}
