package dev.meterkite.model.health;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How reports of calls and probes change a provider's health; {@link ModelHealth} has the rules of
 * a model.
 *
 * <p>Rate limits, long quotas and models that are not served pause the model; credit pauses all
 * models of the provider, and so do refusals of its key when they come in a row. A probe of a free
 * endpoint is no call: a failing one holds trials back, a good one allows the next trial at once.
 */
public final class HealthRules implements Rules<HealthState, HealthCommand> {
  private static final class Codec {
    static final CommandCodec<HealthCommand> OF_COMMANDS =
        new CommandCodec<>("health", HealthCommand.class, List.of(HealthOutcome.values()));
  }

  private static final int KEY_LENGTH = 36;
  private static final double ALPHA = 0.2;

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

  /** The command that counts a call; a replay key in it, not in the command, repeats it. */
  public static Command<HealthCommand> observe(HealthCommand.Observe input) {
    return command("report-outcome", input.provider(), input);
  }

  /** The command that counts a probe. */
  public static Command<HealthCommand> probed(HealthCommand.Probed input) {
    return command("report-probe", input.provider(), input);
  }

  /** The command that claims the probe of an interval; its answer is {@code {claimed: bool}}. */
  public static Command<HealthCommand> claim(HealthCommand.Claim input) {
    return command("claim-probe", input.provider(), input);
  }

  /** The command that asks for a trial call of a model that is out: {@code {permitted: bool}}. */
  public static Command<HealthCommand> permit(String provider, String modelId) {
    return command("permit-call", provider, new HealthCommand.Permit(provider, modelId));
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
    if (input instanceof HealthCommand.Probed probed) {
      HealthState next = probed(state.named(probed.provider()), probed, now);
      return applied(next, new HealthResult.Probed(next.statusAt(now)));
    }
    if (input instanceof HealthCommand.Claim claim) {
      return claim(state, claim, now);
    }
    return input instanceof HealthCommand.Permit permit
        ? permit(state, permit, now)
        : refresh(state, now);
  }

  private static Decision<HealthState> applied(HealthState next, HealthResult result) {
    return new Decision.Applied<>(next, HealthResultCodec.encode(result), List.of());
  }

  private static Decision<HealthState> unchanged(HealthResult result) {
    return new Decision.Unchanged<>(HealthResultCodec.encode(result));
  }

  private static Decision<HealthState> observe(
      HealthState state, HealthCommand.Observe observe, Instant now) {
    HealthCommand.@Nullable Replay replay = observe.replay();
    String request = replay == null ? "" : Ids.uuid("report", replay.requestHash());
    String key = replay == null ? "" : Ids.uuid("report-key", replay.key());
    if (replay != null) {
      for (String entry : state.recent()) {
        if (entry.startsWith(key)) {
          return again(observe, entry, key + request);
        }
      }
    }
    HealthState named = state.named(observe.provider());
    HealthState next = observed(isEvidence(observe) ? named.resumed(now) : named, observe, now);
    ReportAnswer answer = ReportAnswer.of(next, observe, now);
    HealthResult result = new HealthResult.Reported(observe.provider(), answer, false);
    if (replay == null) {
      return next.equals(state) ? unchanged(result) : applied(next, result);
    }
    List<String> recent = new ArrayList<>(next.recent());
    while (recent.size() >= HealthState.MAX_RECENT) {
      recent.remove(0);
    }
    recent.add(key + request + " " + answer.text());
    return applied(next.withRecent(recent), result);
  }

  private static boolean isEvidence(HealthCommand.Observe observe) {
    ProviderErrors.@Nullable Verdict error = observe.error();
    return error == null || error.counts();
  }

  private static Decision<HealthState> again(
      HealthCommand.Observe observe, String entry, String same) {
    if (!entry.startsWith(same)) {
      return new Decision.Refused<>(HealthOutcome.IDEMPOTENCY_CONFLICT, Map.of());
    }
    ReportAnswer then = ReportAnswer.parse(entry.substring(2 * KEY_LENGTH).strip());
    return unchanged(new HealthResult.Reported(observe.provider(), then, true));
  }

  /** The state after a call, which is one of the last hour unless it was the caller's own fault. */
  static HealthState observed(HealthState state, HealthCommand.Observe call, Instant now) {
    HealthState next = judged(state, call, now);
    return isEvidence(call)
        ? next.counted(state.modelOf(call.modelId()), call.error() != null, now)
        : next;
  }

