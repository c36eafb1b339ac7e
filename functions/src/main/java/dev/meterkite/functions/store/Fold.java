package dev.meterkite.functions.store;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The commands of a turn, decided one after the other on one state: what goes out and who is told
 * what.
 */
final class Fold<S, I> {
  private final Rules<S, I> rules;
  private final Markers markers;
  private final Limits limits;
  private final Lane.Kept<S> base;
  private final Turn<I> turn;
  private final Instant now;
  private final Instant real;
  private final @Nullable Host host;
  private final Draft draft;
  private final Map<String, CommitLog.Entry> ring;

  private S state;
  private int bytes;
  private final List<Accepted<I>> accepted = new ArrayList<>();
  private final List<Told<I>> told = new ArrayList<>();
  private final List<Pending<I>> left = new ArrayList<>();
  private final List<Pending<I>> failed = new ArrayList<>();
  private final Set<Read> needs = new LinkedHashSet<>();
  private long overflow;
  private boolean refusedMore;
  private boolean ownerWritten;

  private record Accepted<I>(Pending<I> pending, List<Write> writes, String answer) {}

  /** A command that changes nothing but perhaps what is remembered as refused, with its reply. */
  private record Told<I>(Pending<I> pending, Reply reply) {}

  Fold(
      Rules<S, I> rules,
      Markers markers,
      Limits limits,
      Lane.Kept<S> base,
      Turn<I> turn,
      Instant now,
      Instant real,
      @Nullable Host host) {
    this.rules = rules;
    this.markers = markers;
    this.limits = limits;
    this.base = base;
    this.turn = turn;
    this.now = now;
    this.real = real;
    this.host = host;
    this.draft = new Draft(turn);
    this.ring = new LinkedHashMap<>(base.log().young(real, limits.refusedFor()));
    this.overflow = base.log().youngOverflow(real, limits.refusedFor());
    this.state = base.state();
  }

  /** Decides the next command on the state that the earlier ones leave. */
  void add(Pending<I> pending) {
    if (!left.isEmpty()) {
      left.add(pending);
      return;
    }
    if (lacksRefusal(pending) || wasRefused(pending)) {
      return;
    }
    Decision<S> decision;
    try {
      decision = rules.decide(state, draft, pending.command, now);
    } catch (RuntimeException e) {
      failed.add(pending);
      pending.reply.completeExceptionally(e);
      return;
    }
    if (decision instanceof Decision.Applied<S> applied) {
      accept(pending, applied);
    } else if (decision instanceof Decision.Refused<S> refused) {
      refuse(pending, refused);
    } else if (decision instanceof Decision.Unchanged<S> unchanged) {
      String answer = markers.render(unchanged.answer());
      told.add(new Told<>(pending, new Reply.Answered(answer, false, effort(pending))));
    } else if (decision instanceof Decision.NeedsReads<S> more) {
      pending.wanted.addAll(more.reads());
      needs.addAll(more.reads());
    }
  }

  /**
   * Whether the key may have been refused in a document of its own that was not read together with
   * the state; then it is asked for. One as of an older state would prove nothing.
   */
  private boolean lacksRefusal(Pending<I> pending) {
    if (pending.command.key() == null
        || base.log().youngOverflow(real, limits.refusedFor()) == 0
        || turn.withOwner.contains(Refusals.ref(pending.command))) {
      return false;
    }
    Read refusal = new Read.Get(Refusals.ref(pending.command));
    pending.wanted.add(refusal);
    needs.add(refusal);
    return true;
  }

  private CommitLog.@Nullable Entry refusal(Pending<I> pending) {
    String key = pending.command.key();
    if (key == null) {
      return null;
    }
    CommitLog.Entry entry = ring.get(CommitLog.keyHash(pending.command.operation(), key));
    DocRef document = Refusals.ref(pending.command);
    return entry == null && turn.withOwner.contains(document)
        ? Refusals.young(turn.document(document), real, limits.refusedFor())
        : entry;
  }

  /** Whether the key is remembered as refused; then it is refused again, whatever the state. */
  private boolean wasRefused(Pending<I> pending) {
    CommitLog.Entry entry = refusal(pending);
    if (entry == null) {
      return false;
    }
    if (!entry.request().equals(CommitLog.requestHash(pending.command.requestHash()))) {
      told.add(new Told<>(pending, new Reply.Conflict(effort(pending))));
      return true;
    }
    Decision.Refused<S> again = rules.refuseAgain(state, pending.command, entry.code(), now);
    told.add(new Told<>(pending, refusal(pending, again)));
    return true;
  }

