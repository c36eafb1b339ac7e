package dev.meterkite.model.usage;

import dev.meterkite.model.document.Snapshot;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a customer is charged, as CSV in columns of FOCUS, the FinOps Open Cost and Usage
 * Specification, version {@value #VERSION}: a row for each {@link FocusCharge}.
 *
 * <p>All mandatory columns are there, and of the conditional ones those that are due where usage is
 * measured and unit prices are published. Columns of regions, resources, commitments, negotiated
 * prices and other currencies are left out, since nothing here has them.
 *
 * <p>What was counted late for a closed month, corrections included, is a row of its own: its
 * ChargeClass is {@code Correction}, its charge period the day meant, its billing period the month
 * in which it was counted. What is null is an empty field. Values are byte for byte what documents
 * hold; the guard against formulas is for the CSV of people.
 */
public final class FocusCsv {
  /** The version of the specification. */
  public static final String VERSION = "1.2";

  /** The columns in their order. */
  static final List<String> COLUMNS =
      List.of(
          "BillingAccountId",
          "BillingAccountName",
          "BillingCurrency",
          "BillingPeriodStart",
          "BillingPeriodEnd",
          "ChargePeriodStart",
          "ChargePeriodEnd",
          "ChargeCategory",
          "ChargeClass",
          "ChargeFrequency",
          "ChargeDescription",
          "ServiceCategory",
          "ServiceSubcategory",
          "ServiceName",
          "ProviderName",
          "PublisherName",
          "InvoiceIssuerName",
          "SkuId",
          "SkuPriceId",
          "SkuMeter",
          "SkuPriceDetails",
          "ConsumedQuantity",
          "ConsumedUnit",
          "PricingQuantity",
          "PricingUnit",
          "ListUnitPrice",
          "BilledCost",
          "EffectiveCost",
          "ListCost",
          "ContractedCost");

  private static final int COST_DECIMALS = 6;
  private static final String NULL = "";

  /** Where a charge belongs; regular ones before those that are meant for another day. */
  private record Place(LocalDate counted, String action, @Nullable LocalDate meant) {
    static final Comparator<Place> ORDER =
        Comparator.comparing(Place::counted)
            .thenComparing(Place::action)
            .thenComparing(Place::meant, Comparator.nullsFirst(Comparator.naturalOrder()));
  }

  private final RateCard rates;
  private final LocalDate from;
  private final LocalDate to;
  private final Map<Place, Amounts> places = new TreeMap<>(Place.ORDER);

  /**
   * A file without rows.
   *
   * @param rates the list prices
   * @param from the first day on which what is in it was counted
   * @param to the first day that is not in it any more
   */
  public FocusCsv(RateCard rates, LocalDate from, LocalDate to) {
    this.rates = rates;
    this.from = from;
    this.to = to;
  }

  /** Adds a document of a month's summary, as far as its days are in the file. */
  public void add(YearMonth month, Snapshot summary) {
    Summaries.eachAmounts(
        month,
        summary,
        (day, meant, action, amounts) -> {
          if (!day.isBefore(from) && day.isBefore(to)) {
            places.merge(new Place(day, action, meant), amounts, Amounts::plus);
            if (meant != null) {
              // A day's amounts include what was counted late on it.
              places.merge(new Place(day, action, null), amounts.negated(), Amounts::plus);
            }
          }
        });
  }

  /** The charges in the order of the file. */
  List<FocusCharge> charges() {
    List<FocusCharge> charges = new ArrayList<>();
    places.forEach(
        (place, amounts) ->
            charges.addAll(
                FocusCharge.of(place.counted(), place.meant(), place.action(), amounts, rates)));
    return charges;
  }

  /** The file after RFC 4180, with a header and CRLF at the end of every line. */
  public String toCsv(FocusParties parties) {
    List<List<String>> lines = new ArrayList<>(List.of(COLUMNS));
    charges().forEach(charge -> lines.add(line(charge, parties)));
    return lines.stream()
        .map(line -> String.join(",", line) + "\r\n")
        .collect(Collectors.joining());
  }

  private static List<String> line(FocusCharge charge, FocusParties parties) {
    LocalDate month = charge.counted().withDayOfMonth(1);
    LocalDate day = charge.meant() == null ? charge.counted() : charge.meant();
    FocusCharge.Meter meter = charge.meter();
    String billed = cost(charge.billedCost());
    String list = cost(charge.listCost());
    Map<String, String> row = new LinkedHashMap<>();
    row.put("BillingAccountId", parties.accountId());
    row.put("BillingAccountName", parties.accountName() == null ? NULL : parties.accountName());
    row.put("BillingCurrency", "USD");
    row.put("BillingPeriodStart", start(month));
    row.put("BillingPeriodEnd", start(month.plusMonths(1)));
    row.put("ChargePeriodStart", start(day));
    row.put("ChargePeriodEnd", start(day.plusDays(1)));
    row.put("ChargeCategory", "Usage");
    row.put("ChargeClass", charge.meant() == null ? NULL : "Correction");
    row.put("ChargeFrequency", "Usage-Based");
    row.put("ChargeDescription", charge.action());
    row.put("ServiceCategory", "AI and Machine Learning");
    row.put("ServiceSubcategory", "Generative AI");
    row.put("ServiceName", parties.provider());
    row.put("ProviderName", parties.provider());
    row.put("PublisherName", parties.provider());
    row.put("InvoiceIssuerName", parties.issuer());
    row.put("SkuId", meter.sku);
    row.put("SkuPriceId", meter.sku);
    row.put("SkuMeter", meter.label);
    row.put("SkuPriceDetails", NULL);
    row.put("ConsumedQuantity", plain(charge.consumed()));
    row.put("ConsumedUnit", meter.consumedUnit);
    row.put("PricingQuantity", plain(charge.quantity()));
    row.put("PricingUnit", meter.pricingUnit);
    row.put("ListUnitPrice", plain(charge.unitPrice()));
    row.put("BilledCost", billed);
    row.put("EffectiveCost", billed);
    row.put("ListCost", list);
    row.put("ContractedCost", list);
    return COLUMNS.stream()
        .map(column -> GroupedUsage.quoted(row.getOrDefault(column, NULL)))
        .toList();
  }

  private static String plain(BigDecimal number) {
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
  }

  /** At least to the micro-USD. */
  private static String cost(BigDecimal usd) {
    BigDecimal exact = usd.signum() == 0 ? BigDecimal.ZERO : usd.stripTrailingZeros();
    return exact.setScale(Math.max(COST_DECIMALS, exact.scale())).toPlainString();
  }

  private static String start(LocalDate day) {
    return day + "T00:00:00Z";
  }
}
