package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Outcome;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CommandRelays;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The documents of {@code command_relays}: commands on the way to another instance, and its
 * replies.
 *
 * <p>A document is written twice. It is created open, with the commands; whoever commits them puts
 * the replies in their place, in the same commit. Its author may instead recall it, in the commit
 * by which it applies the commands itself. Both happen on the condition that the document is as it
 * was created, so only one of them can.
 *
 * @param <I> the input of the commands
 */
final class RelayDocuments<I> {
  /** The longest text of commands or replies, in characters; a document holds 1 MiB. */
  static final int MAX_TEXT = 250_000;

  /** Maximum number of relays that are taken into one commit. */
  static final int MAX_RELAYS = 64;

  private static final Duration LIFE = Duration.ofHours(1);

  /** Changes with the fields of the document. */
  private static final String FORM = "2-";

  private static final String INDEX = "index";
  private static final String JSON = "json";
  private static final String REPLAYED = "replayed";
  private static final String REFUSED = "refused";
  private static final String FIGURES = "figures";
  private static final String ATTEMPTS = "attempts";
  private static final String BATCH = "batch";

  private final CommandCodec<I> codec;

  RelayDocuments(CommandCodec<I> codec) {
    this.codec = codec;
  }

  static Query open(DocRef owner) {
    return Queries.openRelays(openFor(owner), MAX_RELAYS);
  }

  private static String openFor(DocRef owner) {
    return Ids.uuid("relay", owner.collection(), owner.id());
  }

