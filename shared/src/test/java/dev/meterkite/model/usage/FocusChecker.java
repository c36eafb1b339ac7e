package dev.meterkite.model.usage;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Checks a CSV against what FOCUS 1.2 requires of rows of usage and purchases: columns, values that
 * may not be null, forms of numbers and dates, and what columns say together. It knows nothing of
 * how the file was made.
 */
final class FocusChecker {
  private static final List<String> MANDATORY =
      List.of(
          "BilledCost",
          "EffectiveCost",
          "ListCost",
          "ContractedCost",
          "BillingAccountId",
          "BillingAccountName",
          "BillingCurrency",
          "BillingPeriodStart",
          "BillingPeriodEnd",
          "ChargePeriodStart",
          "ChargePeriodEnd",
          "ChargeCategory",
          "ChargeClass",
          "ChargeDescription",
          "InvoiceIssuerName",
          "ProviderName",
          "PublisherName",
          "PricingQuantity",
          "PricingUnit",
          "ServiceCategory",
          "ServiceName");

  /** Due where usage is measured and a price list is published. */
  private static final List<String> DUE =
      List.of(
          "ConsumedQuantity",
          "ConsumedUnit",
          "ListUnitPrice",
          "SkuId",
          "SkuPriceId",
          "SkuMeter",
          "SkuPriceDetails");

  private static final Set<String> NULLABLE =
      Set.of(
          "BillingAccountName",
          "ChargeClass",
          "ChargeDescription",
          "PricingQuantity",
          "PricingUnit",
          "ConsumedQuantity",
          "ConsumedUnit",
          "ListUnitPrice",
          "SkuId",
          "SkuPriceId",
          "SkuMeter",
          "SkuPriceDetails");

  private static final Set<String> NUMBERS =
      Set.of(
          "BilledCost",
          "EffectiveCost",
          "ListCost",
          "ContractedCost",
          "PricingQuantity",
          "ConsumedQuantity",
          "ListUnitPrice");

  private static final Set<String> DATES =
      Set.of("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd");

