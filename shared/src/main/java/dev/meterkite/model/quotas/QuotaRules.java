package dev.meterkite.model.quotas;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Missing;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How tokens and requests of a model are reserved and charged.
 *
 * <p>A reservation is made if in every window used + reserved + its amount is at most the limit;
 * then it counts in all windows at once, else in none. With 1,000 a minute, 700 used and 200
 * reserved, 100 fit and 101 do not. Settling charges the real figure in its place, above the
 * estimate too; nothing more is reserved until it fits. What nobody settles is charged at its
 * estimate when it lapses, and a later settlement corrects that. Charges go to the windows in which
 * the reservation was made, and to none that have ended since.
 */
public final class QuotaRules implements Rules<QuotaState, QuotaCommand> {
  private static final class Codec {
    static final CommandCodec<QuotaCommand> OF_COMMANDS =
        new CommandCodec<>("quotas", QuotaCommand.class, List.of(QuotaOutcome.values()));
  }

  /** How long a reservation stands unless the caller says otherwise. */
  public static final Duration DEFAULT_TTL = Duration.ofMinutes(10);

  /** The longest that a reservation may stand. */
  public static final Duration MAX_TTL = Duration.ofHours(24);

  /** When to look again at a full window of which nobody says when it resets. */
  static final Duration UNKNOWN_RESET = Duration.ofHours(1);

  /** The operation that reserves; part of the id of each reservation. */
  public static final String RESERVE = "reserve-quota";

  /** The operation that settles. */
  public static final String SETTLE = "settle-quota";

  /** The name of a reservation, in answers and in the refusal of one that does not exist. */
  public static final String RESERVATION_ID = "reservation_id";

  /** Fields of the moment of a reservation, the first ones exact. */
  private static final List<String> MOMENTS =
      List.of(IdempotencyKeys.CREATED_AT, RoutingDecisions.RESERVED_AT, RoutingDecisions.TIMESTAMP);

  /**
   * The quota document of a model: {@code openai_gpt-4o}; only {@code %} and {@code /} are encoded.
   *
   * @throws IllegalArgumentException if that is no document id (too long, {@code __x__})
   */
  public static DocRef owner(String provider, String modelId) {
    return new DocRef(ModelQuotas.COLLECTION, id(provider, modelId));
  }

  /** The id of a model's documents in the quotas and in the catalogue. */
  public static String id(String provider, String modelId) {
    return encoded(provider) + "_" + encoded(modelId);
  }

  private static String encoded(String part) {
    return part.replace("%", "%25").replace("/", "%2F");
  }

  /** The command that reserves; the reservation's UUID is that of its marker. */
  public static Command<QuotaCommand> reserve(
      DocRef owner, String key, String requestHash, QuotaCommand.Reserve input) {
    return keyed(RESERVE, owner, key, requestHash, input);
  }

  /**
   * The command that reserves for a decision and commits the decision's document with it, which is
   * the command's marker; the document's id, a UUID, is also the reservation's.
   *
   * @param quota the quota's document as it was just read
   */
  public static Command<QuotaCommand> reserveFor(
      Snapshot quota, String key, String requestHash, QuotaCommand.Reserve input, DocRef decision) {
    return new Command<>(
        quota.ref(),
        RESERVE,
        key,
        requestHash,
        input,
        List.of(decision),
        List.of(quota),
        List.of());
  }

  /** The command that settles. */
  public static Command<QuotaCommand> settle(
      ReservationId reservation, long tokens, String key, String requestHash) {
    return keyed(
        SETTLE,
        reservation.quota(),
        key,
        requestHash,
        new QuotaCommand.Settle(reservation.uuid(), tokens));
  }

  private static Command<QuotaCommand> keyed(
      String operation, DocRef owner, String key, String requestHash, QuotaCommand input) {
    return new Command<>(
        owner,
        operation,
        key,
        requestHash,
        input,
        List.of(marker(Ids.marker(operation, owner, key))),
        List.of(),
        List.of());
  }

