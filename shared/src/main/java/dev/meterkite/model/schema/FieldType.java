package dev.meterkite.model.schema;

import dev.meterkite.model.document.FieldValues;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The types of values in documents, by the words of the source schemas. */
public enum FieldType implements Word {
  STRING,
  INTEGER,
  FLOAT,
  BOOLEAN,
  TIMESTAMP,
  MAP,
  ARRAY;

  /**
   * The value in the form that the model uses, or null if it is of another type. A double without
   * fraction is an integer (JSON and JavaScript know no other), an integer is a float; nothing else
   * is converted, and NaN and the infinities are no floats.
   */
  public @Nullable Object cast(Object value) {
    return switch (this) {
      case STRING -> FieldValues.text(value);
      case INTEGER -> FieldValues.integer(value);
      case FLOAT -> FieldValues.decimal(value);
      case BOOLEAN -> FieldValues.flag(value);
      case TIMESTAMP -> FieldValues.instant(value);
      case MAP -> value instanceof Map ? value : null;
      case ARRAY -> value instanceof List ? value : null;
    };
  }
}
