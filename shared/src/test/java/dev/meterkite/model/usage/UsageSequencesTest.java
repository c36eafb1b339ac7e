package dev.meterkite.model.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageTracking;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Seeded sequences of everything that can happen to usage, with invariants after every step. */
class UsageSequencesTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final String[] CUSTOMERS = {"a", "b", "late"};
  private static final String[] ACTIONS = {
    "scene_generated", "scene_generated", "episodes_generated", "upsell_applied"
  };

  /** A26, A13: counters, summaries and what was counted agree after every step, quotas hold. */
  @Test
  void anySequence_keepsCountersSummariesAndCountsInAgreement() {
    int seeds = DEEP ? 2_000 : 40;
    for (int seed = 0; seed < seeds; seed++) {
      new Sequence(seed).run(DEEP ? 200 : 80);
    }
  }

  /** A27: every event of some months, any number of times in any order, ends the same. */
  @Test
  void eventsInAnyOrderAndNumber_endTheSame() {
    int seeds = DEEP ? 2_000 : 60;
    for (int seed = 0; seed < seeds; seed++) {
      Map<String, Object> first = shuffled(seed, 1);
      assertEquals(first, shuffled(seed, 2), "seed " + seed);
      assertEquals(first, shuffled(seed, 3), "seed " + seed);
    }
  }

  /** Foreign writes in one order, their events in another; what stands at the end. */
  private static Map<String, Object> shuffled(int seed, int order) {
    Random random = new Random(seed);
    Random events = new Random(31L * seed + order);
    InMemoryUsage world = new InMemoryUsage("2026-03-01T12:00:00Z");
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 5L);
    world.create("b");
    List<String> pending = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String id = "r" + random.nextInt(12);
      DocRef ref = UsageIds.recordRef(id);
      if (random.nextInt(4) == 0) {
        world.documents.remove(ref);
      } else {
        world.documents.put(ref, foreign(random, world.now.minus(Duration.ofHours(30)), "ab"));
      }
      pending.add(id);
      while (!pending.isEmpty() && events.nextInt(3) == 0) {
        world.deliver(pending.get(events.nextInt(pending.size())));
      }
    }
    pending.addAll(List.copyOf(pending));
    Collections.shuffle(pending, events);
    pending.forEach(world::deliver);
    Map<String, Object> end = new TreeMap<>(world.summed());
    for (String id : List.of("a", "b")) {
      Map<String, Object> customer = world.customer(id);
      end.put(id + " scenes", world.scenes(id));
      end.put(id + " total", customer.getOrDefault(Customers.TOTAL_SCENES_GENERATED, 0L));
      end.put(id + " episodes", customer.getOrDefault(Customers.TOTAL_EPISODES_GENERATED, 0L));
    }
    return end;
  }

  private static Map<String, Object> foreign(Random random, Instant from, String customers) {
    Map<String, Object> record = new LinkedHashMap<>();
    char customer = customers.charAt(random.nextInt(customers.length()));
    record.put("customer_id", customer == 'l' ? "late" : String.valueOf(customer));
    record.put("scene_id", "s" + random.nextInt(3));
    record.put("action", ACTIONS[random.nextInt(ACTIONS.length)]);
    record.put("timestamp", from.plusSeconds(random.nextInt(30 * 3_600)));
    if (random.nextBoolean()) {
      record.put("episodes_generated", (long) random.nextInt(50));
    }
    if (random.nextBoolean()) {
      record.put("compute_minutes", random.nextInt(10_000) / 100.0);
    }
    if (random.nextInt(4) == 0) {
      record.put("billable", false);
    }
    if (random.nextInt(8) == 0) {
      record.put("episodes_generated", "many");
    }
    return record;
  }

  private static final class Sequence {
    private final int seed;
    private final Random random;
    private final InMemoryUsage world;
    private final List<String> ids = new ArrayList<>();
    private int requests;
    private String lastKey = "";
    private List<Map<String, Object>> lastItems = List.of();

    Sequence(int seed) {
      this.seed = seed;
      this.random = new Random(seed);
      // Narrow documents in two of three worlds, so that months need several.
      this.world =
          new InMemoryUsage(
              "2026-01-30T20:00:00Z",
              seed % 3 == 0 ? SummaryBounds.DEFAULT : new SummaryBounds(seed % 3, 3, 1 << 10));
      world.create("a", Customers.MONTHLY_SCENE_QUOTA, 6L, Customers.BILLING_ANCHOR_DAY, 31L);
      world.create("b", Customers.MONTHLY_SCENE_QUOTA, 4L, "quota_mode", "soft");
    }

    void run(int steps) {
      for (int i = 0; i < steps; i++) {
        long before = world.scenes("a");
        boolean ours = step();
        check(i);
        if (ours) {
          assertTrue(world.scenes("a") <= Math.max(6, before), at(i) + "quota passed");
        }
      }
      ids.forEach(world::deliver);
      check(steps);
      for (String id : ids) {
        Object status = world.get(UsageIds.countsRef(id)).fields().get(UsageCounts.STATUS);
        int left = "pending".equals(status) ? 1 : 0; // Looks whether the customer is there now.
        assertEquals(left, world.deliver(id), at(steps) + "not settled: " + id);
      }
    }

    private String at(int step) {
      return "seed " + seed + " step " + step + ": ";
    }

    private boolean step() {
      switch (random.nextInt(10)) {
        case 0, 1, 2 -> record();
        case 3 -> correct();
        case 4 -> {
          String id = random.nextInt(3) == 0 ? any() : "f" + random.nextInt(10);
          ids.add(id);
          world.documents.put(
              UsageIds.recordRef(id), foreign(random, world.now.minus(Duration.ofDays(2)), "abl"));
          world.deliver(id);
          return false;
        }
        case 5 -> {
          String id = any();
          Map<String, Object> record = world.documents.get(UsageIds.recordRef(id));
          if (record != null) {
            record.put("episodes_generated", (long) random.nextInt(100));
          }
          world.deliver(id);
          return false;
        }
        case 6 -> {
          String id = any();
          world.documents.remove(UsageIds.recordRef(id));
          world.deliver(id);
          return false;
        }
        case 7 -> world.pass(Duration.ofMinutes(random.nextInt(4_000)));
        case 8 -> {
          String customer = CUSTOMERS[random.nextInt(2)];
          world.run(UsageCommands.sweep(customer));
          world.run(UsageCommands.closeMonth(customer, java.time.YearMonth.of(2026, 1)));
        }
        default -> {
          if (random.nextInt(10) == 0) {
            // Another program sets the customer again without what it does not know.
            world.customer("b").remove(Customers.USAGE_MONTHS);
            world.customer("b").remove(Customers.USAGE_SUMMARY_MONTH);
          }
          if (random.nextInt(20) == 0 && world.customer("late") == null) {
            world.create("late");
          }
          world.deliver(any());
          return false;
        }
      }
      return true;
    }

    private String any() {
      return ids.isEmpty() ? "none" : ids.get(random.nextInt(ids.size()));
    }

    private void record() {
      List<Map<String, Object>> items = new ArrayList<>();
      int size = 1 + random.nextInt(4);
      for (int i = 0; i < size; i++) {
        Map<String, Object> item = foreign(random, world.now.minus(Duration.ofHours(30)), "ab");
        item.put("timestamp", item.get("timestamp").toString());
        if (random.nextInt(3) == 0) {
          item.put("idempotency_key", "own" + random.nextInt(50));
        }
        if (item.get("episodes_generated") instanceof String) {
          item.remove("episodes_generated");
        }
        items.add(item);
      }
      if (random.nextInt(5) > 0) {
        lastItems = items;
        lastKey = "k" + requests++;
      }
      if (lastItems.isEmpty()) {
        return;
      }
      for (Map<String, Object> result : world.record(lastKey, lastItems)) {
        if ("recorded".equals(result.get("status"))) {
          ids.add((String) result.get("id"));
        }
      }
    }

    private void correct() {
      String id = any();
      Map<String, Object> record = world.documents.get(UsageIds.recordRef(id));
      if (record == null || world.get(UsageIds.countsRef(id)).fields().isEmpty()) {
        return;
      }
      Counted counted = Counted.of(world.get(UsageIds.countsRef(id)));
      if (counted.figures() == null) {
        return;
      }
      Map<String, Object> item = new LinkedHashMap<>();
      item.put("customer_id", counted.figures().customerId());
      item.put("scene_id", counted.figures().sceneId());
      item.put("action", counted.figures().action());
      item.put("timestamp", counted.figures().timestamp().toString());
      item.put("corrects", id);
      item.put("correction", random.nextBoolean() ? "void" : "amend");
      item.put("episodes_generated", (long) random.nextInt(20));
      world
          .record("k" + requests++, List.of(item))
          .forEach(
              result -> {
                if ("recorded".equals(result.get("status"))) {
                  ids.add((String) result.get("id"));
                }
              });
    }

    private void check(int step) {
      Map<String, Amounts> counted = new TreeMap<>();
      Map<String, Amounts> late = new TreeMap<>();
      Map<String, Long> scenes = new HashMap<>();
      Map<String, Long> totals = new HashMap<>();
      world.documents.forEach(
          (ref, fields) -> {
            if (ref.collection().equals(UsageCounts.COLLECTION)) {
              Counted one = Counted.of(world.get(ref));
              for (Counted.Part part : one.parts()) {
                String key = part.customerId() + " " + part.day() + " " + part.action();
                counted.merge(key, part.amounts(), Amounts::plus);
                if (part.meant() != null) {
                  String place = part.customerId() + " " + part.day() + " " + part.meant();
                  late.merge(place + " " + part.action(), part.amounts(), Amounts::plus);
                }
              }
              if (one.figures() != null && one.scenes() != 0) {
                String customer = one.figures().customerId();
                totals.merge(customer, one.scenes(), Long::sum);
                scenes.merge(customer + " " + one.quotaPeriod(), one.scenes(), Long::sum);
              }
            }
          });
      counted.values().removeIf(Amounts::isZero);
      late.values().removeIf(Amounts::isZero);
      assertEquals(counted, world.summed(), at(step) + "summaries are not the sum of counts");
      assertEquals(late, world.summedLate(), at(step) + "late ones are not the sum of counts");
      SummaryBounds bounds = world.rules.bounds();
      for (Snapshot summary : world.summaries()) {
        SummaryIndex held = SummaryIndex.ofEntries(summary);
        int entries = held.days().values().stream().mapToInt(Long::bitCount).sum();
        assertTrue(held.days().size() <= bounds.actions(), at(step) + summary);
        assertTrue(entries <= bounds.entries(), at(step) + summary);
      }
      for (String id : CUSTOMERS) {
        if (world.customer(id) != null) {
          MeterState state = MeterState.of(world.get(UsageIds.customerRef(id)));
          SceneCounter counter = state.counter().at(world.now, state.terms());
          Instant period = state.counter().period(world.now, state.terms()).start();
          assertEquals(
              scenes.getOrDefault(id + " " + period, 0L),
              counter.scenes(),
              at(step) + "counter of " + id);
          assertEquals(totals.getOrDefault(id, 0L), state.totalScenes(), at(step) + "total " + id);
          assertTrue(UsageRules.isTended(world.get(UsageIds.customerRef(id))), at(step) + "tended");
        }
      }
    }
  }

  @Test
  void theFieldsOfOurRecords_areThoseThatTheTriggerSettlesOn() {
    InMemoryUsage world = new InMemoryUsage("2026-03-10T12:00:00Z");
    world.create("a");
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("customer_id", "a");
    item.put("scene_id", "s");
    item.put("action", "scene_generated");
    item.put("compute_minutes", 0.1);
    item.put("storage_gb", 2.3);
    String id = (String) world.record("k", List.of(item)).get(0).get("id");
    Map<String, Object> record = world.documents.get(UsageIds.recordRef(id));
    assertTrue(world.triage.settled(id, record, world.now));
    assertEquals(6_000L, record.get(UsageTracking.COMPUTE_MS));
    assertTrue(!world.triage.settled("copy", record, world.now), "a copy passes for counted");
  }
}
