package dev.meterkite.functions.access;

import static dev.meterkite.functions.access.Operation.REMOVED;
import static dev.meterkite.functions.access.RulesCaller.ADMIN;
import static dev.meterkite.functions.access.RulesCaller.ANONYMOUS;
import static dev.meterkite.functions.access.RulesCaller.STRANGER;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who may do what: what the rules promise, written down a second time without looking at them.
 * Every row stands for itself; its document is put there before it.
 */
final class AccessTable {
  /** It leans on a customer that has rows of its own. */
  static final String LEANING = "scenes/alice";

  /**
   * The customers that the rows on scenes lean on: one a tier, and what tiers may degenerate to.
   */
  static final Map<String, Map<String, Object>> WORLD =
      Map.of(
          "customers/alice", Map.of("bundle_tier", "standard"),
          "customers/of-standard", Map.of("bundle_tier", "standard"),
          "customers/of-pro", Map.of("bundle_tier", "pro"),
          "customers/of-enterprise", Map.of("bundle_tier", "enterprise"),
          "customers/of-foundation", Map.of("bundle_tier", "foundation"),
          "customers/of-diamond", Map.of("bundle_tier", "diamond"),
          "customers/of-none", Map.of("organization_name", "No tier"));

  /**
   * Collection, then who (o owner, a admin) may get, list the owner's, list all, create, update and
   * delete; nobody else may do anything.
   */
  private static final String MATRIX =
      """
      users                  oa a  a  -  -  -
      credit_transactions    oa oa a  -  -  -
      credit_holds           oa oa a  -  -  -
      podcast_jobs           oa oa a  o  -  -
      model_provider_health  a  a  a  -  -  -
      model_quotas           a  a  a  -  -  -
      model_router_alerts    a  a  a  -  -  -
      routing_decisions      a  a  a  -  -  -
      model_catalog          a  a  a  -  -  -
      model_prices           a  a  a  -  -  -
      plans                  a  a  a  -  -  -
      erasures               a  a  a  -  -  -
      customers              oa a  a  a  oa a
      scenes                 oa oa a  oa oa a
      feature_flags          oa a  a  a  a  a
      usage_tracking         oa oa a  -  -  -
      usage_summaries        oa oa a  -  -  -
      usage_counts           -  -  -  -  -  -
      idempotency_keys       -  -  -  -  -  -
      command_relays         -  -  -  -  -  -
      alert_states           -  -  -  -  -  -
      sweeps                 -  -  -  -  -  -
      stripe_payments        -  -  -  -  -  -
      anything_else          -  -  -  -  -  -
      """;

  private static final String JOB = "3f0c7f6e-93a1-4c56-8a71-0a5d2b6f1c9e";

  /** What a customer may change, or remove, in its own document. */
  private static final List<String> EDITABLE =
      List.of(
          "organization_name",
          "email",
          "preferred_tts_voice",
          "preferred_language",
          "audio_narration_enabled",
          "subtitle_generation_enabled",
          "updated_at");

  private static final List<String> PRO_SWITCHES =
      List.of("audio_narration_enabled", "subtitle_generation_enabled", "vla_finetuning_enabled");
  private static final List<String> ENTERPRISE_SWITCHES =
      List.of(
          "sim2real_enabled",
          "contact_rich_enabled",
          "tactile_enabled",
          "dwm_conditioning_enabled",
          "streaming_export_enabled");
  private static final List<String> FOUNDATION_SWITCHES =
      List.of("multi_robot_enabled", "deformable_enabled", "bimanual_enabled");
  private static final List<String> FLAGS =
      List.of(
          "audio_narration",
          "subtitle_generation",
          "vla_finetuning",
          "sim2real",
          "contact_rich",
          "tactile",
          "multi_robot",
          "deformable",
          "bimanual",
          "dwm_conditioning",
          "streaming_export");

  private final List<Row> rows = new ArrayList<>();
  private final Instant now;

  private AccessTable(Instant now) {
    this.now = now;
  }

  static List<Row> rows(Instant now) {
    AccessTable table = new AccessTable(now);
    table.matrix();
    table.below();
    table.tokens();
    table.jobs();
    table.customers();
    table.customersOfTiers();
    table.scenes();
    table.scenesOfTiers();
    table.flags();
    table.owners();
    return List.copyOf(table.rows);
  }

  // Every collection, every operation, every role.

