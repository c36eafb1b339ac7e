package dev.meterkite.model.usage;

import dev.meterkite.model.document.Snapshot;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a customer is charged, as CSV in columns of FOCUS, the FinOps Open Cost and Usage
 * Specification 1.0: one line a UTC day and action, its billing period the UTC month.
 *
 * <p>Costs are USD with six decimals, the exact sum of micro-USD. There are no list prices and no
 * commitments here, so all four costs are the same. Corrections and late records are no lines of
 * their own: summaries hold one figure a day and action, which may be below zero. Columns that have
 * no meaning here, such as those of regions and commitments, are left out.
 *
 * <p>Example: 100 episodes on 3 February at the default rates are one line with BilledCost {@code
 * 3.000000}, ChargePeriodStart {@code 2026-02-03T00:00:00Z}, ConsumedQuantity {@code 100} and
 * ConsumedUnit {@code Episodes}; an action without episodes is counted in {@code Records}.
 */
public final class FocusCsv {
  private static final List<String> COLUMNS =
      List.of(
          "BillingAccountId",
          "BillingCurrency",
          "BillingPeriodStart",
          "BillingPeriodEnd",
          "ChargePeriodStart",
          "ChargePeriodEnd",
          "ChargeCategory",
          "ChargeFrequency",
          "ChargeDescription",
          "ServiceCategory",
          "ServiceName",
          "ProviderName",
          "PublisherName",
          "InvoiceIssuerName",
          "SkuId",
          "ConsumedQuantity",
          "ConsumedUnit",
          "BilledCost",
          "EffectiveCost",
          "ListCost",
          "ContractedCost");
  private static final String ISSUER = "Meterkite";

  private final String customerId;
  private final LocalDate from;
  private final LocalDate to;
  private final Map<LocalDate, Map<String, Amounts>> days = new TreeMap<>();

  /**
   * A file without lines.
   *
   * @param from the first day
   * @param to the first day that is not in it any more
   */
  public FocusCsv(String customerId, LocalDate from, LocalDate to) {
    this.customerId = customerId;
    this.from = from;
    this.to = to;
  }

  /** Adds a month's summary, as far as its days are in the file. */
  public void add(YearMonth month, Snapshot summary) {
    UsageReport.eachDay(
        month,
        summary,
        (day, amounts) -> {
          if (!day.isBefore(from) && day.isBefore(to)) {
            days.put(day, amounts);
          }
        });
  }

  /** The file after RFC 4180, with a header, lines by day and action. */
  public String toCsv() {
    List<List<String>> lines = new ArrayList<>(List.of(COLUMNS));
    days.forEach(
        (day, byAction) ->
            byAction.forEach(
                (action, amounts) -> {
                  if (!amounts.isZero()) {
                    lines.add(line(day, action, amounts));
                  }
                }));
    return lines.stream()
        .map(line -> String.join(",", line) + "\r\n")
        .collect(Collectors.joining());
  }

  private List<String> line(LocalDate day, String action, Amounts amounts) {
    LocalDate month = day.withDayOfMonth(1);
    String cost = BigDecimal.valueOf(amounts.costMicros(), 6).toPlainString();
    boolean episodes = amounts.episodes() != 0;
    return List.of(
        UsageReport.quoted(customerId),
        "USD",
        start(month),
        start(month.plusMonths(1)),
        start(day),
        start(day.plusDays(1)),
        "Usage",
        "Usage-Based",
        UsageReport.quoted(action),
        "AI and Machine Learning",
        ISSUER,
        ISSUER,
        ISSUER,
        ISSUER,
        UsageReport.quoted(action),
        Long.toString(episodes ? amounts.episodes() : amounts.count()),
        episodes ? "Episodes" : "Records",
        cost,
        cost,
        cost,
        cost);
  }

  private static String start(LocalDate day) {
    return day + "T00:00:00Z";
  }
}
