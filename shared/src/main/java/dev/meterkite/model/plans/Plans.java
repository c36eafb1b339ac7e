package dev.meterkite.model.plans;

import dev.meterkite.model.document.Digests;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Violation;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the product sells and for how much: the document {@code plans/default}, or what it stands
 * for where it is absent. Parts that a document leaves out have their defaults, which come with the
 * program; a part is replaced as a whole. A name that is not known is a fault wherever it is: a
 * misspelt one would be absent.
 *
 * <p>Tiers are ordered from the least to the most, and the first is the one of those who have none:
 * with {@code free, pro, max} a user without a tier is {@code free}, and of two live subscriptions
 * to {@code pro} and {@code max} the second counts. A word that is not in the list is a tier of
 * another program.
 *
 * @param version written into everything that these plans decided
 * @param tiers of users, at least one
 * @param packages credits that can be bought at once
 * @param jobs prices of jobs
 * @param bundleTiers of customers, at least one
 * @param priceBook how the cost of calls becomes credits
 */
public record Plans(
    String version,
    List<UserTier> tiers,
    List<CreditPackage> packages,
    JobPrices jobs,
    List<BundleTier> bundleTiers,
    PriceBook priceBook) {
  /** The document. */
  public static final DocRef REF = new DocRef(Schema.Plans.COLLECTION, Schema.Plans.DEFAULT);

  private static final int LONGEST_VERSION = 100;
  private static final int DIGITS_OF_HASH = 12;

  public Plans {
    tiers = List.copyOf(tiers);
    packages = List.copyOf(packages);
    bundleTiers = List.copyOf(bundleTiers);
  }

  /**
   * Plans, or everything that is wrong with the document.
   *
   * @param plans empty exactly where there are faults
   */
  public record Decoded(Optional<Plans> plans, List<Violation> faults) {}

  /**
   * The plans in the document; where it is absent, the defaults. Its parts are valid together or
   * not at all.
   */
  public static Decoded decode(Snapshot document, Plans defaults) {
    return document.exists()
        ? read(document.fields(), defaults)
        : new Decoded(Optional.of(defaults), List.of());
  }

  /** The plans in the fields of a document, or in a file of the same form. */
  public static Decoded decode(Map<String, ? extends @Nullable Object> fields, Plans defaults) {
    return read(fields, defaults);
  }

  /** The plans in a file that leaves nothing out: the defaults themselves. */
  public static Decoded complete(Map<String, ? extends @Nullable Object> fields) {
    return read(fields, null);
  }

  private static Decoded read(
      Map<String, ? extends @Nullable Object> fields, @Nullable Plans defaults) {
    List<Violation> faults = new ArrayList<>();
    Part document = Part.document(fields, faults);
    description(document);
    document.value(Schema.Plans.VALIDATION_ERRORS);
    String version = version(document);
    Plans plans = new PlansReader(document, defaults).plans();
    document.end();
    return faults.isEmpty()
        ? new Decoded(Optional.of(plans.named(version)), List.of())
        : new Decoded(Optional.empty(), List.copyOf(faults));
  }

  private static void description(Part document) {
    Object value = document.value(Schema.Plans.DESCRIPTION);
    if (value != null && Part.text(value) == null) {
      document.fault(
          Schema.Plans.DESCRIPTION,
          Violation.WRONG_TYPE,
          "must be a string of 1 to 100 characters");
    }
  }

  private static @Nullable String version(Part document) {
    Object value = document.value(Schema.Plans.VERSION);
    String version = String.valueOf(value);
    boolean scalar = value == null || value instanceof String || value instanceof Long;
    if (!scalar || version.isEmpty() || version.length() > LONGEST_VERSION) {
      document.fault(
          Schema.Plans.VERSION,
          Violation.WRONG_TYPE,
          "must be a string of 1 to 100 characters or an integer");
    }
    return value == null ? null : version;
  }

  /** These plans under the version that the operator states, else under a hash of what they say. */
  private Plans named(@Nullable String stated) {
    return new Plans(
        stated == null ? hash() : stated, tiers, packages, jobs, bundleTiers, priceBook);
  }

  /** The first digits of the SHA-256 of everything but the version. */
  private String hash() {
    String said = PlansCodec.text(PlansCodec.parts(this));
    return HexFormat.of().formatHex(Digests.sha256(said)).substring(0, DIGITS_OF_HASH);
  }

  /** All parts and the version in the form of the document, which is that of a file in JSON. */
  public Map<String, Object> encode() {
    Map<String, Object> fields = PlansCodec.parts(this);
    fields.put(Schema.Plans.VERSION, version);
    return fields;
  }

  /** The tier with this name; empty for null and for words that are no tier. */
  public Optional<UserTier> tier(@Nullable String word) {
    int rank = rank(word);
    return rank < 0 ? Optional.empty() : Optional.of(tiers.get(rank));
  }

  /** The tier of users without one, and of those whose subscription has ended. */
  public UserTier firstTier() {
    return tiers.get(0);
  }

  /** How far up a tier is; −1 for null and for words that are no tier. */
  public int rank(@Nullable String word) {
    for (int i = 0; i < tiers.size(); i++) {
      if (tiers.get(i).word().equals(word)) {
        return i;
      }
    }
    return -1;
  }

  /** The package of this many credits, if one is sold. */
  public Optional<CreditPackage> packageOf(long credits) {
    return packages.stream().filter(each -> each.credits() == credits).findFirst();
  }

  /** The bundle tier with this name; empty for null and for words that are none. */
  public Optional<BundleTier> bundleTier(@Nullable String word) {
    return bundleTiers.stream().filter(tier -> tier.word().equals(word)).findFirst();
  }

  /** The bundle tier of customers without one. */
  public BundleTier firstBundleTier() {
    return bundleTiers.get(0);
  }
}
