package dev.meterkite.functions.simulated;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.model.document.DocRef;
import io.cloudevents.CloudEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Delivers the changes of documents to the functions whose triggers match, as Eventarc may: at
 * least once, in any order. A delivery that fails, or is not answered within the function's
 * timeout, is repeated after 10 s, then with a back-off that doubles up to 10 minutes; a day after
 * the event it is given up, which stands for the dead letters. A function without retry gets one
 * attempt.
 */
public final class EventDelivery {
  private static final Duration USUAL = Duration.ofSeconds(2);
  private static final Duration FIRST_BACK_OFF = Duration.ofSeconds(10);
  private static final Duration LONGEST_BACK_OFF = Duration.ofMinutes(10);
  private static final Duration LIFE = Duration.ofDays(1);
  private static final double SHARE_OF_THIRD = 0.2;

  /** Takes events to functions. */
  public interface Target {
    /**
     * Calls a function with an event.
     *
     * @return ends when the function has answered: in any way for an acknowledgement, with a
     *     failure to have the event again. It may also never end, as of an instance that was killed
     */
    CompletableFuture<?> deliver(FunctionEntry function, CloudEvent event);
  }

  /** An event that was given up. */
  public record DeadLetter(FunctionEntry function, Change change, String eventId) {}

  private record Event(FunctionEntry function, Change change, String id, Instant published) {}

  private final Simulation simulation;
  private final Platform platform;
  private final EventFaults faults;
  private final Target target;
  private final Map<String, List<FunctionEntry>> byCollection = new HashMap<>();
  private final Tally tally = new Tally();
  private final List<DeadLetter> deadLetters = new ArrayList<>();
  private final List<Event> lost = new ArrayList<>();
  private long events;
  private long attempts;
  private long acknowledged;
  private long pending;

  /**
   * A delivery to the event functions among these entries.
   *
   * @param documents whose changes are delivered from now on
   */
  public EventDelivery(
      Simulation simulation,
      Documents documents,
      EventFaults faults,
      List<FunctionEntry> entries,
      Target target) {
    this.simulation = simulation;
    this.platform = documents.platform();
    this.faults = faults;
    this.target = target;
    for (FunctionEntry entry : entries) {
      FunctionEntry.EventTrigger trigger = entry.event();
      if (trigger != null) {
        String collection = trigger.pattern().substring(0, trigger.pattern().indexOf('/'));
        byCollection.computeIfAbsent(collection, each -> new ArrayList<>()).add(entry);
      }
    }
    documents.listen(this::publish);
  }

  /** Events so far, one for each function that a change is for. */
  public long events() {
    return events;
  }

  /** Attempts to deliver an event. */
  public long attempts() {
    return attempts;
  }

  /** Deliveries that a function acknowledged. */
  public long acknowledged() {
    return acknowledged;
  }

  /** Deliveries that are on their way or will be repeated. */
  public long pending() {
    return pending;
  }

  /** The faults that were dealt so far. */
  public Tally tally() {
    return tally;
  }

  /** The events that were given up, in order. */
  public List<DeadLetter> deadLetters() {
    return List.copyOf(deadLetters);
  }

  /** Whether an event of a document for a function was lost and is so still. */
  public boolean hasLost(String function, DocRef document) {
    return lost.stream()
        .anyMatch(
            each ->
                each.function().name().equals(function) && each.change().ref().equals(document));
  }

  /** Delivers what was lost of the events of some functions, as operators do with dead letters. */
  public void redeliver(Predicate<FunctionEntry> functions) {
    List<Event> again = lost.stream().filter(each -> functions.test(each.function())).toList();
    lost.removeAll(again);
    for (Event each : again) {
      send(new Event(each.function(), each.change(), each.id(), simulation.instant()));
    }
  }

  private void publish(Change change) {
    List<FunctionEntry> functions = byCollection.get(change.ref().collection());
    if (functions == null || !isEvent(change)) {
      return;
    }
    for (FunctionEntry function : functions) {
      if (isFor(function, change)) {
        publish(function, change);
      }
    }
  }

  private boolean isEvent(Change change) {
    boolean none = !change.before().exists() && !change.after().exists();
    return none
        ? platform.eventsWithoutDocument()
        : platform.eventsOfNoChange() || !change.isNone();
  }

  private static boolean isFor(FunctionEntry function, Change change) {
    boolean before = change.before().exists();
    boolean after = change.after().exists();
    return switch (function.event().change()) {
      case "created" -> !before && after;
      case "updated" -> before && after;
      case "deleted" -> before && !after;
      default -> true;
    };
  }

  private void publish(FunctionEntry function, Change change) {
    events++;
    if (dealt(faults.lost(), "event: lost")) {
      lost.add(new Event(function, change, "event-" + events, simulation.instant()));
      return;
    }
    if (platform.largestEvent() < Integer.MAX_VALUE
        && ChangeEvent.size(change) > platform.largestEvent()) {
      tally.add("event: too large");
      return;
    }
    String id = "event-" + events;
    Event event = new Event(function, change, id, simulation.instant());
    send(event);
    if (dealt(faults.repeated(), "event: repeated")) {
      boolean renamed = dealt(faults.renamed(), "event: repeated under another id");
      Event copy = renamed ? new Event(function, change, id + "-again", event.published()) : event;
      send(copy);
      if (simulation.chance(SHARE_OF_THIRD)) {
        send(copy);
      }
    }
  }

  private boolean dealt(double probability, String kind) {
    boolean dealt = probability > 0 && simulation.chance(probability);
    if (dealt) {
      tally.add(kind);
    }
    return dealt;
  }

  private void send(Event event) {
    Duration most = USUAL;
    if (dealt(faults.heldBack(), "event: held back")) {
      most = faults.longest();
    } else if (dealt(faults.late(), "event: late")) {
      most = faults.latest();
    }
    pending++;
    simulation.after(simulation.between(Duration.ZERO, most), () -> attempt(event, 1));
  }

  private void attempt(Event event, int attempt) {
    attempts++;
    boolean[] isOver = {false};
    CompletableFuture<?> answer =
        target.deliver(
            event.function(),
            ChangeEvent.of(
                event.change(), event.function().event().change(), event.id(), platform));
    answer.whenComplete(
        (done, failure) -> {
          if (!isOver[0]) {
            isOver[0] = true;
            if (failure == null && !dealt(faults.unheard(), "event: acknowledgement lost")) {
              acknowledged++;
              pending--;
            } else {
              failed(event, attempt);
            }
          }
        });
    if (!isOver[0]) {
      simulation.after(
          event.function().timeout(),
          () -> {
            if (!isOver[0]) {
              isOver[0] = true;
              tally.add("event: not answered in time");
              failed(event, attempt);
            }
          });
    }
  }

  private void failed(Event event, int attempt) {
    Duration pause = backOff(attempt);
    boolean inTime = simulation.instant().plus(pause).isBefore(event.published().plus(LIFE));
    if (event.function().retry() && inTime) {
      simulation.after(pause, () -> attempt(event, attempt + 1));
    } else {
      pending--;
      deadLetters.add(new DeadLetter(event.function(), event.change(), event.id()));
    }
  }

  /** 10 s, 20 s, 40 s, … and never more than 10 minutes. */
  static Duration backOff(int failed) {
    Duration wait = FIRST_BACK_OFF.multipliedBy(1L << Math.min(failed - 1, 10));
    return wait.compareTo(LONGEST_BACK_OFF) < 0 ? wait : LONGEST_BACK_OFF;
  }
}