  private void matrix() {
    for (String line : MATRIX.lines().toList()) {
      List<String> cell = List.of(line.strip().split(" +", -1));
      String collection = cell.get(0);
      String id = collection.equals("podcast_jobs") ? JOB : "alice";
      String document = collection + "/" + id;
      String ownerField = ownerField(collection);
      Map<String, Object> sample = sample(collection);
      Optional<Map<String, Object>> there =
          collection.equals("customers") ? counted() : Optional.of(sample);
      Operation mine = Operation.list(ownerField, "alice");
      everybody("its own", cell.get(1), document, there, Operation.GET);
      everybody("the owner's", cell.get(2), document, there, mine);
      everybody("everybody's", cell.get(3), document, there, Operation.list());
      everybody("a valid one", cell.get(4), document, Optional.empty(), Operation.create(sample));
      everybody("a harmless field", cell.get(5), document, there, harmless(collection));
      everybody("the document", cell.get(6), document, there, Operation.DELETE);
    }
  }

  private void everybody(
      String what,
      String who,
      String document,
      Optional<Map<String, Object>> before,
      Operation operation) {
    add(what, RulesCaller.owner("alice"), document, before, operation, who.contains("o"));
    add(what, ADMIN, document, before, operation, who.contains("a"));
    add(what, STRANGER, document, before, operation, false);
    add(what, ANONYMOUS, document, before, operation, false);
  }

  private static String ownerField(String collection) {
    return switch (collection) {
      case "customers", "scenes", "feature_flags", "usage_tracking", "usage_summaries" ->
          "customer_id";
      default -> "user_id";
    };
  }

  private static Operation harmless(String collection) {
    return switch (collection) {
      case "customers" -> Operation.update("organization_name", "Another name");
      case "scenes" -> Operation.update("robot_type", "ur10");
      case "feature_flags" -> Operation.update("tactile", false);
      default -> Operation.update("note", "by a client");
    };
  }

  private Map<String, Object> sample(String collection) {
    return switch (collection) {
      case "podcast_jobs" -> job();
      case "customers" -> customer("pro");
      case "scenes" -> Map.of("schema_version", 1, "customer_id", "alice", "robot_type", "franka");
      case "feature_flags" -> Map.of("schema_version", 1, "tactile", true);
      default -> Map.of("user_id", "alice", "customer_id", "alice", "amount", 5);
    };
  }

  private Map<String, Object> job() {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("job_id", JOB);
    job.put("user_id", "alice");
    job.put("topic", "Kites");
    job.put("duration_min", 10.0);
    job.put("status", "queued");
    job.put("created_at", now);
    return job;
  }

  private static Map<String, Object> customer(String tier) {
    return Map.of("schema_version", 1, "bundle_tier", tier, "organization_name", "AI Lab");
  }

  /** Collections below documents are nobody's, whosever the document is. */
  private void below() {
    Optional<Map<String, Object>> none = Optional.empty();
    Operation create = Operation.create(Map.of("user_id", "alice", "customer_id", "alice"));
    for (String document :
        List.of(
            "users/alice/notes/1",
            "customers/alice/scenes/1",
            "podcast_jobs/" + JOB + "/parts/1",
            "feature_flags/alice/tactile/1",
            "credit_transactions/alice/users/alice")) {
      add("below", "alice", document, none, Operation.GET, false);
      add("below", ADMIN, document, none, Operation.GET, false);
      add("below", "alice", document, none, create, false);
      add("below", ADMIN, document, none, create, false);
    }
  }

  // Tokens that are not what they look like.

  private void tokens() {
    Optional<Map<String, Object>> there = Optional.of(sample("users"));
    for (Object claim : List.of(false, "true", 1, List.of(true))) {
      RulesCaller pretender = new RulesCaller("admin=" + claim, "mallory", Map.of("admin", claim));
      add("as if admin", pretender, "users/alice", there, Operation.GET, false);
      add("as if admin", pretender, "users/alice", there, Operation.list(), false);
      add("as if admin", pretender, "customers/alice", counted(), Operation.DELETE, false);
    }
    RulesCaller reserved = RulesCaller.owner("_global");
    Optional<Map<String, Object>> global = Optional.of(Map.of("tactile", false));
    add("uid _global", reserved, "feature_flags/_global", global, Operation.GET, false);
    Operation lift = Operation.update("tactile", REMOVED);
    add("uid _global", reserved, "feature_flags/_global", global, lift, false);
  }

  // Jobs.

