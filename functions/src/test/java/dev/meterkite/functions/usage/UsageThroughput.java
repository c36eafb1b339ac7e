package dev.meterkite.functions.usage;

import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.store.EmulatedStore;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Records a second, to be run by hand: {@code main}, seconds a figure as its argument (2). Each
 * line measures, one after the other on the same emulator,
 *
 * <ul>
 *   <li>metering, from the items of a request to its answer, without HTTP
 *   <li>the limit: commits of the same documents, nothing read, checked or decided
 *   <li>what record-keeping without a commit does: a record, then an increment, two writes each
 * </ul>
 */
public final class UsageThroughput {
  /** Documents in flight, more of which only wait for the emulator: callers times list. */
  private static final int IN_FLIGHT = 1_000;

  private static final int MOST_CALLERS = 32;
  private static final int MOST_TRIES = 10;

  private final CountedMetering meter;
  private final Duration time;
  private final AtomicLong serial = new AtomicLong();

  private UsageThroughput(CountedMetering meter, Duration time) {
    this.meter = meter;
    this.time = time;
  }

  /** Something that is done again and again by some callers. */
  private interface Step {
    /** Does it once; says how many records that were. */
    long run(long number);
  }

  public static void main(String[] arguments) throws Exception {
    Duration time = Duration.ofSeconds(arguments.length == 0 ? 2 : Long.parseLong(arguments[0]));
    EmulatedStore emulated = new EmulatedStore();
    try (FirestoreStore store = emulated.store()) {
      CountedMetering meter = new CountedMetering(store);
      UsageThroughput figures = new UsageThroughput(meter, time);
      System.out.println(
          "customers  a list   metering/s      limit/s  two writes/s  of the limit   round trips,"
              + " reads, writes a record");
      for (int customers : new int[] {1, 64}) {
        for (int i = 0; i < customers; i++) {
          meter.set("customers", "c" + i, Map.of("monthly_scene_quota", -1L));
        }
        for (int list : new int[] {1, 50, 500}) {
          figures.line(customers, list);
        }
      }
    }
    System.exit(0);
  }

  private void line(int customers, int list) throws Exception {
    measure(list, number -> metered(number, customers, list));
    meter.store.cost();
    long before = serial.get();
    double metered = measure(list, number -> metered(number, customers, list));
    double records = (double) (serial.get() - before) * list;
    CountedStore.Cost cost = meter.store.cost();
    List<Mutation> template = template(customers, list);
    double limit = measure(list, number -> plain(template, number, customers, list));
    double two = measure(1, number -> recordThenIncrement(number, customers));
    System.out.printf(
        "%9d %7d %,12.0f %,12.0f %,13.0f %12.0f %%   %.3f, %.3f, %.3f%n",
        customers,
        list,
        metered,
        limit,
        two,
        100 * metered / limit,
        cost.trips() / records,
        cost.reads() / records,
        cost.writes() / records);
  }

  private double measure(int list, Step step) throws Exception {
    int threads = Math.max(2, Math.min(MOST_CALLERS, IN_FLIGHT / list));
    ExecutorService callers = Executors.newFixedThreadPool(threads);
    AtomicLong records = new AtomicLong();
    long began = System.nanoTime();
    long end = began + time.toNanos();
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(
            callers.submit(
                () -> {
                  while (System.nanoTime() < end) {
                    records.addAndGet(step.run(serial.incrementAndGet()));
                  }
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } finally {
      callers.shutdownNow();
    }
    return records.get() / ((System.nanoTime() - began) / 1e9);
  }

  private long metered(long number, int customers, int list) {
    List<Map<String, Object>> records = new ArrayList<>();
    for (int i = 0; i < list; i++) {
      records.add(meter.scene("c" + number % customers, "s", meter.now()));
    }
    Answer answer = meter.metering.record(records, false, "k" + number, "h" + number);
    if (answer.status() == 503 || answer.status() == 429) {
      return 0;
    }
    if (answer.status() != 200) {
      throw new IllegalStateException(answer.body());
    }
    return list;
  }

  /** The mutations that one list makes, as metering commits them. */
  private List<Mutation> template(int customers, int list) {
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      long number = serial.addAndGet(customers);
      List<Mutation> seen = new ArrayList<>();
      meter.store.watch(seen);
      long made = metered(number - number % customers, customers, list);
      meter.store.watch(null);
      if (made == list && seen.size() > 2 * list) {
        return List.copyOf(seen);
      }
    }
    throw new IllegalStateException("no commit of a list of " + list);
  }

  private long plain(List<Mutation> template, long number, int customers, int list) {
    List<Mutation> commit = new ArrayList<>();
    for (Mutation mutation : template) {
      DocRef ref = mutation.ref();
      commit.add(
          mutation.condition() == Mutation.Condition.ABSENT
              ? Mutation.create(
                  new DocRef(ref.collection(), ref.id() + "-" + number), mutation.fields())
              : Mutation.blind(
                  new DocRef(ref.collection(), ref.id() + "-" + number % customers),
                  mutation.fields(),
                  mutation.increments()));
    }
    return done(commit) ? list : 0;
  }

  private long recordThenIncrement(long number, int customers) {
    DocRef record = new DocRef("usage_tracking", "two-" + number);
    DocRef customer = new DocRef("customers", "two-" + number % customers);
    return done(
                List.of(
                    Mutation.create(
                        record, CountedMetering.foreign("c", "scene_generated", meter.now(), 10))))
            && done(
                List.of(
                    Mutation.blind(customer, Map.of(), Map.of("scenes_generated_this_month", 1L))))
        ? 1
        : 0;
  }

  /** A commit that the emulator gives up on for contention counts nothing. */
  private boolean done(List<Mutation> commit) {
    Store store = meter.store;
    return store.commit(commit).handle((times, failure) -> failure == null).join();
  }
}
