package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Rules;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * Brings commands that change one document through the store, exactly once each, many in one
 * commit.
 *
 * <p>While one commit of a document is in flight, the next commands for it gather; when it returns,
 * they are folded with {@link Rules#decide} and leave as one conditional commit: the owner document
 * on the version it was decided on, new documents that must not exist, side documents on the
 * versions seen. Nothing lingers: a lone command commits at once, in one round trip when the state
 * is known from the last commit.
 *
 * <p><b>Exactly once.</b> A command with a key creates its marker in its commit, a document whose
 * id is made of operation, owner and key and that holds the answer. The same command can therefore
 * never apply twice, in whatever process, and a repeat is answered byte for byte as the first time.
 *
 * <p><b>Refusals</b> are answered only from a state and markers read for them, and are remembered
 * in the owner document where a later change could let an older attempt of the same key through: up
 * to {@link Limits#refused} keys in the document itself, further ones as documents of their own,
 * which the owner then says are to be read ({@link Refusals}).
 *
 * <p><b>Failed commits.</b> After any failed commit state and side documents are read again and
 * everything is decided again. Markers are read with them if the commit may have been applied, or
 * if nobody else has changed the owner: what has a marker was applied. Where a rival was certainly
 * faster, that the markers must not exist is condition enough, and a read costs one document
 * instead of one a command. The version precondition makes an old commit that is still under way
 * and the new one exclude each other.
 *
 * <p><b>Many instances.</b> An instance that loses a commit to one that is writing the document
 * over and over hands its commands over to it, and takes them back if they are not served in time
 * ({@code docs/many-writers.md}). The proof that nothing applies twice stays the marker.
 *
 * <p>Worked example: 64 callers debit one user. The first commits alone; meanwhile 63 wait and
 * leave together: two round trips, 128 writes, no reads.
 *
 * @param <S> the state of the owner documents
 * @param <I> the input of their commands
 */
public final class GroupCommit<S, I> {
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final int RECENT = 8_192;
  private static final Duration MARKER_LIFE = Duration.ofDays(30);

  private final Environment<S, I> env;
  private final Engine<S, I> engine;

  /**
   * @param rules what decides
   * @param store where the documents are; must not repeat anything by itself
   * @param turns runs what is to be done later
   * @param domainClock the time that rules see
   * @param realClock the time that attempts and refused keys live by
   * @param random spreads the pauses of several processes
   * @param json renders an answer
   */
  public GroupCommit(
      Rules<S, I> rules,
      Store store,
      Turns turns,
      InstantSource domainClock,
      InstantSource realClock,
      RandomGenerator random,
      Limits limits,
      Function<Map<String, Object>, String> json) {
    this(rules, store, turns, domainClock, realClock, random, limits, json, new Safeguards<>() {});
  }

  /** With these safeguards, for tests that leave one out. */
  GroupCommit(
      Rules<S, I> rules,
      Store store,
      Turns turns,
      InstantSource domainClock,
      InstantSource realClock,
      RandomGenerator random,
      Limits limits,
      Function<Map<String, Object>, String> json,
      Safeguards<S, I> safeguards) {
    String id = Long.toHexString(random.nextLong());
    CommandCodec<I> codec = limits.commands() > 1 ? rules.codec() : null;
    this.env =
        new Environment<>(
            rules,
            store,
            turns,
            domainClock,
            realClock,
            random,
            limits,
            new Markers(json, MARKER_LIFE, RECENT),
            id,
            codec == null ? null : new RelayDocuments<>(codec),
            safeguards);
    this.engine = new Engine<>(env);
  }

  /**
   * Submits a command and waits for its reply, at most {@link Limits#life}.
   *
   * @return {@link Reply.Unavailable} when the time is over: the command may still apply
   */
  public Reply call(Command<I> command) {
    return await(submit(command), env.limits().life());
  }

  /**
   * Submits commands, all at once, and waits for their replies, {@link Limits#life} for all of
   * them.
   *
   * @return a reply for each command in their order; {@link Reply.Unavailable} for those whose time
   *     was over
   */
  public List<Reply> callAll(List<Command<I>> commands) {
    Instant deadline = env.real().plus(env.limits().life());
    List<CompletableFuture<Reply>> submitted = new ArrayList<>(commands.size());
    commands.forEach(command -> submitted.add(submit(command)));
    List<Reply> replies = new ArrayList<>(commands.size());
    submitted.forEach(reply -> replies.add(await(reply, Duration.between(env.real(), deadline))));
    return replies;
  }

  private static Reply await(CompletableFuture<Reply> reply, Duration left) {
    try {
      return reply.get(Math.max(0, left.toNanos()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return new Reply.Unavailable("timeout", SOON, Reply.Effort.NONE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Reply.Unavailable("interrupted", SOON, Reply.Effort.NONE);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a rule failed", e.getCause());
    }
  }

  /**
   * Submits a command.
   *
   * @return completes with the reply, or exceptionally if a rule threw; not before what it says is
   *     committed
   */
  public CompletableFuture<Reply> submit(Command<I> command) {
    Pending<I> pending = new Pending<>(command, env.real(), env.turns().promise());
    Reply known = env.markers().recent(command);
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    DocumentQueue<S, I> idle = engine.queues.add(pending);
    if (idle != null) {
      engine.next(idle);
    }
    return pending.reply;
  }
}