  private void jobs() {
    job("every optional field", true, "quality", "hd", "priority", "express", "audience", "Kids");
    job("with its progress", true, "progress", Map.of("stage", "queued", "pct", 0));
    job("with its stage", true, "progress", Map.of("stage", "queued"));
    job("with more in its progress", false, "progress", Map.of("stage", "queued", "eta", 0));
    job("progress as text", false, "progress", "queued");
    job("progress null", false, "progress", null);
    job("topic of 500 characters beyond the first plane", true, "topic", "😀".repeat(500));
    job("topic of 501 characters beyond the first plane", false, "topic", "😀".repeat(501));
    job("empty audience", true, "audience", "");
    job("audience that is a number", false, "audience", 5);
    job("without an end", false, "duration_min", Double.POSITIVE_INFINITY);
    job("no number", false, "duration_min", Double.NaN);
    job("from a phone offline for a day", true, "created_at", now.minus(Duration.ofDays(1)));
    job("from a phone offline for 29 days", true, "created_at", now.minus(Duration.ofDays(29)));
    job("from a phone offline for 31 days", false, "created_at", now.minus(Duration.ofDays(31)));
    job("from a clock 4 minutes ahead", true, "created_at", now.plusSeconds(240));
    job("from a clock 7 minutes ahead", false, "created_at", now.plusSeconds(420));
    job("time as text", false, "created_at", now.toString());
    job("without a time", false, "created_at", REMOVED);
    job("with an update time", true, "updated_at", now);
    job("with an update time to come", false, "updated_at", now.plusSeconds(3600));
    job("of somebody else", false, "user_id", "bob");
    job("of nobody", false, "user_id", REMOVED);
    job("under another job's id", false, "job_id", "5b0c7f6e-93a1-4c56-8a71-0a5d2b6f1c9e");
    job("without its id", false, "job_id", REMOVED);
    job("without a topic", false, "topic", REMOVED);
    job("empty topic", false, "topic", "");
    job("topic of one character", true, "topic", "K");
    job("topic of 500 characters", true, "topic", "k".repeat(500));
    job("topic of 501 characters", false, "topic", "k".repeat(501));
    job("topic that is a number", false, "topic", 7);
    job("without a duration", false, "duration_min", REMOVED);
    job("duration as text", false, "duration_min", "10");
    job("duration 0.4", false, "duration_min", 0.4);
    job("duration 0.5", true, "duration_min", 0.5);
    job("duration 180", true, "duration_min", 180);
    job("duration 180.1", false, "duration_min", 180.1);
    job("negative duration", false, "duration_min", -10.0);
    job("quality standard", true, "quality", "standard");
    job("unknown quality", false, "quality", "cinema");
    job("priority standard", true, "priority", "standard");
    job("unknown priority", false, "priority", "yesterday");
    job("audience of 200 characters", true, "audience", "a".repeat(200));
    job("audience of 201 characters", false, "audience", "a".repeat(201));
    for (String status :
        List.of("clarifying", "running", "completed", "failed", "cancelled", "done", "")) {
      job("status " + status, false, "status", status);
    }
    job("without a status", false, "status", REMOVED);
    job("progress already", false, "progress", Map.of("stage", "mix", "pct", 0));
    job("percent already", false, "progress", Map.of("stage", "queued", "pct", 50));
    job("its own price", false, "credits_actual", 0);
    job("already paid", false, "payment", Map.of("status", "captured"));
    job("payment due", false, "payment_due_at", now);
    job("finished plan", false, "research_plan", Map.of());
    job("finished audio", false, "outputs", Map.of("audio_url", "gs://x"));
    job("judged valid", false, "validation_errors", List.of());
    job("unknown field", false, "discount", 100);
    jobIds();
    jobAfterwards();
    jobCancelled();
  }

  private void job(String what, boolean allowed, Object... changes) {
    Map<String, Object> job = changed(job(), changes);
    add(what, "alice", "podcast_jobs/" + JOB, Optional.empty(), Operation.create(job), allowed);
  }

  private void jobIds() {
    for (String id : List.of("job-1", "3nGs1bS0R2q7Wc5VtX9y", "j".repeat(64))) {
      Operation create = Operation.create(changed(job(), "job_id", id));
      add("an id", "alice", "podcast_jobs/" + id, Optional.empty(), create, true);
    }
    for (String id : List.of("j".repeat(65), "a.b", "😀", "a b")) {
      Operation create = Operation.create(changed(job(), "job_id", id));
      add("an odd id", "alice", "podcast_jobs/" + id, Optional.empty(), create, false);
    }
    Operation set = Operation.set(job());
    add("by set()", "alice", "podcast_jobs/" + JOB, Optional.empty(), set, true);
  }

