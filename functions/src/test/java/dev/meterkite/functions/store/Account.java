package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Outcome;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The smallest domain that uses everything of the engine: an account with a balance and pots beside
 * it.
 */
record Account(boolean exists, long balance, long sequence, long potted) {
  static final String ACCOUNTS = "accounts";
  static final String CHANGES = "changes";
  static final String POTS = "pots";
  static final DocRef COUNTER = new DocRef("counters", "changes");

  /**
   * A change of the balance.
   *
   * @param amount what is added; zero changes nothing
   * @param pot a side document that takes part; null for none
   * @param asks whether the rules find out by themselves that they must see the pot
   * @param flaw what is wrong with it
   */
  record Change(long amount, DocRef pot, boolean asks, Flaw flaw) {}

  /** What can be wrong with a command so that it never applies. */
  enum Flaw {
    NONE,
    /** The store refuses its contents. */
    INVALID,
    /** It creates a document that exists, and that is not its marker. */
    COLLIDES,
    /** The rules throw. */
    THROWS
  }

  static final DocRef TAKEN = new DocRef("others", "taken");

  enum Refusal implements Outcome {
    NO_ACCOUNT(false),
    INSUFFICIENT(true);

    private final boolean remembered;

    Refusal(boolean remembered) {
      this.remembered = remembered;
    }

    @Override
    public String code() {
      return name();
    }

    @Override
    public boolean remembered() {
      return remembered;
    }
  }

  static DocRef ref(String id) {
    return new DocRef(ACCOUNTS, id);
  }

  /** A change that creates its own document, which is its marker. */
  static Command<Change> change(String account, String key, long amount) {
    return change(account, key, amount, null, false);
  }

  static Command<Change> change(String account, String key, long amount, DocRef pot, boolean asks) {
    return command(
        account,
        key,
        new Change(amount, pot, asks, Flaw.NONE),
        pot == null || asks ? List.of() : List.of(new Read.Get(pot)));
  }

  /** A change of an account by one who has just read it. */
  static Command<Change> changeOf(Snapshot account, String key, long amount) {
    Command<Change> change = change(account.ref().id(), key, amount);
    return new Command<>(
        change.owner(),
        change.operation(),
        change.key(),
        change.requestHash(),
        change.input(),
        change.markers(),
        List.of(account),
        change.reads());
  }

  static Command<Change> flawed(String account, String key, Flaw flaw) {
    return command(account, key, new Change(1, null, false, flaw), List.of());
  }

  private static Command<Change> command(
      String account, String key, Change change, List<Read> reads) {
    String id =
        UUID.nameUUIDFromBytes(("change/" + account + "/" + key).getBytes(StandardCharsets.UTF_8))
            .toString();
    // Keys that end in "o" leave the marker to the engine.
    List<DocRef> markers =
        key == null
            ? List.of()
            : key.endsWith("o")
                ? List.of(new DocRef(IdempotencyKeys.COLLECTION, id))
                : List.of(new DocRef(CHANGES, id), new DocRef(IdempotencyKeys.COLLECTION, id));
    return new Command<>(
        ref(account),
        "change",
        key,
        "hash of " + change.amount(),
        change,
        markers,
        List.of(),
        reads);
  }

  private static final CommandCodec<Change> CODEC =
      new CommandCodec<>("accounts", Change.class, List.of(Refusal.values()));

  static final Rules<Account, Change> RULES =
      new Rules<>() {
        @Override
        public CommandCodec<Change> codec() {
          return CODEC;
        }

        @Override
        public Account decode(Snapshot owner) {
          return new Account(
              owner.exists(),
              (Long) owner.fields().getOrDefault("balance", 0L),
              (Long) owner.fields().getOrDefault("sequence", 0L),
              (Long) owner.fields().getOrDefault("potted", 0L));
        }

        @Override
        public Map<String, Object> changes(Account before, Account after) {
          Map<String, Object> changes = new LinkedHashMap<>();
          if (before.sequence() != after.sequence()) {
            changes.put("balance", after.balance());
            changes.put("sequence", after.sequence());
            changes.put("potted", after.potted());
          }
          return changes;
        }

        @Override
        public Decision<Account> decide(
            Account state, Seen seen, Command<Change> command, Instant now) {
          return Account.decide(state, seen, command);
        }

        @Override
        public Decision.Refused<Account> refuseAgain(
            Account state, Command<Change> command, String code, Instant now) {
          return new Decision.Refused<>(Refusal.valueOf(code), state.figures());
        }
      };

  private Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("sequence", sequence);
    figures.put("balance", balance);
    return figures;
  }

  private static Decision<Account> decide(Account state, Seen seen, Command<Change> command) {
    Change change = command.input();
    if (change.flaw() == Flaw.THROWS) {
      throw new ArithmeticException("a bug in the rules");
    }
    if (!state.exists()) {
      return new Decision.Refused<>(Refusal.NO_ACCOUNT, Map.of());
    }
    if (change.pot() != null && !seen.has(new Read.Get(change.pot()))) {
      return new Decision.NeedsReads<>(List.of(new Read.Get(change.pot())));
    }
    if (change.amount() == 0) {
      return new Decision.Unchanged<>(state.figures());
    }
    if (state.balance() + change.amount() < 0) {
      return new Decision.Refused<>(Refusal.INSUFFICIENT, state.figures());
    }
    long potted = state.potted() + (change.pot() == null ? 0 : change.amount());
    Account next =
        new Account(true, state.balance() + change.amount(), state.sequence() + 1, potted);
    List<Write> writes = new ArrayList<>();
    if (!command.markers().isEmpty() && command.markers().get(0).collection().equals(CHANGES)) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("amount", change.amount());
      fields.put("sequence", next.sequence());
      fields.put("account", command.owner().id());
      if (change.flaw() == Flaw.INVALID) {
        fields.put("__poison__", true);
      }
      writes.add(new Write.Create(command.markers().get(0), fields));
    }
    if (change.pot() != null) {
      long total = (Long) seen.document(change.pot()).fields().getOrDefault("total", 0L);
      writes.add(new Write.Update(change.pot(), Map.of("total", total + change.amount())));
    }
    if (change.flaw() == Flaw.COLLIDES) {
      writes.add(new Write.Create(TAKEN, Map.of("n", 1L)));
    }
    writes.add(new Write.Increment(COUNTER, Map.of("applied", 1L)));
    Map<String, Object> answer = next.figures();
    answer.put("amount", change.amount());
    return new Decision.Applied<>(next, answer, writes);
  }
}
