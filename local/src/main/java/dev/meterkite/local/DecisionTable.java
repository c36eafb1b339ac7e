package dev.meterkite.local;

import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The router's decisions. They never change, and expire after 30 days: a run writes those up to the
 * watermark that no earlier run has.
 */
final class DecisionTable implements WarehouseTable {
  private static final String ID = "decision_id";

  private static final List<String> COLUMNS =
      List.of(
          RoutingDecisions.JOB_ID,
          RoutingDecisions.TASK_TYPE,
          RoutingDecisions.SELECTED_PROVIDER,
          RoutingDecisions.SELECTED_MODEL,
          RoutingDecisions.SCORE,
          RoutingDecisions.INPUT_TOKENS,
          RoutingDecisions.OUTPUT_TOKENS,
          RoutingDecisions.ESTIMATED_COST_MICROS,
          RoutingDecisions.ATTEMPT_OF,
          RoutingDecisions.TIMESTAMP);

  private final Store store;

  DecisionTable(Store store) {
    this.store = store;
  }

  @Override
  public String name() {
    return "decisions";
  }

  @Override
  public List<String> summed() {
    return List.of();
  }

  @Override
  public Rows rows(List<Map<String, Object>> earlier, Instant until) {
    Set<Object> written = earlier.stream().map(row -> row.get(ID)).collect(Collectors.toSet());
    List<Map<String, Object>> rows = new ArrayList<>();
    long[] found = {0};
    Pages.each(
        store,
        RoutingDecisions.COLLECTION,
        decision -> {
          if (decision.fields().get(RoutingDecisions.TIMESTAMP) instanceof Instant at
              && !at.isAfter(until)) {
            found[0]++;
            if (!written.contains(decision.ref().id())) {
              Map<String, Object> row = new LinkedHashMap<>();
              row.put(ID, decision.ref().id());
              row.putAll(WarehouseTable.row(decision.fields(), COLUMNS));
              rows.add(row);
            }
          }
        });
    Query counted =
        Query.of(RoutingDecisions.COLLECTION, 1)
            .where(RoutingDecisions.TIMESTAMP, Query.Op.LESS_OR_EQUAL, until);
    long count = store.total(counted, null).join().longValue();
    List<String> findings =
        count == found[0]
            ? List.of()
            : List.of("decisions: " + found[0] + " read, but " + count + " documents");
    return new Rows(rows, 0, findings);
  }
}