  private void jobAfterwards() {
    Optional<Map<String, Object>> running =
        Optional.of(changed(job(), "status", "running", "payment", Map.of("status", "held")));
    Map<String, Object> tampering = new LinkedHashMap<>();
    tampering.put("status", "cancelled");
    tampering.put("topic", "Other kites");
    tampering.put("duration_min", 0.5);
    tampering.put("credits_actual", 0);
    tampering.put("payment", Map.of("status", "released"));
    tampering.put("outputs", Map.of());
    tampering.put("user_id", "bob");
    tampering.put("updated_at", now);
    tampering.forEach(
        (field, value) -> {
          Operation update = Operation.update(field, value);
          add("job's " + field, "alice", "podcast_jobs/" + JOB, running, update, false);
          add("job's " + field, ADMIN, "podcast_jobs/" + JOB, running, update, false);
        });
    Operation again = Operation.set(job());
    Optional<Map<String, Object>> queued =
        Optional.of(changed(job(), "payment", Map.of("status", "held")));
    tampering.remove("status");
    tampering.remove("updated_at");
    tampering.forEach(
        (field, value) -> {
          Operation update = Operation.update(field, value, "status", "cancelled");
          add("cancelled with " + field, "alice", "podcast_jobs/" + JOB, queued, update, false);
        });
    add("queued once more", "alice", "podcast_jobs/" + JOB, running, again, false);
  }

  /** The owner alone cancels, a queued job alone, and changes nothing else. */
  private void jobCancelled() {
    String job = "podcast_jobs/" + JOB;
    Operation cancel = Operation.update("status", "cancelled");
    Optional<Map<String, Object>> queued =
        Optional.of(changed(job(), "payment", Map.of("status", "held")));
    everybody("cancelled", "o", job, queued, cancel);
    for (String status : List.of("clarifying", "completed", "failed", "cancelled", "", "done")) {
      Optional<Map<String, Object>> other = Optional.of(changed(job(), "status", status));
      add("cancelled once it is " + status, "alice", job, other, cancel, false);
    }
    Optional<Map<String, Object>> odd = Optional.of(changed(job(), "status", REMOVED));
    add("cancelled without a status", "alice", job, odd, cancel, false);
    for (String status : List.of("clarifying", "running", "completed", "failed", "")) {
      Operation update = Operation.update("status", status);
      add("from queued to " + status, "alice", job, queued, update, false);
    }
    add("its status removed", "alice", job, queued, Operation.remove("status"), false);
    Operation now = Operation.update("status", "cancelled", "updated_at", this.now);
    add("cancelled with the time", "alice", job, queued, now, true);
    Operation later =
        Operation.update("status", "cancelled", "updated_at", this.now.plusSeconds(3_600));
    add("cancelled with a time to come", "alice", job, queued, later, false);
    Operation text = Operation.update("status", "cancelled", "updated_at", "now");
    add("cancelled with a time as text", "alice", job, queued, text, false);
    Optional<Map<String, Object>> bobs = Optional.of(changed(job(), "user_id", "bob"));
    add("cancelled, bob's", "alice", job, bobs, cancel, false);
    add("deleted while queued", "alice", job, queued, Operation.DELETE, false);
  }

  // Customers.

  private void customers() {
    customer("bundle_tier", "foundation", false, true);
    customer("bundle_tier", "diamond", false, false);
    customer("bundle_tier", 3, false, false);
    customer("monthly_scene_quota", 1_000_000, false, true);
    customer("monthly_scene_quota", -1, false, true);
    customer("monthly_scene_quota", -2, false, false);
    customer("monthly_scene_quota", 1.5, false, false);
    customer("support_tier", "dedicated", false, true);
    customer("contract_start", now, false, true);
    customer("contract_end", now.plus(Duration.ofDays(3_650)), false, true);
    customer("feature_overrides", Map.of("sim2real", true), false, true);
    customer("feature_overrides", "all", false, false);
    customer("feature_overrides", entries(100), false, true);
    customer("feature_overrides", entries(101), false, false);
    customer("admin_overrides", Map.of("max_variations", 9_999), false, true);
    customer("admin_overrides", List.of(), false, false);
    customer("billing_anchor_day", 31, false, true);
    customer("billing_time_zone", "Asia/Tokyo", false, true);
    customer("schema_version", 2, false, true);
    customer("created_at", now, false, true);
    customer("favourite_colour", "blue", false, true);
    customer("updated_at", now, true, true);
    customer("updated_at", now.plusSeconds(86_400), false, true);
    customer("updated_at", "now", false, true);
    for (String counter :
        List.of(
            "scenes_generated_this_month", "total_scenes_generated", "total_episodes_generated")) {
      customer(counter, 0, false, false);
    }
    customer("quota_reset_at", now, false, false);
    customer("quota_due_at", now, false, false);
    customer("early_scenes", 0L, false, false);
    customer("early_scenes_period", now, false, false);
    customer("quota_alert_period", now, false, false);
    customer("quota_alert_percent", 0L, false, false);
    customer("usage_summary_month", "2026-01", false, false);
    customer("usage_closed_month", "2026-01", false, false);
    customer("usage_months", Map.of("2026-01", Map.of("documents", 1)), false, false);
    customer("commit", Map.of("revision", 0), false, false);
    customer("version", 1, false, false);
    customer("validation_errors", List.of(), false, false);
    text("organization_name", 200);
    text("preferred_tts_voice", 100);
    text("preferred_language", 35);
    customer("email", "contact@ailab.edu", true, true);
    customer("email", "a".repeat(315) + "@b.eu", true, true);
    customer("email", "a".repeat(316) + "@b.eu", false, false);
    customer("email", "nowhere", false, false);
    customer("email", "two words@b.eu", false, false);
    customerDocuments();
  }

