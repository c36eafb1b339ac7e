package dev.meterkite.functions.quotas;

import dev.meterkite.model.schema.Schema.Sweeps;
import dev.meterkite.model.schema.Sweep;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/** A run of {@code reset-quotas} as its answer, and as the document that notes it. */
final class SweepResultCodec {
  private SweepResultCodec() {}

  static Map<String, Object> answer(SweepResult result) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("customers_reset", result.customersReset());
    members.put("model_quotas_reset", result.modelsReset());
    members.put("months_closed", result.monthsClosed());
    members.put("records_recounted", result.recordsRecounted());
    members.put("customers_audited", result.customersAudited());
    members.put("records_redriven", result.recordsRedriven());
    members.put("more", result.more());
    return members;
  }

  /** The fields of the sweep's document after a run. */
  static Map<String, Object> ran(Instant at) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Sweeps.NAME, Sweep.RESET_QUOTAS.ref().id());
    fields.put(Sweeps.UPDATED_AT, at.truncatedTo(ChronoUnit.MICROS));
    return fields;
  }
}
