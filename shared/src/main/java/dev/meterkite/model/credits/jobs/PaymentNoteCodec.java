package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes payments to jobs, and renders them for callers. */
final class PaymentNoteCodec {
  private PaymentNoteCodec() {}

  /** What of a payment the job does not say yet; empty where it says everything. */
  static Optional<Write.Update> update(Snapshot job, PaymentNote payment) {
    return update(job, changes(job, payment));
  }

  /** The same, and the job becomes failed. */
  static Optional<Write.Update> failure(Snapshot job, PaymentNote payment, Instant now) {
    Map<String, Object> changes = changes(job, payment);
    changes.put(PodcastJobs.STATUS, JobStatus.FAILED.wire());
    changes.put(PodcastJobs.UPDATED_AT, now);
    return update(job, changes);
  }

  private static Optional<Write.Update> update(Snapshot job, Map<String, Object> changes) {
    return changes.isEmpty() ? Optional.empty() : Optional.of(new Write.Update(job.ref(), changes));
  }

  /** The payment need not be looked at again; empty where the job says so. */
  static Optional<Write.Update> settled(Snapshot job) {
    return job.fields().get(PodcastJobs.PAYMENT_DUE_AT) == null
        ? Optional.empty()
        : Optional.of(
            new Write.Update(job.ref(), Map.of(PodcastJobs.PAYMENT_DUE_AT, Write.REMOVED)));
  }

  /** By field path. */
  private static Map<String, Object> changes(Snapshot job, PaymentNote payment) {
    Map<String, @Nullable Object> wanted = new LinkedHashMap<>();
    wanted.put(PodcastJobs.PAYMENT_STATUS, payment.status().wire());
    wanted.put(PodcastJobs.PAYMENT_CODE, payment.code());
    wanted.put(PodcastJobs.PAYMENT_FIELD, payment.field());
    wanted.put(PodcastJobs.PAYMENT_HOLD_ID, holdId(job.ref().id(), payment));
    wanted.put(PodcastJobs.PAYMENT_CREDITS, payment.credits());
    wanted.put(PodcastJobs.PAYMENT_ATTEMPT, payment.number());
    Map<?, ?> found = LenientFields.map(job.fields(), PodcastJobs.PAYMENT);
    Map<String, Object> changes = new LinkedHashMap<>();
    wanted.forEach((path, value) -> put(changes, path, value, found.get(JobPayment.name(path))));
    Object dueAt = job.fields().get(PodcastJobs.PAYMENT_DUE_AT);
    put(changes, PodcastJobs.PAYMENT_DUE_AT, payment.dueAt(), dueAt);
    return changes;
  }

  private static void put(
      Map<String, Object> changes, String path, @Nullable Object value, @Nullable Object found) {
    if (!Objects.equals(value, found)) {
      changes.put(path, value == null ? Write.REMOVED : value);
    }
  }

  private static String holdId(String jobId, PaymentNote payment) {
    return CreditRefs.jobHold(jobId, payment.number()).id();
  }

  /** {@code job_id}, for a command that says nothing of a payment. */
  static Map<String, Object> answer(String jobId) {
    return Map.of(PodcastJobs.JOB_ID, jobId);
  }

  /** {@code job_id, payment: {status, code?, hold_id, credits, attempt}}. */
  static Map<String, Object> answer(String jobId, PaymentNote payment) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("status", payment.status().wire());
    if (payment.code() != null) {
      shown.put("code", payment.code());
    }
    shown.put("hold_id", holdId(jobId, payment));
    shown.put("credits", payment.credits());
    shown.put(CreditHolds.ATTEMPT, payment.number());
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(PodcastJobs.JOB_ID, jobId);
    answer.put(PodcastJobs.PAYMENT, shown);
    return answer;
  }
}