  private void text(String field, int max) {
    customer(field, "x".repeat(max), true, true);
    customer(field, "x".repeat(max + 1), false, false);
    customer(field, "x", true, true);
    customer(field, "", false, false);
    customer(field, 5, false, false);
    customer(field, null, false, false);
  }

  /** One field of a customer: an update by the customer and by an admin, and its removal. */
  private void customer(String field, Object value, boolean owner, boolean admin) {
    String what = field + " = " + brief(value);
    Operation update = Operation.update(field, value);
    add(what, "alice", "customers/alice", Optional.of(customer("pro")), update, owner);
    add(what, ADMIN, "customers/alice", Optional.of(customer("pro")), update, admin);
    Operation create = Operation.create(changed(customer("pro"), field, value));
    add(what, ADMIN, "customers/alice", Optional.empty(), create, admin);
    if (!field.equals("bundle_tier")) {
      Optional<Map<String, Object>> with = Optional.of(changed(customer("pro"), field, value));
      Operation remove = Operation.remove(field);
      add(what + " removed", "alice", "customers/alice", with, remove, EDITABLE.contains(field));
    }
  }

  private static Optional<Map<String, Object>> counted() {
    return Optional.of(
        changed(customer("pro"), "scenes_generated_this_month", 45, "commit", Map.of("n", 1)));
  }

  private void customerDocuments() {
    String alice = "customers/alice";
    Optional<Map<String, Object>> there = Optional.of(customer("pro"));
    add("none, created by itself", "alice", alice, Optional.empty(), creation("standard"), false);
    add("by set()", "alice", alice, there, Operation.set(customer("foundation")), false);
    Operation wipe = Operation.set(customer("pro"));
    add("set() that wipes counters", "alice", alice, counted(), wipe, false);
    add("set() that wipes counters", ADMIN, alice, counted(), wipe, false);
    add("tier removed", "alice", alice, there, Operation.remove("bundle_tier"), false);
    add("tier removed", ADMIN, alice, there, Operation.remove("bundle_tier"), false);
    add("without a tier", ADMIN, alice, Optional.empty(), Operation.create(Map.of()), false);
    add("never counted", ADMIN, alice, there, Operation.DELETE, true);
    add("never counted", "alice", alice, there, Operation.DELETE, false);
    Optional<Map<String, Object>> tierless = Optional.of(Map.of("organization_name", "Old"));
    Operation tier = Operation.update("bundle_tier", "pro");
    Operation name = Operation.update("organization_name", "Older");
    add("of no tier yet", ADMIN, alice, tierless, tier, true);
    add("of no tier yet", ADMIN, alice, tierless, name, true);
    add("of no tier yet", "alice", alice, tierless, tier, false);
    add("reserved id", ADMIN, "customers/_global", Optional.empty(), creation("pro"), false);
    add("reserved id", ADMIN, "customers/_", Optional.empty(), creation("pro"), false);
    add("underscore inside", ADMIN, "customers/a_b", Optional.empty(), creation("pro"), true);
    Optional<Map<String, Object>> legacy = Optional.of(changed(customer("pro"), "email", 7));
    Operation rename = Operation.update("organization_name", "Renamed");
    add("beside a broken field", "alice", alice, legacy, rename, true);
    add("beside a broken field", ADMIN, alice, legacy, rename, true);
    RulesCaller other = RulesCaller.owner("bob");
    add("somebody else's name", other, alice, there, rename, false);
  }

  private static Operation creation(String tier) {
    return Operation.create(customer(tier));
  }

