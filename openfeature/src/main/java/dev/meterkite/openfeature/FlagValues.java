package dev.meterkite.openfeature;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import dev.openfeature.sdk.MutableStructure;
import dev.openfeature.sdk.Value;
import org.jspecify.annotations.Nullable;

/** JSON in the types that OpenFeature asks for; null for a value of another type. */
final class FlagValues {
  private FlagValues() {}

  static @Nullable Boolean bool(JsonElement json) {
    return (json instanceof JsonPrimitive one && one.isBoolean()) ? one.getAsBoolean() : null;
  }

  static @Nullable String text(JsonElement json) {
    return json instanceof JsonPrimitive one && one.isString() ? one.getAsString() : null;
  }

  static @Nullable Integer integer(JsonElement json) {
    Double number = decimal(json);
    return number != null && number == number.intValue() ? number.intValue() : null;
  }

  static @Nullable Double decimal(JsonElement json) {
    return json instanceof JsonPrimitive one && one.isNumber() ? one.getAsDouble() : null;
  }

  /** Any value; whole numbers are integers where they fit. */
  static Value value(JsonElement json) {
    if (json.isJsonArray()) {
      return new Value(json.getAsJsonArray().asList().stream().map(FlagValues::value).toList());
    }
    if (json.isJsonObject()) {
      MutableStructure members = new MutableStructure();
      json.getAsJsonObject().asMap().forEach((name, member) -> members.add(name, value(member)));
      return new Value(members);
    }
    Boolean bool = bool(json);
    Integer integer = integer(json);
    Double decimal = decimal(json);
    String text = text(json);
    return bool != null
        ? new Value(bool)
        : integer != null
            ? new Value(integer)
            : decimal != null ? new Value(decimal) : text != null ? new Value(text) : new Value();
  }
}
