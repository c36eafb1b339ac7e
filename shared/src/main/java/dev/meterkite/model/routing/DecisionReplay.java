package dev.meterkite.model.routing;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a stored decision's request would be given now, beside what it was given then. The draw is
 * the decision's own, so that all that differs comes from health, quotas, prices and the catalogue.
 */
public final class DecisionReplay {
  /** Of a decision's document what an outcome is made of; the rest is what was asked. */
  private static final List<String> OUTCOME =
      List.of(
          RoutingDecisions.SELECTED_PROVIDER,
          RoutingDecisions.SELECTED_MODEL,
          RoutingDecisions.SCORE,
          RoutingDecisions.ESTIMATED_COST_MICROS,
          RoutingDecisions.TRIAL,
          RoutingDecisions.REASON,
          RoutingDecisions.RETRY_AT,
          RoutingDecisions.CHEAPEST_MICROS,
          RoutingDecisions.DEAREST_MICROS,
          RoutingDecisions.CANDIDATES,
          RoutingDecisions.EXCLUDED,
          RoutingDecisions.FALLBACKS);

  /** Of a candidate what counts as a difference. */
  private static final List<String> COMPARED =
      List.of("score", "unfit", "trial", "cost_micros", "terms");

  private DecisionReplay() {}

  /**
   * The replay as callers see it: {@code replayed_at, same_model}, the fields of a decision's
   * outcome, and {@code differences: [{provider, model_id, then?, now?}]} with {@code score, unfit,
   * trial, cost_micros, terms} of each candidate for which one of them differs; {@code then} or
   * {@code now} is absent where it was not weighed.
   *
   * @param decision the stored decision
   * @param request what it was asked for
   * @param weighed what would be weighed now
   */
  public static Map<String, Object> of(
      Snapshot decision, RouteRequest request, Weighed weighed, Instant now) {
    Map<String, Object> document =
        DecisionCodec.document(request, weighed, weighed.choice(), null, now);
    Map<String, Object> replay = new LinkedHashMap<>();
    replay.put("replayed_at", now);
    replay.put("same_model", chosen(document).equals(chosen(decision.fields())));
    for (String name : OUTCOME) {
      Object value = document.get(name);
      if (value != null) {
        replay.put(name, value);
      }
    }
    replay.put("differences", differences(decision.fields(), document));
    return replay;
  }

  private static List<String> chosen(Map<String, Object> decision) {
    return List.of(
        String.valueOf(decision.get(RoutingDecisions.SELECTED_PROVIDER)),
        String.valueOf(decision.get(RoutingDecisions.SELECTED_MODEL)));
  }

  private static List<Map<String, Object>> differences(
      Map<String, Object> before, Map<String, Object> after) {
    Map<List<String>, Map<String, Object>> then = candidates(before);
    Map<List<String>, Map<String, Object>> now = candidates(after);
    Set<List<String>> names = new LinkedHashSet<>(now.keySet());
    names.addAll(then.keySet());
    List<Map<String, Object>> differences = new ArrayList<>();
    for (List<String> name : names) {
      if (!Objects.equals(then.get(name), now.get(name))) {
        Map<String, Object> difference = new LinkedHashMap<>();
        difference.put("provider", name.get(0));
        difference.put("model_id", name.get(1));
        put(difference, "then", then.get(name));
        put(difference, "now", now.get(name));
        differences.add(difference);
      }
    }
    return differences;
  }

  private static void put(
      Map<String, Object> into, String name, @Nullable Map<String, Object> value) {
    if (value != null) {
      into.put(name, value);
    }
  }

  /** The compared fields of each candidate, by provider and model. */
  private static Map<List<String>, Map<String, Object>> candidates(Map<String, Object> decision) {
    Map<List<String>, Map<String, Object>> all = new LinkedHashMap<>();
    for (Object entry : FieldValues.list(decision.get(RoutingDecisions.CANDIDATES))) {
      Map<String, @Nullable Object> candidate = FieldValues.map(entry);
      Map<String, Object> compared = new LinkedHashMap<>();
      for (String name : COMPARED) {
        Object value = candidate.get(name);
        if (value != null) {
          compared.put(name, value);
        }
      }
      all.put(
          List.of(
              String.valueOf(candidate.get("provider")), String.valueOf(candidate.get("model_id"))),
          compared);
    }
    return all;
  }
}
