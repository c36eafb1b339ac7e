package dev.meterkite.model.routing;

import dev.failsafe.CircuitBreaker;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.HealthStatus;
import dev.meterkite.model.health.ProviderErrors;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.internal.CircuitBreakerStateMachine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Rules that decide whether a model gets a call, driven in virtual time. */
interface Breakers {
  /** Whether the model gets the next call; one that it gets is reported later. */
  boolean allows(String model, long now);

  void report(String model, long began, long now, ProviderErrors.@Nullable Verdict error);

  default void probed(boolean good, long now) {}

  /** Whether all calls of the model pass. */
  boolean isClosed(String model, long now);

  /** Alerts raised until now. */
  int alerts();

  Instant T0 = Instant.parse("2026-03-01T00:00:00Z");

  static Instant at(long millis) {
    return T0.plusMillis(millis);
  }

  /** The product's rules, as one document. */
  final class Ours implements Breakers {
    private final HealthRules rules = new HealthRules();
    private HealthState state = rules.decode(Snapshot.absent(HealthRules.owner("p")));
    private Instant last = T0;
    private long calls;
    private long lastTrial = -5;
    private int alerts;
    private final List<String> incidents = new ArrayList<>();

    private Instant now(long millis) {
      Instant now = at(millis);
      last = now.isAfter(last) ? now : last;
      return last;
    }

    private void apply(dev.meterkite.model.command.Command<HealthCommand> command, Instant now) {
      Decision<HealthState> decision = rules.decide(state, null, command, now);
      if (decision instanceof Decision.Applied<HealthState> applied) {
        state = applied.next();
      }
    }

    /** The levels of alerts, as the sweep of each minute and each change would find them. */
    private void watch(Instant now) {
      List<String> present = new ArrayList<>();
      HealthStatus whole = state.statusAt(now);
      if (whole == HealthStatus.UNAVAILABLE) {
        present.add("provider");
      } else {
        state
            .models()
            .forEach(
                (id, model) -> {
                  HealthStatus told = model.at(now).told();
                  if (told != HealthStatus.HEALTHY) {
                    present.add(id);
                  }
                });
      }
      if (!present.isEmpty() && incidents.isEmpty()) {
        alerts++;
      }
      incidents.clear();
      incidents.addAll(present);
    }

    @Override
    public boolean allows(String model, long millis) {
      Instant now = now(millis);
      calls++;
      if (state.away(model, now).isEmpty()) {
        return true;
      }
      if (!state.isTrialDue(model, now) || calls - lastTrial < 5) {
        return false;
      }
      lastTrial = calls;
      apply(HealthRules.permit("p", model), now);
      return true;
    }

    @Override
    public void report(String model, long began, long millis, ProviderErrors.Verdict error) {
      Instant now = now(millis);
      apply(
          HealthRules.observe(
              new HealthCommand.Observe("p", model, millis - began, null, error, true, null)),
          now);
      watch(now);
    }

    @Override
    public void probed(boolean good, long millis) {
      Instant now = now(millis);
      ProviderErrors.Verdict fault =
          new ProviderErrors.Verdict(ProviderErrors.Kind.PROVIDER_FAULT, null);
      apply(HealthRules.probed(new HealthCommand.Probed("p", 200, good ? null : fault)), now);
      watch(now);
    }

    @Override
    public boolean isClosed(String model, long millis) {
      return state.away(model, at(millis)).isEmpty();
    }

    @Override
    public int alerts() {
      return alerts;
    }

    HealthState state() {
      return state;
    }
  }

  /** resilience4j's circuit breaker, one a model. */
  final class Resilience4j implements Breakers {
    private final CircuitBreakerConfig config;
    private final Map<String, CircuitBreakerStateMachine> machines = new java.util.HashMap<>();
    private long millis;
    private int openings;

