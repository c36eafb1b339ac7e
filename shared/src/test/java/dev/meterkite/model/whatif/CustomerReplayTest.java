package dev.meterkite.model.whatif;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.plans.Plans;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A customer's period under other plans. */
class CustomerReplayTest {
  private static final Instant OCTOBER = Instant.parse("2026-10-01T00:00:00Z");
  private static final Plans BEFORE = withQuota(null);

  /** The default plans with a quota of scenes for tier pro. */
  private static Plans withQuota(Long quota) {
    Map<String, Object> fields = new HashMap<>(DefaultPlans.FIELDS);
    List<Object> tiers = new ArrayList<>();
    for (Object each : (List<?>) fields.get("bundle_tiers")) {
      Map<String, Object> tier = new HashMap<>();
      ((Map<?, ?>) each).forEach((name, value) -> tier.put((String) name, value));
      if (quota != null && tier.get("tier").equals("pro")) {
        tier.put("monthly_scene_quota", quota);
      }
      tiers.add(tier);
    }
    fields.put("bundle_tiers", tiers);
    return Plans.complete(fields).plans().orElseThrow();
  }

  private static Map<String, Object> scene(int hour, long micros) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("action", "scene_generated");
    fields.put("timestamp", OCTOBER.plus(Duration.ofHours(hour)));
    fields.put("estimated_cost_micros", micros);
    return fields;
  }

  private static Snapshot customer(Object... fields) {
    Map<String, Object> all = new HashMap<>(Map.of("bundle_tier", "pro"));
    for (int i = 0; i < fields.length; i += 2) {
      all.put((String) fields[i], fields[i + 1]);
    }
    return new Snapshot(new DocRef("customers", "lab"), all, Instant.EPOCH);
  }

  /** Five scenes of 100 micro-USD in October and one in November. */
  private static String shown(Plans before, Plans after, Snapshot customer) {
    CustomerReplay replay = new CustomerReplay(before, after, customer);
    for (int i = 0; i < 5; i++) {
      replay.record(scene(i, 100));
    }
    replay.record(scene(31 * 24, 100));
    CustomerReplay.Result end = replay.end();
    return end.before() + " -> " + end.after() + (end.notes().isEmpty() ? "" : " " + end.notes());
  }

  @Test
  void quotaOfTheTier_refusesWhatIsBeyondIt_inEachMonth() {
    assertEquals("600 -> 600", shown(BEFORE, BEFORE, customer()));
    assertEquals("600 -> 600", shown(BEFORE, withQuota(5L), customer()));
    assertEquals("600 -> 500 {REFUSED_SCENE=1}", shown(BEFORE, withQuota(4L), customer()));
    assertEquals("600 -> 0 {REFUSED_SCENE=6}", shown(BEFORE, withQuota(0L), customer()));
    assertEquals("600 -> 600", shown(BEFORE, withQuota(-1L), customer()));
    assertEquals(
        "600 -> 600", shown(BEFORE, withQuota(1L), customer("bundle_tier", "of another program")));
  }

  @Test
  void quotaThatWasAgreedOn_stays_andASoftOneCostsTheSame() {
    assertEquals("600 -> 600", shown(BEFORE, withQuota(2L), customer("monthly_scene_quota", 100L)));
    assertEquals(
        "600 -> 300 {REFUSED_SCENE=3}",
        shown(withQuota(100L), withQuota(2L), customer("monthly_scene_quota", 100L)));
    assertEquals(
        "600 -> 600 {REFUSED_SCENE=3}",
        shown(BEFORE, withQuota(2L), customer("quota_mode", "soft")));
  }

  @Test
  void recordsThatCountForNothing_areLeftOut_andThoseWithoutACostAreNoted() {
    CustomerReplay replay = new CustomerReplay(BEFORE, BEFORE, customer());
    Map<String, Object> corrected = scene(1, 5);
    corrected.put("corrected_by", "another");
    Map<String, Object> isVoid = scene(1, 5);
    isVoid.put("correction", "void");
    Map<String, Object> free = scene(1, 5);
    free.put("billable", false);
    Map<String, Object> unpriced = scene(1, 5);
    unpriced.remove("estimated_cost_micros");
    Map<String, Object> timeless = scene(1, 5);
    timeless.remove("timestamp");
    List.of(corrected, isVoid, free, unpriced, timeless, scene(1, 7)).forEach(replay::record);
    assertEquals(
        new CustomerReplay.Result(3, 3, 7, 7, Map.of(Note.UNPRICED_RECORD, 1L)), replay.end());
  }
}
