package dev.meterkite.local.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.local.chaos.FaultPlan.Disturbance;
import dev.meterkite.local.chaos.FaultPlan.Fault;
import dev.meterkite.local.chaos.FaultPlan.Killing;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FaultPlanTest {
  private static final int MANY = 20_000;

  private static List<Object> plan(FaultPlan plan, int from, int to, int step) {
    List<Object> all = new ArrayList<>();
    for (int n = from; n != to; n += step) {
      all.add(List.of(plan.call(n), plan.killing(n), plan.disturbance(n)));
    }
    return all;
  }

  @Test
  void sameSeed_plansTheSame_inAnyOrder() {
    List<Object> forth = plan(new FaultPlan(7), 0, 1_000, 1);
    List<Object> back = plan(new FaultPlan(7), 999, -1, -1);
    for (int n = 0; n < 1_000; n++) {
      assertEquals(forth.get(n), back.get(999 - n), "number " + n);
    }
    assertEquals(new FaultPlan(7).eventSeed(), new FaultPlan(7).eventSeed());
  }

  @Test
  void otherSeed_plansSomethingElse() {
    assertNotEquals(plan(new FaultPlan(7), 0, 100, 1), plan(new FaultPlan(8), 0, 100, 1));
    assertNotEquals(new FaultPlan(7).eventSeed(), new FaultPlan(8).eventSeed());
  }

  @Test
  void everyFaultIsPlanned_aboutAsOftenAsItsShare() {
    FaultPlan plan = new FaultPlan(1);
    Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    Map<Killing, Integer> killings = new EnumMap<>(Killing.class);
    Map<Disturbance, Integer> disturbances = new EnumMap<>(Disturbance.class);
    for (int n = 0; n < MANY; n++) {
      faults.merge(plan.call(n).fault(), 1, Integer::sum);
      killings.merge(plan.killing(n).what(), 1, Integer::sum);
      disturbances.merge(plan.disturbance(n).what(), 1, Integer::sum);
    }
    assertEquals(Fault.values().length, faults.size());
    assertEquals(Disturbance.values().length, disturbances.size());
    assertTrue(Math.abs(faults.get(Fault.NONE) - 0.9 * MANY) < 0.01 * MANY, "" + faults);
    assertTrue(Math.abs(faults.get(Fault.LATE) - 0.006 * MANY) < 0.002 * MANY, "" + faults);
    assertTrue(Math.abs(killings.get(Killing.ALL) - 0.2 * MANY) < 0.01 * MANY, "" + killings);
    assertTrue(
        Math.abs(disturbances.get(Disturbance.MONTH_END) - 0.05 * MANY) < 0.01 * MANY,
        "" + disturbances);
  }
}