  private static final Set<String> NO_NULLS =
      Set.of("null", "none", "n/a", "na", "nil", "unknown", "not applicable", "-");

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]+(\\.[0-9]+)?([eE]-?[0-9]+)?");
  private static final Pattern DATE =
      Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z");
  private static final Pattern UNIT =
      Pattern.compile("([0-9]+ )?[A-Z][A-Za-z]*([-/][A-Z][A-Za-z]*)?");

  private final List<String> faults = new ArrayList<>();
  private final Map<String, String> skuOfPrice = new TreeMap<>();

  private FocusChecker() {}

  /** All that is wrong with a file; empty for a good one. */
  static List<String> faults(String csv) {
    FocusChecker checker = new FocusChecker();
    checker.check(csv);
    return checker.faults;
  }

  /** The rows of a file, by column. */
  static List<Map<String, String>> rows(String csv) {
    List<List<String>> lines = lines(csv);
    List<Map<String, String>> rows = new ArrayList<>();
    for (List<String> line : lines.subList(1, lines.size())) {
      Map<String, String> row = new LinkedHashMap<>();
      for (int i = 0; i < line.size(); i++) {
        row.put(lines.get(0).get(i), line.get(i));
      }
      rows.add(row);
    }
    return rows;
  }

  /** Reads RFC 4180: CRLF at the end of each line, quotes doubled within quotes. */
  static List<List<String>> lines(String csv) {
    List<List<String>> lines = new ArrayList<>();
    List<String> line = new ArrayList<>();
    StringBuilder value = new StringBuilder();
    int at = 0;
    while (at < csv.length()) {
      if (csv.charAt(at) == '"') {
        at++;
        while (csv.charAt(at) != '"' || csv.startsWith("\"\"", at)) {
          at += csv.charAt(at) == '"' ? 1 : 0;
          value.append(csv.charAt(at++));
        }
        at++;
      } else {
        while (",\r\n\"".indexOf(csv.charAt(at)) < 0) {
          value.append(csv.charAt(at++));
        }
      }
      line.add(value.toString());
      value.setLength(0);
      if (csv.startsWith("\r\n", at)) {
        lines.add(List.copyOf(line));
        line.clear();
        at += 2;
      } else if (csv.charAt(at) == ',') {
        at++;
      } else {
        throw new IllegalArgumentException("not RFC 4180 at " + at);
      }
    }
    if (!line.isEmpty()) {
      throw new IllegalArgumentException("the last line does not end");
    }
    return lines;
  }

  private void check(String csv) {
    if (csv.startsWith("\uFEFF")) {
      faults.add("begins with a byte order mark");
      return;
    }
    List<List<String>> lines = lines(csv);
    List<String> columns = lines.get(0);
    columns(columns);
    if (!faults.isEmpty()) {
      return;
    }
    for (int i = 1; i < lines.size(); i++) {
      if (lines.get(i).size() != columns.size()) {
        faults.add("line " + i + " has " + lines.get(i).size() + " values");
        return;
      }
    }
    int number = 1;
    for (Map<String, String> row : rows(csv)) {
      String line = "line " + number++ + ": ";
      List<String> found = new Row(row).check();
      found.forEach(fault -> faults.add(line + fault));
    }
  }

  private void columns(List<String> columns) {
    Set<String> known = new HashSet<>(columns);
    if (known.size() != columns.size()) {
      faults.add("a column twice");
    }
    for (List<String> group : List.of(MANDATORY, DUE)) {
      group.stream()
          .filter(column -> !known.contains(column))
          .forEach(column -> faults.add("lacks " + column));
    }
    boolean own = false;
    for (String column : columns) {
      own |= column.startsWith("x_");
      if (own != column.startsWith("x_") || !(own || column.matches("[A-Z][A-Za-z]*"))) {
        faults.add("column " + column);
      }
    }
  }

  private final class Row {
    private final Map<String, String> row;
    private final List<String> wrong = new ArrayList<>();

    Row(Map<String, String> row) {
      this.row = row;
    }

    List<String> check() {
      forms();
      if (wrong.isEmpty()) {
        words();
        quantities();
        costs();
        periods();
      }
      return wrong;
    }

    private boolean isNull(String column) {
      return row.getOrDefault(column, "").isEmpty();
    }

    private BigDecimal number(String column) {
      return new BigDecimal(row.get(column));
    }

    private void wrongIf(boolean condition, String what) {
      if (condition) {
        wrong.add(what);
      }
    }

    private void forms() {
      row.forEach(
          (column, value) -> {
            wrongIf(value.isEmpty() && !NULLABLE.contains(column), column + " is null");
            wrongIf(
                NO_NULLS.contains(value.toLowerCase(Locale.ROOT)), column + " stands in for null");
            if (!value.isEmpty()) {
              wrongIf(
                  NUMBERS.contains(column) && !NUMBER.matcher(value).matches(),
                  column + " " + value);
              wrongIf(DATES.contains(column) && !isDate(value), column + " " + value);
              wrongIf(
                  column.endsWith("Unit") && !UNIT.matcher(value).matches(), column + " " + value);
              wrongIf(!value.strip().equals(value) && !column.startsWith("BillingAccount"), column);
            }
          });
    }

    private static boolean isDate(String value) {
      try {
        return DATE.matcher(value).matches() && Instant.parse(value) != null;
      } catch (java.time.DateTimeException e) {
        return false;
      }
    }

    private boolean isCorrection() {
      return row.get("ChargeClass").equals("Correction");
    }

    private boolean isUsage() {
      return row.get("ChargeCategory").equals("Usage");
    }

    private void words() {
      String category = row.get("ChargeCategory");
      wrongIf(
          !Set.of("Usage", "Purchase", "Tax", "Credit", "Adjustment").contains(category),
          "ChargeCategory " + category);
      wrongIf(!isNull("ChargeClass") && !isCorrection(), "ChargeClass");
      wrongIf(!row.get("BillingCurrency").matches("[A-Z]{3}"), "BillingCurrency");
      wrongIf(
          !Set.of("AI and Machine Learning", "Media", "Developer Tools", "Other")
              .contains(row.get("ServiceCategory")),
          "ServiceCategory");
      String frequency = row.get("ChargeFrequency");
      wrongIf(
          frequency != null && !Set.of("One-Time", "Recurring", "Usage-Based").contains(frequency),
          "ChargeFrequency " + frequency);
      wrongIf("Usage-Based".equals(frequency) && category.equals("Purchase"), "ChargeFrequency");
      String subcategory = row.get("ServiceSubcategory");
      wrongIf(
          subcategory != null
              && row.get("ServiceCategory").equals("AI and Machine Learning")
              && !Set.of("Generative AI", "Other (AI and Machine Learning)").contains(subcategory),
          "ServiceSubcategory " + subcategory);
    }

    private void quantities() {
      boolean priced =
          (isUsage() || row.get("ChargeCategory").equals("Purchase")) && !isCorrection();
      boolean tax = row.get("ChargeCategory").equals("Tax");
      for (String column : List.of("PricingQuantity", "ListUnitPrice", "SkuId", "SkuPriceId")) {
        wrongIf(priced && isNull(column), column + " is null");
        wrongIf(tax && !isNull(column), column + " of a tax");
      }
      wrongIf(isNull("PricingQuantity") != isNull("PricingUnit"), "PricingUnit");
      wrongIf(isUsage() && !isCorrection() && isNull("ConsumedQuantity"), "ConsumedQuantity");
      wrongIf(!isUsage() && !isNull("ConsumedQuantity"), "ConsumedQuantity of no usage");
      wrongIf(isNull("ConsumedQuantity") != isNull("ConsumedUnit"), "ConsumedUnit");
      wrongIf(isNull("SkuId") && !isNull("SkuMeter"), "SkuMeter without SkuId");
      wrongIf(isNull("SkuPriceId") && !isNull("SkuPriceDetails"), "SkuPriceDetails");
      if (!isNull("SkuPriceId")) {
        String sku = row.get("SkuId") + " " + row.get("PricingUnit");
        String known = skuOfPrice.putIfAbsent(row.get("SkuPriceId"), sku);
        wrongIf(known != null && !known.equals(sku), "SkuPriceId of two SKUs or units");
      }
    }

    private void costs() {
      if (!isNull("ListUnitPrice")) {
        wrongIf(number("ListUnitPrice").signum() < 0, "ListUnitPrice below zero");
        if (!isNull("PricingQuantity")) {
          BigDecimal product = number("ListUnitPrice").multiply(number("PricingQuantity"));
          wrongIf(
              product.compareTo(number("ListCost")) != 0,
              "ListCost " + number("ListCost") + ", not " + product);
        }
      }
      if (!row.containsKey("ContractedUnitPrice")) {
        wrongIf(
            number("ContractedCost").compareTo(number("ListCost")) != 0,
            "ContractedCost without negotiated prices");
      }
    }

    private void periods() {
      Instant billingStart = Instant.parse(row.get("BillingPeriodStart"));
      Instant billingEnd = Instant.parse(row.get("BillingPeriodEnd"));
      Instant start = Instant.parse(row.get("ChargePeriodStart"));
      Instant end = Instant.parse(row.get("ChargePeriodEnd"));
      wrongIf(
          !billingStart.atZone(ZoneOffset.UTC).plusMonths(1).toInstant().equals(billingEnd),
          "BillingPeriod is no month");
      wrongIf(
          !start.atZone(ZoneOffset.UTC).plusDays(1).toInstant().equals(end),
          "ChargePeriod is no day");
      boolean within = !start.isBefore(billingStart) && !end.isAfter(billingEnd);
      wrongIf(!isCorrection() && !within, "ChargePeriod beyond BillingPeriod");
      wrongIf(isCorrection() && !end.isBefore(billingEnd), "Correction of what is not yet billed");
      wrongIf(isCorrection() && within, "Correction of an open period");
    }
  }
}
