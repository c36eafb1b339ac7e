package dev.meterkite.functions.events;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.http.Drain;
import dev.meterkite.functions.log.Invocation;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.log.Trace;
import dev.meterkite.functions.store.StoreException;
import io.cloudevents.CloudEvent;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Where events come in; one for each instance of a trigger.
 *
 * <p>An event that cannot be read, or is of another collection, is logged once at WARNING and
 * acknowledged: delivering it again would change nothing. So is one whose reaction fails over a
 * write that Firestore refuses for good, as it does when a document is full. Everything else is the
 * reaction's to say.
 */
public final class Intake {
  private final Log log;
  private final Drain drain;

  /**
   * @param log takes a line for each event
   * @param drain says when the process stops
   */
  public Intake(Log log, Drain drain) {
    this.log = log;
    this.drain = drain;
  }

  /** The intake that the settings describe, stopping with the process. */
  public static Intake of(Settings settings) {
    return new Intake(Log.ofProcess(settings), Drain.ofProcess(settings.drainGrace()));
  }

  /**
   * Hands an event's change to a trigger.
   *
   * @throws RedeliveryException if the event is to be delivered again; whatever else a reaction
   *     throws has the same effect
   */
  public void accept(Trigger trigger, CloudEvent event) {
    if (!drain.enter()) {
      throw new RedeliveryException(trigger.name(), "stopping");
    }
    long begin = System.nanoTime();
    log.trace(Trace.of(header -> extension(event, header)).orElse(null));
    try {
      Handled handled = handle(trigger, event);
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      log.invocation(
          new Invocation(
              trigger.name(),
              event.getId(),
              handled.outcome(),
              0,
              took,
              handled.attempts(),
              handled.batch(),
              handled.verdict() != Handled.Verdict.DONE));
      if (handled.verdict() == Handled.Verdict.LATER) {
        throw new RedeliveryException(trigger.name(), handled.outcome());
      }
    } finally {
      drain.leave();
      log.trace(null);
    }
  }

  private Handled handle(Trigger trigger, CloudEvent event) {
    try {
      DocumentChange change = ChangeReader.read(event);
      return change.ref().collection().equals(trigger.collection())
          ? trigger.reaction().apply(change)
          : Handled.impossible("other_collection");
    } catch (ChangeReader.Malformed e) {
      return Handled.impossible(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      log.failure(
          StoreException.passing(e),
          Map.of("function", trigger.name(), "request_id", event.getId()),
          e);
      if (StoreException.isForGood(e)) {
        return Handled.impossible("refused_by_firestore");
      }
      throw e;
    }
  }

  private static Optional<String> extension(CloudEvent event, String header) {
    return header.equals("traceparent") && event.getExtension(header) instanceof String text
        ? Optional.of(text)
        : Optional.empty();
  }
}
