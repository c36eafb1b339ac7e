package dev.meterkite.functions.plans;

import com.google.gson.JsonObject;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.UnavailableException;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.PlansVerdict;
import dev.meterkite.model.schema.Violation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The plans that count now: the document {@code plans/default}, at most {@link #MAX_AGE} old.
 *
 * <p>A process that is asked often enough never waits for them: they are read again in the
 * background once they are {@link #REFRESH} old. A document that is not valid is not used: it gets
 * {@code validation_errors} and an alert, and the last valid one that this process has seen goes on
 * counting. A process that has seen none answers nothing, since a default in its place would charge
 * other prices. Where Firestore cannot be reached, this fails once the plans are too old.
 */
public final class CurrentPlans {
  /** The longest time for which a change may go unseen. */
  static final Duration MAX_AGE = Duration.ofSeconds(60);

  /** From this age on the plans are read again while they are used. */
  static final Duration REFRESH = Duration.ofSeconds(30);

  private final Store store;
  private final Log log;
  private final InstantSource clock;
  private final InstantSource real;
  private final Object lock = new Object();

  /** Guarded by {@link #lock}. */
  private @Nullable Reading known;

  /** Guarded by {@link #lock}: the one that is under way. */
  private @Nullable Reading begun;

  /** The last plans that were valid. */
  private volatile @Nullable Plans lastValid;

  private volatile String said = "";

  /** A reading with the times at which it began; it is as old as the older of both says. */
  private record Reading(CompletableFuture<Plans> plans, Instant at, Instant atReal) {
    boolean isYoung(Instant now, Instant realNow, Duration age) {
      return isWithin(at, now, age) && isWithin(atReal, realNow, age);
    }

    private static boolean isWithin(Instant begun, Instant now, Duration age) {
      return !now.isBefore(begun) && now.isBefore(begun.plus(age));
    }
  }

  /** The plans of a backend's document. */
  public CurrentPlans(Backend backend) {
    this(backend, backend.realClock());
  }

  CurrentPlans(Backend backend, InstantSource real) {
    this.store = backend.store();
    this.log = backend.log();
    this.clock = backend.clock();
    this.real = real;
  }

  /** The plans of a process. */
  public static CurrentPlans of(Backend backend) {
    return backend.feature(CurrentPlans.class, CurrentPlans::new);
  }

  /** The plans that come with the program: what the document stands for where it is absent. */
  public static Plans seeded() {
    return SeededPlans.plans();
  }

  /** The file that they come in, in the form of the document. */
  public static JsonObject seed() {
    return SeededPlans.file();
  }

  /** What a file in the form of the document says; parts that it leaves out have their defaults. */
  public static Plans.Decoded decode(JsonObject file) {
    return Plans.decode(JsonValues.fields(file), seeded());
  }

  /**
   * The plans in a store, read once, for tools; writes nothing.
   *
   * @throws UnavailableException if the document is not valid
   */
  public static Plans read(Store store) {
    Plans.Decoded decoded =
        Plans.decode(store.read(List.of(Plans.REF)).join().get(0), SeededPlans.plans());
    return decoded.plans().orElseThrow(() -> invalid(decoded.faults()));
  }

  /**
   * The plans.
   *
   * @throws UnavailableException if the document is not valid, and never was in this process
   * @throws StoreException if they cannot be read
   */
  public Plans get() {
    Reading reading;
    synchronized (lock) {
      reading = reading();
    }
    try {
      return reading.plans().join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** The plans as {@link #get} last had them; never waits once it has returned. */
  public Plans latest() {
    Plans last = lastValid;
    return last == null ? get() : last;
  }

  /**
   * The last plans that were valid, else those of the program: for answers that an outage must not
   * stop and that decide no money. Never waits.
   */
  public Plans lastKnown() {
    Plans last = lastValid;
    return last == null ? SeededPlans.plans() : last;
  }

  /** The reading that counts, which may have to be waited for. */
  private Reading reading() {
    Instant now = clock.instant();
    Instant realNow = real.instant();
    Reading under = begun;
    if (under != null && under.plans().isDone()) {
      known = under.plans().isCompletedExceptionally() ? known : under;
      begun = null;
    }
    Reading young = known;
    if (young != null && young.isYoung(now, realNow, REFRESH)) {
      return young;
    }
    Reading next = begun;
    if (next == null || !next.isYoung(now, realNow, MAX_AGE)) {
      next = new Reading(read(), now, realNow);
      begun = next;
    }
    return young != null && young.isYoung(now, realNow, MAX_AGE) ? young : next;
  }

  private CompletableFuture<Plans> read() {
    return store
        .read(List.of(Plans.REF, PlansVerdict.ALERT))
        .thenCompose(
            found -> {
              Plans.Decoded decoded = Plans.decode(found.get(0), SeededPlans.plans());
              return judge(found, decoded).thenApply(done -> valid(decoded));
            });
  }

  private Plans valid(Plans.Decoded decoded) {
    decoded.plans().ifPresent(plans -> lastValid = plans);
    Plans last = lastValid;
    if (last == null) {
      throw invalid(decoded.faults());
    }
    return last;
  }

  private static UnavailableException invalid(List<Violation> faults) {
    return new UnavailableException(
        "The document "
            + Plans.REF
            + " is not valid, and nothing is charged or granted at a guess: "
            + PlansVerdict.said(faults)
            + ".");
  }

  /** Writes what there is to say of the document; whoever was faster has said it. */
  private CompletableFuture<Void> judge(List<Snapshot> found, Plans.Decoded decoded) {
    note(decoded.faults());
    List<Mutation> mutations = new ArrayList<>();
    for (Write write : PlansVerdict.of(found.get(0), found.get(1), decoded, clock.instant())) {
      mutations.add(Mutation.of(write, found));
    }
    return mutations.isEmpty()
        ? CompletableFuture.completedFuture(null)
        : ConditionalUpdate.committed(store, mutations)
            .handle(
                (applied, failure) -> {
                  if (failure != null) {
                    // The next reading finds what is missing and tries again.
                    log.warn(
                        "what is wrong with plans/default could not be written",
                        Map.of("cause", String.valueOf(failure.getMessage())));
                  }
                  return null;
                });
  }

  private void note(List<Violation> faults) {
    String now = faults.isEmpty() ? "" : PlansVerdict.said(faults);
    if (!now.equals(said) && !faults.isEmpty()) {
      log.warn("plans/default is not valid", Map.of("errors", now));
    }
    said = now;
  }
}
