package dev.meterkite.model.quotas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.OneByOne;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.time.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuotaRulesTest {
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
  private static final long WINDOWS_LATE = 14_400;
  private static final DocRef OWNER = QuotaRules.owner("openai", "gpt-4o");

  private final OneByOne<QuotaState, QuotaCommand> store = new OneByOne<>(new QuotaRules());
  private int keys;

  private static QuotaLimits minute(long tokens) {
    return limits(ZoneOffset.UTC, Map.of(Window.MINUTE, new QuotaLimits.Limit(tokens, null)));
  }

  private static QuotaLimits limits(ZoneId zone, Map<Window, QuotaLimits.Limit> windows) {
    return new QuotaLimits(zone, windows);
  }

  private Command<QuotaCommand> reservation(long tokens, QuotaLimits limits, Duration ttl) {
    QuotaCommand.Reserve input =
        new QuotaCommand.Reserve("openai", "gpt-4o", tokens, 1, ttl, limits);
    return QuotaRules.reserve(OWNER, "key" + keys++, "hash", input);
  }

  private Decision<QuotaState> reserve(long tokens, QuotaLimits limits, Instant now) {
    Command<QuotaCommand> command = reservation(tokens, limits, QuotaRules.DEFAULT_TTL);
    Decision<QuotaState> decision = store.decide(command, now);
    if (decision instanceof Decision.Applied) {
      store.put(command.markers().get(0), Map.of("answer", "{}"));
    }
    return decision;
  }

  private ReservationId reserved(long tokens, QuotaLimits limits, Instant now) {
    Decision.Applied<QuotaState> applied = applied(reserve(tokens, limits, now));
    return ReservationId.parse((String) applied.answer().get("reservation_id")).orElseThrow();
  }

  private Decision<QuotaState> settle(ReservationId id, long tokens, Instant now) {
    return store.decide(QuotaRules.settle(id, tokens, "key" + keys++, "hash"), now);
  }

  private static void assertRefused(QuotaOutcome outcome, Decision<QuotaState> decision) {
    assertEquals(outcome, assertInstanceOf(Decision.Refused.class, decision).outcome());
  }

  private static Decision.Applied<QuotaState> applied(Decision<QuotaState> decision) {
    if (decision instanceof Decision.Applied<QuotaState> applied) {
      return applied;
    }
    throw new AssertionError("not applied: " + decision);
  }

  private QuotaState at(Instant now) {
    return store.state(OWNER).at(now);
  }

  @ParameterizedTest
  @CsvSource({"99, true", "100, true", "101, false"})
  void reservationUpToTheLimit_fits(long tokens, boolean fits) {
    reserved(900, minute(1_000), T0);
    Decision<QuotaState> decision = reserve(tokens, null, T0.plusSeconds(1));
    assertEquals(fits, decision instanceof Decision.Applied, decision::toString);
    if (!fits) {
      Decision.Refused<QuotaState> refused = (Decision.Refused<QuotaState>) decision;
      assertEquals("quota_exhausted", refused.outcome().code());
      assertEquals(59L, refused.figures().get("retry_after_seconds"));
      assertEquals(100L, refused.figures().get("tokens_remaining"));
      assertFalse(refused.outcome().remembered());
    }
  }

  @ParameterizedTest
  @CsvSource({"1000, true", "1001, false"})
  void reservationOfMoreThanTheLimit_isRefusedForGood(long tokens, boolean fits) { // A15
    reserved(500, minute(1_000), T0.minusSeconds(60));
    Decision<QuotaState> decision = reserve(tokens, null, T0);
    if (fits) {
      assertInstanceOf(Decision.Applied.class, decision);
    } else {
      assertRefused(QuotaOutcome.EXCEEDS_LIMIT, decision);
    }
  }

  @Test
  void refusal_changesNothing() { // A14, A16
    reserved(900, minute(1_000), T0);
    Map<String, Object> before = store.get(OWNER).fields();
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, reserve(101, null, T0));
    assertEquals(before, store.get(OWNER).fields());
    assertEquals(1, store.commits());
  }

  @Test
  void requestsAreLimitedToo() {
    QuotaLimits rpm =
        limits(ZoneOffset.UTC, Map.of(Window.MINUTE, new QuotaLimits.Limit(null, 2L)));
    reserved(1, rpm, T0);
    reserved(1_000_000, rpm, T0);
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, reserve(1, rpm, T0));
  }

  @Test
  void fullDay_refusesAlthoughTheMinuteIsFree() {
    QuotaLimits both =
        limits(
            ZoneOffset.UTC,
            Map.of(
                Window.MINUTE, new QuotaLimits.Limit(100L, null),
                Window.DAY, new QuotaLimits.Limit(150L, null)));
    settle(reserved(100, both, T0), 100, T0);
    Decision<QuotaState> decision = reserve(51, both, T0.plusSeconds(60));
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, decision);
    assertEquals(
        14 * 3_600L - 60,
        ((Decision.Refused<QuotaState>) decision).figures().get("retry_after_seconds"));
    assertEquals(0L, at(T0.plusSeconds(60)).tokensReserved(at(T0).windows().get(0)));
    reserved(50, both, T0.plusSeconds(60));
  }

  @Test
  void absentModel_isNotFound() {
    assertRefused(QuotaOutcome.NOT_FOUND, reserve(1, null, T0));
    ReservationId id = ReservationId.parse("x_y:00000000-0000-5000-8000-000000000000").get();
    assertRefused(QuotaOutcome.NOT_FOUND, settle(id, 1, T0));
  }

  @Test
  void settlement_replacesTheEstimateAndMayExceedIt() {
    ReservationId id = reserved(100, minute(1_000), T0);
    Decision.Applied<QuotaState> applied = applied(settle(id, 1_200, T0.plusSeconds(5)));
    assertEquals(1_200L, applied.answer().get("tokens_used"));
    assertEquals(0L, applied.answer().get("tokens_remaining"));
    assertEquals("exhausted", applied.answer().get("status"));
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, reserve(1, null, T0.plusSeconds(6)));
    reserved(1_000, null, T0.plusSeconds(60));
  }

  @Test
  void settlingTwice_isRefusedTheSecondTime() { // A8
    ReservationId id = reserved(100, minute(1_000), T0);
    settle(id, 50, T0);
    assertRefused(QuotaOutcome.ALREADY_SETTLED, settle(id, 50, T0.plusSeconds(1)));
    assertEquals(50, at(T0).windows().get(0).tokensUsed());
  }

  @ParameterizedTest
  @CsvSource({"599999999, 0, 100", "600000000, 100, 0"})
  void unsettledReservation_lapsesAtItsExpiryAndIsChargedAtItsEstimate(
      long micros, long used, long reserved) { // A14
    QuotaLimits hour =
        limits(ZoneOffset.UTC, Map.of(Window.HOUR, new QuotaLimits.Limit(1_000L, null)));
    reserved(100, hour, T0);
    QuotaState state = at(T0.plusNanos(micros * 1_000));
    assertEquals(used, state.windows().get(0).tokensUsed());
    assertEquals(reserved, state.tokensReserved(state.windows().get(0)));
  }

  @Test
  void lateSettlement_correctsTheLapse() { // A24
    QuotaLimits hour =
        limits(ZoneOffset.UTC, Map.of(Window.HOUR, new QuotaLimits.Limit(1_000L, null)));
    ReservationId id = reserved(100, hour, T0);
    store.decide(QuotaRules.sweep(store.get(OWNER)), T0.plusSeconds(700));
    assertEquals(100, at(T0.plusSeconds(700)).windows().get(0).tokensUsed());
    settle(id, 30, T0.plusSeconds(800));
    assertEquals(30, at(T0.plusSeconds(800)).windows().get(0).tokensUsed());
    assertEquals(1, at(T0.plusSeconds(800)).windows().get(0).requestsUsed());
    assertRefused(QuotaOutcome.ALREADY_SETTLED, settle(id, 30, T0.plusSeconds(900)));
  }

  @Test
  void lateSettlement_doesNotChargeTheNextWindow() { // A24: litellm#24677
    QuotaLimits both =
        limits(
            ZoneOffset.UTC,
            Map.of(
                Window.MINUTE, new QuotaLimits.Limit(100L, null),
                Window.DAY, new QuotaLimits.Limit(1_000L, null)));
    ReservationId id = reserved(80, both, T0.plusMillis(59_999));
    settle(id, 90, T0.plusSeconds(60));
    QuotaState state = at(T0.plusSeconds(60));
    assertEquals(0, state.windows().get(0).tokensUsed());
    assertEquals(90, state.windows().get(1).tokensUsed());
  }

  @Test
  void boundary_belongsToTheNewWindow() { // A24
    QuotaLimits day = limits(ZoneOffset.UTC, Map.of(Window.DAY, new QuotaLimits.Limit(100L, null)));
    Instant midnight = Instant.parse("2026-03-02T00:00:00Z");
    reserved(100, day, midnight.minusNanos(1_000));
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, reserve(1, day, midnight.minusNanos(1_000)));
    reserved(100, day, midnight);
  }

  @Test
  void dayOfUtcPlusNine_resetsAtItsMidnight() { // A22: litellm#34896
    QuotaLimits day =
        limits(ZoneId.of("Asia/Tokyo"), Map.of(Window.DAY, new QuotaLimits.Limit(100L, null)));
    settle(reserved(100, day, T0), 100, T0);
    assertEquals(Instant.parse("2026-03-01T15:00:00Z"), store.get(OWNER).fields().get("reset_at"));
    assertEquals(
        100, at(Instant.parse("2026-03-01T14:59:59.999999Z")).windows().get(0).tokensUsed());
    assertEquals(0, at(Instant.parse("2026-03-01T15:00:00Z")).windows().get(0).tokensUsed());
  }

  @Test
  void sweepManyWindowsLate_resetsOnce() { // A23
    settle(reserved(100, minute(1_000), T0), 100, T0);
    Instant late = T0.plus(WINDOWS_LATE, ChronoUnit.MINUTES);
    assertEquals(1L, store.answer(QuotaRules.sweep(store.get(OWNER)), late).get("reset"));
    int commits = store.commits();
    assertInstanceOf(
        Decision.Unchanged.class,
        store.decide(QuotaRules.sweep(store.get(OWNER)), late.plusSeconds(1)));
    assertEquals(commits, store.commits());
    assertEquals(late, at(late).windows().get(0).start());
    assertEquals(late.plusSeconds(60), at(late).windows().get(0).end());
    assertFalse(store.get(OWNER).fields().containsKey("quota_due_at"));
  }

  @ParameterizedTest
  @CsvSource({
    "799, available",
    "800, warning",
    "949, warning",
    "950, critical",
    "999, critical",
    "1000, exhausted",
    "1001, exhausted"
  })
  void status_countsWhatIsUsed(long used, String status) {
    ReservationId id = reserved(1, minute(1_000), T0);
    settle(id, used, T0);
    assertEquals(status, store.get(OWNER).fields().get("status"));
  }

  @Test
  void statusOfOddLimits_isExact() {
    assertEquals(QuotaStatus.AVAILABLE, QuotaWindow.statusOf(5, 7L));
    assertEquals(QuotaStatus.WARNING, QuotaWindow.statusOf(6, 7L));
    assertEquals(QuotaStatus.CRITICAL, QuotaWindow.statusOf(20, 21L));
    assertEquals(QuotaStatus.EXHAUSTED, QuotaWindow.statusOf(0, 0L));
    assertEquals(QuotaStatus.AVAILABLE, QuotaWindow.statusOf(7, null));
  }

  @Test
  void utilisation_countsReservedToo() {
    reserved(500, minute(1_000), T0);
    assertEquals(0.5, at(T0).utilisation());
    assertEquals("available", store.get(OWNER).fields().get("status"));
  }

  @Test
  void thousandAndFirstReservation_isRefusedUntilOneCloses() {
    ReservationId first = reserved(1, minute(1_000_000), T0);
    for (int i = 1; i < QuotaState.MAX_OPEN; i++) {
      reserved(1, null, T0);
    }
    Decision<QuotaState> decision = reserve(1, null, T0);
    assertRefused(QuotaOutcome.TOO_MANY_RESERVATIONS, decision);
    assertEquals(
        600L, ((Decision.Refused<QuotaState>) decision).figures().get("retry_after_seconds"));
    settle(first, 1, T0);
    reserved(1, null, T0);
    assertTrue(store.get(OWNER).fields().toString().length() < 200_000);
  }

  @Test
  void specFieldsAlone_areOneWindow() {
    Instant reset = T0.plusSeconds(3_600);
    store.put(
        OWNER,
        Map.of(
            "provider",
            "openai",
            "model_id",
            "gpt-4o",
            "tokens_used",
            900L,
            "tokens_limit",
            1_000L,
            "reset_at",
            reset,
            "note",
            "kept"));
    ReservationId id = reserved(100, null, T0);
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, reserve(1, null, T0));
    settle(id, 50, T0);
    Map<String, Object> fields = store.get(OWNER).fields();
    assertEquals(950L, fields.get("tokens_used"));
    assertEquals(reset, fields.get("quota_due_at"));
    assertEquals("kept", fields.get("note"));
    assertEquals("critical", fields.get("status"));
    assertFalse(fields.containsKey("windows"));
    store.decide(QuotaRules.sweep(store.get(OWNER)), reset.plusSeconds(2 * 86_400L + 5));
    assertEquals(0L, store.get(OWNER).fields().get("tokens_used"));
    assertEquals(reset.plusSeconds(3 * 86_400L), store.get(OWNER).fields().get("reset_at"));
  }

  @Test
  void documentWithoutReset_neverResets() {
    store.put(OWNER, Map.of("tokens_used", 10L, "tokens_limit", 10L));
    Decision<QuotaState> decision = reserve(1, null, T0.plus(Duration.ofDays(400)));
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, decision);
  }

  @Test
  void useThatAnotherProgramReports_isAddedToAllWindows() {
    QuotaLimits both =
        limits(
            ZoneOffset.UTC,
            Map.of(
                Window.HOUR, new QuotaLimits.Limit(1_000L, null),
                Window.DAY, new QuotaLimits.Limit(5_000L, null)));
    settle(reserved(100, both, T0), 100, T0);
    store.merge(OWNER, Map.of("tokens_used", 150L, "tokens_limit", 400L));
    QuotaState state = at(T0);
    assertEquals(150, state.windows().get(0).tokensUsed());
    assertEquals(150, state.windows().get(1).tokensUsed());
    assertEquals(400L, state.windows().get(0).tokensLimit());
    assertTrue(state.repair());
    store.decide(QuotaRules.sweep(store.get(OWNER)), T0);
    assertFalse(store.state(OWNER).repair());
    assertEquals(150, at(T0).windows().get(1).tokensUsed());
  }

  @Test
  void ensure_bringsTheLimitsOfTheCatalogueAndKeepsWhatWasUsed() {
    settle(reserved(100, minute(1_000), T0), 100, T0);
    QuotaLimits next =
        limits(
            ZoneOffset.UTC,
            Map.of(
                Window.MINUTE, new QuotaLimits.Limit(500L, 10L),
                Window.DAY, new QuotaLimits.Limit(9_000L, null)));
    Command<QuotaCommand> ensure =
        QuotaRules.ensure(new QuotaCommand.Ensure("openai", "gpt-4o", next));
    store.answer(ensure, T0);
    assertEquals(100, at(T0).windows().get(0).tokensUsed());
    assertEquals(500L, at(T0).windows().get(0).tokensLimit());
    assertEquals(9_000L, at(T0).windows().get(1).tokensLimit());
    assertInstanceOf(Decision.Unchanged.class, store.decide(ensure, T0));
    Command<QuotaCommand> back =
        QuotaRules.ensure(new QuotaCommand.Ensure("openai", "gpt-4o", minute(1_000)));
    store.answer(back, T0);
    assertEquals(1, at(T0).windows().size());
    assertEquals(1, ((Map<?, ?>) store.get(OWNER).fields().get("windows")).size());
  }

  @Test
  void ensureOnASingleWindow_carriesItsUseIntoTheLongerOnes() {
    store.put(
        OWNER, Map.of("tokens_used", 70L, "tokens_limit", 100L, "reset_at", T0.plusSeconds(3_600)));
    QuotaLimits next =
        limits(
            ZoneOffset.UTC,
            Map.of(
                Window.MINUTE, new QuotaLimits.Limit(50L, null),
                Window.DAY, new QuotaLimits.Limit(100L, null)));
    store.answer(QuotaRules.ensure(new QuotaCommand.Ensure("openai", "gpt-4o", next)), T0);
    assertEquals(0, at(T0).windows().get(0).tokensUsed());
    assertEquals(70, at(T0).windows().get(1).tokensUsed());
  }

  @Test
  void hostileDocument_isReadSafelyAndRepairedOnce() { // A39
    List<Map<String, Object>> documents = new ArrayList<>();
    documents.add(Map.of("tokens_limit", "many", "tokens_used", -5L));
    documents.add(Map.of("tokens_limit", -1L, "tokens_used", 2.5));
    documents.add(Map.of("tokens_limit", -7L, "reset_at", "soon", "windows", "none"));
    documents.add(Map.of("windows", Map.of("minute", 3L, "day", Map.of("tokens_limit", 5.0))));
    documents.add(Map.of("windows", Map.of("hour", Map.of("tokens_limit", List.of()))));
    documents.add(Map.of("reservations", Map.of("a", Map.of("tokens", 5L), "b", 7L)));
    documents.add(Map.of("time_zone", "Moon/Crater", "quota_due_at", T0, "tokens_used", 1L));
    documents.add(Map.of("tokens_used", Long.MAX_VALUE, "tokens_limit", Long.MAX_VALUE));
    documents.add(
        Map.of(
            "reservations", Map.of("`.\\", Map.of("tokens", Long.MAX_VALUE, "reserved_at", T0))));
    for (Map<String, Object> fields : documents) {
      store.put(OWNER, fields);
      Decision<QuotaState> reserve = store.decide(reservation(5, null, Duration.ofSeconds(1)), T0);
      assertFalse(reserve instanceof Decision.NeedsReads, fields::toString);
      store.decide(QuotaRules.sweep(store.get(OWNER)), T0.plusSeconds(2));
      assertFalse(store.state(OWNER).repair(), fields::toString);
      assertInstanceOf(
          Decision.Unchanged.class,
          store.decide(QuotaRules.sweep(store.get(OWNER)), T0.plusSeconds(2)),
          fields::toString);
    }
  }

  @Test
  void unreadableLimit_letsNothingThrough() { // A13: unknown fails closed
    store.put(OWNER, Map.of("tokens_limit", "many"));
    assertRefused(QuotaOutcome.EXCEEDS_LIMIT, reserve(1, null, T0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "openai_gpt",
        "openai_gpt:",
        ":00000000-0000-5000-8000-000000000000",
        "a/b:00000000-0000-5000-8000-000000000000",
        "..:00000000-0000-5000-8000-000000000000",
        "__x__:00000000-0000-5000-8000-000000000000",
        "a:00000000-0000-5000-8000-00000000000G",
        "a:00000000-0000-5000-8000-00000000000A",
        "a;00000000-0000-5000-8000-000000000000"
      })
  void hostileReservationId_isNoId(String id) {
    assertTrue(ReservationId.parse(id).isEmpty());
  }

  @Test
  void reservationId_namesItsDocumentWhateverThatIsCalled() {
    String uuid = "00000000-0000-5000-8000-000000000000";
    for (String model : List.of("gpt", "a:b", "a/b%", "😀", "m:" + uuid, "`x`", "a.b")) {
      ReservationId id = new ReservationId(QuotaRules.owner("p", model), uuid);
      assertEquals(id, ReservationId.parse(id.toString()).orElseThrow());
    }
    assertEquals("p_a%2Fb%25", QuotaRules.owner("p", "a/b%").id());
    assertThrows(IllegalArgumentException.class, () -> QuotaRules.owner("p", "x".repeat(1_500)));
  }

  @Test
  void amountsOutOfRange_areABug() {
    assertThrows(IllegalArgumentException.class, () -> new QuotaCommand.Settle("x", -1));
    assertThrows(
        IllegalArgumentException.class, () -> reservation(0, null, QuotaRules.DEFAULT_TTL));
    assertThrows(IllegalArgumentException.class, () -> reservation(1, null, Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> new QuotaLimits.Limit(-1L, null));
  }

  @Test
  void seededSequences_neverPassALimitAndReturnToZero() { // A12, A13
    int seeds = Boolean.getBoolean("meterkite.deep") ? 3_000 : 60;
    long reservations = 0;
    for (int seed = 0; seed < seeds; seed++) {
      reservations += new Sequence(seed).run();
    }
    System.out.println("quota sequences: " + seeds + ", reservations made: " + reservations);
    assertTrue(reservations > seeds * 10L);
  }

  /** Random commands on one document, checked after every step against a plain account. */
  private static final class Sequence {
    private final Random random;
    private final int seed;
    private final OneByOne<QuotaState, QuotaCommand> documents = new OneByOne<>(new QuotaRules());
    private final Map<ReservationId, Long> open = new HashMap<>();
    private final QuotaLimits limits;
    private Instant now = T0;
    private long made;

    Sequence(int seed) {
      this.seed = seed;
      random = new Random(seed);
      Map<Window, QuotaLimits.Limit> windows = new HashMap<>();
      windows.put(Window.MINUTE, new QuotaLimits.Limit(1_000L, 20L));
      if (random.nextBoolean()) {
        windows.put(Window.HOUR, new QuotaLimits.Limit(5_000L, null));
      }
      if (random.nextBoolean()) {
        windows.put(Window.MONTH, new QuotaLimits.Limit(50_000L, 900L));
      }
      limits = limits(ZoneId.of("America/Los_Angeles"), windows);
    }

    long run() {
      for (int step = 0; step < 150; step++) {
        now = now.plusMillis(random.nextInt(random.nextInt(20) == 0 ? 2_000_000 : 8_000));
        switch (random.nextInt(8)) {
          case 0 -> documents.decide(QuotaRules.sweep(documents.get(OWNER)), now);
          case 1, 2, 3 -> settle();
          default -> reserve(step);
        }
        check("seed " + seed + " step " + step);
      }
      Instant end = now.plus(QuotaRules.MAX_TTL);
      documents.decide(QuotaRules.sweep(documents.get(OWNER)), end);
      QuotaState state = documents.state(OWNER);
      assertEquals(0, state.open(), "seed " + seed);
      state
          .windows()
          .forEach(window -> assertEquals(0, state.tokensReserved(window), "seed " + seed));
      return made;
    }

    private void reserve(int step) {
      long tokens = 1L + random.nextInt(400);
      Duration ttl = Duration.ofSeconds(1L + random.nextInt(120));
      QuotaCommand.Reserve input =
          new QuotaCommand.Reserve("openai", "gpt-4o", tokens, 1, ttl, limits);
      Decision<QuotaState> decision =
          documents.decide(QuotaRules.reserve(OWNER, "k" + step, "h", input), now);
      if (decision instanceof Decision.Applied<QuotaState> applied) {
        made++;
        open.put(
            ReservationId.parse((String) applied.answer().get("reservation_id")).orElseThrow(),
            tokens);
        applied
            .next()
            .windows()
            .forEach(
                window -> {
                  long taken = window.tokensUsed() + applied.next().tokensReserved(window);
                  assertTrue(taken <= window.tokensLimit(), "seed " + seed + " step " + step);
                });
      } else {
        Decision.Refused<QuotaState> refused = (Decision.Refused<QuotaState>) decision;
        long wait = (long) refused.figures().get("retry_after_seconds");
        assertTrue(wait >= 1, "seed " + seed + " step " + step);
      }
    }

    private void settle() {
      if (open.isEmpty()) {
        return;
      }
      ReservationId id = open.keySet().iterator().next();
      long estimate = open.remove(id);
      long tokens = random.nextInt((int) (estimate * 3 / 2) + 1);
      documents.put(new DocRef("idempotency_keys", id.uuid()), Map.of());
      documents.decide(QuotaRules.settle(id, tokens, "s" + id.uuid(), "h"), now);
    }

    private void check(String where) {
      QuotaState state = documents.state(OWNER);
      assertFalse(state.repair(), where);
      assertTrue(state.open() <= QuotaState.MAX_OPEN, where);
      Map<String, Object> fields = documents.get(OWNER).fields();
      if (state.exists()) {
        assertEquals(state.status().wire(), fields.get("status"), where);
        assertEquals(state.dueAt().orElse(null), fields.get("quota_due_at"), where);
      }
    }
  }

  private static Map<String, Object> windows(Object limit) {
    return Map.of("minute", Map.of("tokens_limit", limit, "tokens_used", 300L));
  }

  @Test
  void c60_windowWithoutAReset_isTheOneThatContainsNow() {
    Map<String, Object> fields =
        Map.of("provider", "openai", "model_id", "gpt-4o", "windows", windows(1_000L));
    store.put(OWNER, fields);
    assertEquals(300, state(T0).windows().get(0).tokensUsed());
    reserved(700, null, T0.plusSeconds(59));
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, reserve(1, null, T0.plusSeconds(59)));
    reserved(1_000, null, T0.plusSeconds(60));
  }

  private QuotaState state(Instant now) {
    return store.state(OWNER).at(now);
  }

  @Test
  void c61_limitEditedInTheCatalogue_arrivesByTheNextReservation() {
    reserved(900, updated(1_000, T0), T0);
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, reserve(200, updated(1_000, T0), T0));
    reserved(200, updated(5_000, T0.plusSeconds(1)), T0.plusSeconds(2));
    assertEquals(5_000L, state(T0.plusSeconds(2)).windows().get(0).tokensLimit());
    reserve(1, updated(1_000, T0), T0.plusSeconds(3)); // An instance that still has the older one.
    assertEquals(5_000L, state(T0.plusSeconds(3)).windows().get(0).tokensLimit());
  }

  private static QuotaLimits updated(long tokens, Instant at) {
    return new QuotaLimits(
        ZoneOffset.UTC, Map.of(Window.MINUTE, new QuotaLimits.Limit(tokens, null)), at);
  }

  @Test
  void c61_limitOfAnotherProgram_staysUntilTheCatalogueChanges() {
    store.put(OWNER, Map.of("windows", windows(700L)));
    reserved(100, updated(1_000, T0), T0);
    assertEquals(700L, state(T0).windows().get(0).tokensLimit());
    reserved(100, updated(2_000, T0.plusSeconds(1)), T0.plusSeconds(1));
    assertEquals(2_000L, state(T0.plusSeconds(1)).windows().get(0).tokensLimit());
  }

  @ParameterizedTest
  @CsvSource({"1000.5, 1000", "'1000', 1000", "' 1000.9 ', 1000", "many, 0", "-7, 0"})
  void c62_limitInAFormOfItsOwn_isReadAndNeverWrittenOver(String written, long limit) {
    Object value = written.equals("1000.5") ? (Object) 1000.5 : written;
    for (boolean inWindow : new boolean[] {true, false}) {
      Map<String, Object> fields = new HashMap<>();
      fields.put("provider", "openai");
      fields.put("model_id", "gpt-4o");
      if (inWindow) {
        fields.put("windows", windows(value));
      } else {
        fields.put("tokens_limit", value);
        fields.put("reset_at", T0.plusSeconds(60));
      }
      store.put(OWNER, fields);
      assertEquals(limit, state(T0).windows().get(0).tokensLimit());
      if (limit > 0) {
        reserved(500, null, T0);
      }
      store.decide(QuotaRules.sweep(store.get(OWNER)), T0.plusSeconds(120));
      Object kept =
          inWindow
              ? ((Map<?, ?>) ((Map<?, ?>) store.get(OWNER).fields().get("windows")).get("minute"))
                  .get("tokens_limit")
              : store.get(OWNER).fields().get("tokens_limit");
      assertEquals(value, kept);
    }
  }

  static Stream<Object> c62_resetAsTextOrNumber_isRead() {
    return Stream.of(
        "2026-03-01T10:01:00.5Z",
        "2026-03-01T11:01:00.500+01:00",
        "2026-03-01T10:01:00.500000",
        "2026-03-01 10:01:00.500000+00:00",
        "1772359260.5",
        " 1772359260500 ",
        "1.7723592605E9",
        1772359260.5,
        1772359260500.0,
        1772359260500L);
  }

  @ParameterizedTest
  @MethodSource
  void c62_resetAsTextOrNumber_isRead(Object written) {
    Instant end = T0.plusSeconds(60).plusMillis(500);
    for (Map<String, Object> fields :
        List.<Map<String, Object>>of(
            Map.of("tokens_used", 5L, "tokens_limit", 10L, "reset_at", written),
            Map.of(
                "windows", Map.of("minute", Map.of("tokens_limit", 10L, "reset_at", written))))) {
      store.put(OWNER, fields);
      assertEquals(end, store.state(OWNER).windows().get(0).end(), written::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tomorrow", "2026-13-01T10:01:00Z", "-5", "1e99", "NaN", ""})
  void c62_resetThatCannotBeRead_isNotStated(String written) {
    store.put(OWNER, Map.of("tokens_used", 5L, "tokens_limit", 10L, "reset_at", written));
    assertEquals(QuotaState.NEVER, store.state(OWNER).windows().get(0).end());
  }

  @ParameterizedTest
  @CsvSource({"'700', 700", "699.2, 700", "-3, 0", "many, 0"})
  void c62_useInAFormOfItsOwn_isReadAndRoundedUp(String written, long used) {
    store.put(OWNER, Map.of("tokens_used", written, "tokens_limit", 1_000L));
    assertEquals(used, store.state(OWNER).windows().get(0).tokensUsed());
  }

  @Test
  void c64_limitsStatedBeforeTheQuotaDocumentExists_lowerWhatIsLeft() {
    QuotaCommand.Ensure plan = new QuotaCommand.Ensure("openai", "gpt-4o", minute(1_000));
    store.decide(QuotaRules.stated(OWNER, new QuotaCommand.Stated(300L, null, null, plan)), T0);
    assertEquals(700, state(T0).windows().get(0).tokensUsed());
    assertRefused(QuotaOutcome.QUOTA_EXHAUSTED, reserve(301, minute(1_000), T0));
    reserved(300, minute(1_000), T0);
  }

  @Test
  void c64_limitsStatedOfAModelWithoutAQuota_makeNone() {
    store.decide(QuotaRules.stated(OWNER, new QuotaCommand.Stated(0L, null, null, null)), T0);
    assertFalse(store.get(OWNER).exists());
  }

  @Test
  void settlementOfWhatWasNeverReserved_namesTheReservation() {
    reserved(1, minute(1_000), T0);
    ReservationId nobody = new ReservationId(OWNER, "00000000-0000-0000-0000-000000000000");
    Decision<QuotaState> decision =
        store.decide(QuotaRules.settle(nobody, 1, "s" + keys++, "h"), T0);
    assertRefused(QuotaOutcome.NOT_FOUND, decision);
    assertEquals(
        Map.of("reservation_id", nobody.toString()),
        ((Decision.Refused<QuotaState>) decision).figures());
  }

  @Test
  void c63_settlementOfAReservationThatASetWiped_isChargedOnce() {
    Instant later = T0.plusSeconds(5);
    for (boolean whole : new boolean[] {true, false}) {
      store.put(OWNER, Map.of());
      ReservationId kept = reserved(100, minute(1_000), T0);
      ReservationId wiped = reserved(200, minute(1_000), T0);
      ReservationId settled = reserved(50, minute(1_000), T0);
      for (ReservationId id : List.of(kept, wiped, settled)) {
        store.put(
            new DocRef("idempotency_keys", id.uuid()), Map.of("created_at", T0, "answer", "{}"));
      }
      store.decide(QuotaRules.settle(settled, 50, "s" + keys++, "h"), T0.plusSeconds(1));
      assertRefused(
          QuotaOutcome.ALREADY_SETTLED,
          store.decide(QuotaRules.settle(settled, 50, "s" + keys++, "h"), T0.plusSeconds(2)));
      Map<String, Object> fields = new HashMap<>(store.get(OWNER).fields());
      fields.remove("reservations");
      if (whole) {
        fields.keySet().retainAll(List.of("provider", "model_id", "windows"));
      }
      store.put(OWNER, fields);
      long used = state(later).windows().get(0).tokensUsed();
      store.answer(QuotaRules.settle(wiped, 170, "s" + keys++, "h"), later);
      assertEquals(used + 170, state(later).windows().get(0).tokensUsed());
      assertRefused(
          QuotaOutcome.ALREADY_SETTLED,
          store.decide(QuotaRules.settle(wiped, 170, "s" + keys++, "h"), later));
    }
  }

  /**
   * A decision says when it was begun, which is before its reservation is made: the first one of a
   * quota counted as made before reservations were kept, so that a settlement long after it had
   * lapsed was charged beside the estimate.
   */
  @Test
  void settlementOfADecisionLongAfterItsReservationLapsed_isNotChargedBesideTheEstimate() {
    QuotaLimits month =
        limits(ZoneOffset.UTC, Map.of(Window.MONTH, new QuotaLimits.Limit(1_000L, null)));
    DocRef decision = new DocRef("routing_decisions", "0123abcd-0000-5000-8000-000000000001");
    Map<String, Object> begun = Map.of("timestamp", T0.minusMillis(100));
    QuotaCommand.Purpose purpose =
        new QuotaCommand.Purpose(
            new Write.Create(decision, begun), Map.of("decision_id", decision.id()));
    QuotaCommand.Reserve input =
        new QuotaCommand.Reserve(
            "openai", "gpt-4o", 100, 1, QuotaRules.DEFAULT_TTL, month, purpose);
    applied(
        store.decide(
            QuotaRules.reserveFor(store.get(OWNER), decision.id(), "h", input, decision), T0));
    assertEquals(T0, store.get(decision).fields().get("reserved_at"));
    Instant later = T0.plus(Duration.ofDays(3));
    assertRefused(
        QuotaOutcome.ALREADY_SETTLED, settle(new ReservationId(OWNER, decision.id()), 70, later));
    assertEquals(100, state(later).windows().get(0).tokensUsed());
    assertEquals(1, state(later).windows().get(0).requestsUsed());
  }

  @ParameterizedTest
  @CsvSource({"700, 250", "900, 100", "0, 950", "5000, 100"})
  void c64_whatTheProviderSaysIsLeft_countsWhereItIsLess(long left, long used) {
    ReservationId charged = reserved(100, minute(1_000), T0);
    store.answer(QuotaRules.settle(charged, 100, "s" + keys++, "h"), T0);
    reserved(50, minute(1_000), T0);
    QuotaCommand.Stated stated = new QuotaCommand.Stated(left, null, T0.plusSeconds(20), null);
    store.decide(QuotaRules.stated(OWNER, stated), T0);
    assertEquals(used, state(T0).windows().get(0).tokensUsed());
    store.decide(QuotaRules.stated(OWNER, stated), T0);
    assertEquals(used, state(T0).windows().get(0).tokensUsed());
  }

  @Test
  void c64_whatTheProviderSays_ofALongerWindow() {
    Map<Window, QuotaLimits.Limit> both =
        Map.of(
            Window.MINUTE, new QuotaLimits.Limit(1_000L, null),
            Window.DAY, new QuotaLimits.Limit(9_000L, null));
    reserved(1, limits(ZoneOffset.UTC, both), T0);
    store.decide(
        QuotaRules.stated(
            OWNER, new QuotaCommand.Stated(3_999L, null, T0.plusSeconds(3_600), null)),
        T0);
    assertEquals(0, state(T0).windows().get(0).tokensUsed());
    assertEquals(5_000, state(T0).windows().get(1).tokensUsed());
  }
}
