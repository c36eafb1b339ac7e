package dev.meterkite.functions.store;

import dev.meterkite.model.command.Read;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The commands that are being brought through one commit, and what was read for them. */
final class Turn<I> {
  final List<Pending<I>> batch;
  final Map<DocRef, Snapshot> documents = new HashMap<>();
  final Map<Query, List<Snapshot>> found = new HashMap<>();

  /** The documents of the last read that had the owner among them. */
  Set<DocRef> withOwner = Set.of();

  /** Whether state and markers were read for this very turn, and no commit was tried since. */
  boolean fresh;

  /** Whether the next attempt must begin with a read, because a commit failed. */
  boolean mustRead;

  /** Whether an earlier commit may have been applied, so that markers must be read too. */
  boolean unsure;

  int attempts;

  /** Whether a commit failed and nothing has been read since; then how, and on which version. */
  boolean tried;

  StoreException.@Nullable Kind failure;
  @Nullable Instant triedOn;

  /** Commits in a row that were refused for certain although nobody else had changed the owner. */
  int refusals;

  /** Where the commands are to be committed. */
  Stage<I> stage = new Stage.Here<>();

  /** Whether relays were looked for, since the last commit that failed. */
  boolean looked;

  /** Relays whose commands are in the batch, behind the turn's own. */
  final List<Relay<I>> aboard = new ArrayList<>();

  /** Those of the last commit that failed. */
  List<Relay<I>> wereAboard = List.of();

  /** Reads since the last commit that were made because rules asked for more. */
  int rounds;

  Turn(List<Pending<I>> batch) {
    this.batch = batch;
    for (Pending<I> pending : batch) {
      pending
          .command
          .seen()
          .forEach(snapshot -> documents.merge(snapshot.ref(), snapshot, Turn::later));
    }
  }

  private static Snapshot later(Snapshot one, Snapshot other) {
    Instant time = one.updateTime();
    Instant otherTime = other.updateTime();
    return time == null || (otherTime != null && otherTime.isAfter(time)) ? other : one;
  }

  /** Replies to every command for which there is a reply, and leaves the others in the batch. */
  void settle(Function<Pending<I>, @Nullable Reply> replies) {
    batch.removeIf(
        pending -> {
          Reply reply = replies.apply(pending);
          return reply != null && (pending.reply.complete(reply) || pending.reply.isDone());
        });
  }

  /** Whether there is nothing to bring through a commit. */
  boolean isEmpty() {
    return batch.isEmpty() && aboard.isEmpty();
  }

  /** Whether this is the relay by which the commands were handed over before. */
  boolean recalls(DocRef relay) {
    return stage instanceof Stage.Recalled<I> recalled && recalled.before().relay().equals(relay);
  }

  /** Whether commands of this instance are in it. */
  boolean hasOwn() {
    return batch.size() > aboard.stream().mapToInt(relay -> relay.commands().size()).sum();
  }

  /** Takes a relay's commands into the batch. */
  void board(Relay<I> relay) {
    aboard.add(relay);
    batch.addAll(relay.commands());
  }

  /** Leaves the commands of relays to whoever finds them next. */
  void disembark() {
    wereAboard = List.copyOf(aboard);
    aboard.forEach(relay -> batch.removeAll(relay.commands()));
    aboard.clear();
    looked = false;
  }

  /** A commit on this version of the owner failed: whatever was read is no longer known to hold. */
  void failed(StoreException.Kind kind, @Nullable Instant version) {
    disembark();
    attempts++;
    tried = true;
    unsure |= kind != StoreException.Kind.PRECONDITION;
    failure = kind;
    triedOn = version;
    fresh = false;
    rounds = 0;
  }

  Snapshot document(DocRef ref) {
    Snapshot snapshot = documents.get(ref);
    if (snapshot == null) {
      throw new IllegalStateException("not read: " + ref);
    }
    return snapshot;
  }

  /** What the commands must see and what has not been read. */
  Set<Read> missing() {
    Set<Read> missing = new LinkedHashSet<>();
    for (Pending<I> pending : batch) {
      missing.addAll(pending.command.reads());
      missing.addAll(pending.wanted);
    }
    missing.removeIf(this::has);
    return missing;
  }

  boolean has(Read read) {
    return read instanceof Read.Get get
        ? documents.containsKey(get.ref())
        : found.containsKey(((Read.Find) read).query());
  }

  /** Everything that has to be read again after a commit failed. */
  Set<Read> all() {
    Set<Read> all = new LinkedHashSet<>();
    for (Pending<I> pending : batch) {
      pending.command.seen().forEach(snapshot -> all.add(new Read.Get(snapshot.ref())));
      all.addAll(pending.command.reads());
      all.addAll(pending.wanted);
    }
    return all;
  }
}
