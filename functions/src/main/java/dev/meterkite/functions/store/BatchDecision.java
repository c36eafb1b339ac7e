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

/** Decides a batch of commands in order against one state, and collects the writes and replies. */
final class BatchDecision<S, I> {
  private final Rules<S, I> rules;
  private final Markers markers;
  private final Limits limits;
  private final DocumentQueue.Kept<S> base;
  private final Batch<I> batch;
  private final Instant now;
  private final Instant real;
  private final @Nullable Host host;
  private final PendingWrites draft;
  private final RefusedKeys refusedKeys;

  private S state;
  private int bytes;
  private final List<Accepted<I>> accepted = new ArrayList<>();
  private final List<Unchanging<I>> unchanging = new ArrayList<>();
  private final List<Pending<I>> left = new ArrayList<>();
  private final List<Pending<I>> failed = new ArrayList<>();
  private final Set<Read> needs = new LinkedHashSet<>();
  private boolean ownerWritten;

  private record Accepted<I>(Pending<I> pending, List<Write> writes, String answer) {}

  /** A command that changes nothing but perhaps what is remembered as refused, with its reply. */
  private record Unchanging<I>(Pending<I> pending, Reply reply) {}

  BatchDecision(
      Environment<S, I> env, DocumentQueue.Kept<S> base, Batch<I> batch, @Nullable Host host) {
    this.rules = env.rules();
    this.markers = env.markers();
    this.limits = env.limits();
    this.base = base;
    this.batch = batch;
    this.now = env.domainNow(base.log());
    this.real = env.real();
    this.host = host;
    this.refusedKeys = new RefusedKeys(base.log(), batch, limits, real);
    this.draft = new PendingWrites(batch, refusedKeys);
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
      decision = rules.decide(state, pending.noting(draft), pending.command, now);
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
      unchanging.add(new Unchanging<>(pending, new Reply.Answered(answer, false, effort(pending))));
    } else if (decision instanceof Decision.NeedsReads<S> more) {
      pending.wanted.addAll(more.reads());
      needs.addAll(more.reads());
    }
  }

  /** Whether the key's refusal must be read first. */
  private boolean lacksRefusal(Pending<I> pending) {
    Read refusal = refusedKeys.missing(pending.command);
    if (refusal == null) {
      return false;
    }
    pending.wanted.add(refusal);
    needs.add(refusal);
    return true;
  }

  /** Whether the key is remembered as refused; then it is refused again, whatever the state. */
  private boolean wasRefused(Pending<I> pending) {
    CommitLog.Entry entry = refusedKeys.find(pending.command);
    if (entry == null) {
      return false;
    }
    if (!entry.request().equals(CommitLog.requestHash(pending.command.requestHash()))) {
      unchanging.add(new Unchanging<>(pending, new Reply.Conflict(effort(pending))));
      return true;
    }
    Decision.Refused<S> again = rules.refuseAgain(state, pending.command, entry.code(), now);
    unchanging.add(new Unchanging<>(pending, refusal(pending, again)));
    return true;
  }

  private void accept(Pending<I> pending, Decision.Applied<S> applied) {
    String answer = markers.render(applied.answer());
    List<Write> writes = markers.mark(pending.command, applied.writes(), answer, now);
    int size = writes.stream().mapToInt(Sizes::of).sum();
    if (!batch.aboard.isEmpty()) {
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
    boolean remembered = refused.outcome().remembered() && base.updateTime() != null;
    if (pending.command.key() != null && remembered) {
      draft.add(refusedKeys.remember(pending.command, refused, now));
    }
    unchanging.add(new Unchanging<>(pending, refusal(pending, refused)));
  }

  private Reply refusal(Pending<I> pending, Decision.Refused<S> refused) {
    return new Reply.Refused(refused.outcome(), refused.figures(), effort(pending));
  }

  private Reply.Effort effort(Pending<I> pending) {
    return new Reply.Effort(pending.attempts + 1, batch.commands.size());
  }

  /** What the rules must see before they can decide; then nothing of this fold counts. */
  Set<Read> needs() {
    return needs;
  }

  /** Whether any reply requires freshly read state. */
  boolean wantsFreshState() {
    return !unchanging.isEmpty();
  }

  /** The commands that did not fit. */
  List<Pending<I>> left() {
    return left;
  }

  /** The commands on which the rules threw; their callers have the failure. */
  List<Pending<I>> failed() {
    return failed;
  }

  /**
   * The commit, the owner's part first; empty if there is nothing to commit. An absent owner that
   * the rules leave absent has no part: what was written for it has separate conditions.
   */
  Optional<List<Mutation>> mutations(DocRef owner) {
    if (accepted.isEmpty() && !refusedKeys.hasMore()) {
      return Optional.empty();
    }
    Map<String, Object> changes = new LinkedHashMap<>(rules.changes(base.state(), state));
    List<Mutation> mutations = new ArrayList<>();
    if (base.updateTime() != null || !changes.isEmpty()) {
      changes.putAll(refusedKeys.next(now, host).changes(base.log()));
      mutations.add(Mutation.update(owner, changes, base.updateTime()));
      ownerWritten = true;
    }
    mutations.addAll(draft.mutations());
    return Optional.of(mutations);
  }

  /** The state after the commit; null where it is not known. */
  DocumentQueue.@Nullable Kept<S> kept(List<Instant> updateTimes) {
    if (accepted.isEmpty() && !ownerWritten) {
      return base;
    }
    return ownerWritten
        ? new DocumentQueue.Kept<>(state, refusedKeys.next(now, host), updateTimes.get(0), real)
        : null;
  }

  /** The reply to each decided command, once the commit is applied. */
  Map<Pending<I>, Reply> replies() {
    Map<Pending<I>, Reply> replies = new HashMap<>();
    accepted.forEach(
        each ->
            replies.put(
                each.pending(), new Reply.Answered(each.answer(), false, effort(each.pending()))));
    unchanging.forEach(each -> replies.put(each.pending(), each.reply()));
    return replies;
  }

  /** Completes all replies, after the commit succeeded. */
  void reply() {
    for (Accepted<I> each : accepted) {
      markers.applied(each.pending().command, each.writes(), each.answer());
      each.pending()
          .reply
          .complete(
              new Reply.Answered(
                  each.answer(), false, each.pending().effort(batch.commands.size())));
    }
    for (Unchanging<I> each : unchanging) {
      each.pending().reply.complete(each.reply());
    }
  }
}
