package dev.meterkite.model.health;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How observations make a provider's health.
 *
 * <p>Success and latency are moving averages in which the newest counts a fifth. Success begins at
 * 1.0, so that one failure makes 0.8 of it, the next 0.64; latency begins at its first figure. At
 * least 80 % and under 2,000 ms is healthy, under 50 % or over 5,000 ms unavailable, between is
 * degraded. The status follows when two observations in a row call for a change in the same
 * direction, and goes to the nearer of the two; an opening circuit makes unavailable at once. A
 * provider of which nothing is known is what its first success shows.
 */
public final class HealthRules implements Rules<HealthState, HealthCommand> {
  /** In answers of {@link HealthCommand.Observe}: present and true when the key was seen before. */
  public static final String REPLAYED = "replayed";

  private static final int KEY_LENGTH = 36;

  /**
   * The health document of a provider.
   *
   * @throws IllegalArgumentException if that is no document id
   */
  public static DocRef owner(String provider) {
    return new DocRef(ModelProviderHealth.COLLECTION, id(provider));
  }

  /** The id of a provider's health document: only {@code %} and {@code /} are encoded. */
  public static String id(String provider) {
    return provider.replace("%", "%25").replace("/", "%2F");
  }

  /** The command that tells of an outcome; a replay key in it, not in the command, repeats it. */
  public static Command<HealthCommand> observe(HealthCommand.Observe input) {
    return command("report-outcome", input.provider(), input);
  }

  /** The command that claims the probe of an interval; its answer is {@code {claimed: bool}}. */
  public static Command<HealthCommand> claim(HealthCommand.Claim input) {
    return command("claim-probe", input.provider(), input);
  }

  /** The command that asks for a place in a half-open circuit: {@code {permitted: bool}}. */
  public static Command<HealthCommand> permit(String provider) {
    return command("permit-call", provider, new HealthCommand.Permit(provider));
  }

  /** The command that writes down what time has changed. */
  public static Command<HealthCommand> refresh(String provider) {
    return command("refresh-health", provider, new HealthCommand.Refresh());
  }

  private static Command<HealthCommand> command(
      String operation, String provider, HealthCommand input) {
    return new Command<>(
        owner(provider), operation, null, "", input, List.of(), List.of(), List.of());
  }

  @Override
  public HealthState decode(Snapshot owner) {
    return HealthCodec.decode(owner);
  }

  @Override
  public Map<String, Object> changes(HealthState before, HealthState after) {
    return HealthCodec.changes(before, after);
  }

  @Override
  public Decision<HealthState> decide(
      HealthState state, Seen seen, Command<HealthCommand> command, Instant now) {
    HealthCommand input = command.input();
    if (input instanceof HealthCommand.Observe observe) {
      return observe(state, observe, now);
    }
    if (input instanceof HealthCommand.Claim claim) {
      return claim(state, claim, now);
    }
    return input instanceof HealthCommand.Permit permit
        ? permit(state, permit, now)
        : refresh(state, now);
  }

  private static Decision<HealthState> observe(
      HealthState state, HealthCommand.Observe observe, Instant now) {
    HealthCommand.@Nullable Replay replay = observe.replay();
    String request = replay == null ? "" : Ids.uuid("report", replay.requestHash());
    String key = replay == null ? "" : Ids.uuid("report-key", replay.key());
    if (replay != null) {
      for (String entry : state.recent()) {
        if (entry.startsWith(key)) {
          return again(observe.provider(), entry, key + request);
        }
      }
    }
    HealthState next = observed(state.named(observe.provider()), observe, now);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("provider", observe.provider());
    answer.put("status", next.statusAt(now).wire());
    answer.put("circuit", next.circuit().at(now).state().wire());
    if (replay == null) {
      return next.equals(state)
          ? new Decision.Unchanged<>(next.view(now))
          : new Decision.Applied<>(next, next.view(now), List.of());
    }
    List<String> recent = new ArrayList<>(next.recent());
    while (recent.size() >= HealthState.MAX_RECENT) {
      recent.remove(0);
    }
    recent.add(key + request + " " + answer.get("status") + " " + answer.get("circuit"));
    return new Decision.Applied<>(next.withRecent(recent), answer, List.of());
  }

  private static Decision<HealthState> again(String provider, String entry, String same) {
    if (!entry.startsWith(same)) {
      return new Decision.Refused<>(HealthOutcome.IDEMPOTENCY_CONFLICT, Map.of());
    }
    List<String> then = List.of(entry.substring(2 * KEY_LENGTH).strip().split(" ", -1));
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("provider", provider);
    answer.put("status", then.get(0));
    answer.put("circuit", then.get(then.size() - 1));
    answer.put(REPLAYED, true);
    return new Decision.Unchanged<>(answer);
  }

