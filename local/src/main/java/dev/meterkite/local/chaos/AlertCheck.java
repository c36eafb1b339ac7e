package dev.meterkite.local.chaos;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One alert an incident: of what lasts at most one open alert of a fingerprint; never more than
 * five of a fingerprint within an hour; of a balance that another program changed at least one and
 * at most as many as there were changes; and none that says that the books are wrong.
 */
final class AlertCheck {
  private static final int MOST_AN_HOUR = 5;
  private static final String MISMATCH = "ledger_mismatch";
  private static final Set<String> LASTING =
      Set.of(
          "quota_warning",
          "quota_critical",
          "quota_exhausted",
          "provider_unhealthy",
          "provider_unavailable",
          "circuit_breaker_opened",
          "usage_quota_warning",
          "usage_quota_exhausted");

  private final Audit audit;
  private final Journal journal;
  private final Map<String, List<Instant>> raised = new HashMap<>();
  private final Set<String> open = new HashSet<>();

  /** Alerts of changed balances, by user. */
  private final Map<String, Long> mismatches = new HashMap<>();

  AlertCheck(Audit audit, Journal journal) {
    this.audit = audit;
    this.journal = journal;
  }

  void run() {
    audit.each(ModelRouterAlerts.COLLECTION, this::alert);
    raised.forEach(this::rate);
    journal.foreignBalances.forEach(
        (user, changes) -> {
          if (!mismatches.containsKey(user) && !journal.wiped.contains(user)) {
            audit.find("users/" + user + ": its balance was changed, and nobody was told");
          }
        });
  }

  private void alert(Snapshot alert) {
    Map<String, Object> fields = alert.fields();
    String type = String.valueOf(fields.get(ModelRouterAlerts.TYPE));
    String fingerprint = String.valueOf(fields.get(ModelRouterAlerts.FINGERPRINT));
    if (fields.get(ModelRouterAlerts.CREATED_AT) instanceof Instant at) {
      raised.computeIfAbsent(fingerprint, unused -> new ArrayList<>()).add(at);
    } else {
      audit.find(alert.ref(), "does not say when it was raised");
    }
    boolean lasts = LASTING.contains(type) && "open".equals(fields.get(ModelRouterAlerts.STATUS));
    if (lasts && !open.add(fingerprint)) {
      audit.find(alert.ref(), "is a second open alert of " + fingerprint);
    }
    if (type.equals(MISMATCH)) {
      mismatch(alert);
    }
  }

  private void mismatch(Snapshot alert) {
    String user = String.valueOf(alert.fields().get(ModelRouterAlerts.USER_ID));
    long changes = journal.foreignBalances.getOrDefault(user, 0L);
    boolean wiped = journal.wiped.contains(user);
    if (changes == 0 && !wiped) {
      audit.find(alert.ref(), String.valueOf(alert.fields().get(ModelRouterAlerts.MESSAGE)));
      return;
    }
    boolean ofAudit =
        String.valueOf(alert.fields().get(ModelRouterAlerts.MESSAGE)).startsWith("user ");
    if (!ofAudit && mismatches.merge(user, 1L, Long::sum) > changes && !wiped) {
      audit.find(alert.ref(), "is one more than the " + changes + " changes of " + user);
    }
  }

  private void rate(String fingerprint, List<Instant> moments) {
    Collections.sort(moments);
    for (int i = MOST_AN_HOUR; i < moments.size(); i++) {
      Instant earlier = moments.get(i - MOST_AN_HOUR);
      boolean within = moments.get(i).isBefore(earlier.plus(Duration.ofHours(1)));
      if (within && !fingerprint.startsWith(MISMATCH)) {
        audit.find(fingerprint + ": more than five alerts within the hour after " + earlier);
        return;
      }
    }
  }
}