  /**
   * The command that resets and lapses; it may be repeated.
   *
   * @param quota the document as it was just read
   */
  public static Command<QuotaCommand> sweep(Snapshot quota) {
    return new Command<>(
        quota.ref(),
        "reset-quotas",
        null,
        "",
        new QuotaCommand.Sweep(),
        List.of(),
        List.of(quota),
        List.of());
  }

  /** The command that takes over what the provider says is left; it may be repeated. */
  public static Command<QuotaCommand> stated(DocRef quota, QuotaCommand.Stated input) {
    return unkeyed("state-quota", quota, input);
  }

  /** The command that brings the limits to what the catalogue says; it may be repeated. */
  public static Command<QuotaCommand> ensure(QuotaCommand.Ensure input) {
    return unkeyed("ensure-quota", owner(input.provider(), input.modelId()), input);
  }

  private static Command<QuotaCommand> unkeyed(String operation, DocRef owner, QuotaCommand input) {
    return new Command<>(owner, operation, null, "", input, List.of(), List.of(), List.of());
  }

  private static DocRef marker(String uuid) {
    return new DocRef(IdempotencyKeys.COLLECTION, uuid);
  }

  @Override
  public QuotaState decode(Snapshot owner) {
    return QuotaCodec.decode(owner);
  }

  @Override
  public Map<String, Object> changes(QuotaState before, QuotaState after) {
    return QuotaCodec.changes(before, after);
  }

  @Override
  public Decision<QuotaState> decide(
      QuotaState state, Seen seen, Command<QuotaCommand> command, Instant now) {
    QuotaState present = state.at(now);
    QuotaCommand input = command.input();
    if (input instanceof QuotaCommand.Reserve reserve) {
      return reserve(present, reserve, command, now);
    }
    if (input instanceof QuotaCommand.Settle settle) {
      return settle(
          present, new ReservationId(command.owner(), settle.reservation()), settle, seen, now);
    }
    if (input instanceof QuotaCommand.Stated stated) {
      return changed(state, planned(present, stated.plan(), now).stated(stated));
    }
    return input instanceof QuotaCommand.Ensure ensure
        ? changed(state, ensured(present, ensure, now))
        : changed(state, present);
  }

  private static Decision<QuotaState> reserve(
      QuotaState present,
      QuotaCommand.Reserve reserve,
      Command<QuotaCommand> command,
      Instant now) {
    QuotaLimits limits = reserve.limits();
    QuotaCommand.@Nullable Ensure plan =
        limits == null
            ? null
            : new QuotaCommand.Ensure(reserve.provider(), reserve.modelId(), limits);
    QuotaState state = planned(present, plan, now);
    if (!state.exists() || !state.isOf(reserve.provider(), reserve.modelId())) {
      return new Decision.Refused<>(QuotaOutcome.NOT_FOUND, Missing.figures(command.owner()));
    }
    QuotaState.Fit fit = state.fit(reserve.tokens(), reserve.requests());
    if (fit.refusal().isPresent()) {
      return refused(state, fit, now);
    }
    String uuid = command.markers().get(0).id();
    Reservation reservation =
        new Reservation(reserve.tokens(), reserve.requests(), now, now.plus(reserve.ttl()));
    QuotaState next = complete(state, now).with(uuid, reservation).repaired();
    QuotaCommand.@Nullable Purpose purpose = reserve.purpose();
    if (purpose != null) {
      return new Decision.Applied<>(
          next, purpose.answer(), List.of(reserved(purpose.document(), now)));
    }
    return applied(
        next,
        new QuotaResult.Reserved(
            new ReservationId(command.owner(), uuid), reserve.tokens(), QuotaLeft.of(next)));
  }

  /** The document that is written with a reservation, with the moment of that. */
  private static Write.Create reserved(Write.Create document, Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>(document.fields());
    fields.put(RoutingDecisions.RESERVED_AT, now);
    return new Write.Create(document.ref(), fields);
  }

