package dev.meterkite.functions.plans;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Seeds;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The plans that come with the program, {@code plans.json}: the defaults. */
final class SeededPlans {
  private static final String FILE = "/plans.json";

  private static final class OfProgram {
    static final Plans PLANS = read();
  }

  private SeededPlans() {}

  /**
   * Prints the body by which Firestore's REST API writes the document, for {@code deploy.sh}: of a
   * file that is named, else of the program's. Of a file with faults it prints all of them as
   * errors, and the status is 2.
   */
  public static void main(String[] arguments) throws IOException {
    JsonObject file = arguments.length == 0 ? file() : of(Path.of(arguments[0]));
    List<Violation> faults = CurrentPlans.decode(file).faults();
    if (faults.isEmpty()) {
      System.out.println(Seeds.document(file));
    } else {
      faults.forEach(fault -> System.err.println(fault.field() + " " + fault.message()));
      System.exit(2);
    }
  }

  private static JsonObject of(Path path) throws IOException {
    try {
      return JsonParser.parseString(Files.readString(path)).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      System.err.println(path + " is no JSON object: " + e.getMessage());
      System.exit(2);
      throw e;
    }
  }

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