  private void accept(Pending<I> pending, Decision.Applied<S> applied) {
    String answer = markers.render(applied.answer());
    List<Write> writes = markers.mark(pending.command, applied.writes(), answer, now);
    int size = writes.stream().mapToInt(Sizes::of).sum();
    if (!turn.aboard.isEmpty()) {
      size += Sizes.bytes(answer);
    }
    if (bytes + size > limits.bytes() && !accepted.isEmpty()) {
      left.add(pending);
      return;
    }
    bytes += size;
    draft.add(writes);
    state = applied.next();
    accepted.add(new Accepted<>(pending, writes, answer));
  }

  private void refuse(Pending<I> pending, Decision.Refused<S> refused) {
    String key = pending.command.key();
    if (key != null && refused.outcome().remembered() && base.updateTime() != null) {
      remember(pending, key, refused.outcome().code());
    }
    told.add(new Told<>(pending, refusal(pending, refused)));
  }

  private void remember(Pending<I> pending, String key, String code) {
    refusedMore = true;
    if (ring.size() < limits.refused()) {
      ring.put(
          CommitLog.keyHash(pending.command.operation(), key),
          new CommitLog.Entry(
              CommitLog.requestHash(pending.command.requestHash()), code, real.getEpochSecond()));
      return;
    }
    draft.add(List.of(Refusals.remember(pending.command, code, real, limits.refusedFor())));
    overflow = Math.max(overflow, real.getEpochSecond());
  }

  private Reply refusal(Pending<I> pending, Decision.Refused<S> refused) {
    return new Reply.Refused(refused.outcome(), refused.figures(), effort(pending));
  }

  private Reply.Effort effort(Pending<I> pending) {
    return new Reply.Effort(pending.attempts + 1, turn.batch.size());
  }

  /** What the rules must see before they can decide; then nothing of this fold counts. */
  Set<Read> needs() {
    return needs;
  }

  /** Whether somebody would be told something that only a state read for it can tell. */
  boolean wantsFreshState() {
    return !told.isEmpty();
  }

  /** The commands that did not fit. */
  List<Pending<I>> left() {
    return left;
  }

  /** The commands on which the rules threw; they have been told. */
  List<Pending<I>> failed() {
    return failed;
  }

  /**
   * The commit, the owner's part first; empty if there is nothing to commit. An absent owner that
   * the rules leave absent has no part: what was written for it stands on conditions of its own.
   */
  Optional<List<Mutation>> mutations(DocRef owner) {
    if (accepted.isEmpty() && !refusedMore) {
      return Optional.empty();
    }
    Map<String, Object> changes = new LinkedHashMap<>(rules.changes(base.state(), state));
    List<Mutation> mutations = new ArrayList<>();
    if (base.updateTime() != null || !changes.isEmpty()) {
      changes.putAll(base.log().next(now, ring, overflow, host).changes(base.log()));
      mutations.add(Mutation.update(owner, changes, base.updateTime()));
      ownerWritten = true;
    }
    mutations.addAll(draft.mutations());
    return Optional.of(mutations);
  }

  /** The state after the commit; null where it is not known. */
  Lane.@Nullable Kept<S> kept(List<Instant> updateTimes) {
    if (accepted.isEmpty() && !ownerWritten) {
      return base;
    }
    return ownerWritten
        ? new Lane.Kept<>(
            state, base.log().next(now, ring, overflow, host), updateTimes.get(0), real)
        : null;
  }

  /** What each command that was decided is told once the commit is applied. */
  Map<Pending<I>, Reply> replies() {
    Map<Pending<I>, Reply> replies = new HashMap<>();
    accepted.forEach(
        each ->
            replies.put(
                each.pending(), new Reply.Answered(each.answer(), false, effort(each.pending()))));
    told.forEach(each -> replies.put(each.pending(), each.reply()));
    return replies;
  }

  /** Tells everybody, now that it is true. */
  void reply() {
    for (Accepted<I> each : accepted) {
      markers.applied(each.pending().command, each.writes(), each.answer());
      each.pending()
          .reply
          .complete(
              new Reply.Answered(each.answer(), false, each.pending().effort(turn.batch.size())));
    }
    for (Told<I> each : told) {
      each.pending().reply.complete(each.reply());
    }
  }
}
