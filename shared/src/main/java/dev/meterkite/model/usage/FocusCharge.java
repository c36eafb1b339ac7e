package dev.meterkite.model.usage;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One row of a FOCUS file: what one meter counted of one action on one day.
 *
 * <p>The list cost is the unit price of the rate card times the quantity, exactly. The billed cost
 * is the row's share of what the records cost, each rounded to a micro-USD when it was counted; the
 * shares of a day and action add up to exactly that. A cost that the producer stated has no unit
 * price on the rate card: it is one charge at its own price.
 *
 * <p>Worked example with the default rates: 100 episodes, 45.5 compute minutes and 2.3 GB of one
 * action are three rows: 100 Episodes at 0.03 for 3 USD, 45.5 Compute-Minutes at 0.00144 for
 * 0.06552 USD, 2.3 GB-Months at 0.02 for 0.046 USD.
 *
 * @param counted the UTC day on which it was counted; its month is the billing period
 * @param meant the day of an earlier, closed month that it corrects; null for a regular charge
 * @param action what was done
 * @param meter what was counted
 * @param consumed the measured quantity, in {@link Meter#consumedUnit}
 * @param quantity the priced quantity, in {@link Meter#pricingUnit}
 * @param unitPrice USD for one of it, not negative
 * @param billedMicros what is charged, in micro-USD
 */
record FocusCharge(
    LocalDate counted,
    @Nullable LocalDate meant,
    String action,
    Meter meter,
    BigDecimal consumed,
    BigDecimal quantity,
    BigDecimal unitPrice,
    long billedMicros) {
  private static final BigDecimal MS_A_MINUTE = BigDecimal.valueOf(60_000);

  /** Few milliseconds are a decimal number of minutes: 1 ms is 0.000016666667 of them. */
  private static final int MINUTE_DECIMALS = 12;

  /** What is counted and priced. */
  enum Meter {
    EPISODES("episode", "Episodes", "Episodes", "Episodes"),
    COMPUTE("compute_minute", "Compute time", "Compute-Minutes", "Compute-Minutes"),
    STORAGE("storage_gb_month", "Storage", "GB-Months", "GB-Months"),
    /** Records of actions that the rate card does not price. */
    RECORDS("record", "Records", "Records", "Records"),
    /** Costs that producers stated, and records that are not billable, at 0. */
    STATED("stated_cost", "Costs stated by the producer", "Records", "Charges");

    final String sku;
    final String label;
    final String consumedUnit;
    final String pricingUnit;

    Meter(String sku, String label, String consumedUnit, String pricingUnit) {
      this.sku = sku;
      this.label = label;
      this.consumedUnit = consumedUnit;
      this.pricingUnit = pricingUnit;
    }
  }

  /** The list cost in USD, exactly. */
  BigDecimal listCost() {
    return unitPrice.multiply(quantity);
  }

  /** The rows of what was counted of one action on one day; none for nothing. */
  static List<FocusCharge> of(
      LocalDate counted,
      @Nullable LocalDate meant,
      String action,
      Amounts amounts,
      RateCard rates) {
    Rows rows = new Rows(counted, meant, action);
    OffRateCard off = amounts.offRateCard();
    rows.priced(
        Meter.EPISODES,
        BigDecimal.valueOf(Math.subtractExact(amounts.episodes(), off.episodes())),
        rates.episodeMicros());
    rows.priced(
        Meter.COMPUTE,
        minutes(Math.subtractExact(amounts.computeMs(), off.computeMs())),
        rates.computeMinuteMicros());
    rows.priced(
        Meter.STORAGE,
        BigDecimal.valueOf(Math.subtractExact(amounts.storageBytes(), off.storageBytes()), 9),
        rates.storageGbMicros());
    long records = Math.subtractExact(amounts.count(), off.count());
    long billed = Math.subtractExact(amounts.costMicros(), off.costMicros());
    if (!rows.rows.isEmpty()) {
      rows.bill(billed);
    } else if (billed != 0) {
      rows.stated(records, billed);
    } else if (records != 0) {
      rows.priced(Meter.RECORDS, BigDecimal.valueOf(records), BigDecimal.ZERO);
    }
    if (off.count() != 0 || off.costMicros() != 0) {
      rows.stated(off.count(), off.costMicros());
    }
    return rows.rows;
  }

  private static BigDecimal minutes(long computeMs) {
    return BigDecimal.valueOf(computeMs).divide(MS_A_MINUTE, MINUTE_DECIMALS, RoundingMode.HALF_UP);
  }

  /** The rows of one action and day as they are made. */
  private static final class Rows {
    private final LocalDate counted;
    private final @Nullable LocalDate meant;
    private final String action;
    private final List<FocusCharge> rows = new ArrayList<>();

    Rows(LocalDate counted, @Nullable LocalDate meant, String action) {
      this.counted = counted;
      this.meant = meant;
      this.action = action;
    }

    void priced(Meter meter, BigDecimal quantity, BigDecimal micros) {
      if (quantity.signum() != 0) {
        add(meter, quantity, quantity, micros.movePointLeft(6), 0);
      }
    }

    /** A charge of its own price; one that takes back has the quantity -1. */
    void stated(long records, long micros) {
      BigDecimal price = BigDecimal.valueOf(micros, 6).abs();
      BigDecimal quantity = micros < 0 ? BigDecimal.ONE.negate() : BigDecimal.ONE;
      add(Meter.STATED, BigDecimal.valueOf(records), quantity, price, micros);
    }

    private void add(
        Meter meter, BigDecimal consumed, BigDecimal quantity, BigDecimal price, long micros) {
      rows.add(new FocusCharge(counted, meant, action, meter, consumed, quantity, price, micros));
    }

    /**
     * Shares what the records cost among the rows by their list costs. Where these point in two
     * directions, as in a correction, each row is billed its list cost, and the largest the rest.
     */
    void bill(long micros) {
      BigDecimal sum =
          rows.stream().map(FocusCharge::listCost).reduce(BigDecimal.ZERO, BigDecimal::add);
      boolean oneWay =
          rows.stream().allMatch(row -> row.listCost().signum() * sum.signum() >= 0)
              && sum.signum() != 0;
      long left = micros;
      int largest = 0;
      for (int i = 0; i < rows.size(); i++) {
        FocusCharge row = rows.get(i);
        BigDecimal list = row.listCost();
        BigDecimal share =
            oneWay
                ? list.multiply(BigDecimal.valueOf(micros)).divide(sum, MathContext.DECIMAL128)
                : list.movePointRight(6);
        long billed = share.setScale(0, RoundingMode.DOWN).longValueExact();
        rows.set(i, row.billed(billed));
        left = Math.subtractExact(left, billed);
        if (list.abs().compareTo(rows.get(largest).listCost().abs()) > 0) {
          largest = i;
        }
      }
      FocusCharge row = rows.get(largest);
      rows.set(largest, row.billed(Math.addExact(row.billedMicros, left)));
    }
  }

  private FocusCharge billed(long micros) {
    return new FocusCharge(counted, meant, action, meter, consumed, quantity, unitPrice, micros);
  }

  /** The billed cost in USD. */
  BigDecimal billedCost() {
    return new BigDecimal(BigInteger.valueOf(billedMicros), 6);
  }
}