  private static QuotaState complete(QuotaState state, Instant now) {
    return state.with(state.upkeep().completeSince(now));
  }

  /**
   * The state with the limits of the catalogue where they are newer than those copied. Limits that
   * another program wrote stay until the catalogue changes after it was first seen beside them.
   */
  private static QuotaState planned(
      QuotaState state, QuotaCommand.@Nullable Ensure plan, Instant now) {
    if (plan == null || plan.limits().windows().isEmpty()) {
      return state;
    }
    Instant updated = plan.limits().updatedAt();
    Instant copied = state.upkeep().limitsAt();
    if (state.exists() && state.limited()) {
      boolean newer = updated != null && copied != null && updated.isAfter(copied);
      if (!newer) {
        boolean first = updated != null && copied == null;
        return first ? state.with(state.upkeep().limitedAt(updated)) : state;
      }
    }
    return ensured(state, plan, now);
  }

  private static Decision<QuotaState> applied(QuotaState next, QuotaResult result) {
    return new Decision.Applied<>(next, QuotaResultCodec.encode(result), List.of());
  }

  private static Decision.Refused<QuotaState> refused(QuotaOutcome outcome, QuotaRefusal refusal) {
    return new Decision.Refused<>(outcome, QuotaResultCodec.encode(refusal));
  }

  private static Decision.Refused<QuotaState> refused(
      QuotaState state, QuotaState.Fit fit, Instant now) {
    QuotaOutcome outcome = fit.refusal().orElse(QuotaOutcome.QUOTA_EXHAUSTED);
    @Nullable Duration wait = null;
    if (outcome == QuotaOutcome.TOO_MANY_RESERVATIONS) {
      wait = wait(now, state.dueAt().orElse(now));
    } else if (outcome == QuotaOutcome.QUOTA_EXHAUSTED) {
      wait = wait(now, fit.resetsAt().orElse(now.plus(UNKNOWN_RESET)));
    }
    return refused(outcome, new QuotaRefusal(null, QuotaLeft.of(state), wait));
  }

  /** Whole seconds until then, rounded up, at least 1. */
  private static Duration wait(Instant now, Instant then) {
    long seconds = Duration.between(now, then).plusSeconds(1).minusNanos(1).toSeconds();
    return Duration.ofSeconds(Math.max(1, seconds));
  }

  private static Decision<QuotaState> settle(
      QuotaState state, ReservationId id, QuotaCommand.Settle settle, Seen seen, Instant now) {
    @Nullable Reservation reservation = state.reservations().get(settle.reservation());
    if (reservation == null) {
      List<DocRef> places =
          List.of(
              marker(settle.reservation()),
              new DocRef(RoutingDecisions.COLLECTION, settle.reservation()));
      List<Read> reads = places.stream().<Read>map(Read.Get::new).toList();
      if (!reads.stream().allMatch(seen::has)) {
        return new Decision.NeedsReads<>(reads);
      }
      if (places.stream().noneMatch(ref -> seen.document(ref).exists())) {
        return refused(QuotaOutcome.NOT_FOUND, QuotaRefusal.missing(id));
      }
      @Nullable Instant reservedAt = reservedAt(places, seen);
      Instant since = state.upkeep().since();
      if (reservedAt != null && state.exists() && (since == null || reservedAt.isBefore(since))) {
        return wiped(state, settle, reservedAt, now);
      }
      return refused(QuotaOutcome.ALREADY_SETTLED, QuotaRefusal.WITHOUT_FIGURES);
    }
    if (reservation.isSettled()) {
      return refused(QuotaOutcome.ALREADY_SETTLED, QuotaRefusal.WITHOUT_FIGURES);
    }
    long tokens = reservation.open() ? settle.tokens() : settle.tokens() - reservation.tokens();
    long requests = reservation.open() ? reservation.requests() : 0;
    QuotaState next =
        state
            .without(settle.reservation())
            .charged(reservation.reservedAt(), tokens, requests)
            .repaired();
    return applied(next, settled(next));
  }

