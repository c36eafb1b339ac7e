package dev.meterkite.local.chaos;

import static dev.meterkite.local.chaos.Audit.number;

import dev.meterkite.local.chaos.Journal.Operation;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Each reservation and settlement that was acknowledged left its marker; nothing is reserved any
 * more; what the present window used is the sum of its reservations, each at what it was settled
 * for, or at its estimate where it lapsed. No report of an outcome is remembered twice.
 */
final class QuotaCheck {
  private final Audit audit;
  private final Journal journal;

  /** When each reservation was made, by its id, and of which quota. */
  private final Map<String, Instant> madeAt = new HashMap<>();

  private final Set<String> found = new HashSet<>();

  /** What each reservation was settled for; none for one that was not. */
  private final Map<String, Long> settled = new HashMap<>();

  QuotaCheck(Audit audit, Journal journal) {
    this.audit = audit;
    this.journal = journal;
  }

  void run() {
    audit.each(IdempotencyKeys.COLLECTION, this::marker);
    journal.operations.forEach(this::operation);
    audit.each(ModelQuotas.COLLECTION, this::quota);
    audit.each(ModelProviderHealth.COLLECTION, this::health);
  }

  private void marker(Snapshot marker) {
    Object operation = marker.fields().get(IdempotencyKeys.OPERATION);
    boolean reserves = QuotaRules.RESERVE.equals(operation);
    boolean isRefusal = marker.fields().containsKey(IdempotencyKeys.CODE);
    if (isRefusal || (!reserves && !QuotaRules.SETTLE.equals(operation))) {
      return;
    }
    found.add(marker.ref().id());
    if (journal.reckonedElsewhere.contains(marker.ref().id())) {
      return;
    }
    if (!journal.operations.containsKey(marker.ref().id())) {
      audit.find(marker.ref(), "belongs to no operation");
    } else if (reserves && marker.fields().get(IdempotencyKeys.CREATED_AT) instanceof Instant at) {
      madeAt.put(marker.ref().id(), at);
    }
  }

  private void operation(String marker, Operation operation) {
    if (!operation.function().endsWith("-quota")) {
      return;
    }
    boolean there = found.contains(marker);
    if (operation.outcome() == Outcome.APPLIED && !there) {
      audit.find(operation.function() + " " + marker + ": acknowledged and lost: " + operation);
    }
    boolean settles = operation.function().equals(QuotaRules.SETTLE) && operation.of() != null;
    if (settles && there && settled.put(operation.of(), operation.amount()) != null) {
      audit.find(operation.function() + " " + marker + ": settled a second time: " + operation);
    }
  }

  private void quota(Snapshot quota) {
    Map<?, ?> windows =
        quota.fields().get(ModelQuotas.WINDOWS) instanceof Map<?, ?> map ? map : Map.of();
    if (!(windows.get("month") instanceof Map<?, ?> window)
        || !String.valueOf(quota.fields().get(ModelQuotas.PROVIDER)).equals(World.PROVIDER)) {
      return;
    }
    if (quota.fields().get(ModelQuotas.RESERVATIONS) instanceof Map<?, ?> reservations) {
      reservations.forEach(
          (id, reservation) -> {
            if (reservation instanceof Map<?, ?> open && open.get("expires_at") != null) {
              audit.find(quota.ref(), "reservation " + id + " is still open");
            }
          });
    }
    if (!(window.get(ModelQuotas.STARTS_AT) instanceof Instant start)) {
      audit.find(quota.ref(), "its window has no beginning");
      return;
    }
    compare(quota.ref(), window, start);
  }

  private void compare(DocRef quota, Map<?, ?> window, Instant start) {
    long tokens = 0;
    long requests = 0;
    long beyond = 0;
    for (Map.Entry<String, Instant> made : madeAt.entrySet()) {
      Operation reservation = journal.operations.get(made.getKey());
      if (reservation != null
          && reservation.owner().equals(quota.id())
          && !made.getValue().isBefore(start)) {
        long settledFor = settled.getOrDefault(made.getKey(), reservation.amount());
        tokens += settledFor;
        beyond += Math.max(0, settledFor - reservation.amount());
        requests++;
      }
    }
    long used = number(window.get(ModelQuotas.TOKENS_USED));
    // Each reservation fitted when it was made; only settlements may pass the limit.
    long limit = number(window.get(ModelQuotas.TOKENS_LIMIT));
    if (used > limit + beyond) {
      audit.find(quota, used + " tokens used of " + limit + ", settled beyond estimates " + beyond);
    }
    long called = number(window.get(ModelQuotas.REQUESTS_USED));
    if (used != tokens || called != requests) {
      audit.find(
          quota,
          "%d tokens and %d requests used, the reservations say %d and %d"
              .formatted(used, called, tokens, requests));
    }
  }

  private void health(Snapshot health) {
    Object recent = health.fields().get(ModelProviderHealth.RECENT_KEYS);
    if (recent instanceof List<?> keys && new HashSet<>(keys).size() < keys.size()) {
      audit.find(health.ref(), "remembers a report twice");
    }
  }
}
