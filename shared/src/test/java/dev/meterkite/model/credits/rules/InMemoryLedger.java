package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertStatus;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.audit.LedgerAudit;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.jobs.JobEvent;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Documents in memory, and commands applied to them the way the engine does: reads on demand, all
 * writes of a decision or none, creates only where nothing is, replays by marker.
 */
public final class InMemoryLedger {
  public static final String USER = "u1";
  public static final Instant START = Instant.parse("2026-11-10T10:00:00Z");

  public final Map<DocRef, Map<String, Object>> documents = new LinkedHashMap<>();
  public final CreditRules rules;
  public Instant now = START;

  /** Whether the next commands see cached owner documents, as most commands in the engine do. */
  public boolean isCached = true;

  /** What the last decision asked for, beyond what its command brought. */
  public final List<Read> asked = new ArrayList<>();

  private final List<DocRef> journal = new ArrayList<>();
  private int keys;

  public InMemoryLedger() {
    this(ForeignBalance.PUT_BACK);
  }

  public InMemoryLedger(ForeignBalance foreign) {
    this(new CreditRules(foreign, DefaultPlans.PLANS));
  }

  public InMemoryLedger(CreditRules rules) {
    this.rules = rules;
  }

  /** A bank with a user of a tier and balance, as another program made it. */
  public static InMemoryLedger with(String tier, long balance) {
    InMemoryLedger bank = new InMemoryLedger();
    bank.user(USER, tier, balance);
    return bank;
  }