  private static HealthState judged(HealthState state, HealthCommand.Observe call, Instant now) {
    ProviderErrors.@Nullable Verdict error = call.error();
    String id = state.modelOf(call.modelId());
    ModelHealth model = state.model(id);
    Instant began = now.minusMillis(Math.max(0, call.latencyMs()));
    if (error == null) {
      ModelHealth access =
          state.access().equals(ModelHealth.NEW)
              ? ModelHealth.NEW
              : state.access().good(began, now, null).asAccess();
      return state
          .with(access, state.models())
          .with(id, model.good(began, now, call.firstTokenMs()))
          .checked(now, average(state.latencyMs(), call.firstTokenMs()));
    }
    HealthState timely = error.counts() ? state.checked(now, state.latencyMs()) : state;
    return switch (error.kind()) {
      case CALLER_FAULT -> free(state, id).equals(state) ? state : free(state, id);
      case PROVIDER_FAULT -> {
        ModelHealth failed = model.failed(began, now);
        yield timely.with(
            id,
            error.until() == null
                ? failed
                : failed.paused(AwayReason.RATE_LIMITED, error.until(), now));
      }
      case RATE_LIMITED -> pausing(timely, id, AwayReason.RATE_LIMITED, error, now);
      case QUOTA_GONE -> pausing(timely, id, AwayReason.QUOTA_GONE, error, now);
      case MODEL_GONE -> pausing(timely, id, AwayReason.MODEL_GONE, error, now);
      case CREDIT_GONE ->
          free(timely, id)
              .with(
                  timely.access().paused(AwayReason.QUOTA_GONE, error.until(), now).asAccess(),
                  free(timely, id).models());
      case KEY_REFUSED -> {
        ModelHealth before = timely.access().withGoodAt(lastGood(timely));
        yield free(timely, id)
            .with(before.failed(began, now).asAccess(), free(timely, id).models());
      }
    };
  }

  /** A call of this model ended without saying anything of it. */
  private static HealthState free(HealthState state, String id) {
    ModelHealth model = state.models().get(id);
    ModelHealth access = state.access().nothing();
    if (model == null || (model.nothing().equals(model) && access.equals(state.access()))) {
      return state;
    }
    return state.with(access, state.models()).with(id, model.nothing());
  }

  private static HealthState pausing(
      HealthState state, String id, AwayReason reason, ProviderErrors.Verdict error, Instant now) {
    ModelHealth model = state.model(id).paused(reason, error.until(), now).calledAt(now);
    return state.with(state.access().nothing(), state.models()).with(id, model);
  }

  private static @Nullable Instant lastGood(HealthState state) {
    @Nullable Instant last = state.access().goodAt();
    for (ModelHealth model : state.models().values()) {
      Instant good = model.goodAt();
      if (good != null && (last == null || good.isAfter(last))) {
        last = good;
      }
    }
    return last;
  }

  private static @Nullable Double average(@Nullable Double average, @Nullable Long sample) {
    if (sample == null) {
      return average;
    }
    double figure = Math.max(0, Math.min(HealthState.MAX_LATENCY_MS, sample));
    return average == null ? figure : average + ALPHA * (figure - average);
  }

  /** The state after a probe: an error of the key or the credit is the provider's all the same. */
  static HealthState probed(HealthState state, HealthCommand.Probed probe, Instant now) {
    ProviderErrors.@Nullable Verdict error = probe.error();
    HealthState.Probe last = state.probe();
    if (error == null) {
      return state
          .with(new HealthState.Probe(now, 0, now))
          .checked(now, average(state.latencyMs(), probe.latencyMs()));
    }
    int failures = error.counts() ? Math.min(ModelHealth.MOST_IN_ROW, last.failures() + 1) : 0;
    HealthState next = state.with(new HealthState.Probe(now, failures, last.reachedAt()));
    return error.kind() == ProviderErrors.Kind.CREDIT_GONE
        ? next.with(next.access().paused(AwayReason.QUOTA_GONE, error.until(), now), next.models())
        : next.checked(now, state.latencyMs());
  }

  private static Decision<HealthState> claim(
      HealthState state, HealthCommand.Claim claim, Instant now) {
    HealthState.@Nullable Claim last = state.claim();
    long seconds = claim.interval().toSeconds();
    if (last != null
        && Math.floorDiv(last.at().getEpochSecond(), seconds)
            >= Math.floorDiv(now.getEpochSecond(), seconds)) {
      return unchanged(new HealthResult.Claimed(last.by().equals(claim.by())));
    }
    HealthState next =
        state.named(claim.provider()).withClaim(new HealthState.Claim(now, claim.by()));
    return applied(next, new HealthResult.Claimed(true));
  }

  private static Decision<HealthState> permit(
      HealthState state, HealthCommand.Permit permit, Instant now) {
    ModelHealth access = state.access().at(now);
    ModelHealth model = state.model(permit.modelId()).at(now);
    if (access.outage() == null && model.outage() == null) {
      return unchanged(new HealthResult.Permitted(state.away(permit.modelId(), now).isEmpty()));
    }
    if (!state.isTrialDue(permit.modelId(), now)) {
      return unchanged(new HealthResult.Permitted(false));
    }
    Outage whole = access.outage();
    Outage own = model.outage();
    HealthState next = state.named(permit.provider());
    if (whole != null) {
      next = next.with(access.with(whole.permitted(now)), next.models());
    }
    if (own != null) {
      next = next.with(permit.modelId(), model.with(own.permitted(now)));
    }
    return applied(next, new HealthResult.Permitted(true));
  }

  private static Decision<HealthState> refresh(HealthState state, Instant now) {
    HealthState next = state.exists() ? state.at(now) : state;
    return next.equals(state)
        ? unchanged(new HealthResult.Refreshed(false))
        : applied(next, new HealthResult.Refreshed(true));
  }

  @Override
  public CommandCodec<HealthCommand> codec() {
    return Codec.OF_COMMANDS;
  }

  /** Never asked, since no refusal is remembered. */
  @Override
  public Decision.Refused<HealthState> refuseAgain(
      HealthState state, Command<HealthCommand> command, String code, Instant now) {
    return new Decision.Refused<>(HealthOutcome.IDEMPOTENCY_CONFLICT, Map.of());
  }
}