  private void customersOfTiers() {
    for (String tier : List.of("standard", "pro", "enterprise", "foundation", "diamond", "")) {
      Map<String, Object> fields =
          tier.isEmpty() ? Map.of("organization_name", "No tier") : customer(tier);
      Optional<Map<String, Object>> there = Optional.of(fields);
      boolean has = List.of("pro", "enterprise", "foundation").contains(tier);
      for (String field : List.of("audio_narration_enabled", "subtitle_generation_enabled")) {
        String what = field + " in tier '" + tier + "'";
        Operation on = Operation.update(field, true);
        add(what + " on", "alice", "customers/alice", there, on, has);
        Operation off = Operation.update(field, false);
        add(what + " off", "alice", "customers/alice", there, off, true);
        Operation text = Operation.update(field, "true");
        add(what + " as text", "alice", "customers/alice", there, text, false);
        Operation remove = Operation.remove(field);
        Optional<Map<String, Object>> on0 = Optional.of(changed(fields, field, true));
        add(what + " removed", "alice", "customers/alice", on0, remove, true);
      }
    }
    customer("audio_narration_enabled", "yes", false, false);
    customer("subtitle_generation_enabled", 1, false, false);
    Optional<Map<String, Object>> there = Optional.of(customer("standard"));
    Operation on = Operation.update("audio_narration_enabled", true);
    add("a switch above the tier", ADMIN, "customers/alice", there, on, true);
  }

  // Scenes.

  private void scenes() {
    scene("robot_type", "ur10", true, true);
    scene("robot_type", "r".repeat(100), true, true);
    scene("robot_type", "r".repeat(101), false, false);
    scene("robot_type", "", false, false);
    scene("robot_type", 5, false, false);
    scene("min_quality_score", 0, true, true);
    scene("min_quality_score", 0.85, true, true);
    scene("min_quality_score", 1.0, true, true);
    scene("min_quality_score", 1.01, false, false);
    scene("min_quality_score", -0.01, false, false);
    scene("min_quality_score", "high", false, false);
    scene("custom_settings", Map.of("lighting_variation", "high"), true, true);
    scene("custom_settings", entries(100), true, true);
    scene("custom_settings", entries(101), false, false);
    scene("custom_settings", "none", false, false);
    scene("updated_at", now, true, true);
    scene("updated_at", now.plusSeconds(3_600), false, true);
    scene("bundle_tier", "foundation", false, true);
    scene("bundle_tier", "standard", false, true);
    scene("bundle_tier", "diamond", false, false);
    scene("data_pack_tier", "full", false, true);
    scene("data_pack_tier", "core", false, true);
    scene("data_pack_tier", "all", false, false);
    for (String count :
        List.of("episodes_per_variation", "max_variations", "num_language_variations")) {
      scene(count, 1, false, true);
      scene(count, 1_000_000, false, true);
      scene(count, -1, false, false);
      scene(count, 1.5, false, false);
    }
    scene("vla_models", List.of("openvla"), false, true);
    scene("vla_models", "openvla", false, false);
    scene("admin_overrides", Map.of("max_variations", 9_999), false, true);
    scene("admin_overrides", "all", false, false);
    scene("validation_errors", List.of(), false, false);
    scene("unknown_field", 1, false, true);
    sceneDocuments();
  }

  /** One field of a scene of an enterprise customer: created with it, changed, removed. */
  private void scene(String field, Object value, boolean owner, boolean admin) {
    String what = field + " = " + brief(value);
    Map<String, Object> plain = scene("of-enterprise");
    Map<String, Object> with = changed(plain, field, value);
    Operation create = Operation.create(with);
    Operation update = Operation.update(field, value);
    add(what, "of-enterprise", "scenes/s1", Optional.empty(), create, owner);
    add(what, ADMIN, "scenes/s1", Optional.empty(), create, admin);
    add(what, "of-enterprise", "scenes/s1", Optional.of(plain), update, owner);
    add(what, ADMIN, "scenes/s1", Optional.of(plain), update, admin);
    if (!owner && admin && !field.equals("updated_at")) {
      Operation remove = Operation.remove(field);
      add(what + " removed", "of-enterprise", "scenes/s1", Optional.of(with), remove, false);
    }
  }

  private static Map<String, Object> scene(String customer) {
    return Map.of("schema_version", 1, "customer_id", customer);
  }