  /** The state after an observation. */
  static HealthState observed(HealthState state, HealthCommand.Observe observe, Instant now) {
    ProviderErrors.@Nullable Verdict error = observe.error();
    HealthState timely = state.withCircuit(state.circuit().at(now));
    if (error != null && (!error.counts() || error.kind() == ProviderErrors.Kind.MODEL_GONE)) {
      return timely;
    }
    boolean success = error == null;
    double sample = success ? 1 : 0;
    double rate = state.successRate() + HealthState.ALPHA * (sample - state.successRate());
    HealthState averaged =
        timely.withAverages(rate, success ? latency(state, observe) : state.latencyMs(), now);
    Circuit circuit = success ? averaged.circuit().success() : averaged.circuit().failure(now);
    HealthStatus current = state.statusAt(now);
    return status(current, success, deadlines(averaged.withCircuit(circuit), error, now));
  }

  private static Double latency(HealthState state, HealthCommand.Observe observe) {
    double sample = Math.max(0, Math.min(HealthState.MAX_LATENCY_MS, observe.latencyMs()));
    Double average = state.latencyMs();
    return average == null ? sample : average + HealthState.ALPHA * (sample - average);
  }

  private static HealthState deadlines(
      HealthState state, ProviderErrors.@Nullable Verdict error, Instant now) {
    Instant limited = ahead(state.rateLimitedUntil(), now);
    Instant gone = ahead(state.quotaGoneUntil(), now);
    if (error != null
        && (error.kind() == ProviderErrors.Kind.QUOTA_GONE
            || error.kind() == ProviderErrors.Kind.CREDIT_GONE)) {
      gone = later(gone, error.until());
    } else if (error != null && error.kind() == ProviderErrors.Kind.RATE_LIMITED) {
      limited = later(limited, error.until() == null ? now.plusSeconds(60) : error.until());
    } else if (error != null) {
      limited = later(limited, error.until());
    }
    return state.withDeadlines(limited, gone);
  }

  private static @Nullable Instant ahead(@Nullable Instant until, Instant now) {
    return until == null || !until.isAfter(now) ? null : until;
  }

  private static @Nullable Instant later(@Nullable Instant first, @Nullable Instant second) {
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    return first.isAfter(second) ? first : second;
  }

  private static HealthState status(HealthStatus current, boolean success, HealthState state) {
    if (state.circuit().state() == CircuitState.OPEN) {
      return state.withStatus(HealthStatus.UNAVAILABLE, null);
    }
    HealthStatus target = state.target();
    if (target == current) {
      return state.withStatus(current, null);
    }
    if (current == HealthStatus.UNKNOWN && success && target != HealthStatus.UNAVAILABLE) {
      return state.withStatus(target, null);
    }
    HealthStatus pending = state.pending();
    boolean agree =
        pending != null
            && (current == HealthStatus.UNKNOWN
                ? pending == target
                : Integer.signum(pending.compareTo(current))
                    == Integer.signum(target.compareTo(current)));
    if (!agree || pending == null) {
      return state.withStatus(current, target);
    }
    HealthStatus milder = target.compareTo(pending) < 0 ? target : pending;
    HealthStatus graver = target.compareTo(pending) < 0 ? pending : target;
    HealthStatus nearer = target.compareTo(current) > 0 ? milder : graver;
    return state.withStatus(nearer, nearer == target ? null : target);
  }

  private static Decision<HealthState> claim(
      HealthState state, HealthCommand.Claim claim, Instant now) {
    HealthState.@Nullable Claim last = state.claim();
    long seconds = claim.interval().toSeconds();
    if (last != null
        && Math.floorDiv(last.at().getEpochSecond(), seconds)
            >= Math.floorDiv(now.getEpochSecond(), seconds)) {
      return new Decision.Unchanged<>(Map.of("claimed", last.by().equals(claim.by())));
    }
    HealthState next =
        state.named(claim.provider()).withClaim(new HealthState.Claim(now, claim.by()));
    return new Decision.Applied<>(next, Map.of("claimed", true), List.of());
  }

  private static Decision<HealthState> permit(
      HealthState state, HealthCommand.Permit permit, Instant now) {
    Circuit circuit = state.circuit().at(now);
    return switch (circuit.state()) {
      case CLOSED -> new Decision.Unchanged<>(Map.of("permitted", true));
      case OPEN -> new Decision.Unchanged<>(Map.of("permitted", false));
      case HALF_OPEN ->
          circuit.free(now) == 0
              ? new Decision.Unchanged<>(Map.of("permitted", false))
              : new Decision.Applied<>(
                  state.named(permit.provider()).withCircuit(circuit.permitted(now)),
                  Map.of("permitted", true),
                  List.of());
    };
  }

  private static Decision<HealthState> refresh(HealthState state, Instant now) {
    if (!state.exists()) {
      return new Decision.Unchanged<>(Map.of("changed", false));
    }
    HealthState next =
        state.withCircuit(state.circuit().at(now)).withStatus(state.statusAt(now), state.pending());
    return next.equals(state)
        ? new Decision.Unchanged<>(Map.of("changed", false))
        : new Decision.Applied<>(next, Map.of("changed", true), List.of());
  }

  /** Never asked, since no refusal is remembered. */
  @Override
  public Decision.Refused<HealthState> refuseAgain(
      HealthState state, Command<HealthCommand> command, String code, Instant now) {
    return new Decision.Refused<>(HealthOutcome.IDEMPOTENCY_CONFLICT, Map.of());
  }
}
