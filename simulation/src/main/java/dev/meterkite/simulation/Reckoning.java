package dev.meterkite.simulation;

import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.EventDelivery;
import dev.meterkite.local.chaos.Journal;
import dev.meterkite.local.chaos.Journal.Operation;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.local.chaos.World;
import dev.meterkite.model.alerts.Alert;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the audit of chaos.sh does not see: reports of outcomes one by one, windows of quotas that
 * are over, monthly credits that are missing, and alerts of quotas that are missing.
 */
final class Reckoning {
  /** Longer than two probes are apart. */
  private static final Duration LONGEST_UNPROBED = Duration.ofMinutes(5);

  private final Documents documents;
  private final EventDelivery events;
  private final Journal journal;
  private final EarlierStates history;
  private final List<String> findings = new ArrayList<>();

  Reckoning(Documents documents, EventDelivery events, Journal journal, EarlierStates history) {
    this.documents = documents;
    this.events = events;
    this.journal = journal;
    this.history = history;
  }

  /** Providers just after they were probed. */
  List<String> ofProviders(Instant now) {
    for (String provider : List.of("openai", "anthropic", "google")) {
      Snapshot health = documents.get(new DocRef(ModelProviderHealth.COLLECTION, provider));
      boolean isFresh =
          health.fields().get(ModelProviderHealth.PROBE) instanceof Map<?, ?> probe
              && probe.get("at") instanceof Instant at
              && at.isAfter(now.minus(LONGEST_UNPROBED));
      if (!isFresh) {
        findings.add(health.ref() + ": is not probed: " + health.fields().get("probe"));
      }
    }
    return taken();
  }

  /** Quotas, while their windows are those of the play. */
  List<String> ofCounters() {
    windows();
    quotaAlerts();
    return taken();
  }

  /** Reports and monthly credits, when everything that was due has been done. */
  List<String> ofCredits(Instant now) {
    reports();
    flags();
    ends();
    monthlyCredits(YearMonth.from(now.atZone(ZoneOffset.UTC)));
    return taken();
  }

  private List<String> taken() {
    List<String> taken = List.copyOf(findings);
    findings.clear();
    return taken;
  }

  /** Each customer has flags of its own, by its tier, but where an event of it was lost. */
  private void flags() {
    for (Snapshot customer : documents.all(Customers.COLLECTION)) {
      DocRef flags = new DocRef(FeatureFlags.COLLECTION, customer.ref().id());
      if (!documents.get(flags).exists()
          && !events.hasLost("on-customer-written", customer.ref())) {
        findings.add(customer.ref() + ": its flags were not initialised");
      }
    }
  }

  private void reports() {
    Set<String> known = new HashSet<>();
    journal.reports.forEach(
        (key, report) -> {
          String memory = Ids.uuid("report-key", key);
          known.add(memory);
          int counted = history.counted(memory);
          boolean acknowledged = report.outcome() == Outcome.APPLIED;
          if (counted > 1 || (acknowledged && counted == 0)) {
            findings.add("report-outcome " + key + ": counted " + counted + " times: " + report);
          }
        });
    for (String counted : new TreeSet<>(history.reports())) {
      if (!known.contains(counted)) {
        findings.add("report-outcome " + counted + ": was reported by nobody");
      }
    }
  }

  /** Each window that is over has the sum of its reservations, where none was open any more. */
  private void windows() {
    Map<String, Instant> made = new TreeMap<>();
    Map<String, Long> settledFor = new HashMap<>();
    Map<String, Instant> settledAt = new HashMap<>();
    for (Snapshot marker : all(IdempotencyKeys.COLLECTION)) {
      Operation operation = journal.operations.get(marker.ref().id());
      if (operation != null
          && marker.fields().get(IdempotencyKeys.CREATED_AT) instanceof Instant at
          && !marker.fields().containsKey(IdempotencyKeys.CODE)) {
        if (operation.function().equals(QuotaRules.RESERVE)) {
          made.put(marker.ref().id(), at);
        } else if (operation.function().equals(QuotaRules.SETTLE) && operation.of() != null) {
          settledFor.put(operation.of(), operation.amount());
          settledAt.put(operation.of(), at);
        }
      }
    }
    for (EarlierStates.Window window : history.windows()) {
      if (!window.quota().startsWith(World.PROVIDER + "_")) {
        continue;
      }
      long tokens = 0;
      long requests = 0;
      for (Map.Entry<String, Instant> each : made.entrySet()) {
        Operation reservation = journal.operations.get(each.getKey());
        Instant at = each.getValue();
        if (reservation == null
            || !reservation.owner().equals(window.quota())
            || at.isBefore(window.start())
            || !at.isBefore(window.end())) {
          continue;
        }
        Instant settled = settledAt.get(each.getKey());
        boolean inTime = settled != null && settled.isBefore(window.end());
        tokens += inTime ? settledFor.get(each.getKey()) : reservation.amount();
        requests++;
      }
      // What is open when a window ends is charged to none, so nothing can be said then.
      if (!window.open() && (requests != window.requests() || tokens != window.tokens())) {
        findings.add(
            "%s/%s: the window of %s had %d tokens and %d requests, its reservations say %d and %d"
                .formatted(
                    ModelQuotas.COLLECTION,
                    window.quota(),
                    window.start(),
                    window.tokens(),
                    window.requests(),
                    tokens,
                    requests));
      }
    }
  }