  /** The open document; empty if the commands have no form as data or are too large. */
  Optional<Mutation> create(
      Relay.Origin origin, DocRef owner, List<Pending<I>> batch, Instant real) {
    String text;
    try {
      text = TreeText.write(batch.stream().map(each -> codec.encode(each.command)).toList());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    if (text.length() > MAX_TEXT) {
      return Optional.empty();
    }
    Instant submitted =
        batch.stream().map(each -> each.submitted).min(Instant::compareTo).orElseThrow();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(CommandRelays.OPEN_FOR, openFor(owner));
    fields.put(CommandRelays.OWNER, owner.toString());
    fields.put(CommandRelays.AUTHOR, origin.author());
    fields.put(CommandRelays.NUMBER, origin.number());
    fields.put(CommandRelays.VERSION, version());
    fields.put(CommandRelays.SUBMITTED_AT, submitted);
    fields.put(CommandRelays.COMMANDS, text);
    fields.put(CommandRelays.EXPIRE_AT, real.plus(LIFE));
    return Optional.of(Mutation.create(origin.ref(owner), fields));
  }

  /** Whether the document waits for a reply. */
  static boolean isOpen(Snapshot document) {
    return document.fields().containsKey(CommandRelays.OPEN_FOR);
  }

  /** The instance that answered; null for none. */
  static @Nullable Host host(Snapshot document) {
    return Host.of(document.fields().get(CommandRelays.HOST));
  }

  /** The form of relays and of the commands and refusals in them. */
  String version() {
    return FORM + codec.version();
  }

  /** Who wrote the document; empty for one of another form. */
  static Optional<Relay.Origin> origin(Snapshot document) {
    return document.fields().get(CommandRelays.AUTHOR) instanceof String author
            && document.fields().get(CommandRelays.NUMBER) instanceof Long number
        ? Optional.of(new Relay.Origin(author, number))
        : Optional.empty();
  }

  /** The commands of an open relay; empty if they are not for this owner, or not understood. */
  Optional<Relay<I>> relay(Snapshot document, DocRef owner) {
    Relay.Origin origin = origin(document).orElse(null);
    if (origin == null
        || !version().equals(document.fields().get(CommandRelays.VERSION))
        || !(document.fields().get(CommandRelays.SUBMITTED_AT) instanceof Instant submitted)
        || !(document.fields().get(CommandRelays.COMMANDS) instanceof String text)) {
      return Optional.empty();
    }
    try {
      List<Pending<I>> commands = new ArrayList<>();
      for (Object tree : TreeText.read(text)) {
        Command<I> command = codec.decode((Map<?, ?>) tree);
        if (!command.owner().equals(owner)) {
          return Optional.empty();
        }
        commands.add(new Pending<>(command, submitted, new CompletableFuture<>()));
      }
      Instant updated = Objects.requireNonNull(document.updateTime());
      return Optional.of(new Relay<>(document.ref(), origin, updated, commands));
    } catch (IllegalArgumentException | ClassCastException e) {
      return Optional.empty();
    }
  }

  /**
   * The replies in place of the commands. A command without a reply goes back to the author.
   *
   * @param host whom the author may rely on from now on; null for nobody
   */
  Mutation answer(
      Relay<I> relay, Function<Pending<I>, @Nullable Reply> replies, @Nullable Host host) {
    List<Map<String, Object>> answers = new ArrayList<>();
    int size = 0;
    for (int i = 0; i < relay.commands().size(); i++) {
      Reply reply = replies.apply(relay.commands().get(i));
      Map<String, Object> tree = reply == null ? null : tree(reply);
      size += tree == null ? 0 : tree.toString().length();
      if (tree != null && size <= MAX_TEXT) {
        tree.put(INDEX, (long) i);
        answers.add(tree);
      }
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(CommandRelays.OPEN_FOR, Write.REMOVED);
    fields.put(CommandRelays.COMMANDS, Write.REMOVED);
    fields.put(CommandRelays.ANSWERS, TreeText.write(answers));
    if (host != null) {
      fields.put(CommandRelays.HOST, host.fields());
    }
    return Mutation.update(relay.ref(), fields, relay.version());
  }

  /** The commands are no longer for others to commit. */
  static Mutation recall(Snapshot document) {
    return Mutation.update(
        document.ref(),
        Map.of(CommandRelays.OPEN_FOR, Write.REMOVED, CommandRelays.COMMANDS, Write.REMOVED),
        document.updateTime());
  }

  private @Nullable Map<String, Object> tree(Reply reply) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put(ATTEMPTS, (long) reply.effort().attempts());
    tree.put(BATCH, (long) reply.effort().batch());
    if (reply instanceof Reply.Answered answered) {
      tree.put(JSON, answered.json());
      tree.put(REPLAYED, answered.replayed());
      return tree;
    } else if (reply instanceof Reply.Refused refused) {
      Optional<String> name = codec.name(refused.outcome());
      if (name.isEmpty()) {
        return null;
      }
      tree.put(REFUSED, name.get());
      tree.put(FIGURES, codec.encodeFigures(refused.figures()));
      return tree;
    }
    return reply instanceof Reply.Conflict ? tree : null;
  }

  /**
   * The replies of an answered document by the place of their command; empty for a recalled one.
   */
  Map<Integer, Reply> replies(Snapshot document) {
    Map<Integer, Reply> replies = new LinkedHashMap<>();
    if (document.fields().get(CommandRelays.ANSWERS) instanceof String text) {
      for (Object each : TreeText.read(text)) {
        Map<?, ?> tree = (Map<?, ?>) each;
        Reply reply = reply(tree);
        if (reply != null) {
          replies.put(whole(tree, INDEX), reply);
        }
      }
    }
    return replies;
  }

  private static int whole(Map<?, ?> tree, String name) {
    return Math.toIntExact((Long) Objects.requireNonNull(tree.get(name)));
  }

  private @Nullable Reply reply(Map<?, ?> tree) {
    Reply.Effort effort = new Reply.Effort(whole(tree, ATTEMPTS), whole(tree, BATCH));
    if (tree.get(JSON) instanceof String json) {
      return new Reply.Answered(json, Boolean.TRUE.equals(tree.get(REPLAYED)), effort);
    }
    if (tree.get(REFUSED) instanceof String name) {
      Outcome outcome = codec.outcome(name).orElse(null);
      return outcome == null
          ? null
          : new Reply.Refused(
              outcome,
              codec.decodeFigures((Map<?, ?>) Objects.requireNonNull(tree.get(FIGURES))),
              effort);
    }
    return new Reply.Conflict(effort);
  }
}
