package dev.meterkite.model.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Documents in memory, and commands applied to them one at a time, as the engine would. */
final class InMemoryUsage {
  final UsageRules rules;
  final UsageTriage triage;
  final Map<DocRef, Map<String, Object>> documents = new LinkedHashMap<>();
  Instant now;
  int sideReads;
  int writes;

  InMemoryUsage(String now) {
    this(now, SummaryBounds.DEFAULT);
  }

  InMemoryUsage(String now, SummaryBounds bounds) {
    this(now, bounds, RateCard.DEFAULT);
  }

  InMemoryUsage(String now, SummaryBounds bounds, RateCard rates) {
    this.now = Instant.parse(now);
    this.rules = new UsageRules(rates, UsageRules.CLOSE_AFTER, bounds);
    this.triage = rules.triage();
  }

  void create(String id, Object... fields) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put(Customers.BUNDLE_TIER, "pro");
    for (int i = 0; i < fields.length; i += 2) {
      document.put((String) fields[i], fields[i + 1]);
    }
    documents.put(UsageIds.customerRef(id), document);
  }

  Map<String, Object> customer(String id) {
    return documents.get(UsageIds.customerRef(id));
  }

  long scenes(String id) {
    return (Long) customer(id).getOrDefault(Customers.SCENES_GENERATED_THIS_MONTH, 0L);
  }

  Snapshot get(DocRef ref) {
    Map<String, Object> fields = documents.get(ref);
    return fields == null
        ? Snapshot.absent(ref)
        : new Snapshot(ref, new LinkedHashMap<>(fields), Instant.EPOCH.plusNanos(1_000));
  }

  /** What a command was answered: its answer, or the refusal's figures with {@code refused}. */
  Map<String, Object> run(Command<UsageCommand> command) {
    if (command.key() != null && documents.containsKey(command.markers().get(0))) {
      @SuppressWarnings("unchecked")
      Map<String, Object> answer =
          (Map<String, Object>) documents.get(command.markers().get(0)).get("answer");
      return answer;
    }
    Set<Read> read = new HashSet<>(command.reads());
    for (int round = 0; round < 5; round++) {
      sideReads += round == 0 ? read.size() : 0;
      MeterState state = rules.decode(get(command.owner()));
      Decision<MeterState> decision = rules.decide(state, seen(read), command, now);
      if (decision instanceof Decision.NeedsReads<MeterState> needs) {
        assertTrue(read.addAll(needs.reads()), "asked twice for the same");
        sideReads += needs.reads().size();
        continue;
      }
      return carryOut(command, state, decision);
    }
    throw new AssertionError("never decided");
  }

  private Map<String, Object> carryOut(
      Command<UsageCommand> command, MeterState state, Decision<MeterState> decision) {
    if (decision instanceof Decision.Applied<MeterState> applied) {
      Map<String, Object> changes = rules.changes(state, applied.next());
      assertTrue(state.exists() || changes.isEmpty(), "a customer came out of nothing");
      merge(command.owner(), changes);
      applied.writes().forEach(this::write);
      if (command.key() != null) {
        documents.put(
            command.markers().get(0), new LinkedHashMap<>(Map.of("answer", applied.answer())));
      }
      return applied.answer();
    }
    if (decision instanceof Decision.Refused<MeterState> refused) {
      Map<String, Object> answer = new LinkedHashMap<>(refused.figures());
      answer.put("refused", refused.outcome().code());
      return answer;
    }
    return ((Decision.Unchanged<MeterState>) decision).answer();
  }

  void write(Write write) {
    writes++;
    if (write instanceof Write.Create create) {
      assertFalse(documents.containsKey(create.ref()), "exists: " + create.ref());
      documents.put(create.ref(), new LinkedHashMap<>(create.fields()));
    } else if (write instanceof Write.Update update) {
      merge(update.ref(), update.fields());
    } else if (write instanceof Write.Merge merge) {
      merge(merge.ref(), merge.fields());
    } else if (write instanceof Write.Increment increment) {
      increment.amounts().forEach((path, by) -> add(increment.ref(), path, by));
    }
  }

  @SuppressWarnings("unchecked")
  private void merge(DocRef ref, Map<String, Object> fields) {
    fields.forEach(
        (path, value) -> {
          Map<String, Object> at = documents.computeIfAbsent(ref, key -> new LinkedHashMap<>());
          List<String> segments = FieldPath.segments(path);
          for (String segment : segments.subList(0, segments.size() - 1)) {
            at = (Map<String, Object>) at.computeIfAbsent(segment, key -> new TreeMap<>());
          }
          String last = segments.get(segments.size() - 1);
          if (value == Write.REMOVED) {
            at.remove(last);
          } else {
            at.put(last, value);
          }
        });
  }

  @SuppressWarnings("unchecked")
  private void add(DocRef ref, String path, long by) {
    Map<String, Object> at = documents.computeIfAbsent(ref, key -> new LinkedHashMap<>());
    List<String> segments = FieldPath.segments(path);
    for (String segment : segments.subList(0, segments.size() - 1)) {
      at = (Map<String, Object>) at.computeIfAbsent(segment, key -> new TreeMap<>());
    }
    at.merge(segments.get(segments.size() - 1), by, (a, b) -> (Long) a + (Long) b);
  }

  private Seen seen(Set<Read> read) {
    return new Seen() {
      @Override
      public boolean has(Read wanted) {
        return read.contains(wanted);
      }

      @Override
      public Snapshot document(DocRef ref) {
        assertTrue(has(new Read.Get(ref)), "not read: " + ref);
        return get(ref);
      }

      @Override
      public List<RefusedCommand> refusals() {
        return List.of();
      }

      @Override
      public List<Snapshot> found(Query query) {
        throw new AssertionError("nothing is searched for");
      }
    };
  }

  /** One request of these records; the results in their order, or one refusal's figures. */
  List<Map<String, Object>> record(String key, List<Map<String, Object>> records) {
    UsageBatch batch = UsageBatch.parse(records, key, now);
    Map<String, List<Map<String, Object>>> answers = new LinkedHashMap<>();
    for (Command<UsageCommand> command : batch.commands(key, "hash", false)) {
      answers.put(command.owner().id(), results(run(command)));
    }
    return inOrder(batch, answers);
  }

  private static List<Map<String, Object>> inOrder(
      UsageBatch batch, Map<String, List<Map<String, Object>>> answers) {
    Map<Integer, Map<String, Object>> byIndex = new TreeMap<>();
    batch
        .byCustomer()
        .forEach(
            (customer, items) -> {
              List<Map<String, Object>> results = answers.get(customer);
              assertEquals(items.size(), results.size(), "results of " + customer);
              for (int i = 0; i < items.size(); i++) {
                byIndex.put(items.get(i).index(), results.get(i));
              }
            });
    batch.items().stream()
        .filter(parsed -> parsed.item() == null)
        .forEach(
            parsed ->
                byIndex.put(
                    parsed.index(), Map.of("status", "refused", "code", "invalid_request")));
    return List.copyOf(byIndex.values());
  }

  @SuppressWarnings("unchecked")
  static List<Map<String, Object>> results(Map<String, Object> answer) {
    return (List<Map<String, Object>>) answer.get("results");
  }

  /** What the trigger does with an event of this record; the number of steps. */
  int deliver(String usageId) {
    int steps = 0;
    while (true) {
      assertTrue(steps < UsageTriage.MAX_STEPS, "no end: " + usageId);
      Snapshot record = get(UsageIds.recordRef(usageId));
      Snapshot counts = get(UsageIds.countsRef(usageId));
      UsageTriage.Step step = triage.next(record, counts, now);
      if (step instanceof UsageTriage.Step.Done) {
        return steps;
      }
      steps++;
      if (step instanceof UsageTriage.Step.Mark mark) {
        write(mark.write());
      } else if (step instanceof UsageTriage.Step.Run run
          && "pending".equals(run(run.command()).get("status"))) {
        write(triage.pending(run.command(), counts, now));
        return steps;
      }
    }
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  /** The summaries by customer, day and action, without what is nothing. */
  Map<String, Amounts> summed() {
    return summed(false);
  }

  /** What is late in the summaries, by customer, day, day meant and action. */
  Map<String, Amounts> summedLate() {
    return summed(true);
  }

  private Map<String, Amounts> summed(boolean late) {
    Map<String, Amounts> sums = new TreeMap<>();
    summaries()
        .forEach(
            summary ->
                Summaries.eachAmounts(
                    YearMonth.parse((String) summary.fields().get(UsageSummaries.MONTH)),
                    summary,
                    (day, meant, action, amounts) -> {
                      if (late == (meant != null)) {
                        sums.merge(
                            summary.fields().get(UsageSummaries.CUSTOMER_ID)
                                + " "
                                + day
                                + (late ? " " + meant : "")
                                + " "
                                + action,
                            amounts,
                            Amounts::plus);
                      }
                    }));
    sums.values().removeIf(Amounts::isZero);
    return sums;
  }

  /** All documents of summaries. */
  List<Snapshot> summaries() {
    return List.copyOf(documents.keySet()).stream()
        .filter(ref -> ref.collection().equals(UsageSummaries.COLLECTION))
        .map(this::get)
        .toList();
  }
}