    private final Clock clock =
        new Clock() {
          @Override
          public ZoneId getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(ZoneId zone) {
            return this;
          }

          @Override
          public Instant instant() {
            return at(millis);
          }
        };

    /** With its defaults, or tuned to calls of models. */
    Resilience4j(boolean tuned) {
      CircuitBreakerConfig.Builder builder =
          CircuitBreakerConfig.custom()
              .clock(clock)
              .currentTimestampFunction(Clock::millis, TimeUnit.MILLISECONDS);
      config =
          (tuned
                  ? builder
                      .slidingWindowSize(20)
                      .minimumNumberOfCalls(5)
                      .failureRateThreshold(50)
                      .waitDurationInOpenState(Duration.ofSeconds(10))
                      .permittedNumberOfCallsInHalfOpenState(3)
                  : builder)
              .build();
    }

    private CircuitBreakerStateMachine of(String model) {
      return machines.computeIfAbsent(
          model,
          name -> {
            CircuitBreakerStateMachine machine = new CircuitBreakerStateMachine(name, config);
            machine
                .getEventPublisher()
                .onStateTransition(
                    event -> {
                      String from = event.getStateTransition().getFromState().name();
                      String to = event.getStateTransition().getToState().name();
                      openings += to.equals("OPEN") && from.equals("CLOSED") ? 1 : 0;
                    });
            return machine;
          });
    }

    @Override
    public boolean allows(String model, long now) {
      millis = now;
      return of(model).tryAcquirePermission();
    }

    @Override
    public void report(String model, long began, long now, ProviderErrors.Verdict error) {
      millis = now;
      if (error == null) {
        of(model).onSuccess(now - began, TimeUnit.MILLISECONDS);
      } else {
        of(model).onError(now - began, TimeUnit.MILLISECONDS, new IllegalStateException());
      }
    }

    @Override
    public boolean isClosed(String model, long now) {
      millis = now;
      return of(model).getState()
          == io.github.resilience4j.circuitbreaker.CircuitBreaker.State.CLOSED;
    }

    @Override
    public int alerts() {
      return openings;
    }
  }

  /** Failsafe's circuit breaker, one a model; it has no clock to replace, so its delay is ours. */
  final class Failsafe implements Breakers {
    private final boolean tuned;
    private final Map<String, CircuitBreaker<Object>> breakers = new java.util.HashMap<>();
    private final Map<String, Long> openedAt = new java.util.HashMap<>();
    private int openings;

    Failsafe(boolean tuned) {
      this.tuned = tuned;
    }

    private CircuitBreaker<Object> of(String model) {
      return breakers.computeIfAbsent(
          model,
          name ->
              (tuned
                      ? CircuitBreaker.builder().withFailureThreshold(5, 10).withSuccessThreshold(3)
                      : CircuitBreaker.builder())
                  .withDelay(Duration.ofDays(1_000))
                  .build());
    }

    private CircuitBreaker<Object> at(String model, long now) {
      CircuitBreaker<Object> breaker = of(model);
      long delay = tuned ? 10_000 : 60_000;
      if (breaker.isOpen() && now - openedAt.get(model) >= delay) {
        breaker.halfOpen();
      }
      return breaker;
    }

    @Override
    public boolean allows(String model, long now) {
      return at(model, now).tryAcquirePermit();
    }

    @Override
    public void report(String model, long began, long now, ProviderErrors.Verdict error) {
      CircuitBreaker<Object> breaker = at(model, now);
      boolean closed = breaker.isClosed();
      boolean open = breaker.isOpen();
      if (error == null) {
        breaker.recordSuccess();
      } else {
        breaker.recordFailure();
      }
      if (breaker.isOpen() && !open) {
        openedAt.put(model, now);
        openings += closed ? 1 : 0;
      }
    }

    @Override
    public boolean isClosed(String model, long now) {
      return at(model, now).isClosed();
    }

    @Override
    public int alerts() {
      return openings;
    }
  }
}
