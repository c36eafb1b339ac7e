package dev.meterkite.local;

import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Limits;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.audit.BalanceAdoption;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.rules.CreditRules;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Queries;
import java.io.PrintStream;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * Takes all users of an older system over at once, which the functions do one by one when they meet
 * them: says what it is going to do, opens the ledgers by the same engine and rules, and reads
 * everything again.
 *
 * <p>Users are walked in the order of their ids, {@value #PAGE} at a time. A user with a ledger
 * costs one read a walk and nothing else, so a run that was killed is repeated and goes on where it
 * was. A user whose document makes no sense is listed and left alone.
 */
public final class AdoptUsers {
  private static final int PAGE = 100;
  private static final int MOST_TRIES = 5;
  private static final int MOST_SHOWN = 100;
  private static final List<Long> RANGES = List.of(1L, 100L, 1_000L, 10_000L);

  private final Store store;
  private final GroupCommit<CreditState, CreditCommand> engine;
  private final Plans plans;
  private final PrintStream out;

  /**
   * @param store where the users are
   * @param plans where the tiers are
   * @param clock the moment of the opening entries; it decides which month counts as granted
   * @param out takes plan, progress and report
   */
  AdoptUsers(Store store, Plans plans, InstantSource clock, PrintStream out) {
    this.store = store;
    this.out = out;
    this.plans = plans;
    this.engine =
        new GroupCommit<>(
            new CreditRules(ForeignBalance.PUT_BACK, plans),
            store,
            new Pauses(),
            clock,
            InstantSource.system(),
            new Random(),
            Limits.DEFAULT,
            Json::write);
  }

  /**
   * The same against the project of {@code GOOGLE_CLOUD_PROJECT}: {@code [--dry-run]}. Status 0 if
   * every user has a ledger, or with {@code --dry-run} can have one; 1 if not; 2 for a wrong
   * command line.
   */
  public static void main(String[] args) throws Exception {
    Options options = Main.optionsOf("adopt", args);
    TargetDocuments.end(
        store ->
            new AdoptUsers(store, CurrentPlans.read(store), InstantSource.system(), System.out)
                .run(options.dryRun()));
  }

  /** A user and what would become of it. */
  private record Case(Snapshot user, BalanceAdoption adoption, boolean hasOlder) {}

  /** What was found. */
  private static final class Tally {
    private final Map<BalanceAdoption.Kind, Long> users = new EnumMap<>(BalanceAdoption.Kind.class);
    private final Map<BalanceAdoption.Kind, Long> credits =
        new EnumMap<>(BalanceAdoption.Kind.class);
    private final Map<String, Long> usersByRange = new LinkedHashMap<>();
    private final List<String> refused = new ArrayList<>();
    private long older;

    void add(Case each) {
      BalanceAdoption adoption = each.adoption();
      users.merge(adoption.kind(), 1L, Long::sum);
      credits.merge(adoption.kind(), adoption.balance(), Math::addExact);
      if (adoption.kind() == BalanceAdoption.Kind.OPENS) {
        usersByRange.merge(range(adoption.balance()), 1L, Long::sum);
      }
      older += each.hasOlder() ? 1 : 0;
      if (adoption.kind() == BalanceAdoption.Kind.REFUSED && refused.size() < MOST_SHOWN) {
        refused.add(each.user().ref().id() + ": " + adoption.reason());
      }
    }

    long users(BalanceAdoption.Kind kind) {
      return users.getOrDefault(kind, 0L);
    }

    long toDo() {
      return users(BalanceAdoption.Kind.OPENS)
          + users(BalanceAdoption.Kind.BEGINS)
          + users(BalanceAdoption.Kind.REBUILDS);
    }

    static String range(long balance) {
      String range = "0";
      for (long from : RANGES) {
        if (balance >= from) {
          range = "%,d and more".formatted(from);
        }
      }
      return range;
    }
  }

  /**
   * Plans, and unless it is a dry run opens the ledgers and reads everything again.
   *
   * @return 0 if nothing was wrong, else 1
   */
  int run(boolean dryRun) {
    try {
      Tally plan = new Tally();
      walk(page -> cases(page).forEach(plan::add));
      print(plan);
      if (dryRun) {
        out.println("Dry run: nothing was written.");
        return plan.users(BalanceAdoption.Kind.REFUSED) == 0 ? 0 : 1;
      }
      adopt(plan.toDo());
      return verify();
    } catch (CompletionException e) {
      throw new LocalHostException(
          "Stopped; nothing is lost, run it again to go on. " + e.getCause(), e);
    }
  }

  private void walk(Consumer<List<Snapshot>> each) {
    List<Object> after = List.of();
    List<Snapshot> page;
    do {
      page = Pages.find(store, Queries.usersAfter(after, PAGE));
      each.accept(page);
      after = page.isEmpty() ? after : List.of(page.get(page.size() - 1).ref().id());
    } while (page.size() == PAGE);
  }

  /** Two queries for a user without a ledger, all of a page at once. */
  private List<Case> cases(List<Snapshot> page) {
    List<CompletableFuture<Case>> all = new ArrayList<>();
    for (Snapshot user : page) {
      String id = user.ref().id();
      if (BalanceAdoption.isAdopted(user)) {
        all.add(
            CompletableFuture.completedFuture(
                new Case(user, BalanceAdoption.of(user, true, plans), false)));
      } else {
        all.add(
            store
                .find(Queries.lastTransactionOfUser(id))
                .thenCombine(
                    store.find(Queries.transactionsOfUser(id, 1)),
                    (sequenced, any) ->
                        new Case(
                            user,
                            BalanceAdoption.of(user, !sequenced.isEmpty(), plans),
                            sequenced.isEmpty() && !any.isEmpty())));
      }
    }
    return all.stream().map(CompletableFuture::join).toList();
  }

  private void print(Tally plan) {
    out.printf(
        "Plan for %,d users:%n", plan.users.values().stream().mapToLong(Long::longValue).sum());
    row("adopted already", plan, BalanceAdoption.Kind.ADOPTED);
    row("to open with their credits_balance", plan, BalanceAdoption.Kind.OPENS);
    row("  of these, from 0", plan.usersByRange.getOrDefault("0", 0L));
    for (long from : RANGES) {
      String range = Tally.range(from);
      row("  of these, " + range, plan.usersByRange.getOrDefault(range, 0L));
    }
    row("to begin, having no credits_balance", plan, BalanceAdoption.Kind.BEGINS);
    row("to rebuild from their last transaction", plan.users(BalanceAdoption.Kind.REBUILDS));
    row("with transactions of the older system", plan.older);
    row("refused, and left alone", plan.users(BalanceAdoption.Kind.REFUSED));
    plan.refused.forEach(line -> out.println("    " + line));
    long hidden = plan.users(BalanceAdoption.Kind.REFUSED) - plan.refused.size();
    if (hidden > 0) {
      out.printf("    and %,d more%n", hidden);
    }
  }

  private void row(String name, Tally tally, BalanceAdoption.Kind kind) {
    out.printf(
        "  %-42s %,12d  with %,d credits%n",
        name, tally.users(kind), tally.credits.getOrDefault(kind, 0L));
  }

  private void row(String name, long users) {
    out.printf("  %-42s %,12d%n", name, users);
  }

  private void adopt(long toDo) {
    Progress progress = new Progress(Screen.of(out), "users", toDo);
    walk(
        page -> {
          List<Snapshot> left =
              page.stream().filter(user -> !BalanceAdoption.isAdopted(user)).toList();
          cases(left).stream()
              .filter(each -> each.adoption().kind() != BalanceAdoption.Kind.REFUSED)
              .map(each -> open(each.user().ref().id(), 1))
              .toList()
              .forEach(
                  opened -> {
                    settle(opened);
                    progress.step();
                  });
        });
  }

  /** A document that is full takes no ledger: it is listed in the end, and the others go on. */
  private static void settle(CompletableFuture<Void> opened) {
    try {
      opened.join();
    } catch (CompletionException e) {
      if (!StoreException.isForGood(e)) {
        throw e;
      }
    }
  }

  /** Opens a ledger; a user that is gone meanwhile is no failure. */
  private CompletableFuture<Void> open(String userId, int tries) {
    return engine
        .submit(CreditCommands.sweep(userId))
        .thenCompose(
            reply -> {
              boolean settled = reply instanceof Reply.Answered || reply instanceof Reply.Refused;
              if (settled) {
                return CompletableFuture.completedFuture(null);
              }
              return tries < MOST_TRIES
                  ? open(userId, tries + 1)
                  : CompletableFuture.failedFuture(
                      new LocalHostException("user " + userId + ": " + reply));
            });
  }

  /** Reads all users again. */
  private int verify() {
    Tally there = new Tally();
    List<String> wrong = new ArrayList<>();
    walk(
        page ->
            cases(page)
                .forEach(
                    each -> {
                      there.add(each);
                      if (BalanceAdoption.isAdopted(each.user())
                          ? !BalanceAdoption.agrees(each.user())
                          : each.adoption().kind() != BalanceAdoption.Kind.REFUSED) {
                        wrong.add(each.user().ref().id());
                      }
                    }));
    out.println("Verified:");
    row("adopted", there, BalanceAdoption.Kind.ADOPTED);
    row("refused, and left alone", there.users(BalanceAdoption.Kind.REFUSED));
    row("without a ledger, or with another balance", wrong.size());
    wrong.stream().limit(MOST_SHOWN).forEach(user -> out.println("    " + user));
    boolean done = wrong.isEmpty() && there.users(BalanceAdoption.Kind.REFUSED) == 0;
    out.println(
        done
            ? "Done: every user has a ledger."
            : "Done, but not everything is right; see above. It may be run again.");
    return done ? 0 : 1;
  }
}
