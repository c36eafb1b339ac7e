package dev.meterkite.model.usage;

import java.time.YearMonth;
import java.util.List;

/** What can be done to the usage of a customer. */
public sealed interface UsageCommand {
  /**
   * Records the items of one request that are this customer's.
   *
   * @param items in the order of the request, at least one
   * @param alone whether the request is one record and no batch: then a refusal is the request's
   */
  record RecordItems(List<UsageItem> items, boolean alone) implements UsageCommand {
    public RecordItems {
      items = List.copyOf(items);
      if (items.isEmpty()) {
        throw new IllegalArgumentException("nothing to record");
      }
    }
  }

  /**
   * Brings the counters of this customer to what a record says as it stands now.
   *
   * @param usageId the record's id
   */
  record Count(String usageId) implements UsageCommand {}

  /** Resets the customer's counter if its period is over, and puts its due moment right. */
  record Sweep() implements UsageCommand {}

  /**
   * Closes a month, and with it all before it, if its time has come.
   *
   * @param month a UTC month
   */
  record CloseMonth(YearMonth month) implements UsageCommand {}
}
