package dev.meterkite.model.usage;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A record-usage request, read and split by customer; every item keeps its place in the answer.
 *
 * @param items what came of reading each item, in order
 */
public record UsageBatch(List<UsageItem.Parsed> items) {
  /** The most items of a request. */
  public static final int MAX_ITEMS = 500;

  public UsageBatch {
    items = List.copyOf(items);
  }

  /**
   * Reads the items of a request.
   *
   * @param records 1 to {@value #MAX_ITEMS} JSON objects
   * @param requestKey the request's idempotency key
   */
  public static UsageBatch parse(
      List<? extends Map<String, ?>> records, String requestKey, Instant now) {
    if (records.isEmpty() || records.size() > MAX_ITEMS) {
      throw new IllegalArgumentException("1 to 500 records, not " + records.size());
    }
    List<UsageItem.Parsed> items = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      items.add(UsageItem.parse(i, records.get(i), requestKey, now));
    }
    return new UsageBatch(items);
  }

  /**
   * The batch with its good items named ({@link UsageItem#named}).
   *
   * @param names of all items, in order
   */
  public UsageBatch named(List<Name> names) {
    return new UsageBatch(
        items.stream()
            .map(
                parsed -> {
                  UsageItem item = parsed.item();
                  Name name = names.get(parsed.index());
                  return item == null
                      ? parsed
                      : new UsageItem.Parsed(
                          parsed.index(), item.named(name.id(), name.said()), List.of());
                })
            .toList());
  }

  /**
   * A record's name.
   *
   * @param id of the record
   * @param said hash of all that a repeat must say too
   */
  public record Name(String id, String said) {}

  /** Whether no item can be recorded because of what it says: then the request is a bad one. */
  public boolean allBroken() {
    return items.stream().allMatch(parsed -> parsed.item() == null);
  }

  /** All errors of all items, with the item's place before the field: {@code records[3].action}. */
  public List<Violation> errors() {
    return items.stream()
        .flatMap(
            parsed ->
                parsed.errors().stream()
                    .map(error -> under("records[" + parsed.index() + "].", error)))
        .toList();
  }

  private static Violation under(String parent, Violation error) {
    return new Violation(parent + error.field(), error.code(), error.message());
  }

  /** The good items of each customer, in the order in which customers come up. */
  public Map<String, List<UsageItem>> byCustomer() {
    Map<String, List<UsageItem>> byCustomer = new LinkedHashMap<>();
    for (UsageItem.Parsed parsed : items) {
      UsageItem item = parsed.item();
      if (item != null) {
        byCustomer.computeIfAbsent(item.figures().customerId(), id -> new ArrayList<>()).add(item);
      }
    }
    return byCustomer;
  }

  /**
   * One command for each customer.
   *
   * @param alone whether the request is one record and no batch
   */
  public List<Command<UsageCommand>> commands(
      String requestKey, String requestHash, boolean alone) {
    List<Command<UsageCommand>> commands = new ArrayList<>();
    byCustomer()
        .forEach(
            (customer, good) ->
                commands.add(UsageCommands.record(customer, requestKey, requestHash, good, alone)));
    return commands;
  }
}
