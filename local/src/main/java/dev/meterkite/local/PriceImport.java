package dev.meterkite.local;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.meterkite.functions.prices.Prices;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceCodec;
import dev.meterkite.model.prices.PriceComponent;
import dev.meterkite.model.prices.PriceDifference;
import dev.meterkite.model.prices.PriceDifference.Change;
import dev.meterkite.model.prices.PriceDifference.What;
import dev.meterkite.model.prices.PriceVersion;
import dev.meterkite.model.prices.PublicPrice;
import dev.meterkite.model.prices.ServiceTier;
import dev.meterkite.model.schema.Schema.ModelPrices;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compares a public price file with {@code model_prices}, prints the difference, and writes it when
 * asked. A run that was stopped is repeated: what is written already is then the same.
 */
public final class PriceImport {
  private static final int PAGE = 300;
  private static final int LONGEST_NUMBER = 64;
  private static final int DIGITS_OF_A_REVISION = 12;

  private final Store store;
  private final InstantSource clock;
  private final PrintStream out;

  /**
   * @param store where the prices are
   * @param clock when changes are made
   * @param out takes the difference and the counts
   */
  PriceImport(Store store, InstantSource clock, PrintStream out) {
    this.store = store;
    this.clock = clock;
    this.out = out;
  }

  /** The same against the project of {@code GOOGLE_CLOUD_PROJECT}; see {@code --help}. */
  public static void main(String[] args) throws Exception {
    Options options = Main.optionsOf("prices", args);
    TargetDocuments.end(
        store ->
            new PriceImport(store, InstantSource.system(), System.out)
                .run(Path.of(options.arguments().get(0)), options.only(), options.apply()));
  }

  /**
   * Prints the difference and the counts; writes it where {@code apply} says so.
   *
   * @param only providers to look at, as the file names them; empty for all
   * @throws LocalHostException where the file cannot be taken, or nothing has one of the providers
   */
  int run(Path file, Set<String> only, boolean apply) {
    byte[] bytes = JsonFile.bytes(file);
    Map<String, Object> read = rows(file, bytes);
    List<PublicPrice> rows = PublicPrice.of(read);
    Map<String, Snapshot> documents = documents();
    checkProviders(only, read, documents);
    // By identity: two documents may say the same.
    IdentityHashMap<PriceVersion, Snapshot> there = new IdentityHashMap<>();
    documents.forEach(
        (id, document) -> {
          PriceCodec.Decoded decoded = PriceCodec.decode(document.fields());
          decoded.version().ifPresent(version -> there.put(version, document));
          if (decoded.version().isEmpty()) {
            out.println("unreadable  model_prices/" + id + ": left alone");
          }
        });
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    PriceDifference difference =
        PriceDifference.of(rows, List.copyOf(there.keySet()), only, revision(bytes), now);
    difference.changes().forEach(this::print);
    counts(rows, difference, only, now);
    Map<String, List<String>> held = newlyHeld(difference);
    if (!held.isEmpty()) {
      out.printf(
          "Held: %d new prices wait for a person, an alert for each of %d providers.%n",
          held.values().stream().mapToInt(List::size).sum(), held.size());
    }
    if (!apply) {
      out.println("Nothing is written; --apply writes it.");
      return 0;
    }
    // The alerts first: a run that stops behind them raises them once more, never none.
    held.forEach(
        (provider, keys) -> store.commit(List.of(Prices.heldAlert(provider, keys, now))).join());
    long written = write(difference, there, now);
    out.println("Written: " + written + " documents.");
    long resolved = Prices.resolveHeld(store, now);
    if (resolved > 0) {
      out.println("Resolved: " + resolved + " alerts of prices that are no longer held.");
    }
    return 0;
  }

