package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.EventDelivery;
import dev.meterkite.local.chaos.Calls;
import dev.meterkite.local.chaos.Journal;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The outage of a provider from its first failed call to its recovery, while nothing else goes on:
 * one alert says so within a minute, and none any more six minutes after it is back. An outage in
 * the midst of leaps may be over for an hour when its event comes, and then nobody is told.
 */
final class OutageDrill {
  private static final String REPORT = "report-outcome";
  private static final int FAILURES = 6;
  private static final int SUCCESSES = 24;
  private static final Duration BETWEEN_FAILURES = Duration.ofSeconds(2);
  private static final Duration BETWEEN_SUCCESSES = Duration.ofSeconds(20);

  /** Longer than an event is late that is not held back. */
  private static final Duration UNTIL_TOLD = Duration.ofSeconds(60);

  private final Scheduler scheduler;
  private final Documents documents;
  private final EventDelivery events;
  private final Journal journal;
  private final Calls calls;
  private final List<String> findings = new ArrayList<>();

  OutageDrill(
      Scheduler scheduler,
      Documents documents,
      EventDelivery events,
      Journal journal,
      Calls calls) {
    this.scheduler = scheduler;
    this.documents = documents;
    this.events = events;
    this.journal = journal;
    this.calls = calls;
  }

  /**
   * Plays it.
   *
   * @param number no other one has it
   * @return what is wrong
   */
  List<String> play(long number) throws IOException, InterruptedException {
    String provider = "drill-" + number;
    long held = heldBack();
    for (int i = 0; i < FAILURES; i++) {
      report(provider, "failed-" + i, false);
      scheduler.sleep(BETWEEN_FAILURES);
    }
    expect(provider, 1, "after " + FAILURES + " failures in a row", held);
    for (int i = 0; i < SUCCESSES; i++) {
      report(provider, "good-" + i, true);
      scheduler.sleep(BETWEEN_SUCCESSES);
    }
    expect(provider, 0, "after " + SUCCESSES + " good calls", held);
    return List.copyOf(findings);
  }

  private long heldBack() {
    return events.tally().count("event: lost") + events.tally().count("event: held back");
  }

  private void report(String provider, String call, boolean success)
      throws IOException, InterruptedException {
    String key = provider + "-" + call;
    Calls.Answer answer =
        calls.post(
            REPORT,
            key,
            "{\"provider\":\"%s\",\"success\":%s,\"latency_ms\":100%s}"
                .formatted(provider, success, success ? "" : ",\"http_status\":503"));
    boolean isTaken = answer.status() == 200;
    journal.reports.put(
        key, new Journal.Report(provider, isTaken ? Outcome.APPLIED : Outcome.UNKNOWN));
    if (!isTaken) {
      findings.add(REPORT + " answered " + answer.status() + " in calm: " + answer.body());
    }
  }

  private void expect(String provider, int due, String when, long held) {
    scheduler.sleep(UNTIL_TOLD);
    long open =
        Reckoning.openAlerts(documents)
            .filter(
                Alerts.fingerprint(AlertType.PROVIDER_UNAVAILABLE, AlertSubject.provider(provider))
                    ::equals)
            .count();
    if (open != due && heldBack() == held) {
      DocRef health = new DocRef(ModelProviderHealth.COLLECTION, provider);
      findings.add(
          "%s: %d open alerts in place of %d %s: %s"
              .formatted(health, open, due, when, documents.get(health).fields()));
    }
  }
}