  public InMemoryLedger user(String userId, String tier, Object balance) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Users.USER_ID, userId);
    fields.put(Users.TIER, tier);
    if (balance != null) {
      fields.put(Users.CREDITS_BALANCE, balance);
    }
    fields.put("theirs", "kept");
    documents.put(CreditRefs.user(userId), fields);
    return this;
  }

  public InMemoryLedger after(Duration time) {
    now = now.plus(time);
    return this;
  }

  public String key() {
    return "key-" + keys++;
  }

  /** All documents as they are; changes replace documents and never touch them. */
  public Map<DocRef, Map<String, Object>> copy() {
    return new HashMap<>(documents);
  }

  public Snapshot snapshot(DocRef ref) {
    Map<String, Object> fields = documents.get(ref);
    return fields == null ? Snapshot.absent(ref) : new Snapshot(ref, fields, now);
  }

  public CreditState state() {
    return rules.decode(snapshot(CreditRefs.user(USER)));
  }

  public Ledger ledger() {
    return state().ledger();
  }

  private final class Reading implements Seen {
    private final Set<Read> read = new HashSet<>();

    @Override
    public boolean has(Read what) {
      return read.contains(what);
    }

    @Override
    public Snapshot document(DocRef ref) {
      assertTrue(read.contains(new Read.Get(ref)), () -> "never read: " + ref);
      return snapshot(ref);
    }

    @Override
    public List<RefusedCommand> refusals() {
      return List.of();
    }

    @Override
    public List<Snapshot> found(Query query) {
      assertTrue(read.contains(new Read.Find(query)), () -> "never asked: " + query);
      return find(query);
    }
  }

  /** What became of a command: {@code replayed}, {@code unchanged}, {@code applied} or the code. */
  public String run(Command<CreditCommand> command) {
    if (command.markers().stream().anyMatch(documents::containsKey)) {
      return "replayed";
    }
    Decision<CreditState> decision = decide(command);
    if (decision instanceof Decision.Refused<CreditState> refused) {
      return refused.outcome().code();
    }
    if (decision instanceof Decision.Unchanged<CreditState> unchanged) {
      assertFalse(unchanged.answer().isEmpty(), "nothing is told");
      return "unchanged";
    }
    assertInstanceOf(Decision.Applied.class, decision);
    return "applied";
  }

  /** Decides a command and commits what applies. */
  public Decision<CreditState> decide(Command<CreditCommand> command) {
    Reading seen = new Reading();
    command.seen().forEach(snapshot -> seen.read.add(new Read.Get(snapshot.ref())));
    seen.read.addAll(command.reads());
    if (!isCached) {
      seen.read.add(new Read.Get(command.owner()));
    }
    asked.clear();
    CreditState state = rules.decode(snapshot(command.owner()));
    Decision<CreditState> decision = rules.decide(state, seen, command, now);
    for (int round = 0; decision instanceof Decision.NeedsReads<CreditState> needs; round++) {
      assertTrue(round < 5, "reads for ever");
      assertFalse(seen.read.containsAll(needs.reads()), "asks for what it has");
      asked.addAll(needs.reads());
      seen.read.addAll(needs.reads());
      seen.read.add(new Read.Get(command.owner()));
      decision = rules.decide(state, seen, command, now);
    }
    if (decision instanceof Decision.Applied<CreditState> applied) {
      commit(command, state, applied);
    }
    return decision;
  }

  /** Commits what a decision wants. */
  public void commit(
      Command<CreditCommand> command, CreditState before, Decision.Applied<CreditState> applied) {
    for (Write write : applied.writes()) {
      if (write instanceof Write.Create create) {
        assertTrue(!documents.containsKey(create.ref()), () -> "exists: " + create.ref());
        documents.put(create.ref(), new LinkedHashMap<>(create.fields()));
        if (create.ref().collection().equals(CreditTransactions.COLLECTION)) {
          journal.add(create.ref());
        }
      } else if (write instanceof Write.Update update) {
        set(update.ref(), update.fields());
      } else if (write instanceof Write.Merge merge) {
        set(merge.ref(), merge.fields());
      }
    }
    if (command.key() != null && command.markers().stream().noneMatch(documents::containsKey)) {
      command.markers().stream()
          .filter(ref -> ref.collection().equals("idempotency_keys"))
          .findFirst()
          .ifPresent(ref -> documents.put(ref, new LinkedHashMap<>()));
    }
    Map<String, Object> changes = rules.changes(before, applied.next());
    if (!changes.isEmpty()) {
      set(command.owner(), changes);
    }
    // State to document to state: what was written is what was meant.
    assertEquals(applied.next(), rules.decode(snapshot(command.owner())));
  }

  /** Sets fields of a document, as a commit does. */
  @SuppressWarnings("unchecked")
  public void set(DocRef ref, Map<String, Object> changes) {
    Map<String, Object> document =
        new LinkedHashMap<>(documents.getOrDefault(ref, Map.of())); // copied: see copy()
    documents.put(ref, document);
    changes.forEach(
        (path, value) -> {
          List<String> segments = FieldPath.segments(path);
          Map<String, Object> map = document;
          for (String segment : segments.subList(0, segments.size() - 1)) {
            Map<String, Object> copy =
                map.get(segment) instanceof Map<?, ?> found
                    ? new LinkedHashMap<>((Map<String, Object>) found)
                    : new LinkedHashMap<>();
            map.put(segment, copy);
            map = copy;
          }
          String last = segments.get(segments.size() - 1);
          if (value == Write.REMOVED) {
            map.remove(last);
          } else {
            map.put(last, value);
          }
        });
  }

  /** What a query finds. */
  public List<Snapshot> find(Query query) {
    Stream<Snapshot> found =
        documents.keySet().stream()
            .filter(ref -> ref.collection().equals(query.collection()))
            .map(this::snapshot)
            .filter(each -> query.filters().stream().allMatch(filter -> meets(each, filter)));
    for (int i = query.orders().size() - 1; i >= 0; i--) {
      Query.Order order = query.orders().get(i);
      Comparator<Snapshot> comparator = (a, b) -> compare(value(a, order), value(b, order));
      found =
          found
              .filter(each -> value(each, order) != null)
              .sorted(order.descending() ? comparator.reversed() : comparator);
    }
    return found.filter(each -> isBehind(each, query)).limit(query.limit()).toList();
  }

  /** Whether a document comes behind the one that a query starts after. */
  private static boolean isBehind(Snapshot each, Query query) {
    for (int i = 0; i < query.startAfter().size(); i++) {
      Query.Order order = query.orders().get(i);
      int difference = compare(value(each, order), query.startAfter().get(i));
      if (difference != 0) {
        return difference > 0 != order.descending();
      }
    }
    return query.startAfter().isEmpty();
  }

  private static Object value(Snapshot each, Query.Order order) {
    return order.field().equals(Query.ID) ? each.ref().id() : each.fields().get(order.field());
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static int compare(Object a, Object b) {
    return ((Comparable) a).compareTo(b);
  }

  private static boolean meets(Snapshot each, Query.Filter filter) {
    Object value = each.fields().get(filter.field());
    if (value == null || value.getClass() != filter.value().getClass()) {
      return false;
    }
    int order = compare(value, filter.value());
    return switch (filter.op()) {
      case EQUAL -> order == 0;
      case LESS -> order < 0;
      case LESS_OR_EQUAL -> order <= 0;
      case GREATER -> order > 0;
      case GREATER_OR_EQUAL -> order >= 0;
    };
  }

  // What tests do, in short.

  public String debit(long amount) {
    return run(CreditCommands.debit(USER, amount, null, null, key(), "h"));
  }

  public String grant(long amount, Instant expiresAt) {
    return run(
        CreditCommands.grant(USER, amount, TransactionType.PURCHASE, expiresAt, null, key(), "h"));
  }

  public String sweep() {
    return run(CreditCommands.sweep(USER));
  }

  /** What a sweep answers now. */
  public Map<String, Object> sweepAnswer() {
    Decision<CreditState> decision = decide(CreditCommands.sweep(USER));
    return decision instanceof Decision.Applied<CreditState> applied
        ? applied.answer()
        : ((Decision.Unchanged<CreditState>) decision).answer();
  }

  /** Holds credits for a day under this key. */
  public String hold(String key, long amount) {
    return run(CreditCommands.hold(USER, amount, null, Duration.ofDays(1), key, "h"));
  }

  public String holdId(String key) {
    Command<CreditCommand> hold = CreditCommands.hold(USER, 1, null, Duration.ofDays(1), key, "h");
    return hold.markers().get(0).id();
  }

  public String capture(String holdKey, Long amount) {
    return run(CreditCommands.settle(USER, holdId(holdKey), true, amount, key(), "h"));
  }

  public String release(String holdKey) {
    return run(CreditCommands.settle(USER, holdId(holdKey), false, null, key(), "h"));
  }

  public String refund(String transactionId, Long amount) {
    Snapshot transaction = snapshot(new DocRef(CreditTransactions.COLLECTION, transactionId));
    return CreditCommands.refund(transaction, amount, "asked for", key(), "h")
        .map(this::run)
        .orElse("not_found");
  }

  /** Writes a job as the pipeline does: fields on top of what is there. */
  public InMemoryLedger job(String jobId, Object... fields) {
    DocRef ref = new DocRef(PodcastJobs.COLLECTION, jobId);
    Map<String, Object> job = new LinkedHashMap<>(documents.getOrDefault(ref, Map.of()));
    documents.put(ref, job);
    job.putIfAbsent(PodcastJobs.JOB_ID, jobId);
    job.putIfAbsent(PodcastJobs.USER_ID, USER);
    job.putIfAbsent(PodcastJobs.DURATION_MIN, 10.0);
    job.putIfAbsent(PodcastJobs.CREATED_AT, now);
    for (int i = 0; i < fields.length; i += 2) {
      job.put((String) fields[i], fields[i + 1]);
    }
    return this;
  }

  /** Delivers an event of a job. */
  public String event(String jobId) {
    return event(jobId, new JobEvent(USER, 0, null));
  }

  /** Delivers an event of a job that went from one version to another, and asks whoever pays. */
  public String event(String jobId, Map<String, Object> before, Map<String, Object> after) {
    DocRef ref = new DocRef(PodcastJobs.COLLECTION, jobId);
    return event(jobId, JobEvent.of(version(ref, before), version(ref, after)));
  }

  private static Snapshot version(DocRef ref, Map<String, Object> fields) {
    return fields.isEmpty() ? Snapshot.absent(ref) : new Snapshot(ref, fields, START);
  }

  public String event(String jobId, JobEvent event) {
    String outcome = "nobody's";
    boolean applied = false;
    boolean handsOver = true;
    for (int i = 0; i < 4 && handsOver; i++) {
      Snapshot job = snapshot(new DocRef(PodcastJobs.COLLECTION, jobId));
      Snapshot first = snapshot(CreditRefs.jobHold(jobId));
      Snapshot latest = snapshot(CreditCommands.latestJobHold(jobId, first));
      handsOver = CreditCommands.handsOver(job, first, latest, event);
      outcome = CreditCommands.job(job, first, latest, event).map(this::run).orElse("nobody's");
      applied |= outcome.equals("applied");
    }
    return applied ? "applied" : outcome;
  }

  public Map<String, Object> jobHold(String jobId, long attempt) {
    return documents.getOrDefault(CreditRefs.jobHold(jobId, attempt), Map.of());
  }

  /** A job as it stands. */
  public Map<String, Object> copyOf(String jobId) {
    return new LinkedHashMap<>(documents.get(new DocRef(PodcastJobs.COLLECTION, jobId)));
  }

  public Object jobField(String jobId, String field) {
    return documents.get(new DocRef(PodcastJobs.COLLECTION, jobId)).get(field);
  }

  public Object payment(String jobId, String field) {
    return jobField(jobId, PodcastJobs.PAYMENT) instanceof Map<?, ?> map ? map.get(field) : null;
  }

  /** The user's transactions in the order in which they were committed. */
  public List<Map<String, Object>> transactions() {
    return journal.stream()
        .map(ref -> documents.getOrDefault(ref, Map.of()))
        .filter(each -> USER.equals(each.get(CreditTransactions.USER_ID)))
        .toList();
  }

  /** Type and amount of each transaction, such as {@code deduction -30}. */
  public List<String> entries() {
    return transactions().stream()
        .map(each -> each.get(CreditTransactions.TYPE) + " " + each.get(CreditTransactions.AMOUNT))
        .toList();
  }

  public Map<String, Object> lastTransaction() {
    List<Map<String, Object>> all = transactions();
    return all.get(all.size() - 1);
  }

  public String lastTransactionId() {
    return (String) lastTransaction().get(CreditTransactions.TRANSACTION_ID);
  }

  public List<Object> alerts() {
    return all(ModelRouterAlerts.COLLECTION).stream()
        .map(each -> each.get(ModelRouterAlerts.TYPE))
        .toList();
  }

  /** How many alerts of a type are open. */
  public long openAlerts(AlertType type) {
    return all(ModelRouterAlerts.COLLECTION).stream()
        .filter(each -> type.wire().equals(each.get(ModelRouterAlerts.TYPE)))
        .filter(each -> AlertStatus.OPEN.wire().equals(each.get(ModelRouterAlerts.STATUS)))
        .count();
  }

  private List<Map<String, Object>> all(String collection) {
    List<Map<String, Object>> all = new ArrayList<>();
    documents.forEach(
        (ref, fields) -> {
          if (ref.collection().equals(collection)) {
            all.add(fields);
          }
        });
    return all;
  }

  public List<Snapshot> openHolds() {
    return documents.keySet().stream()
        .filter(ref -> ref.collection().equals(CreditHolds.COLLECTION))
        .map(this::snapshot)
        .filter(each -> USER.equals(each.fields().get(CreditHolds.USER_ID)))
        .filter(each -> HoldStatus.HELD.wire().equals(each.fields().get(CreditHolds.STATUS)))
        .toList();
  }

  /** What an audit of the books finds. */
  public List<LedgerAudit.Finding> audit() {
    LedgerAudit audit = new LedgerAudit(state());
    transactions().forEach(audit::add);
    return audit.compare(state(), openHolds());
  }

  /** {@code balance/held} and the lots as {@code left@expiry}. */
  public String figures() {
    Ledger ledger = ledger();
    return ledger.balance() + "/" + ledger.held();
  }

  public List<String> lots() {
    return ledger().lots().list().stream()
        .map(lot -> lot.remaining() + (lot.expiresAt() == null ? "" : "@" + lot.expiresAt()))
        .toList();
  }
}
