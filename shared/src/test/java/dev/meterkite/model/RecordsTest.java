package dev.meterkite.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertFields;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.jobs.JobStage;
import dev.meterkite.model.credits.jobs.JobStatus;
import dev.meterkite.model.credits.jobs.PodcastJob;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.User;
import dev.meterkite.model.customers.CustomerFields;
import dev.meterkite.model.customers.FlagFields;
import dev.meterkite.model.customers.SceneFields;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.health.HealthFields;
import dev.meterkite.model.quotas.QuotaFields;
import dev.meterkite.model.routing.DecisionFields;
import dev.meterkite.model.schema.Decoded;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.schema.Typed;
import dev.meterkite.model.schema.Violation;
import dev.meterkite.model.usage.UsageRecordFields;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The tables of all collections: what they read, keep, and refuse. */
class RecordsTest {
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00.000001Z");

  /** Each record with a document that fills all its fields. */
  static Stream<Arguments> records() {
    return Stream.of(
        record(PodcastJob.TABLE, PodcastJob::decode, PodcastJob::new, Map.of()),
        record(User.TABLE, User::decode, User::new, Map.of()),
        record(TransactionCodec.table(), Map.of()),
        record(HoldCodec.table(), Map.of()),
        record(HealthFields.TABLE, Map.of()),
        record(QuotaFields.TABLE, Map.of()),
        record(AlertFields.TABLE, Map.of()),
        record(DecisionFields.TABLE, Map.of()),
        record(
            CustomerFields.TABLE,
            Map.of("billing_time_zone", "Asia/Tokyo", "contract_end", NOW.plusSeconds(1))),
        record(SceneFields.TABLE, Map.of("vla_models", List.of("openvla"))),
        record(FlagFields.TABLE, Map.of("_comment", "why", "tactile_sensors", true)),
        record(UsageRecordFields.TABLE, Map.of()));
  }

  /** A document of a collection whose table alone is used: no type stands for it. */
  private record Checked(Table table, Map<String, Object> fields) implements Typed {
    Checked {
      fields = table.checked(fields);
    }
  }

  private static Arguments record(Table table, Map<String, Object> more) {
    Function<Map<String, Object>, Checked> make = fields -> new Checked(table, fields);
    return record(table, document -> table.decode(document, make), make, more);
  }

  private static <T extends Typed> Arguments record(
      Table table,
      Function<Map<String, Object>, Decoded<T>> decode,
      Function<Map<String, Object>, T> make,
      Map<String, Object> more) {
    Map<String, Object> full = new LinkedHashMap<>();
    for (Field<?> field : table.fields()) {
      put(full, FieldPath.segments(field.path()), sample(field));
    }
    full.putAll(more);
    return Arguments.of(table, decode, make, full);
  }

  private static Object sample(Field<?> field) {
    return switch (field.kind()) {
      case STRING -> field.convert().apply("x") == null ? field.range().split(", ", -1)[0] : "x";
      case INTEGER -> 1L;
      case FLOAT -> 0.75;
      case BOOLEAN -> true;
      case TIMESTAMP -> NOW;
      case MAP -> new LinkedHashMap<>(Map.of("more", Map.of("a", List.of(1L, "b"))));
      case ARRAY -> List.of("a", 1L);
    };
  }

  @SuppressWarnings("unchecked")
  private static void put(Map<String, Object> document, List<String> path, Object value) {
    Map<String, Object> parent = document;
    for (String segment : path.subList(0, path.size() - 1)) {
      parent = (Map<String, Object>) parent.computeIfAbsent(segment, x -> new LinkedHashMap<>());
    }
    parent.put(path.get(path.size() - 1), value);
  }

  @ParameterizedTest
  @MethodSource("records")
  <T extends Typed> void fullDocument_survivesTheRoundTrip(
      Table table,
      Function<Map<String, Object>, Decoded<T>> decode,
      Function<Map<String, Object>, T> make,
      Map<String, Object> full) {
    T record = decode.apply(full).value().orElseThrow();
    assertEquals(full, record.fields());
    assertEquals(record, make.apply(record.fields()));
    for (Field<?> field : table.fields()) {
      assertTrue(record.get(field).isPresent(), field::path);
    }
  }

