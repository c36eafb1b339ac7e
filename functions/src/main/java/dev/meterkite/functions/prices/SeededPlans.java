package dev.meterkite.functions.prices;

import com.google.gson.JsonObject;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.model.plans.Plans;

/** The plans that come with the program, {@code plans.json}: the defaults. */
final class SeededPlans {
  private static final String FILE = "/plans.json";

  private static final class OfProgram {
    static final Plans PLANS = read();
  }

  private SeededPlans() {}

  /** The file, in the form of the document. */
  static JsonObject file() {
    return Seeds.read(FILE);
  }

  /** What it says. */
  static Plans plans() {
    return OfProgram.PLANS;
  }

  private static Plans read() {
    Plans.Decoded decoded = Plans.complete(JsonValues.fields(file()));
    return decoded
        .plans()
        .orElseThrow(() -> new IllegalStateException(FILE + ": " + decoded.faults()));
  }
}