  private void sceneDocuments() {
    Optional<Map<String, Object>> none = Optional.empty();
    Optional<Map<String, Object>> there = Optional.of(scene("of-enterprise"));
    Operation create = Operation.create(scene("of-enterprise"));
    add("for another customer", "of-pro", "scenes/s1", none, create, false);
    add("for a customer", ANONYMOUS, "scenes/s1", none, create, false);
    Operation stray = Operation.create(scene("nobody"));
    add("of one who is no customer", "nobody", "scenes/s1", none, stray, false);
    add("of an unknown customer", ADMIN, "scenes/s1", none, stray, true);
    Operation ownerless = Operation.create(Map.of("robot_type", "franka"));
    add("without a customer", "of-pro", "scenes/s1", none, ownerless, false);
    add("without a customer", ADMIN, "scenes/s1", none, ownerless, false);
    Operation early = Operation.create(changed(scene("of-enterprise"), "created_at", now));
    add("with its time", "of-enterprise", "scenes/s1", none, early, true);
    Operation late =
        Operation.create(changed(scene("of-enterprise"), "created_at", now.plusSeconds(9_999)));
    add("with a time to come", "of-enterprise", "scenes/s1", none, late, false);
    Operation future = Operation.create(changed(scene("of-enterprise"), "schema_version", 2));
    add("of a later schema", "of-enterprise", "scenes/s1", none, future, false);
    Operation bare = Operation.create(Map.of("customer_id", "of-enterprise"));
    add("without a schema version", "of-enterprise", "scenes/s1", none, bare, true);
    Operation version = Operation.update("schema_version", 7);
    add("schema version", "of-enterprise", "scenes/s1", there, version, false);
    Operation birth = Operation.update("created_at", now);
    add("time of creation", "of-enterprise", "scenes/s1", there, birth, false);
    add("deleted by its owner", "of-enterprise", "scenes/s1", there, Operation.DELETE, false);
    Optional<Map<String, Object>> flagged =
        Optional.of(changed(scene("of-enterprise"), "validation_errors", List.of("x")));
    Operation wipe = Operation.set(scene("of-enterprise"));
    add("set() that wipes errors", "of-enterprise", "scenes/s1", flagged, wipe, false);
    Operation robot = Operation.update("robot_type", "ur10");
    add("beside its errors", "of-enterprise", "scenes/s1", flagged, robot, true);
  }

  private void scenesOfTiers() {
    List<String> tiers = List.of("standard", "pro", "enterprise", "foundation", "diamond", "none");
    for (String tier : tiers) {
      String customer = "of-" + tier;
      PRO_SWITCHES.forEach(field -> sceneSwitch(customer, field, isAtLeast(tier, 1)));
      ENTERPRISE_SWITCHES.forEach(field -> sceneSwitch(customer, field, isAtLeast(tier, 2)));
      FOUNDATION_SWITCHES.forEach(field -> sceneSwitch(customer, field, isAtLeast(tier, 3)));
    }
    List<String> switches = new ArrayList<>(PRO_SWITCHES);
    switches.addAll(ENTERPRISE_SWITCHES);
    switches.addAll(FOUNDATION_SWITCHES);
    for (String field : switches) {
      Optional<Map<String, Object>> there = Optional.of(scene("of-foundation"));
      Operation text = Operation.update(field, "true");
      add(field + " as text", "of-foundation", "scenes/s1", there, text, false);
      add(field + " as text", ADMIN, "scenes/s1", there, text, false);
      add(field, ADMIN, "scenes/s1", there, Operation.update(field, true), true);
    }
    Operation tactile = Operation.update("tactile_enabled", true);
    Map<String, Object> raised = changed(scene("of-standard"), "bundle_tier", "enterprise");
    add("own tier above", "of-standard", "scenes/s1", Optional.of(raised), tactile, true);
    Map<String, Object> lowered = changed(scene("of-foundation"), "bundle_tier", "pro");
    add("own tier below", "of-foundation", "scenes/s1", Optional.of(lowered), tactile, false);
    Map<String, Object> left = changed(scene("of-standard"), "tactile_enabled", true);
    Operation robot = Operation.update("robot_type", "ur10");
    add(
        "beside what is left of a tier",
        "of-standard",
        "scenes/s1",
        Optional.of(left),
        robot,
        true);
  }

  private static boolean isAtLeast(String tier, int rank) {
    return List.of("standard", "pro", "enterprise", "foundation").indexOf(tier) >= rank;
  }

  private void sceneSwitch(String customer, String field, boolean has) {
    Map<String, Object> scene = scene(customer);
    Operation create = Operation.create(changed(scene, field, true));
    Operation off = Operation.create(changed(scene, field, false));
    Operation on = Operation.update(field, true);
    Optional<Map<String, Object>> set = Optional.of(changed(scene, field, true));
    add(field + " on", customer, "scenes/s1", Optional.empty(), create, has);
    add(field + " off", customer, "scenes/s1", Optional.empty(), off, true);
    add(field + " on", customer, "scenes/s1", Optional.of(scene), on, has);
    add(field + " off", customer, "scenes/s1", set, Operation.update(field, false), true);
  }

  // Flags.

