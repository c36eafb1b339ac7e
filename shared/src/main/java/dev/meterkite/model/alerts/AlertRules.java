package dev.meterkite.model.alerts;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Outcome;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.AlertStates;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When alerts of a subject are raised, escalated and resolved. The owner is a document in {@code
 * alert_states}, so that instances that notice the same thing at once exclude each other.
 *
 * <p>A family's level says all: alerts of worse levels are resolved, that of the level is raised
 * unless it is open, those of milder levels become escalated. So 95 % is told of although 85 % was
 * (another fingerprint), a level that comes twice is told of once, and falling back to fine
 * resolves everything. An incident with a name (a quota's window) is raised once, however often its
 * level comes and goes. Of one fingerprint at most {@value #MAX_AN_HOUR} are raised within an hour;
 * what lasts longer is raised when there is room and the level is told again.
 */
public final class AlertRules implements Rules<AlertState, AlertCommand> {
  private static final class Codec {
    static final CommandCodec<AlertCommand> OF_COMMANDS =
        new CommandCodec<>("alerts", AlertCommand.class, List.of());
  }

  /** The most alerts of one fingerprint within {@link #HOUR}. */
  public static final int MAX_AN_HOUR = 5;

  static final Duration HOUR = Duration.ofHours(1);

  /** The document that holds the state of a subject. */
  public static DocRef owner(AlertSubject subject) {
    return new DocRef(AlertStates.COLLECTION, Ids.uuid("alert-state", subject.name()));
  }

  /** The command that tells of something; it may be repeated, since it says what is. */
  public static Command<AlertCommand> command(AlertCommand input) {
    return new Command<>(
        owner(input.subject()), "raise-alert", null, "", input, List.of(), List.of(), List.of());
  }

  @Override
  public AlertState decode(Snapshot owner) {
    return AlertStateCodec.decode(owner);
  }

  @Override
  public Map<String, Object> changes(AlertState before, AlertState after) {
    return AlertStateCodec.changes(before, after);
  }

  @Override
  public Decision<AlertState> decide(
      AlertState state, Seen seen, Command<AlertCommand> command, Instant now) {
    Change change = new Change(state, command.input().subject(), now);
    if (command.input() instanceof AlertCommand.Level level) {
      level(change, level);
    } else if (command.input() instanceof AlertCommand.Event event) {
      event(change, event.type(), event.incident(), event.message());
    }
    return change.decision(seen);
  }

  @Override
  public CommandCodec<AlertCommand> codec() {
    return Codec.OF_COMMANDS;
  }

  /** Never asked: no alert is refused. */
  @Override
  public Decision.Refused<AlertState> refuseAgain(
      AlertState state, Command<AlertCommand> command, String code, Instant now) {
    return new Decision.Refused<>(new Unknown(code), Map.of());
  }

  private record Unknown(String code) implements Outcome {
    @Override
    public boolean remembered() {
      return false;
    }
  }

  private static void level(Change change, AlertCommand.Level told) {
    List<AlertType> levels = told.family().levels();
    @Nullable String recovered = null;
    for (int rank = levels.size() - 1; rank >= 0; rank--) {
      AlertType type = levels.get(rank);
      AlertState.@Nullable Entry entry = change.entries.get(type);
      boolean lasts = entry != null && entry.status().lasts();
      if (rank > told.level() && entry != null && lasts) {
        recovered = entry.incident();
        change.move(type, entry, AlertStatus.RESOLVED);
      } else if (rank == told.level()) {
        reach(change, type, entry, told);
      } else if (rank < told.level() && entry != null && entry.status() == AlertStatus.OPEN) {
        change.move(type, entry, AlertStatus.ESCALATED);
      }
    }
    if (recovered != null && told.level() == AlertCommand.Level.FINE) {
      String incident = recovered;
      told.family().recovery().ifPresent(type -> event(change, type, incident, told.message()));
    }
  }

  private static void reach(
      Change change, AlertType type, AlertState.@Nullable Entry entry, AlertCommand.Level told) {
    boolean same =
        entry != null && !told.incident().isEmpty() && entry.incident().equals(told.incident());
    if (entry != null && entry.status().lasts() && isEarlier(entry, told.since())) {
      change.move(type, entry, AlertStatus.RESOLVED);
      change.raise(type, change.name(told.incident()), AlertStatus.OPEN, told.message());
    } else if (entry != null && entry.status() == AlertStatus.SUPPRESSED) {
      change.raise(type, entry.incident(), AlertStatus.OPEN, told.message());
    } else if (entry != null && (same || told.incident().isEmpty()) && entry.status().lasts()) {
      if (entry.status() == AlertStatus.ESCALATED) {
        change.move(type, entry, AlertStatus.OPEN);
      }
    } else if (entry != null && same) {
      change.move(type, entry, AlertStatus.OPEN);
    } else {
      if (entry != null && entry.status().lasts()) {
        change.move(type, entry, AlertStatus.RESOLVED); // The window went by unseen.
      }
      change.raise(type, change.name(told.incident()), AlertStatus.OPEN, told.message());
    }
  }

  private static boolean isEarlier(AlertState.Entry entry, @Nullable Instant since) {
    return since != null
        && !entry.raised().isEmpty()
        && entry.raised().stream().allMatch(at -> at.isBefore(since));
  }

  private static void event(Change change, AlertType type, String incident, String message) {
    AlertState.@Nullable Entry entry = change.entries.get(type);
    if (entry == null || !entry.incident().equals(incident)) {
      change.raise(type, incident, AlertStatus.RESOLVED, message);
    }
  }

  /** What one command makes of the state and of the alerts. */
  private static final class Change {
    private final AlertState before;
    private final AlertSubject subject;
    private final Instant now;
    private final Map<AlertType, AlertState.Entry> entries = new EnumMap<>(AlertType.class);
    private final Map<DocRef, AlertChange> updates = new LinkedHashMap<>();
    private final Map<DocRef, Write.Create> creations = new LinkedHashMap<>();
    private long incidents;

    Change(AlertState before, AlertSubject subject, Instant now) {
      this.before = before;
      this.subject = subject;
      this.now = now;
      this.incidents = before.incidents();
      entries.putAll(before.entries());
    }

    /** The incident's own name, else the number of the next. */
    String name(String incident) {
      return incident.isEmpty() ? "number " + Math.incrementExact(incidents) : incident;
    }

    void move(AlertType type, AlertState.Entry entry, AlertStatus status) {
      entries.put(type, entry.with(status));
      if (entry.status() == AlertStatus.SUPPRESSED) {
        return; // It has no document.
      }
      updates.put(
          Alerts.ref(type, subject, entry.incident()),
          new AlertChange.Move(status, status.lasts() ? null : now));
    }

    void raise(AlertType type, String incident, AlertStatus status, String message) {
      AlertState.@Nullable Entry last = entries.get(type);
      List<Instant> raised = new ArrayList<>();
      if (last != null) {
        last.raised().stream().filter(at -> at.plus(HOUR).isAfter(now)).forEach(raised::add);
      }
      incidents = Math.max(incidents, Math.addExact(before.incidents(), 1));
      if (raised.size() >= MAX_AN_HOUR) {
        AlertStatus silent = status.lasts() ? AlertStatus.SUPPRESSED : status;
        boolean known = last != null && last.incident().equals(incident);
        List<Instant> kept = last != null && known ? last.raised() : raised;
        incidents = known ? before.incidents() : incidents;
        entries.put(type, new AlertState.Entry(incident, silent, kept));
        return;
      }
      raised.add(now);
      entries.put(type, new AlertState.Entry(incident, status, raised));
      Write.Create creation =
          status.lasts()
              ? Alerts.create(type, subject, incident, message, now)
              : Alerts.createOver(type, subject, incident, message, now);
      creations.put(creation.ref(), creation);
    }

    Decision<AlertState> decision(Seen seen) {
      AlertState after = new AlertState(subject.name(), incidents, entries);
      if (entries.equals(before.entries())) {
        return new Decision.Unchanged<>(AlertStateCodec.answer(0));
      }
      List<Read> reads = new ArrayList<>();
      updates.keySet().forEach(ref -> reads.add(new Read.Get(ref)));
      creations.keySet().forEach(ref -> reads.add(new Read.Get(ref)));
      if (!reads.stream().allMatch(seen::has)) {
        return new Decision.NeedsReads<>(reads);
      }
      List<Write> writes = new ArrayList<>();
      updates.forEach(
          (ref, change) -> {
            if (seen.document(ref).exists()) { // It may have expired.
              writes.add(new Write.Update(ref, AlertCodec.encode(change)));
            }
          });
      creations.forEach(
          (ref, creation) -> {
            if (!seen.document(ref).exists()) { // Else it was raised before the state was lost.
              writes.add(creation);
            }
          });
      return new Decision.Applied<>(after, AlertStateCodec.answer(creations.size()), writes);
    }
  }
}
