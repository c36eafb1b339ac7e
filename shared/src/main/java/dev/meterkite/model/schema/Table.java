package dev.meterkite.model.schema;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The fields of a collection and what must hold between them.
 *
 * @param collection the collection
 * @param fields its fields, in the order of the documentation
 * @param rules what must hold between fields, asked only of documents whose fields are right each
 *     by itself
 */
public record Table(String collection, List<Field<?>> fields, List<Rule> rules) {

  /**
   * A demand on several fields together.
   *
   * @param field the field that is named when it is not met
   * @param message what is demanded
   * @param met whether a document meets it
   */
  public record Rule(String field, String message, Function<FieldReader, Boolean> met) {}

  public Table {
    fields = List.copyOf(fields);
    rules = List.copyOf(rules);
    if (fields.stream().map(Field::path).distinct().count() != fields.size()) {
      throw new IllegalArgumentException("a field stands twice in the table of " + collection);
    }
  }

  /** A table without rules between fields. */
  public static Table of(String collection, Field<?>... fields) {
    return new Table(collection, List.of(fields), List.of());
  }

  /** The same table with a rule more. */
  public Table with(String field, String message, Function<FieldReader, Boolean> met) {
    return new Table(
        collection,
        fields,
        Stream.concat(rules.stream(), Stream.of(new Rule(field, message, met))).toList());
  }

  /** Everything that is wrong with a document; empty when nothing is. */
  public List<Violation> validate(Map<String, Object> document) {
    FieldReader reader = new FieldReader(document);
    fields.forEach(reader::read);
    if (!reader.violations().isEmpty()) {
      return reader.violations();
    }
    return rules.stream()
        .filter(rule -> !rule.met().apply(reader))
        .map(rule -> new Violation(rule.field(), Violation.INCONSISTENT, rule.message()))
        .toList();
  }

  /**
   * The document, unmodifiable, with the top-level values of its known fields in the form that the
   * model uses and all others as they are.
   *
   * @throws IllegalArgumentException with all violations, if there are any
   */
  public Map<String, Object> checked(Map<String, Object> document) {
    List<Violation> violations = validate(document);
    if (!violations.isEmpty()) {
      throw new IllegalArgumentException(collection + ": " + violations);
    }
    Map<String, Object> copy = new LinkedHashMap<>(document);
    for (Field<?> field : fields) {
      Object value = copy.get(field.path());
      Object cast = value == null ? null : field.kind().cast(value);
      if (cast != null) {
        copy.put(field.path(), cast);
      }
    }
    return Collections.unmodifiableMap(copy);
  }

  /** The record of a document, or what is wrong with the document. */
  public <T> Decoded<T> decode(
      Map<String, Object> document, Function<Map<String, Object>, T> record) {
    List<Violation> violations = validate(document);
    return violations.isEmpty()
        ? new Decoded<>(record.apply(document), List.of())
        : new Decoded<>(null, violations);
  }
}
