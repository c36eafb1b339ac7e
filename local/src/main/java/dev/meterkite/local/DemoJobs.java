package dev.meterkite.local;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.credits.jobs.JobStatus;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Podcast jobs as the pipeline writes them: ordered, running, and in the end completed, failed or
 * cancelled.
 */
final class DemoJobs {
  private static final int AT_WORK = 20;
  private static final List<Double> MINUTES = List.of(1.0, 2.5, 5.0, 8.0, 10.0);

  private final DemoStage stage;
  private final List<DocRef> all = new ArrayList<>();
  private final Deque<Life> lives = new ArrayDeque<>();
  private final Map<String, Long> payments = new TreeMap<>();
  private int open;

  /** What a job has before it. */
  private record Life(DocRef job, Deque<JobStatus> ahead) {}

  DemoJobs(DemoStage stage) {
    this.stage = stage;
  }

  /** Orders a job. */
  void order(long index, String user, Random random) {
    DocRef job = new DocRef(PodcastJobs.COLLECTION, Ids.uuid("demo-job", Long.toString(index)));
    stage.create(
        Map.of(
            job,
            Map.of(
                PodcastJobs.JOB_ID, job.id(),
                PodcastJobs.USER_ID, user,
                PodcastJobs.TOPIC, "Episode " + index,
                PodcastJobs.DURATION_MIN, MINUTES.get(random.nextInt(MINUTES.size())),
                PodcastJobs.QUALITY, random.nextBoolean() ? "standard" : "hd",
                PodcastJobs.STATUS, JobStatus.QUEUED.wire(),
                PodcastJobs.CREATED_AT, stage.host().clock().instant())));
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
    Map<String, Object> change =
        Map.of(
            PodcastJobs.STATUS, life.ahead().removeFirst().wire(),
            PodcastJobs.UPDATED_AT, stage.host().clock().instant());
    stage.write(Mutation.blind(life.job(), change, Map.of()));
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

  /** Waits until every job has a payment that is final. */
  void awaitPayments() throws InterruptedException {
    stage.await(
        "the payment of every job",
        () -> stage.host().events().counts().pending() == 0 && count() == 0);
  }

  /** Counts the payments by their status; how many are not final. */
  private int count() {
    payments.clear();
    open = 0;
    for (DocRef job : all) {
      String status = payment(stage, job);
      payments.merge("jobs " + status, 1L, Long::sum);
      if (status.equals("none") || status.equals("held")) {
        open++;
      }
    }
    return open;
  }

  /** The status of a job's payment; {@code none} while there is none. */
  static String payment(DemoStage stage, DocRef job) {
    return stage.read(job).fields().get(PodcastJobs.PAYMENT) instanceof Map<?, ?> payment
        ? String.valueOf(payment.get("status"))
        : "none";
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