  /** A quota whose level is up has the alert of that level, but where an event of it was lost. */
  private void quotaAlerts() {
    Set<String> open = openAlerts(documents).collect(Collectors.toSet());
    for (Snapshot quota : documents.all(ModelQuotas.COLLECTION)) {
      if (!(quota.fields().get(ModelQuotas.WINDOWS) instanceof Map<?, ?> windows)
          || !(windows.get("month") instanceof Map<?, ?> window)
          || !World.PROVIDER.equals(quota.fields().get(ModelQuotas.PROVIDER))) {
        continue;
      }
      AlertSubject subject =
          AlertSubject.model(
              World.PROVIDER, String.valueOf(quota.fields().get(ModelQuotas.MODEL_ID)));
      long used = number(window.get(ModelQuotas.TOKENS_USED));
      long limit = number(window.get(ModelQuotas.TOKENS_LIMIT));
      AlertType due =
          used >= limit
              ? AlertType.QUOTA_EXHAUSTED
              : used * 100 >= limit * 95
                  ? AlertType.QUOTA_CRITICAL
                  : used * 100 >= limit * 80 ? AlertType.QUOTA_WARNING : null;
      if (due != null
          && !open.contains(Alerts.fingerprint(due, subject))
          && !events.hasLost("on-quota-written", quota.ref())) {
        findings.add(
            quota.ref() + ": " + used + " of " + limit + " used, and nobody was told: " + due);
      }
    }
  }

  /**
   * Idempotency records, but those of refusals, and decisions are kept for 30 days, and alerts for
   * 90 days, once somebody has acknowledged them.
   */
  private void ends() {
    for (Snapshot each : all(IdempotencyKeys.COLLECTION)) {
      if (!each.fields().containsKey(IdempotencyKeys.CODE)) {
        end(each, IdempotencyKeys.EXPIRE_AT, IdempotencyKeys.CREATED_AT, 30);
      }
    }
    for (Snapshot each : all(RoutingDecisions.COLLECTION)) {
      end(each, RoutingDecisions.EXPIRE_AT, RoutingDecisions.TIMESTAMP, 30);
    }
    for (Snapshot each : all(ModelRouterAlerts.COLLECTION)) {
      if (Alert.of(each).acknowledged()) {
        end(each, ModelRouterAlerts.EXPIRE_AT, ModelRouterAlerts.CREATED_AT, 90);
      }
    }
  }

  private void end(Snapshot document, String end, String made, long days) {
    if (!(document.fields().get(made) instanceof Instant at)
        || !(document.fields().get(end) instanceof Instant expires)
        || expires.isBefore(at.plus(Duration.ofDays(days)))) {
      findings.add(
          "%s: is not kept for %d days: %s to %s"
              .formatted(
                  document.ref(), days, document.fields().get(made), document.fields().get(end)));
    }
  }

  /** The documents of a collection, those too that have expired. */
  private List<Snapshot> all(String collection) {
    List<Snapshot> all = new ArrayList<>(documents.all(collection));
    all.addAll(history.archive().all(collection));
    return all;
  }

  /** The fingerprints of alerts that are open, each as often as it is. */
  static Stream<String> openAlerts(Documents documents) {
    return documents.all(ModelRouterAlerts.COLLECTION).stream()
        .filter(alert -> "open".equals(alert.fields().get(ModelRouterAlerts.STATUS)))
        .map(alert -> String.valueOf(alert.fields().get(ModelRouterAlerts.FINGERPRINT)));
  }

  /**
   * Each user whose tier has monthly credits was granted them in each month in which anything was
   * booked, and in this one, but in the month in which the ledger was opened with a balance.
   */
  private void monthlyCredits(YearMonth present) {
    Map<String, Set<YearMonth>> booked = new HashMap<>();
    Map<String, Set<YearMonth>> granted = new HashMap<>();
    Map<String, YearMonth> opened = new HashMap<>();
    for (Snapshot transaction : documents.all(CreditTransactions.COLLECTION)) {
      Map<String, Object> fields = transaction.fields();
      String user = String.valueOf(fields.get(CreditTransactions.USER_ID));
      if (!(fields.get(CreditTransactions.CREATED_AT) instanceof Instant at)) {
        continue;
      }
      YearMonth month = month(at);
      booked.computeIfAbsent(user, unused -> new TreeSet<>()).add(month);
      opened.merge(user, month, (one, other) -> one.isBefore(other) ? one : other);
      if (fields.get(CreditTransactions.PERIOD_START) instanceof Instant period) {
        granted.computeIfAbsent(user, unused -> new TreeSet<>()).add(month(period));
      }
    }
    for (Snapshot user : documents.all(Users.COLLECTION)) {
      String id = user.ref().id();
      YearMonth first = opened.get(id);
      long credits =
          CurrentPlans.seeded()
              .tier(String.valueOf(user.fields().get(Users.TIER)))
              .map(UserTier::monthlyCredits)
              .orElse(0L);
      if (credits == 0 || first == null || journal.wiped.contains(id)) {
        continue;
      }
      Set<YearMonth> due = new TreeSet<>(booked.getOrDefault(id, Set.of()));
      due.add(present);
      if (!journal.registered.contains(id)) {
        due.remove(first);
      }
      due.removeAll(granted.getOrDefault(id, Set.of()));
      if (!due.isEmpty()) {
        findings.add(user.ref() + ": was not granted the credits of " + due);
      }
    }
  }

  private static YearMonth month(Instant at) {
    return YearMonth.from(at.atZone(ZoneOffset.UTC));
  }

  private static long number(@Nullable Object value) {
    return value instanceof Long number ? number : 0;
  }
}
