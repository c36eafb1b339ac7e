package dev.meterkite.model.routing;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What stored decisions say of their task: which models were tried, and when they expire. */
public final class RoutingAudit {
  /** A decision expires this long after it was taken. */
  public static final Duration RETENTION = Duration.ofDays(30);

  /** The reason on a decision that chose nothing, and the code of the answer. */
  public static final String NO_CANDIDATE = "no_candidate";

  /** The most models that one task can have tried and still exclude; the latest ones are kept. */
  public static final int MAX_TRIED = 50;

  /** The most characters of their names. */
  private static final int MAX_TRIED_LENGTH = 2_000;

  private RoutingAudit() {}

  /** The document of a decision. */
  public static DocRef ref(String decisionId) {
    return new DocRef(RoutingDecisions.COLLECTION, decisionId);
  }

  /**
   * The models that were tried for a task until this decision's call failed: those tried before it,
   * the one it chose, and those reported as failed under it.
   */
  public static Set<String> tried(Snapshot decision) {
    Set<String> tried = new LinkedHashSet<>();
    for (String list : List.of(RoutingDecisions.TRIED, RoutingDecisions.FAILED)) {
      tried.addAll(DecisionCodec.names(decision, list));
    }
    String provider = FieldValues.text(decision.fields().get(RoutingDecisions.SELECTED_PROVIDER));
    String model = FieldValues.text(decision.fields().get(RoutingDecisions.SELECTED_MODEL));
    if (provider != null && model != null) {
      tried.add(provider + "/" + model);
    }
    return Collections.unmodifiableSet(new LinkedHashSet<>(latest(tried)));
  }

  /** The last names, {@value #MAX_TRIED} and {@value #MAX_TRIED_LENGTH} characters at most. */
  private static List<String> latest(Set<String> names) {
    List<String> all = List.copyOf(names);
    int from = all.size();
    int length = 0;
    while (from > 0 && all.size() - from < MAX_TRIED) {
      length += all.get(from - 1).length();
      if (length > MAX_TRIED_LENGTH) {
        break;
      }
      from--;
    }
    return all.subList(from, all.size());
  }

  /** Whether a failure reported under this decision is the first of its task. */
  public static boolean isFirstAttempt(Snapshot decision) {
    return decision.fields().get(RoutingDecisions.ATTEMPT_OF) == null
        && FieldValues.list(decision.fields().get(RoutingDecisions.FAILED)).isEmpty();
  }

  /** The names of failed models with one more; at most {@value #MAX_TRIED}. */
  public static List<String> failed(Snapshot decision, String name) {
    Set<String> failed =
        new LinkedHashSet<>(DecisionCodec.names(decision, RoutingDecisions.FAILED));
    failed.add(name);
    return latest(failed);
  }

  /** Decides again from a decision's document alone. */
  public static Router.Choice replay(Snapshot decision) {
    DecisionCodec.Inputs inputs = DecisionCodec.inputs(decision);
    return Router.choose(inputs.candidates(), inputs.lost(), inputs.prices(), inputs.draw());
  }

  /**
   * The {@code expire_at} that a decision of another writer lacks or contradicts: 30 days after its
   * {@code timestamp}, or after it was last written where it has none; empty when all is well.
   */
  public static Optional<Instant> missingExpiry(Snapshot decision) {
    if (!decision.exists()) {
      return Optional.empty();
    }
    Instant taken = FieldValues.instant(decision.fields().get(RoutingDecisions.TIMESTAMP));
    Object stands = decision.fields().get(RoutingDecisions.EXPIRE_AT);
    if (taken == null) {
      return stands instanceof Instant
          ? Optional.empty()
          : Optional.ofNullable(decision.updateTime()).map(at -> at.plus(RETENTION));
    }
    Instant due = taken.plus(RETENTION);
    return due.equals(stands) ? Optional.empty() : Optional.of(due);
  }
}
