package dev.meterkite.functions.backend;

import dev.meterkite.functions.DomainClock;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Limits;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.Turns;
import dev.meterkite.model.command.Rules;
import java.time.InstantSource;
import java.util.function.Function;

/**
 * What all functions of a process share: one connection to Firestore, one clock, one edge to HTTP,
 * one intake of events, one log, and one of each feature. Built by the constructor of the first
 * function that asks, which the platform runs before it lets requests in.
 *
 * @param settings the process's settings
 * @param store the connection
 * @param clock the domain's time
 * @param turns the machine that the process runs on
 * @param edge where HTTP requests come in
 * @param intake where events come in
 * @param log takes a line for each invocation
 * @param features what was made over this backend
 */
public record Backend(
    Settings settings,
    Store store,
    InstantSource clock,
    Turns turns,
    Edge edge,
    Intake intake,
    Log log,
    Features features) {

  private static final class OfProcess {
    static final Backend BACKEND = of(Settings.ofProcess());
  }

  /** A backend without any feature yet. */
  public Backend(
      Settings settings,
      Store store,
      InstantSource clock,
      Turns turns,
      Edge edge,
      Intake intake,
      Log log) {
    this(settings, store, clock, turns, edge, intake, log, new Features());
  }

  /** The backend of this process. */
  public static Backend ofProcess() {
    return OfProcess.BACKEND;
  }

  /** A backend of its own, for these settings. */
  public static Backend of(Settings settings) {
    return new Backend(
        settings,
        FirestoreStore.open(settings),
        DomainClock.of(settings.domainClockFile().orElse(null)),
        new Pauses(),
        Edge.of(settings),
        Intake.of(settings),
        Log.ofProcess(settings));
  }

  /** The same over another store, without any feature yet. */
  public Backend with(Store other) {
    return new Backend(settings, other, clock, turns, edge, intake, log);
  }

  /** Real time, by which caches and budgets live. */
  public InstantSource realClock() {
    return turns.realClock();
  }

  /**
   * The feature of a type, of which a process has one: its engine must see all commands.
   *
   * @param made makes it over this backend where it is first asked for
   */
  public <T> T feature(Class<T> type, Function<Backend, T> made) {
    return features.of(type, () -> made.apply(this));
  }

  /** An engine for one kind of owner document; a process needs one for each kind. */
  public <S, I> GroupCommit<S, I> engine(Rules<S, I> rules) {
    return engine(rules, Limits.DEFAULT);
  }

  /** Likewise, within bounds of its own. */
  public <S, I> GroupCommit<S, I> engine(Rules<S, I> rules, Limits limits) {
    return new GroupCommit<>(
        rules, store, turns, clock, turns.realClock(), turns.random(), limits, Json::write);
  }
}
