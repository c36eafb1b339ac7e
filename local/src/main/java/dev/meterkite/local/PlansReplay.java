package dev.meterkite.local;

import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Violation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Prices a past period under other plans and prints the difference by customer and user. It reads a
 * user or customer after the other, in pages, and writes no document.
 */
public final class PlansReplay {
  private final Store store;
  private final PrintStream out;

  /**
   * @param store where the documents are
   * @param out takes the report
   */
  PlansReplay(Store store, PrintStream out) {
    this.store = store;
    this.out = out;
  }

  /** The same against the project of {@code GOOGLE_CLOUD_PROJECT}; see {@code --help}. */
  public static void main(String[] args) throws Exception {
    Options options = Main.optionsOf("replay", args);
    Options.Span span = Objects.requireNonNull(options.replay());
    TargetDocuments.end(
        store -> {
          check(span);
          return new PlansReplay(store, System.out).run(span);
        });
  }

  /**
   * What can be known before anything starts.
   *
   * @throws LocalHostException with one sentence
   */
  static void check(Options.Span span) {
    Plans unused = plans(span.plans());
    Path csv = span.csv();
    if (csv != null) {
      Path folder = csv.toAbsolutePath().getParent();
      if (Files.isDirectory(csv) || folder == null || !Files.isWritable(folder)) {
        throw new LocalHostException(csv + " cannot be written.");
      }
    }
  }

  /**
   * The plans in a file.
   *
   * @throws LocalHostException with all faults
   */
  static Plans plans(Path file) {
    Plans.Decoded decoded = Plans.decode(fields(file), CurrentPlans.seeded());
    return decoded
        .plans()
        .orElseThrow(
            () -> new LocalHostException(file + " is not valid: " + faults(decoded) + "."));
  }

  private static String faults(Plans.Decoded decoded) {
    return decoded.faults().stream()
        .map((Violation fault) -> fault.field() + " " + fault.message())
        .collect(Collectors.joining("; "));
  }

  private static Map<String, Object> fields(Path file) {
    try {
      return JsonValues.fields(JsonFile.object(file, JsonFile.bytes(file)));
    } catch (NumberFormatException e) {
      throw new LocalHostException(file + " has a number that cannot be read.", e);
    }
  }

  private Plans plansInForce() {
    Plans.Decoded decoded =
        Plans.decode(Pages.read(store, List.of(Plans.REF)).get(0), CurrentPlans.seeded());
    return decoded
        .plans()
        .orElseThrow(
            () -> new LocalHostException(Plans.REF + " is not valid: " + faults(decoded) + "."));
  }

  /**
   * Prints the report.
   *
   * @throws LocalHostException where there is nothing to price, or nobody of a name
   */
  int run(Options.Span span) throws IOException {
    Plans before = plansInForce();
    Plans after = plans(span.plans());
    ReplayReader reader = new ReplayReader(store, span, before, after);
    try (ReplayReport report = new ReplayReport(out, span, before, after)) {
      if (span.user() == null || span.customer() != null) {
        reader.customers(report::add);
      }
      if (span.customer() == null || span.user() != null) {
        reader.users(report::add);
      }
      report.print();
    }
    return 0;
  }
}
