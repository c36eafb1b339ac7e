package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.local.chaos.Calls;
import dev.meterkite.local.chaos.Journal;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** A person who acknowledges alerts; from then on they expire 90 days after they were raised. */
final class Operator implements Trade {
  private static final String ACKNOWLEDGE = "acknowledge-alert";
  private static final Duration KEPT = Duration.ofDays(90);

  private final Simulation simulation;
  private final Documents documents;
  private final Journal journal;
  private final Calls calls;
  private final Set<String> acknowledged = new TreeSet<>();
  private long keys;

  Operator(Simulation simulation, Documents documents, Journal journal, Calls calls) {
    this.simulation = simulation;
    this.documents = documents;
    this.journal = journal;
    this.calls = calls;
  }

  @Override
  public void create(Store store, Instant now) {
    // Alerts come by themselves.
  }

  @Override
  public void step(String caller) throws InterruptedException {
    List<Snapshot> alerts = documents.all(ModelRouterAlerts.COLLECTION);
    if (alerts.isEmpty()) {
      return;
    }
    String id = alerts.get(simulation.random().nextInt(alerts.size())).ref().id();
    try {
      Calls.Answer answer =
          calls.post(ACKNOWLEDGE, caller + "-" + keys++, "{\"alert_id\":\"" + id + "\"}");
      boolean isDone = answer.status() == 200;
      journal.count(ACKNOWLEDGE, isDone ? Outcome.APPLIED : Outcome.UNKNOWN);
      if (isDone) {
        acknowledged.add(id);
      } else if (answer.status() < 500 && answer.status() != 404 && answer.status() != 429) {
        journal.surprise(ACKNOWLEDGE + " answered " + answer.status() + ": " + answer.body());
      }
    } catch (IOException noAnswer) {
      journal.count(ACKNOWLEDGE, Outcome.UNKNOWN);
    }
  }

  @Override
  public boolean isBusy() {
    return false;
  }

  @Override
  public List<String> findings(Instant now) {
    List<String> findings = new ArrayList<>();
    for (String id : acknowledged) {
      Snapshot alert = documents.get(new DocRef(ModelRouterAlerts.COLLECTION, id));
      // A further incident opens an alert again.
      boolean lasts =
          Boolean.TRUE.equals(alert.fields().get(ModelRouterAlerts.ACKNOWLEDGED))
              && alert.fields().get(ModelRouterAlerts.CREATED_AT) instanceof Instant raised
              && !raised.plus(KEPT).equals(alert.fields().get(ModelRouterAlerts.EXPIRE_AT));
      if (lasts) {
        findings.add(alert.ref() + ": does not expire in time: " + alert.fields());
      }
    }
    return findings;
  }
}
