package dev.meterkite.model.persons;

import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.Scenes;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Schema.Users;
import java.util.Set;

/**
 * The only fields that stay in an erased document of a collection where other programs write too.
 */
final class KeptFields {
  static final Set<String> OF_USER =
      Set.of(
          Users.USER_ID,
          Users.TIER,
          Users.CREDITS_BALANCE,
          Users.CREDITS_AVAILABLE,
          Users.BALANCE_LEVEL,
          Users.LOW_BALANCE_AT,
          Users.BALANCE_ALERTS,
          Users.CREATED_AT,
          Users.UPDATED_AT,
          Users.LEDGER,
          Users.LEDGER_DUE_AT,
          Users.ERASED_AT,
          Users.ERASURE,
          Schema.COMMIT);

  static final Set<String> OF_TRANSACTION =
      Set.of(
          CreditTransactions.TRANSACTION_ID,
          CreditTransactions.USER_ID,
          CreditTransactions.TYPE,
          CreditTransactions.AMOUNT,
          CreditTransactions.BALANCE_AFTER,
          CreditTransactions.JOB_ID,
          CreditTransactions.CREATED_AT,
          CreditTransactions.SEQUENCE,
          CreditTransactions.PREV_HASH,
          CreditTransactions.HASH,
          CreditTransactions.REFUNDED,
          CreditTransactions.REVERSES,
          CreditTransactions.HOLD_ID,
          CreditTransactions.EXPIRES_AT,
          CreditTransactions.PERIOD_START,
          CreditTransactions.LOTS,
          CreditTransactions.REVERSES_SEQUENCE,
          CreditTransactions.USAGE,
          CreditTransactions.COST_MICROS,
          CreditTransactions.COST_EXACT,
          CreditTransactions.MARKUP_PERCENT,
          CreditTransactions.CHARGE_EXACT,
          CreditTransactions.PRICE_VERSION,
          CreditTransactions.PLANS_VERSION,
          CreditTransactions.ACCRUED_MICROS,
          CreditTransactions.ERASED,
          Schema.REQUEST_HASH,
          Schema.ANSWER);

  static final Set<String> OF_JOB =
      Set.of(
          PodcastJobs.JOB_ID,
          PodcastJobs.USER_ID,
          PodcastJobs.TOPIC,
          PodcastJobs.DURATION_MIN,
          PodcastJobs.STATUS,
          PodcastJobs.PROGRESS,
          PodcastJobs.CREATED_AT,
          PodcastJobs.UPDATED_AT,
          PodcastJobs.QUALITY,
          PodcastJobs.PRIORITY,
          PodcastJobs.CREDITS_ACTUAL,
          PodcastJobs.PAYMENT,
          PodcastJobs.PAYMENT_DUE_AT);

  static final Set<String> OF_CUSTOMER =
      Set.of(
          Customers.SCHEMA_VERSION,
          UsageTracking.CUSTOMER_ID,
          Customers.BUNDLE_TIER,
          Customers.MONTHLY_SCENE_QUOTA,
          Customers.SCENES_GENERATED_THIS_MONTH,
          Customers.TOTAL_SCENES_GENERATED,
          Customers.TOTAL_EPISODES_GENERATED,
          Customers.AUDIO_NARRATION_ENABLED,
          Customers.SUBTITLE_GENERATION_ENABLED,
          Customers.SUPPORT_TIER,
          Customers.CONTRACT_START,
          Customers.CONTRACT_END,
          Customers.FEATURE_OVERRIDES,
          Customers.CREATED_AT,
          Customers.UPDATED_AT,
          Customers.QUOTA_RESET_AT,
          Customers.QUOTA_DUE_AT,
          Customers.BILLING_ANCHOR_DAY,
          Customers.BILLING_TIME_ZONE,
          Customers.ADMIN_OVERRIDES,
          Customers.VERSION,
          Customers.QUOTA_MODE,
          Customers.QUOTA_ALERT_PERIOD,
          Customers.QUOTA_ALERT_PERCENT,
          Customers.EARLY_SCENES,
          Customers.EARLY_SCENES_PERIOD,
          Customers.USAGE_SUMMARY_MONTH,
          Customers.USAGE_CLOSED_MONTH,
          Customers.USAGE_MONTHS,
          Customers.ERASED_AT,
          Customers.ERASURE,
          Schema.COMMIT);

  static final Set<String> OF_FLAGS =
      Set.of(
          FeatureFlags.SCHEMA_VERSION,
          FeatureFlags.AUDIO_NARRATION,
          FeatureFlags.SUBTITLE_GENERATION,
          FeatureFlags.VLA_FINETUNING,
          FeatureFlags.SIM2REAL,
          FeatureFlags.CONTACT_RICH,
          FeatureFlags.TACTILE,
          FeatureFlags.MULTI_ROBOT,
          FeatureFlags.DEFORMABLE,
          FeatureFlags.BIMANUAL,
          FeatureFlags.DWM_CONDITIONING,
          FeatureFlags.STREAMING_EXPORT,
          FeatureFlags.ORIGIN,
          FeatureFlags.COPIED,
          FeatureFlags.ROLLOUTS,
          FeatureFlags.UPDATED_AT);

  static final Set<String> OF_SCENE =
      Set.of(
          Scenes.SCHEMA_VERSION,
          Scenes.CUSTOMER_ID,
          Scenes.BUNDLE_TIER,
          Scenes.ROBOT_TYPE,
          Scenes.DATA_PACK_TIER,
          Scenes.EPISODES_PER_VARIATION,
          Scenes.MAX_VARIATIONS,
          Scenes.MIN_QUALITY_SCORE,
          Scenes.AUDIO_NARRATION_ENABLED,
          Scenes.SUBTITLE_GENERATION_ENABLED,
          Scenes.VLA_MODELS,
          Scenes.NUM_LANGUAGE_VARIATIONS,
          Scenes.SIM2REAL_ENABLED,
          Scenes.CONTACT_RICH_ENABLED,
          Scenes.TACTILE_ENABLED,
          Scenes.VLA_FINETUNING_ENABLED,
          Scenes.MULTI_ROBOT_ENABLED,
          Scenes.DEFORMABLE_ENABLED,
          Scenes.BIMANUAL_ENABLED,
          Scenes.DWM_CONDITIONING_ENABLED,
          Scenes.STREAMING_EXPORT_ENABLED,
          Scenes.CREATED_AT,
          Scenes.UPDATED_AT,
          Scenes.ADMIN_OVERRIDES);

  static final Set<String> OF_USAGE =
      Set.of(
          UsageTracking.SCHEMA_VERSION,
          UsageTracking.CUSTOMER_ID,
          UsageTracking.SCENE_ID,
          UsageTracking.ACTION,
          UsageTracking.TIMESTAMP,
          UsageTracking.EPISODES_GENERATED,
          UsageTracking.COMPUTE_MINUTES,
          UsageTracking.STORAGE_GB,
          UsageTracking.BILLABLE,
          UsageTracking.ESTIMATED_COST,
          UsageTracking.ESTIMATED_COST_MICROS,
          UsageTracking.CORRECTS,
          UsageTracking.CORRECTION,
          UsageTracking.CORRECTED_BY,
          UsageTracking.LATE_FOR,
          UsageTracking.RECORDED_AT,
          UsageTracking.COMPUTE_MS,
          UsageTracking.STORAGE_BYTES,
          UsageTracking.COST_SOURCE,
          UsageTracking.COUNTED_DIGEST,
          UsageTracking.OVER_QUOTA);

  private KeptFields() {}
}
