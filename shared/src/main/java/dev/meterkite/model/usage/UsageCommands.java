package dev.meterkite.model.usage;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import java.time.YearMonth;
import java.util.List;

/** Makes the commands of metering. */
public final class UsageCommands {
  /** The operation of {@link #record}; part of its marker's id. */
  public static final String RECORD_USAGE = "record-usage";

  private UsageCommands() {}

  /**
   * Records items of one request for one customer. Nothing is read for it beforehand unless items
   * have keys of their own or correct others.
   *
   * @param requestKey the request's idempotency key; one marker a request and customer
   * @param requestHash of operation and whole normalised body
   * @param items the customer's items in order
   * @param alone whether the request is one record and no batch
   */
  public static Command<UsageCommand> record(
      String customerId,
      String requestKey,
      String requestHash,
      List<UsageItem> items,
      boolean alone) {
    DocRef owner = UsageIds.customerRef(customerId);
    DocRef marker =
        new DocRef(IdempotencyKeys.COLLECTION, Ids.marker(RECORD_USAGE, owner, requestKey));
    return new Command<>(
        owner,
        RECORD_USAGE,
        requestKey,
        requestHash,
        new UsageCommand.RecordItems(items, alone),
        List.of(marker),
        List.of(),
        UsageRecorder.reads(items));
  }

  /**
   * Counts a record as it stands. May be repeated: it is the difference to what was counted that
   * applies.
   *
   * @param seen the record and its {@code usage_counts} document, if they were just read; else
   *     empty
   */
  public static Command<UsageCommand> count(
      String customerId, String usageId, List<Snapshot> seen) {
    return new Command<>(
        UsageIds.customerRef(customerId),
        "count-usage",
        null,
        "",
        new UsageCommand.Count(usageId),
        List.of(),
        seen,
        Counting.reads(usageId));
  }

  /** Resets a customer's counter if that is due; may be repeated. */
  public static Command<UsageCommand> sweep(String customerId) {
    return sweep(UsageIds.customerRef(customerId), List.of());
  }

  /** As {@link #sweep(String)}, of a customer that was just read and need not be read again. */
  public static Command<UsageCommand> sweep(Snapshot customer) {
    return sweep(customer.ref(), List.of(customer));
  }

  private static Command<UsageCommand> sweep(DocRef customer, List<Snapshot> seen) {
    return new Command<>(
        customer,
        "reset-usage-quota",
        null,
        "",
        new UsageCommand.Sweep(),
        List.of(),
        seen,
        List.of());
  }

  /** Closes a customer's month if that is due; may be repeated. */
  public static Command<UsageCommand> closeMonth(String customerId, YearMonth month) {
    return new Command<>(
        UsageIds.customerRef(customerId),
        "close-usage-month",
        null,
        "",
        new UsageCommand.CloseMonth(month),
        List.of(),
        List.of(),
        List.of());
  }
}
