package dev.meterkite.local;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.credits.JobStatus;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Podcast jobs as the pipeline writes them: ordered, running, and in the end completed, failed or
 * cancelled.
 */
final class DemoJobs {
  private static final int AT_WORK = 20;
  private static final long POLL_MILLIS = 100;
  private static final long PATIENCE_NANOS = 60_000_000_000L;
  private static final List<Double> MINUTES = List.of(1.0, 2.5, 5.0, 8.0, 10.0);

  private final Store store;
  private final InstantSource clock;
  private final List<DocRef> all = new ArrayList<>();
  private final Deque<Life> lives = new ArrayDeque<>();
  private final Map<String, Long> payments = new TreeMap<>();
  private int open;

  /** What a job has before it. */
  private record Life(DocRef job, Deque<JobStatus> ahead) {}

  DemoJobs(Store store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Orders a job. */
  void order(long index, String user, Random random) {
    DocRef job = new DocRef(PodcastJobs.COLLECTION, Ids.uuid("demo-job", Long.toString(index)));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(PodcastJobs.JOB_ID, job.id());
    fields.put(PodcastJobs.USER_ID, user);
    fields.put(PodcastJobs.TOPIC, "Episode " + index);
    fields.put(PodcastJobs.DURATION_MIN, MINUTES.get(random.nextInt(MINUTES.size())));
    fields.put(PodcastJobs.QUALITY, random.nextBoolean() ? "standard" : "hd");
    fields.put(PodcastJobs.STATUS, JobStatus.QUEUED.wire());
    fields.put(PodcastJobs.CREATED_AT, clock.instant());
    store.commit(List.of(Mutation.create(job, fields))).join();
    Deque<JobStatus> ahead = new ArrayDeque<>(List.of(JobStatus.RUNNING));
    int fate = random.nextInt(10);
    ahead.add(fate < 7 ? JobStatus.COMPLETED : fate < 9 ? JobStatus.FAILED : JobStatus.CANCELLED);
    synchronized (lives) {
      all.add(job);
      lives.add(new Life(job, ahead));
    }
  }

  /** Takes the oldest job a step further when enough of them are at work. */
  void advance() {
    Life life;
    synchronized (lives) {
      if (lives.size() <= AT_WORK) {
        return;
      }
      life = lives.removeFirst();
    }
    step(life);
  }

  private void step(Life life) {
    Map<String, Object> change = new LinkedHashMap<>();
    change.put(PodcastJobs.STATUS, life.ahead().removeFirst().wire());
    change.put(PodcastJobs.UPDATED_AT, clock.instant());
    store.commit(List.of(Mutation.blind(life.job(), change, Map.of()))).join();
    if (!life.ahead().isEmpty()) {
      synchronized (lives) {
        lives.add(life);
      }
    }
  }

  /** Takes all jobs to their end. */
  void finish() {
    while (true) {
      Life life;
      synchronized (lives) {
        life = lives.pollFirst();
      }
      if (life == null) {
        return;
      }
      step(life);
    }
  }

  /** Waits until all triggers have run; whether every job then has a payment that is final. */
  boolean awaitPayments(EventRelay events) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (System.nanoTime() < deadline) {
      if (events.counts().pending() == 0) {
        count();
        if (open == 0) {
          return true;
        }
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    count();
    return open == 0;
  }

  private void count() {
    payments.clear();
    open = 0;
    for (int i = 0; i < all.size(); i += 100) {
      for (Snapshot job : store.read(all.subList(i, Math.min(all.size(), i + 100))).join()) {
        Object status =
            job.fields().get(PodcastJobs.PAYMENT) instanceof Map<?, ?> payment
                ? payment.get("status")
                : null;
        payments.merge("jobs " + status, 1L, Long::sum);
        if (status == null || status.equals("held")) {
          open++;
        }
      }
    }
  }

  /** Jobs whose payment is not final yet. */
  int open() {
    return open;
  }

  /** How many jobs there are, by what became of their payment. */
  Map<String, Long> summary() {
    Map<String, Long> summary = new LinkedHashMap<>();
    summary.put("jobs ordered", (long) all.size());
    summary.putAll(payments);
    return summary;
  }
}