  /**
   * When a reservation was made, by the document that proves it. Decisions of versions before 1.1
   * say only when they were begun.
   */
  private static @Nullable Instant reservedAt(List<DocRef> places, Seen seen) {
    for (DocRef place : places) {
      Map<String, Object> fields = seen.document(place).fields();
      for (String name : MOMENTS) {
        if (fields.get(name) instanceof Instant at) {
          return at;
        }
      }
    }
    return null;
  }

  /**
   * Another program wiped the reservation: it is charged to the windows in which it was made, and
   * kept as settled, so that it is charged once.
   */
  private static Decision<QuotaState> wiped(
      QuotaState state, QuotaCommand.Settle settle, Instant reservedAt, Instant now) {
    QuotaState next =
        complete(state, now)
            .charged(reservedAt, settle.tokens(), 1)
            .with(settle.reservation(), Reservation.settled(reservedAt))
            .repaired();
    return applied(next, settled(next));
  }

  private static QuotaResult settled(QuotaState state) {
    return new QuotaResult.Settled(
        state.tightest().map(QuotaWindow::tokensUsed).orElse(0L),
        QuotaLeft.of(state),
        state.status());
  }

  private static Decision<QuotaState> changed(QuotaState before, QuotaState present) {
    QuotaState next = present.repaired();
    if (next.equals(before)) {
      return new Decision.Unchanged<>(QuotaResultCodec.encode(new QuotaResult.Refreshed(0, 0)));
    }
    long reset = 0;
    for (QuotaWindow window : before.windows()) {
      if (next.windows().stream().noneMatch(now -> now.start().equals(window.start()))) {
        reset++;
      }
    }
    return applied(
        next, new QuotaResult.Refreshed(reset, Math.max(0, before.open() - next.open())));
  }

  private static QuotaState ensured(QuotaState state, QuotaCommand.Ensure ensure, Instant now) {
    QuotaLimits limits = ensure.limits();
    if (limits.windows().isEmpty()) {
      return state;
    }
    List<QuotaWindow> windows = new ArrayList<>();
    limits
        .windows()
        .forEach(
            (kind, limit) ->
                windows.add(
                    state.windows().stream()
                        .filter(window -> window.kind() == kind)
                        .findFirst()
                        .map(window -> window.limited(limit))
                        .orElseGet(() -> QuotaWindow.fresh(kind, limit, limits.zone(), now))));
    state.windows().stream()
        .filter(window -> window.kind() == null)
        .forEach(single -> carry(single, windows));
    return new QuotaState(
        true,
        ensure.provider(),
        ensure.modelId(),
        limits.zone(),
        windows,
        state.reservations(),
        state.upkeep().limitedAt(limits.updatedAt()));
  }

  /** What a single window counted lies within those that end no earlier, at least the longest. */
  private static void carry(QuotaWindow single, List<QuotaWindow> windows) {
    Instant latest =
        windows.stream().map(QuotaWindow::end).max(Comparator.naturalOrder()).orElseThrow();
    Instant from = single.end().isBefore(latest) ? single.end() : latest;
    windows.replaceAll(
        window ->
            window.end().isBefore(from)
                ? window
                : window.charged(single.tokensUsed(), single.requestsUsed()));
  }

  @Override
  public CommandCodec<QuotaCommand> codec() {
    return Codec.OF_COMMANDS;
  }

  /** Never asked, since no refusal of a quota is remembered; answers for the moment. */
  @Override
  public Decision.Refused<QuotaState> refuseAgain(
      QuotaState state, Command<QuotaCommand> command, String code, Instant now) {
    QuotaState present = state.at(now);
    if (command.input() instanceof QuotaCommand.Reserve reserve) {
      return refused(present, present.fit(reserve.tokens(), reserve.requests()), now);
    }
    return refused(QuotaOutcome.ALREADY_SETTLED, QuotaRefusal.WITHOUT_FIGURES);
  }
}
