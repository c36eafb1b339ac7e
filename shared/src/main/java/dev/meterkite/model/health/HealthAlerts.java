package dev.meterkite.model.health;

import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertFamily;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What a provider's health document calls for in alerts, whoever wrote it. */
public final class HealthAlerts {
  private HealthAlerts() {}

  /** Whether a change concerns alerts: that of the status or of the circuit's state. */
  public static boolean concerns(Snapshot before, Snapshot after) {
    HealthState old = HealthCodec.decode(before);
    HealthState next = HealthCodec.decode(after);
    return old.status() != next.status() || old.circuit().state() != next.circuit().state();
  }

  /**
   * What to tell the alerts of the document as it is now; may be told any number of times. Unknown
   * health neither raises nor resolves anything.
   */
  public static List<AlertCommand> of(Snapshot health, Instant now) {
    HealthState state = HealthCodec.decode(health);
    String name = state.provider() == null ? health.ref().id() : state.provider();
    AlertSubject subject = AlertSubject.provider(name);
    List<AlertCommand> commands = new ArrayList<>();
    int level =
        switch (state.statusAt(now)) {
          case HEALTHY, UNKNOWN -> AlertCommand.Level.FINE;
          case DEGRADED -> 0;
          case UNAVAILABLE -> 1;
        };
    if (state.statusAt(now) != HealthStatus.UNKNOWN) {
      commands.add(
          new AlertCommand.Level(subject, AlertFamily.HEALTH, level, "", message(name, state)));
    }
    Circuit circuit = state.circuit();
    int open = circuit.state() == CircuitState.CLOSED ? AlertCommand.Level.FINE : 0;
    commands.add(
        new AlertCommand.Level(
            subject, AlertFamily.CIRCUIT, open, "", "Circuit of " + name + " opened"));
    if (circuit.state() == CircuitState.HALF_OPEN) {
      commands.add(
          new AlertCommand.Event(
              subject,
              AlertType.CIRCUIT_BREAKER_HALF_OPEN,
              "opened " + circuit.openedAt(),
              "Circuit of " + name + " is half open"));
    }
    return commands;
  }

  private static String message(String name, HealthState state) {
    return name
        + " is "
        + state.status().wire()
        + ": error rate "
        + state.errorRate()
        + (state.latency() == null ? "" : ", latency " + state.latency() + " ms");
  }
}
