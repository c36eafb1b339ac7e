package dev.meterkite.model.quotas;

import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertFamily;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;

/** What a model's quota document calls for in alerts, whoever wrote it. */
public final class QuotaAlerts {
  private QuotaAlerts() {}

  /** Whether a change concerns alerts: that of the status, by the figures, not by the word. */
  public static boolean concerns(Snapshot before, Snapshot after) {
    return QuotaCodec.decode(before).status() != QuotaCodec.decode(after).status();
  }

  /** Whether the document lacks or contradicts what it should hold, so that it needs a sweep. */
  public static boolean needsSweep(Snapshot quota) {
    return QuotaCodec.decode(quota).repair();
  }

  /** What to tell the alerts of the document as it is now; may be told any number of times. */
  public static List<AlertCommand> of(Snapshot quota, Instant now) {
    QuotaState state = QuotaCodec.decode(quota).at(now);
    String provider = state.provider();
    String model = state.modelId();
    if (!state.exists() || provider == null || model == null) {
      return List.of(); // Nobody could tell what the alert is about.
    }
    int level =
        switch (state.status()) {
          case AVAILABLE -> AlertCommand.Level.FINE;
          case WARNING -> 0;
          case CRITICAL -> 1;
          case EXHAUSTED -> 2;
        };
    String message =
        "Quota of "
            + provider
            + "/"
            + model
            + " is "
            + state.status().wire()
            + state
                .tightest()
                .map(window -> ": " + window.tokensUsed() + " of " + window.tokensLimit())
                .orElse("");
    return List.of(
        new AlertCommand.Level(
            AlertSubject.model(provider, model),
            AlertFamily.QUOTA,
            level,
            state.incident(),
            message));
  }
}
