package dev.meterkite.functions.quotas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.alerts.Alerting;
import dev.meterkite.functions.usage.CountedMetering;
import dev.meterkite.functions.usage.CountedStore.Cost;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The sweep of what is due. */
class QuotaSweepTest {
  private static final Instant FEBRUARY = Instant.parse("2026-02-01T00:00:00Z");

  private final CountedMetering meter = new CountedMetering();

  private QuotaSweep sweep(InstantSource real) {
    Quotas quotas = new Quotas(meter.backend, Alerting.of(meter.backend));
    return new QuotaSweep(meter.backend, meter.metering, quotas, real);
  }

  private void counting(String id, Instant dueAt) {
    meter.set("customers", id, used(dueAt));
  }

  private static Map<String, Object> used(Instant dueAt) {
    return Map.of(
        "monthly_scene_quota",
        10L,
        "scenes_generated_this_month",
        4L,
        "quota_reset_at",
        Instant.parse("2026-01-01T00:00:00Z"),
        "quota_due_at",
        dueAt,
        "theirs",
        "kept");
  }

  @Test
  void customersThatAreNotDue_costNothing() {
    for (int i = 0; i < 60; i++) {
      meter.set("customers", "idle" + i, Map.of("scenes_generated_this_month", 0L));
    }
    for (int i = 0; i < 5; i++) {
      counting("busy" + i, FEBRUARY);
    }
    QuotaSweep sweep = sweep(InstantSource.system());
    meter.store.cost();
    assertEquals(0L, sweep.run().customersReset());
    // Four queries find nothing; the audit of the day looks for its pass, notes it, finds nobody;
    // the run notes when it was.
    assertEquals(new Cost(4 + 4 + 1, 4 + 2, 2 + 1), meter.store.cost());
    meter.setNow(FEBRUARY);
    assertEquals(5L, sweep.run().customersReset());
    Cost cost = meter.store.cost();
    // What the query finds is not read again; three queries find nothing; the rest as above.
    assertEquals(5 + 3 + 2, cost.reads());
    assertEquals(5 + 2 + 1, cost.writes());
    Map<String, Object> after = meter.read("customers", "busy3").fields();
    assertEquals(0L, after.get("scenes_generated_this_month"));
    assertEquals(FEBRUARY, after.get("quota_reset_at"));
    assertFalse(after.containsKey("quota_due_at"));
    assertEquals("kept", after.get("theirs"));
  }

  /** 100,000 customers of which 1,000 are due with -Dmeterkite.deep=true, else 3,000 and 30. */
  @Test
  void dueCustomersAmongMany_costOneReadAndOneWriteEach() {
    boolean deep = Boolean.getBoolean("meterkite.deep");
    int due = deep ? 1_000 : 30;
    meter.setMany("customers", 100 * due, i -> i % 100 == 0 ? used(FEBRUARY) : idle(i));
    meter.setNow(FEBRUARY);
    QuotaSweep sweep = sweep(InstantSource.system());
    meter.store.cost();
    assertEquals((long) due, sweep.run().customersReset());
    Cost cost = meter.store.cost();
    // Besides: queries that find nothing more, and the look for something to audit.
    assertTrue(cost.reads() >= due && cost.reads() <= due + 7, cost::toString);
    assertTrue(cost.writes() >= due && cost.writes() <= due + 3, cost::toString);
    assertEquals(0L, sweep.run().customersReset());
    System.out.printf("sweep of %,d customers, %,d due: %s%n", 100 * due, due, cost);
  }

  private static Map<String, Object> idle(int i) {
    return i % 2 == 0
        ? Map.of("monthly_scene_quota", 10L, "scenes_generated_this_month", 0L)
        : used(FEBRUARY.plusSeconds(1 + i));
  }

  /** A23. */
  @Test
  void sweepTwiceAndYearsLate_resetsOnceIntoThePresentPeriod() {
    counting("late", FEBRUARY);
    meter.setNow(Instant.parse("2043-07-15T08:00:00Z"));
    QuotaSweep sweep = sweep(InstantSource.system());
    assertEquals(1L, sweep.run().customersReset());
    assertEquals(0L, sweep.run().customersReset());
    Map<String, Object> after = meter.read("customers", "late").fields();
    assertEquals(Instant.parse("2043-07-01T00:00:00Z"), after.get("quota_reset_at"));
  }

  @Test
  void morePagesThanTheTimeAllows_areLeftToTheNextRun() {
    for (int i = 0; i < QuotaSweep.PAGE + 50; i++) {
      counting("c" + i, FEBRUARY);
    }
    meter.setNow(FEBRUARY);
    Instant begin = Instant.parse("2026-02-01T00:00:00Z");
    int[] asked = {0};
    // The first page may begin, then the budget is over.
    InstantSource real = () -> ++asked[0] <= 2 ? begin : begin.plus(QuotaSweep.BUDGET);
    SweepResult first = sweep(real).run();
    assertEquals((long) QuotaSweep.PAGE, first.customersReset());
    assertEquals(true, first.more());
    SweepResult second = sweep(InstantSource.system()).run();
    assertEquals(50L, second.customersReset());
    assertEquals(false, second.more());
  }

  @Test
  void monthsWhoseTimeHasCome_areClosedAlsoWithoutTheirCustomers() {
    Instant due = FEBRUARY.plus(Duration.ofDays(3));
    meter.set("customers", "there", Map.of());
    for (String customer : new String[] {"there", "gone"}) {
      meter.set(
          "usage_summaries",
          customer + "_2026-01",
          Map.of("customer_id", customer, "month", "2026-01", "close_due_at", due));
    }
    meter.setNow(due.minusNanos(1_000));
    QuotaSweep sweep = sweep(InstantSource.system());
    assertEquals(0L, sweep.run().monthsClosed());
    meter.setNow(due);
    assertEquals(2L, sweep.run().monthsClosed());
    for (String customer : new String[] {"there", "gone"}) {
      Map<String, Object> closed = meter.read("usage_summaries", customer + "_2026-01").fields();
      assertTrue(closed.containsKey("closed_at"), customer);
      assertFalse(closed.containsKey("close_due_at"), customer);
    }
    assertEquals("2026-01", meter.read("customers", "there").fields().get("usage_closed_month"));
  }

  @Test
  void modelQuotaWhoseWindowIsOver_isReset() {
    meter.set(
        "model_quotas",
        "openai_gpt",
        Map.of(
            "provider",
            "openai",
            "model_id",
            "gpt",
            "tokens_used",
            70L,
            "tokens_limit",
            100L,
            "reset_at",
            FEBRUARY,
            "quota_due_at",
            FEBRUARY));
    meter.setNow(FEBRUARY);
    SweepResult answer = sweep(InstantSource.system()).run();
    assertEquals(1L, answer.modelsReset());
    assertEquals(0L, meter.read("model_quotas", "openai_gpt").fields().get("tokens_used"));
  }
}
