package dev.meterkite.model.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertSeverity;
import dev.meterkite.model.alerts.AlertStatus;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.credits.BalanceLevel;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.jobs.JobStage;
import dev.meterkite.model.credits.jobs.JobStatus;
import dev.meterkite.model.credits.jobs.PaymentStatus;
import dev.meterkite.model.customers.SupportTier;
import dev.meterkite.model.health.CircuitState;
import dev.meterkite.model.health.HealthStatus;
import dev.meterkite.model.plans.DataPackTier;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.quotas.QuotaStatus;
import dev.meterkite.model.routing.TaskType;
import dev.meterkite.model.usage.Correction;
import dev.meterkite.model.usage.UsageAction;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WordTest {
  static Stream<Arguments> vocabularies() {
    return Stream.of(
        words(JobStatus::parse, "queued clarifying running completed failed cancelled"),
        words(JobStage::parse, "queued research script voice mix publish completed failed"),
        words(
            TransactionType::parse,
            "deduction refund purchase subscription_grant admin_adjustment expiration"),
        words(HoldStatus::parse, "held captured released expired"),
        words(BalanceLevel::parse, "ok low empty"),
        words(PaymentStatus::parse, "held captured released refused unpaid"),
        words(HealthStatus::parse, "healthy degraded unavailable unknown"),
        words(CircuitState::parse, "closed open half_open"),
        words(QuotaStatus::parse, "available warning critical exhausted"),
        words(
            AlertType::parse,
            "quota_warning quota_critical quota_exhausted provider_unhealthy provider_unavailable"
                + " provider_recovered provider_credit_gone model_unavailable model_gone"
                + " circuit_breaker_opened circuit_breaker_half_open"
                + " failover_executed balance_low balance_empty balance_unreadable ledger_mismatch"
                + " refund_abuse job_unpaid price_held"
                + " usage_quota_warning usage_quota_exhausted plans_invalid"),
        words(AlertSeverity::parse, "info warning critical emergency"),
        words(AlertStatus::parse, "open escalated suppressed resolved"),
        words(TaskType::parse, "llm tts transcription"),
        words(SupportTier::parse, "basic priority dedicated"),
        words(DataPackTier::parse, "core plus full"),
        words(Correction::parse, "void amend"),
        words(
            FeatureFlag::parse,
            "audio_narration subtitle_generation vla_finetuning sim2real contact_rich tactile"
                + " multi_robot deformable bimanual dwm_conditioning streaming_export"));
  }

  private static <E extends Enum<E> & Word> Arguments words(
      Function<String, Optional<E>> parse, String expected) {
    return Arguments.of(parse, List.of(expected.split(" ")));
  }

  @ParameterizedTest
  @MethodSource("vocabularies")
  <E extends Enum<E> & Word> void vocabulary_isExactlyThis(
      Function<String, Optional<E>> parse, List<String> expected) {
    Class<E> type = parse.apply(expected.get(0)).orElseThrow().getDeclaringClass();
    assertEquals(expected, Arrays.stream(type.getEnumConstants()).map(Word::wire).toList());
    for (String word : expected) {
      assertEquals(word, parse.apply(word).orElseThrow().wire());
    }
    for (String unknown :
        Arrays.asList(null, "", "nonsense", expected.get(0).toUpperCase(Locale.ROOT))) {
      assertEquals(Optional.empty(), parse.apply(unknown));
    }
  }

  @Test
  void overrideKeyTactileSensors_isTactile() {
    assertEquals(Optional.of(FeatureFlag.TACTILE), FeatureFlag.ofOverrideKey("tactile_sensors"));
    assertEquals(Optional.of(FeatureFlag.TACTILE), FeatureFlag.ofOverrideKey("tactile"));
    assertEquals(Optional.empty(), FeatureFlag.ofOverrideKey("_comment"));
  }

  @Test
  void endOfJob_isOneOfThree() {
    assertEquals(
        List.of(JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED),
        Arrays.stream(JobStatus.values()).filter(JobStatus::ended).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"scene_generated", "x", "a1_2b"})
  void snakeCaseWord_isAnAction(String word) {
    assertTrue(UsageAction.isAction(word));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A", "_a", "a_", "a__b", "a b", "1a", "a/b", "é"})
  void otherText_isNoAction(String word) {
    assertFalse(UsageAction.isAction(word));
  }

  @Test
  void actionLongerThanTheBound_isNoAction() {
    assertTrue(UsageAction.isAction("a".repeat(100)));
    assertFalse(UsageAction.isAction("a".repeat(101)));
  }
}
