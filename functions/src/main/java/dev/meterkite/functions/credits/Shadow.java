package dev.meterkite.functions.credits;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.credits.audit.ShadowComparison;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Credits beside an older system that keeps the balances ({@code CREDITS_MODE=shadow}): everything
 * is read and decided as ever, and no commit reaches the store. What a commit would have written is
 * compared with what the older system has written:
 *
 * <ul>
 *   <li>a job whose payment would be final (captured, released, refused, unpaid): its charge, with
 *       the net of the older system's transactions of that job. As long as they differ and the job
 *       changed within the last {@link #SETTLING}, the older system may still be at it: the commit
 *       fails, and the event is delivered again;
 *   <li>a {@code ledger_mismatch} that would be raised: a ledger from before beside a {@code
 *       credits_balance} that has moved on, or one that cannot be read.
 * </ul>
 *
 * A difference is one line {@code shadow_difference}, an agreement one {@code shadow_agreement}; a
 * process writes the same line once while it remembers it (the last {@value #REMEMBERED}).
 */
final class Shadow implements Store {
  /** How long after a job's last change the older system may take to write its transactions. */
  static final Duration SETTLING = Duration.ofMinutes(2);

  private static final int REMEMBERED = 10_000;
  private static final int MOST_TRANSACTIONS = 100;

  private final Store store;
  private final InstantSource realClock;
  private final Log log;
  private final AtomicLong compared = new AtomicLong();
  private final AtomicLong differences = new AtomicLong();
  private final Set<String> said =
      Collections.newSetFromMap(
          Collections.synchronizedMap(
              new LinkedHashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                  return size() > REMEMBERED;
                }
              }));

  /**
   * @param store where documents are read
   * @param realClock what jobs' update times are compared with
   * @param log takes a line for each comparison
   */
  Shadow(Store store, InstantSource realClock, Log log) {
    this.store = store;
    this.realClock = realClock;
    this.log = log;
  }

  /** The backend as it is in live mode; in shadow mode one whose store is a shadow. */
  static Backend over(Backend backend) {
    return backend.settings().shadowsCredits() && !isShadow(backend)
        ? backend.with(new Shadow(backend.store(), backend.realClock(), backend.log()))
        : backend;
  }

  static boolean isShadow(Backend backend) {
    return backend.store() instanceof Shadow;
  }

  /** Comparisons so far, differences included. */
  long compared() {
    return compared.get();
  }

  long differences() {
    return differences.get();
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    return store.read(refs);
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    return store.find(query);
  }

  @Override
  public CompletableFuture<Number> total(Query query, @Nullable String sum) {
    return store.total(query, sum);
  }

  /** Writes nothing; answers as a store that did. */
  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    List<CompletableFuture<Void>> comparisons = new ArrayList<>();
    for (Mutation mutation : mutations) {
      if (mutation.ref().collection().equals(PodcastJobs.COLLECTION)) {
        ShadowComparison.charge(mutation.fields())
            .ifPresent(charge -> comparisons.add(compare(mutation, charge)));
      } else if (mutation.ref().collection().equals(ModelRouterAlerts.COLLECTION)) {
        ShadowComparison.mismatch(mutation.fields())
            .ifPresent(what -> tell(true, Map.of("kind", "ledger", "what", what)));
      }
    }
    Instant now = realClock.instant();
    return CompletableFuture.allOf(comparisons.toArray(CompletableFuture[]::new))
        .thenApply(done -> Collections.nCopies(mutations.size(), now));
  }

  private CompletableFuture<Void> compare(Mutation job, ShadowComparison.Charge charge) {
    String jobId = job.ref().id();
    return store
        .find(Queries.transactionsOfJob(jobId, MOST_TRANSACTIONS))
        .thenAccept(
            transactions -> {
              Optional<Long> charged = ShadowComparison.charged(transactions);
              if (charged.isEmpty()) {
                return; // Meterkite's own from a time when it was live: nothing to compare.
              }
              boolean differs = charged.get() != charge.credits();
              if (differs && isYoung(job)) {
                throw new StoreException(
                    StoreException.Kind.DENIED, "the older system may still charge job " + jobId);
              }
              Map<String, Object> fields = new LinkedHashMap<>();
              fields.put("kind", "job_charge");
              fields.put("job_id", jobId);
              fields.put("payment", charge.status());
              fields.put("would_charge", charge.credits());
              fields.put("charged", charged.get());
              tell(differs, fields);
            });
  }

  private boolean isYoung(Mutation job) {
    Instant version = job.version();
    return version != null && version.plus(SETTLING).isAfter(realClock.instant());
  }

  private void tell(boolean differs, Map<String, Object> fields) {
    if (!said.add(fields.toString())) {
      return;
    }
    Map<String, Object> line = new LinkedHashMap<>(fields);
    line.put("compared", compared.incrementAndGet());
    if (differs) {
      line.put("differences", differences.incrementAndGet());
      log.warn("shadow_difference", line);
    } else {
      line.put("differences", differences.get());
      log.info("shadow_agreement", line);
    }
  }
}
