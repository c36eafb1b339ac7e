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

/** A batch of commands in one commit attempt, with the documents read for it. */
final class Batch<I> {
  /** How much is known of what the commands must see. */
  enum Knowledge {
    /** State and documents are as last seen: worth trying, but no proof. */
    ASSUMED,
    /** State and markers were read for this batch, and no commit was tried since. */
    FRESH,
    /** Something has changed: the next attempt begins with a read. */
    OUTDATED
  }

  /**
   * A commit that failed.
   *
   * @param version the version of the owner that it was decided on; null for an absent one
   */
  record Failure(StoreException.Kind kind, @Nullable Instant version) {}

  /** Those of this instance, and those of the relays {@link #aboard}. */
  final List<Pending<I>> commands;

  final Map<DocRef, Snapshot> documents = new HashMap<>();
  final Map<Query, List<Snapshot>> found = new HashMap<>();

  /** The documents of the last read that had the owner among them. */
  Set<DocRef> withOwner = Set.of();

  Knowledge knowledge = Knowledge.ASSUMED;

  /** Whether an earlier commit may have been applied, so that markers must be read too. */
  boolean unsure;

  int attempts;

  /** The last commit's failure; null if there was none, or it was judged after a read. */
  @Nullable Failure failure;

  /** Commits in a row that were refused for certain although nobody else had changed the owner. */
  int refusals;

  /** Where the commands are to be committed. */
  Stage<I> stage = new Stage.Here<>();

  /** Whether relays were looked for, since the last commit that failed. */
  boolean looked;

  /** Relays whose commands are in the batch. */
  final List<Relay<I>> aboard = new ArrayList<>();

  /** Those of the last commit that failed. */
  List<Relay<I>> wereAboard = List.of();

  /** Reads since the last commit that were made because rules asked for more. */
  int rounds;

  /** The version of the owner that the first of these rounds was decided on. */
  @Nullable Instant roundsOf;

  Batch(List<Pending<I>> commands) {
    this.commands = commands;
    for (Pending<I> pending : commands) {
      pending
          .command
          .seen()
          .forEach(snapshot -> documents.merge(snapshot.ref(), snapshot, Batch::later));
    }
  }

  private static Snapshot later(Snapshot one, Snapshot other) {
    Instant time = one.updateTime();
    Instant otherTime = other.updateTime();
    return time == null || (otherTime != null && otherTime.isAfter(time)) ? other : one;
  }

  /** Replies to every command for which there is a reply, and leaves the others in the batch. */
  void settle(Function<Pending<I>, @Nullable Reply> replies) {
    commands.removeIf(
        pending -> {
          Reply reply = replies.apply(pending);
          return reply != null && (pending.reply.complete(reply) || pending.reply.isDone());
        });
  }

  /** Whether there is nothing to bring through a commit. */
  boolean isEmpty() {
    return commands.isEmpty() && aboard.isEmpty();
  }

  /** Whether this is the relay by which the commands were handed over before. */
  boolean recalls(DocRef relay) {
    return stage instanceof Stage.Recalled<I> recalled && recalled.before().relay().equals(relay);
  }

  /** Number of commands of this instance in it. */
  int own() {
    return commands.size() - aboard.stream().mapToInt(relay -> relay.commands().size()).sum();
  }

  /** Takes a relay's commands into the batch. */
  void board(Relay<I> relay) {
    aboard.add(relay);
    commands.addAll(relay.commands());
    grown();
  }

  /** Commands were added whose markers were not read: the batch is no longer known to be fresh. */
  void grown() {
    if (knowledge == Knowledge.FRESH) {
      knowledge = Knowledge.ASSUMED;
    }
  }

  /** Leaves the commands of relays to whoever finds them next. */
  void disembark() {
    wereAboard = List.copyOf(aboard);
    aboard.forEach(relay -> commands.removeAll(relay.commands()));
    aboard.clear();
    looked = false;
  }

  /** A commit on this version of the owner failed: nothing that was read is known to hold. */
  void failed(StoreException.Kind kind, @Nullable Instant version) {
    disembark();
    attempts++;
    unsure |= kind != StoreException.Kind.PRECONDITION;
    failure = new Failure(kind, version);
    knowledge = Knowledge.ASSUMED;
    rounds = 0;
  }

  /** Ends every command of the batch with this failure. */
  void fail(Throwable failure) {
    commands.forEach(pending -> pending.reply.completeExceptionally(failure));
  }

  /**
   * Forgets what was read. A document that no command asks for any more, such as the marker of one
   * that has left the batch, would else be taken for what it was when it was read.
   */
  void forget() {
    documents.clear();
    found.clear();
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
    for (Pending<I> pending : commands) {
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
    for (Pending<I> pending : commands) {
      pending.command.seen().forEach(snapshot -> all.add(new Read.Get(snapshot.ref())));
      all.addAll(pending.command.reads());
      all.addAll(pending.wanted);
    }
    return all;
  }
}
