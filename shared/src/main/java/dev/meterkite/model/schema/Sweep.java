package dev.meterkite.model.schema;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Sweeps;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A scheduled function, with the document in which each run notes when it ran. */
public enum Sweep {
  CHECK_PROVIDERS("decision-expiry", Duration.ofMinutes(1)),
  RESET_QUOTAS("reset-quotas", Duration.ofMinutes(5)),
  EXPIRE_CREDITS("expire-credits", Duration.ofHours(1)),
  RECONCILE_LEDGER("reconcile-ledger", Duration.ofDays(1));

  private final String document;
  private final Duration every;

  Sweep(String document, Duration every) {
    this.document = document;
    this.every = every;
  }

  /** The name of the function, such as {@code reset-quotas}. */
  public String function() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The time from one run to the next, by the schedule in {@code functions.tsv}. */
  public Duration every() {
    return every;
  }

  /** The document that notes its runs, in {@code updated_at}. */
  public DocRef ref() {
    return new DocRef(Sweeps.COLLECTION, document);
  }

  /**
   * How callers see it: {@code function, every_seconds, last_run_at?, due_at?, status}. It is
   * {@code late} when a whole run was missed: two intervals after the last one, that exact instant
   * included; {@code never} where no run was noted.
   */
  public Map<String, Object> view(Snapshot noted, Instant now) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("function", function());
    view.put("every_seconds", every.toSeconds());
    @Nullable Instant last = FieldValues.instant(noted.fields().get(Sweeps.UPDATED_AT));
    if (last == null) {
      view.put("status", "never");
      return view;
    }
    view.put("last_run_at", last);
    view.put("due_at", last.plus(every));
    view.put("status", last.plus(every.multipliedBy(2)).isAfter(now) ? "on_time" : "late");
    return view;
  }
}
