package dev.meterkite.functions.persons;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.model.customers.WrittenRules;
import dev.meterkite.model.persons.Person;
import dev.meterkite.model.schema.Violation;

/** What the functions of persons do: export all documents of one, and erase what names it. */
public final class Persons {
  private final Export export;
  private final Erasure erasure;

  /** Persons over a backend. */
  public Persons(Backend backend) {
    this.export = new Export(backend.store());
    this.erasure = new Erasure(backend.store(), backend.clock());
  }

  /** The persons of a process. */
  public static Persons of(Backend backend) {
    return backend.feature(Persons.class, Persons::new);
  }

  /** The person that a request names: by {@code user_id} or by {@code customer_id}. */
  static Person person(Fields fields) {
    String userId = fields.optionalId("user_id");
    String customerId = fields.optionalId("customer_id");
    if (fields.has("user_id") == fields.has("customer_id")) {
      fields.fault("user_id", Violation.INCONSISTENT, "either user_id or customer_id");
    }
    if (customerId != null && WrittenRules.isReserved(customerId)) {
      fields.fault("customer_id", "reserved_id", "must not begin with an underscore");
    }
    return customerId == null
        ? new Person(Person.Kind.USER, userId == null ? "unknown" : userId)
        : new Person(Person.Kind.CUSTOMER, customerId);
  }

  /** A page of a person's documents as JSON lines. */
  Answer export(Export.Request request) {
    return export.page(request);
  }

  /** Erases what names a person, or goes on with it. */
  Answer erase(Call<Erasure.Request> call) {
    return erasure.erase(call);
  }
}
