package dev.meterkite.model.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.meterkite.model.command.OneByOne;
import dev.meterkite.model.health.ProviderErrors.Kind;
import dev.meterkite.model.health.ProviderErrors.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LastHourTest {
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");

  private final OneByOne<HealthState, HealthCommand> store = new OneByOne<>(new HealthRules());

  private void report(String model, @Nullable Kind fault, Instant at) {
    Verdict error = fault == null ? null : new Verdict(fault, null);
    store.answer(
        HealthRules.observe(
            new HealthCommand.Observe("openai", model, 100, null, error, true, null)),
        at);
  }

  private HealthView view(Instant now) {
    return HealthView.of("openai", store.state(HealthRules.owner("openai")), now);
  }

  private static List<Long> slots(long... lastOnes) {
    List<Long> all = new ArrayList<>(Collections.nCopies(LastHour.SLOTS - lastOnes.length, 0L));
    for (long each : lastOnes) {
      all.add(each);
    }
    return all;
  }

  private static LastHour.@Nullable Figures model(HealthView view, String id) {
    return view.models().stream()
        .filter(model -> model.modelId().equals(id))
        .findFirst()
        .orElseThrow()
        .lastHour();
  }

  @Test
  void calls_areCountedByFiveMinutesForEachModelAndForAll() {
    report("a", null, T0);
    report("a", Kind.PROVIDER_FAULT, T0.plusSeconds(299));
    report("b", Kind.RATE_LIMITED, T0.plusSeconds(300));
    report("a", null, T0.plusSeconds(301));
    HealthView view = view(T0.plusSeconds(302));
    assertEquals(slots(2, 2), view.lastHour().calls());
    assertEquals(slots(1, 1), view.lastHour().failed());
    assertEquals(slots(2, 1), model(view, "a").calls());
    assertEquals(slots(1, 0), model(view, "a").failed());
    assertEquals(slots(1), model(view, "b").failed());
    assertEquals(Instant.parse("2026-03-01T09:10:00Z"), view.lastHour().from());
    assertEquals(5L, view.lastHour().slotMinutes());
  }

  /** The first instant of the thirteenth slot is the end of the first. */
  @ParameterizedTest
  @CsvSource({"3599, true", "3600, false"})
  void slot_isForgottenAfterAnHour(long seconds, boolean shown) {
    report("a", null, T0);
    assertEquals(shown, view(T0.plusSeconds(seconds)).lastHour() != null);
    assertEquals(shown, model(view(T0.plusSeconds(seconds)), "a") != null);
  }

  @Test
  void callersOwnFault_isNoCallOfTheProvider() {
    report("a", Kind.CALLER_FAULT, T0);
    assertNull(view(T0).lastHour());
  }

  /** A refused key concerns no model, but people who look at the provider want to see it. */
  @Test
  void refusedKey_isCountedForTheProvider() {
    report("a", Kind.KEY_REFUSED, T0);
    assertEquals(slots(1), view(T0).lastHour().failed());
  }

  @Test
  void models_areAtMostAHundred_andThoseOfBeforeAreForgotten() {
    report("old", null, T0);
    Instant later = T0.plus(Duration.ofHours(2));
    for (int i = 0; i < HealthState.MAX_MODELS + 5; i++) {
      report("m" + i, null, later);
    }
    Map<String, LastHour> hours = store.state(HealthRules.owner("openai")).hours();
    assertEquals(HealthState.MAX_MODELS, hours.size());
    assertFalse(hours.containsKey("old") || hours.containsKey("m0"), hours.keySet()::toString);
  }

  @Test
  void text_isReadBack_andWhatIsNoneIsLeftOut() {
    LastHour hour = LastHour.NONE;
    for (int i = 0; i < 40; i++) {
      hour = hour.with(i % 3 == 0, T0.plus(Duration.ofMinutes(4L * i)));
    }
    assertEquals(LastHour.SLOTS, hour.slots().size());
    assertEquals(hour, LastHour.parse(hour.text()));
    assertEquals(LastHour.NONE, LastHour.parse(null));
    assertEquals(
        List.of(new LastHour.Slot(7, 3, 1)),
        LastHour.parse("x 7:3/1 8:0/0 9:1/2 99999999999:1/0 5:1").slots());
    assertEquals(LastHour.SLOTS, LastHour.parse("7:1/1 ".repeat(50)).slots().size());
  }

  /** A clock that was moved back leaves slots ahead of it: they count until it has caught up. */
  @Test
  void slotsAhead_areKeptAsFarAsThereIsRoom() {
    LastHour hour = LastHour.NONE;
    for (int i = 0; i < LastHour.SLOTS; i++) {
      hour = hour.with(false, T0.plus(LastHour.SLOT.multipliedBy(i)));
    }
    LastHour back = hour.with(true, T0.minus(Duration.ofDays(1)));
    assertEquals(LastHour.SLOTS, back.slots().size());
  }

  @Test
  void moreFailuresThanCalls_areNoSlot() {
    assertThrows(IllegalArgumentException.class, () -> new LastHour.Slot(1, 1, 2));
    assertThrows(IllegalArgumentException.class, () -> new LastHour.Slot(1, 0, 0));
  }
}
