package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Decoded;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.schema.Typed;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A job of the podcast pipeline. {@code payment} and {@code payment_due_at} are written by us, the
 * rest by the pipeline.
 *
 * @param fields the whole document, with the fields that we do not know
 */
public record PodcastJob(Map<String, Object> fields) implements Typed {
  public static final Field<String> JOB_ID =
      Bounds.length(1, 500, Field.string(Schema.PodcastJobs.JOB_ID));
  public static final Field<String> USER_ID =
      Bounds.length(1, 500, Field.string(Schema.PodcastJobs.USER_ID)).mandatory();
  public static final Field<String> TOPIC =
      Bounds.length(1, 500, Field.string(Schema.PodcastJobs.TOPIC)).mandatory();
  public static final Field<Double> DURATION_MIN =
      Bounds.between(0.5, 180.0, Field.number(Schema.PodcastJobs.DURATION_MIN)).mandatory();
  public static final Field<JobStatus> STATUS =
      Field.word(Schema.PodcastJobs.STATUS, JobStatus.class).mandatory();
  public static final Field<Map<String, Object>> PROGRESS = Field.map(Schema.PodcastJobs.PROGRESS);
  public static final Field<JobStage> PROGRESS_STAGE =
      Field.word(Schema.PodcastJobs.PROGRESS_STAGE, JobStage.class);
  public static final Field<Long> PROGRESS_PCT =
      Bounds.between(0, 100, Field.integer(Schema.PodcastJobs.PROGRESS_PCT));
  public static final Field<Map<String, Object>> RESEARCH_PLAN =
      Field.map(Schema.PodcastJobs.RESEARCH_PLAN);
  public static final Field<Map<String, Object>> OUTPUTS = Field.map(Schema.PodcastJobs.OUTPUTS);
  public static final Field<String> OUTPUTS_AUDIO_URL =
      Field.string(Schema.PodcastJobs.OUTPUTS_AUDIO_URL);
  public static final Field<Instant> CREATED_AT = Field.timestamp(Schema.PodcastJobs.CREATED_AT);
  public static final Field<Instant> UPDATED_AT = Field.timestamp(Schema.PodcastJobs.UPDATED_AT);
  public static final Field<String> QUALITY = Field.string(Schema.PodcastJobs.QUALITY);
  public static final Field<String> PRIORITY = Field.string(Schema.PodcastJobs.PRIORITY);
  public static final Field<String> AUDIENCE =
      Bounds.length(0, 200, Field.string(Schema.PodcastJobs.AUDIENCE));
  public static final Field<Long> CREDITS_ACTUAL =
      Bounds.atLeast(0, Field.integer(Schema.PodcastJobs.CREDITS_ACTUAL));
  public static final Field<Map<String, Object>> PAYMENT = Field.map(Schema.PodcastJobs.PAYMENT);
  public static final Field<PaymentStatus> PAYMENT_STATUS =
      Field.word(Schema.PodcastJobs.PAYMENT_STATUS, PaymentStatus.class);
  public static final Field<String> PAYMENT_CODE = Field.string(Schema.PodcastJobs.PAYMENT_CODE);
  public static final Field<String> PAYMENT_HOLD_ID =
      Field.string(Schema.PodcastJobs.PAYMENT_HOLD_ID);
  public static final Field<Long> PAYMENT_CREDITS =
      Bounds.atLeast(0, Field.integer(Schema.PodcastJobs.PAYMENT_CREDITS));
  public static final Field<Long> PAYMENT_ATTEMPT =
      Bounds.atLeast(1, Field.integer(Schema.PodcastJobs.PAYMENT_ATTEMPT));
  public static final Field<String> PAYMENT_FIELD = Field.string(Schema.PodcastJobs.PAYMENT_FIELD);
  public static final Field<Instant> PAYMENT_DUE_AT =
      Field.timestamp(Schema.PodcastJobs.PAYMENT_DUE_AT);
  public static final Field<List<Object>> VALIDATION_ERRORS =
      Field.array(Schema.PodcastJobs.VALIDATION_ERRORS);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.PodcastJobs.COLLECTION,
          JOB_ID,
          USER_ID,
          TOPIC,
          DURATION_MIN,
          STATUS,
          PROGRESS,
          PROGRESS_STAGE,
          PROGRESS_PCT,
          RESEARCH_PLAN,
          OUTPUTS,
          OUTPUTS_AUDIO_URL,
          CREATED_AT,
          UPDATED_AT,
          QUALITY,
          PRIORITY,
          AUDIENCE,
          CREDITS_ACTUAL,
          PAYMENT,
          PAYMENT_STATUS,
          PAYMENT_CODE,
          PAYMENT_HOLD_ID,
          PAYMENT_CREDITS,
          PAYMENT_ATTEMPT,
          PAYMENT_FIELD,
          PAYMENT_DUE_AT,
          VALIDATION_ERRORS);

  /**
   * A record of this document.
   *
   * @throws IllegalArgumentException with everything that is wrong with it
   */
  public PodcastJob {
    fields = TABLE.checked(fields);
  }

  /** The record of a document, or everything that is wrong with it; never fails. */
  public static Decoded<PodcastJob> decode(Map<String, Object> document) {
    return TABLE.decode(document, PodcastJob::new);
  }
}