  private void flags() {
    Optional<Map<String, Object>> there = Optional.of(Map.of("schema_version", 1));
    for (String flag : FLAGS) {
      Operation on = Operation.update(flag, true);
      add(flag + " on", "alice", "feature_flags/alice", there, on, false);
      add(flag + " on", ADMIN, "feature_flags/alice", there, on, true);
      Operation text = Operation.update(flag, "on");
      add(flag + " as text", ADMIN, "feature_flags/alice", there, text, false);
      Operation kill = Operation.update(flag, false);
      add(flag + " off for all", ADMIN, "feature_flags/_global", there, kill, true);
      add(flag + " off for all", "alice", "feature_flags/_global", there, kill, false);
      Operation broken = Operation.create(Map.of(flag, "on"));
      add(flag + " as text", ADMIN, "feature_flags/alice", Optional.empty(), broken, false);
    }
    Operation unknown = Operation.update("time_travel", "maybe");
    add("unknown flag", ADMIN, "feature_flags/alice", there, unknown, true);
    Operation create = Operation.create(Map.of("tactile", true));
    Optional<Map<String, Object>> none = Optional.empty();
    add("of a customer", ADMIN, "feature_flags/bob", none, create, true);
    add("for all", ADMIN, "feature_flags/_global", none, create, true);
    add("reserved id", ADMIN, "feature_flags/_other", none, create, false);
    add("its own", "alice", "feature_flags/alice", none, create, false);
    add("those for all", "alice", "feature_flags/_global", there, Operation.GET, false);
    add("another's", RulesCaller.owner("bob"), "feature_flags/alice", there, Operation.GET, false);
    add("its own", "alice", "feature_flags/alice", there, Operation.DELETE, false);
    Operation empty = Operation.create(Map.of("schema_version", 1));
    add("for all, empty", ADMIN, "feature_flags/_global", none, empty, true);
  }

  // Owners never change hands, whoever asks.

  private void owners() {
    Optional<Map<String, Object>> scene = Optional.of(scene("of-pro"));
    Operation given = Operation.update("customer_id", "of-foundation");
    add("given away", "of-pro", "scenes/s1", scene, given, false);
    add("taken", "of-foundation", "scenes/s1", scene, given, false);
    add("given away", ADMIN, "scenes/s1", scene, given, false);
    add("left without one", ADMIN, "scenes/s1", scene, Operation.remove("customer_id"), false);
    Optional<Map<String, Object>> broken = Optional.of(Map.of("robot_type", "franka"));
    Operation taken = Operation.update("customer_id", "of-pro");
    add("taken, of nobody", "of-pro", "scenes/s1", broken, taken, false);
    Optional<Map<String, Object>> numbered = Optional.of(Map.of("customer_id", 5));
    Operation robot = Operation.update("robot_type", "ur10");
    add("of a number", ADMIN, "scenes/s1", numbered, robot, false);
    for (String collection :
        List.of("credit_transactions", "credit_holds", "usage_tracking", "usage_summaries")) {
      Optional<Map<String, Object>> there = Optional.of(sample(collection));
      for (String field : List.of("user_id", "customer_id", "amount", "billable")) {
        Operation update = Operation.update(field, "bob");
        add("its " + field, "alice", collection + "/alice", there, update, false);
        add("its " + field, ADMIN, collection + "/alice", there, update, false);
      }
    }
    Optional<Map<String, Object>> user = Optional.of(sample("users"));
    for (String field : List.of("credits_balance", "tier", "ledger", "email", "commit")) {
      Operation update = Operation.update(field, 1_000_000);
      add("its " + field, "alice", "users/alice", user, update, false);
      add("its " + field, ADMIN, "users/alice", user, update, false);
    }
  }

  private static Map<String, Object> entries(int count) {
    Map<String, Object> entries = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      entries.put("k" + i, true);
    }
    return entries;
  }

  private static String brief(Object value) {
    String text = String.valueOf(value);
    return text.length() <= 24 ? text : text.substring(0, 20) + "… (" + text.length() + ")";
  }

  private static Map<String, Object> changed(Map<String, Object> fields, Object... changes) {
    Map<String, Object> changed = new LinkedHashMap<>(fields);
    for (int i = 0; i < changes.length; i += 2) {
      if (changes[i + 1] == REMOVED) {
        changed.remove((String) changes[i]);
      } else {
        changed.put((String) changes[i], changes[i + 1]);
      }
    }
    return changed;
  }

  private void add(
      String what,
      String owner,
      String document,
      Optional<Map<String, Object>> before,
      Operation operation,
      boolean allowed) {
    add(what, RulesCaller.owner(owner), document, before, operation, allowed);
  }

  private void add(
      String what,
      RulesCaller caller,
      String document,
      Optional<Map<String, Object>> before,
      Operation operation,
      boolean allowed) {
    rows.add(new Row(what, caller, document, before, operation, allowed));
  }
}