  /** The keys of prices that this import begins to hold, by provider. */
  private static Map<String, List<String>> newlyHeld(PriceDifference difference) {
    Map<String, List<String>> held = new TreeMap<>();
    for (Change change : difference.changes()) {
      PriceVersion after = change.after();
      if (change.what() == What.HELD && after != null) {
        held.computeIfAbsent(after.provider(), each -> new ArrayList<>()).add(change.key());
      }
    }
    return held;
  }

  private static String revision(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return "sha256:" + HexFormat.of().formatHex(digest).substring(0, DIGITS_OF_A_REVISION);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** A provider may be gone from the file: its prices end. */
  private static void checkProviders(
      Set<String> only, Map<String, Object> rows, Map<String, Snapshot> documents) {
    Set<String> unknown = new TreeSet<>(only);
    for (Object row : rows.values()) {
      unknown.remove(
          FieldValues.map(row).get("litellm_provider") instanceof String name ? name : "");
    }
    for (Snapshot document : documents.values()) {
      unknown.remove(
          document.fields().get(ModelPrices.PROVIDER) instanceof String name ? name : "");
    }
    if (!unknown.isEmpty()) {
      throw new LocalHostException(
          "Neither the file nor model_prices has the provider " + String.join(", ", unknown) + ".");
    }
  }

  /**
   * The rows of a file; numbers are {@link BigDecimal}.
   *
   * @throws LocalHostException where there are none: every price would end
   */
  static Map<String, Object> rows(Path file, byte[] bytes) {
    JsonObject object = JsonFile.object(file, bytes);
    if (object.isEmpty()) {
      throw new LocalHostException(file + " has no rows.");
    }
    try {
      return values(object);
    } catch (NumberFormatException e) {
      throw new LocalHostException(file + " has a number that cannot be read.", e);
    }
  }

  private static Map<String, Object> values(JsonObject object) {
    Map<String, Object> values = new LinkedHashMap<>();
    object
        .asMap()
        .forEach(
            (name, value) -> {
              Object read = value(value);
              if (read != null) {
                values.put(name, read);
              }
            });
    return values;
  }

  /** Numbers are read as they are written, never through a double. */
  private static @Nullable Object value(JsonElement json) {
    if (json instanceof JsonObject object) {
      return values(object);
    }
    if (json.isJsonArray()) {
      List<Object> list = new ArrayList<>();
      for (JsonElement each : json.getAsJsonArray()) {
        Object read = value(each);
        list.add(read == null ? "" : read);
      }
      return list;
    }
    if (json instanceof JsonPrimitive primitive) {
      if (primitive.isNumber() && primitive.getAsString().length() <= LONGEST_NUMBER) {
        BigDecimal number = new BigDecimal(primitive.getAsString());
        return Math.abs(number.scale()) <= LONGEST_NUMBER ? number : primitive.getAsString();
      }
      return primitive.isBoolean() ? (Object) primitive.getAsBoolean() : primitive.getAsString();
    }
    return null;
  }

  private Map<String, Snapshot> documents() {
    Map<String, Snapshot> documents = new LinkedHashMap<>();
    Query query = Query.of(ModelPrices.COLLECTION, PAGE).ascending(Query.ID);
    List<Snapshot> page = Pages.find(store, query);
    while (!page.isEmpty()) {
      page.forEach(each -> documents.put(each.ref().id(), each));
      String last = page.get(page.size() - 1).ref().id();
      page = page.size() < PAGE ? List.of() : Pages.find(store, query.after(List.of(last)));
    }
    return documents;
  }

  private void print(Change change) {
    String line =
        switch (change.what()) {
          case SAME -> "";
          case NEW -> shown(change.after());
          case CHANGED -> shown(change.before()) + " -> " + shown(change.after());
          case HELD, KEPT, LEFT_OUT -> change.why();
          case GONE -> shown(change.before()) + ", ends";
          case LOCKED -> "edited by hand, kept";
        };
    if (!line.isEmpty()) {
      out.printf(
          Locale.ROOT,
          "%-11s %s: %s%n",
          change.what().name().toLowerCase(Locale.ROOT).replace('_', ' '),
          change.key(),
          line);
    }
  }

  /** The prices of calls of any size in the standard service, in micro-USD a million units. */
  private static String shown(@Nullable PriceVersion version) {
    return version == null
        ? "none"
        : version.components().stream()
            .filter(each -> each.step() == null && each.service() == ServiceTier.STANDARD)
            .map(PriceImport::shown)
            .collect(Collectors.joining(", "));
  }

  private static String shown(PriceComponent each) {
    return each.meter().wire() + " " + each.price() + "/" + each.unit().wire();
  }

  private void counts(
      List<PublicPrice> rows, PriceDifference difference, Set<String> only, Instant now) {
    Map<What, Integer> changes = new TreeMap<>();
    difference.changes().forEach(each -> changes.merge(each.what(), 1, Integer::sum));
    Map<String, Integer> reasons = new TreeMap<>();
    Map<String, Integer> notes = new TreeMap<>();
    Map<String, String> lower = new TreeMap<>();
    Set<String> twins = new TreeSet<>();
    int past = 0;
    for (PublicPrice row : rows) {
      if (row.kind() != PublicPrice.Kind.TAKEN) {
        String kind = row.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        reasons.merge(kind + ", " + row.reason(), 1, Integer::sum);
      }
      row.notes().stream().distinct().forEach(note -> notes.merge(note, 1, Integer::sum));
      LocalDate deprecated = row.price() == null ? null : row.price().deprecatedOn();
      past +=
          deprecated != null && !deprecated.isAfter(LocalDate.ofInstant(now, ZoneOffset.UTC))
              ? 1
              : 0;
      String twin = lower.put(row.key().toLowerCase(Locale.ROOT), row.key());
      if (twin != null) {
        twins.add(twin + " and " + row.key());
      }
    }
    long taken = rows.stream().filter(each -> each.kind() == PublicPrice.Kind.TAKEN).count();
    out.println(
        "Rows: " + rows.size() + ", taken " + taken + (only.isEmpty() ? "" : " of all providers"));
    reasons.forEach((reason, count) -> out.printf("  %-46s %d%n", reason, count));
    notes.forEach((note, count) -> out.printf("  taken with a note, %-27s %d%n", note, count));
    out.printf("  %-46s %d%n", "no longer offered, still priced", past);
    twins.forEach(twin -> out.println("  differ by case only: " + twin));
    out.println(
        "Difference: "
            + (changes.isEmpty()
                ? "none"
                : changes.entrySet().stream()
                    .map(
                        each ->
                            each.getKey().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                                + " "
                                + each.getValue())
                    .collect(Collectors.joining(", "))));
  }

  private long write(
      PriceDifference difference, Map<PriceVersion, Snapshot> documents, Instant now) {
    Map<DocRef, Mutation> mutations = new LinkedHashMap<>();
    for (Change change : difference.changes()) {
      PriceVersion after = change.after();
      PriceVersion before = change.before();
      boolean ends = change.what() == What.CHANGED || change.what() == What.GONE;
      if (before != null && ends) {
        Instant end = after == null ? PriceDifference.nextMinute(now) : after.effectiveFrom();
        Snapshot document = Objects.requireNonNull(documents.get(before));
        mutations.put(
            document.ref(),
            Mutation.update(
                document.ref(), Map.of(ModelPrices.EFFECTIVE_TO, end), document.updateTime()));
      }
      if (after != null) {
        DocRef ref = new DocRef(ModelPrices.COLLECTION, after.id());
        mutations.put(ref, Mutation.create(ref, PriceCodec.encode(after)));
      }
    }
    List<Mutation> all = List.copyOf(mutations.values());
    for (int from = 0; from < all.size(); from += Pages.MOST) {
      store.commit(all.subList(from, Math.min(all.size(), from + Pages.MOST))).join();
    }
    return all.size();
  }
}
