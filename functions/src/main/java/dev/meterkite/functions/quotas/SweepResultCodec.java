package dev.meterkite.functions.quotas;

import java.util.LinkedHashMap;
import java.util.Map;

/** A run of {@code reset-quotas} as its answer. */
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
}