  /** A39: fields that we do not know are kept, also those with values that we cannot read. */
  @ParameterizedTest
  @MethodSource("records")
  <T extends Typed> void unknownFields_areKept(
      Table table,
      Function<Map<String, Object>, Decoded<T>> decode,
      Function<Map<String, Object>, T> make,
      Map<String, Object> full) {
    Map<String, Object> document = new LinkedHashMap<>(full);
    document.put("of another program", new Object());
    document.put("null", null);
    assertEquals(document, decode.apply(document).value().orElseThrow().fields());
  }

  @ParameterizedTest
  @MethodSource("records")
  <T extends Typed> void everythingWrong_isReportedAtOnce(
      Table table,
      Function<Map<String, Object>, Decoded<T>> decode,
      Function<Map<String, Object>, T> make,
      Map<String, Object> full) {
    Map<String, Object> wrong = new LinkedHashMap<>();
    List<String> paths = new ArrayList<>();
    for (Field<?> field : table.fields()) {
      if (FieldPath.segments(field.path()).size() == 1) {
        wrong.put(field.path(), new Object());
        paths.add(field.path());
      }
    }
    Decoded<T> decoded = decode.apply(wrong);
    assertEquals(Optional.empty(), decoded.value());
    assertEquals(paths, decoded.violations().stream().map(Violation::field).toList());
    assertTrue(decoded.violations().stream().allMatch(v -> v.code().equals(Violation.WRONG_TYPE)));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> make.apply(wrong));
    paths.forEach(path -> assertTrue(refused.getMessage().contains(path), path));
  }

  @ParameterizedTest
  @MethodSource("records")
  <T extends Typed> void absentOrNullField_isMissedOnlyWhereRequired(
      Table table,
      Function<Map<String, Object>, Decoded<T>> decode,
      Function<Map<String, Object>, T> make,
      Map<String, Object> full) {
    Map<String, Object> nulls = new LinkedHashMap<>();
    full.keySet().forEach(key -> nulls.put(key, null));
    List<Violation> expected =
        table.fields().stream()
            .filter(Field::required)
            .map(f -> new Violation(f.path(), Violation.REQUIRED, "is required"))
            .toList();
    assertEquals(expected, decode.apply(Map.of()).violations());
    assertEquals(expected, decode.apply(nulls).violations());
  }

  /** A39: whatever stands in a document, decoding answers, and blames only what was changed. */
  @ParameterizedTest
  @MethodSource("records")
  <T extends Typed> void brokenDocument_neverCrashesTheDecoder(
      Table table,
      Function<Map<String, Object>, Decoded<T>> decode,
      Function<Map<String, Object>, T> make,
      Map<String, Object> full) {
    List<Object> junk =
        Arrays.asList(
            null,
            "",
            "x".repeat(2_000),
            "\ud800",
            -1L,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            0.5,
            -0.0,
            Double.NaN,
            Double.NEGATIVE_INFINITY,
            1e300,
            true,
            NOW,
            Instant.MAX,
            List.of(),
            Map.of(),
            Map.of("stage", 1L, "pct", "x", "state", List.of()),
            new Object());
    for (long seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      Map<String, Object> document = new LinkedHashMap<>(full);
      List<String> keys = new ArrayList<>(full.keySet());
      List<String> touched = new ArrayList<>();
      for (int n = random.nextInt(4); n > 0; n--) {
        String key = keys.get(random.nextInt(keys.size()));
        document.put(key, junk.get(random.nextInt(junk.size())));
        touched.add(key);
      }
      Decoded<T> decoded = decode.apply(document);
      String repeat = table.collection() + " seed " + seed + " " + decoded.violations();
      assertEquals(
          List.of(),
          decoded.violations().stream()
              .filter(v -> !v.code().equals(Violation.INCONSISTENT))
              .map(v -> FieldPath.segments(v.field()).get(0))
              .filter(field -> !touched.contains(field))
              .toList(),
          repeat);
      decoded
          .value()
          .ifPresent(
              record -> {
                assertEquals(document.keySet(), record.fields().keySet(), repeat);
                assertEquals(record, make.apply(record.fields()), repeat);
              });
    }
  }

  private static final Map<String, Object> JOB =
      Map.of("user_id", "u", "topic", "t", "duration_min", 1.0, "status", "queued");

  @Test
  void job_isReadByItsTypes() {
    Map<String, Object> document = new LinkedHashMap<>(JOB);
    document.put("duration_min", 10L);
    document.put("progress", Map.of("stage", "voice", "pct", 50.0, "eta", "soon"));
    PodcastJob job = new PodcastJob(document);
    assertEquals(10.0, job.require(PodcastJob.DURATION_MIN));
    assertEquals(JobStatus.QUEUED, job.require(PodcastJob.STATUS));
    assertEquals(Optional.of(JobStage.VOICE), job.get(PodcastJob.PROGRESS_STAGE));
    assertEquals(Optional.of(50L), job.get(PodcastJob.PROGRESS_PCT));
    assertEquals(Optional.empty(), job.get(PodcastJob.QUALITY));
    assertThrows(NoSuchElementException.class, () -> job.require(PodcastJob.QUALITY));
    assertThrows(UnsupportedOperationException.class, () -> job.fields().put("a", 1L));
  }

  @ParameterizedTest
  @CsvSource({"0.5, true", "0.49, false", "180, true", "180.01, false", "NaN, false", "-1, false"})
  void durationOfJob_isHalfAMinuteToThreeHours(double minutes, boolean right) {
    assertEquals(right, isJob("duration_min", minutes));
  }

  @ParameterizedTest
  @CsvSource({
    "topic, 0, false",
    "topic, 1, true",
    "topic, 500, true",
    "topic, 501, false",
    "audience, 0, true",
    "audience, 200, true",
    "audience, 201, false"
  })
  void textOfJob_hasItsLength(String field, int length, boolean right) {
    assertEquals(right, isJob(field, "é".repeat(length)));
    assertEquals(right, isJob(field, "\ud83d\ude80".repeat(length)));
  }

  @ParameterizedTest
  @CsvSource({"-1, false", "0, true", "100, true", "101, false"})
  void progressOfJob_isAPercentage(long percent, boolean right) {
    assertEquals(right, isJob("progress", Map.of("pct", percent)));
  }

  @Test
  void integers_mayComeAsDoublesWithoutFraction() {
    assertTrue(isJob("credits_actual", 30.0));
    assertFalse(isJob("credits_actual", 30.5));
    assertFalse(isJob("credits_actual", 1e17));
    assertFalse(isJob("credits_actual", "30"));
    assertEquals(30L, new PodcastJob(job("credits_actual", 30.0)).fields().get("credits_actual"));
  }

  @Test
  void unknownWord_isToldFromAWrongType() {
    assertEquals(
        List.of(
            new Violation(
                "status",
                Violation.UNKNOWN_VALUE,
                "must be one of queued, clarifying, running, completed, failed, cancelled")),
        PodcastJob.decode(job("status", "paused")).violations());
  }

  @Test
  void violation_isEncodedInItsOrder() {
    assertEquals(
        "{field=topic, code=required, message=is required}",
        new Violation("topic", Violation.REQUIRED, "is required").encode().toString());
  }

  @ParameterizedTest
  @CsvSource({"-2, false", "-1, true", "0, true", "100, true"})
  void sceneQuota_isUnlimitedByMinusOneAlone(long quota, boolean right) {
    Map<String, Object> customer =
        Map.of("schema_version", 1L, "bundle_tier", "pro", "monthly_scene_quota", quota);
    assertEquals(right, CustomerFields.TABLE.validate(customer).isEmpty());
  }

  @Test
  void elementsOfListsAndMaps_areValidatedToo() {
    Map<String, Object> customer = new LinkedHashMap<>();
    customer.put("schema_version", 1L);
    customer.put("bundle_tier", "pro");
    customer.put("feature_overrides", Map.of("tactile_sensors", true, "our_switch", "half"));
    assertEquals(List.of(), CustomerFields.TABLE.validate(customer));
    customer.put("feature_overrides", Map.of("tactile_sensors", "yes"));
    assertEquals(
        List.of(
            new Violation(
                "feature_overrides",
                Violation.OUT_OF_RANGE,
                "must be true or false for each feature")),
        CustomerFields.TABLE.validate(customer));
    Map<String, Object> scene =
        Map.of("schema_version", 1L, "customer_id", "c", "vla_models", List.of("openvla", 1L));
    assertEquals(
        List.of(new Violation("vla_models", Violation.OUT_OF_RANGE, "must be a list of texts")),
        SceneFields.TABLE.validate(scene));
  }

  /** The example documents of the source schema, as they stand there. */
  @Test
  void examplesOfTheSchema_areRight() {
    Map<String, Object> customer = new LinkedHashMap<>();
    customer.put("schema_version", 1L);
    customer.put("bundle_tier", "pro");
    customer.put("organization_name", "AI Research Lab");
    customer.put("email", "contact@ailab.edu");
    customer.put("monthly_scene_quota", 100L);
    customer.put("scenes_generated_this_month", 45L);
    customer.put("support_tier", "priority");
    customer.put("contract_start", Instant.parse("2025-01-01T00:00:00Z"));
    customer.put("contract_end", Instant.parse("2026-01-01T00:00:00Z"));
    customer.put("audio_narration_enabled", true);
    customer.put("subtitle_generation_enabled", true);
    customer.put("preferred_tts_voice", "en-US-Neural2-D");
    customer.put("preferred_language", "en-US");
    customer.put("feature_overrides", Map.of("tactile_sensors", true));
    customer.put("created_at", Instant.parse("2024-01-15T10:30:00Z"));
    customer.put("updated_at", Instant.parse("2025-01-10T14:22:00Z"));
    assertEquals(List.of(), CustomerFields.TABLE.validate(customer));

    Map<String, Object> scene = new LinkedHashMap<>();
    scene.put("schema_version", 1L);
    scene.put("customer_id", "lab_001");
    scene.put("robot_type", "franka");
    scene.put("data_pack_tier", "plus");
    scene.put("episodes_per_variation", 50L);
    scene.put("max_variations", 100L);
    scene.put("min_quality_score", 0.85);
    scene.put("vla_models", List.of("openvla", "pi0"));
    scene.put("sim2real_enabled", true);
    scene.put("contact_rich_enabled", true);
    scene.put("tactile_enabled", false);
    scene.put(
        "custom_settings",
        Map.of("lighting_variation", "high", "physics_profile", "manipulation_contact_rich"));
    scene.put("created_at", Instant.parse("2025-01-05T09:15:00Z"));
    scene.put("updated_at", Instant.parse("2025-01-10T16:45:00Z"));
    assertEquals(List.of(), SceneFields.TABLE.validate(scene));

    Map<String, Object> global =
        Map.of("_comment", "beta", "schema_version", 1L, "tactile", false, "sim2real", false);
    assertEquals(List.of(), FlagFields.TABLE.validate(global));
  }

  @Test
  void contract_endsAfterItBegins() {
    Map<String, Object> customer =
        Map.of(
            "schema_version", 1L, "bundle_tier", "pro", "contract_start", NOW, "contract_end", NOW);
    assertEquals(
        List.of(
            new Violation("contract_end", Violation.INCONSISTENT, "must be after contract_start")),
        CustomerFields.TABLE.validate(customer));
  }

  @Test
  void capture_isAtMostTheHold() {
    Map<String, Object> hold = new LinkedHashMap<>();
    hold.put("hold_id", "h");
    hold.put("user_id", "u");
    hold.put("amount", 5L);
    hold.put("status", "captured");
    hold.put("captured", 5L);
    assertEquals(List.of(), HoldCodec.table().validate(hold));
    hold.put("captured", 6L);
    assertEquals("captured", HoldCodec.table().validate(hold).get(0).field());
  }

  @Test
  void correction_namesTheRecordItCorrects() {
    Map<String, Object> usage = new LinkedHashMap<>();
    usage.put("customer_id", "c");
    usage.put("action", "scene_generated");
    usage.put("timestamp", NOW);
    usage.put("correction", "void");
    assertEquals("correction", UsageRecordFields.TABLE.validate(usage).get(0).field());
    usage.put("corrects", "id");
    assertTrue(UsageRecordFields.TABLE.validate(usage).isEmpty());
  }

  private static Map<String, Object> job(String field, Object value) {
    Map<String, Object> document = new LinkedHashMap<>(JOB);
    document.put(field, value);
    return document;
  }

  private static boolean isJob(String field, Object value) {
    return PodcastJob.decode(job(field, value)).value().isPresent();
  }

  @Test
  void decoded_isARecordOrViolations() {
    assertThrows(IllegalArgumentException.class, () -> new Decoded<>(null, List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Decoded<>("x", List.of(new Violation("a", "b", "c"))));
  }

  @Test
  void fieldTwiceInATable_isRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Table.of("users", Field.string("a"), Field.bool("a")));
  }
}
