package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.fail;

import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CommandRelays;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The test of the tests: each defect, planted in or around the engine, is found by the schedules.
 */
class PlantedDefectsTest {
  private static final int MOST_SEEDS = 3_000;
  private static final Set<String> OWNERS =
      Set.of(Account.ACCOUNTS, Users.COLLECTION, ModelQuotas.COLLECTION);
  private static final Set<String> MARKERS =
      Set.of(
          IdempotencyKeys.COLLECTION,
          Account.CHANGES,
          CreditTransactions.COLLECTION,
          CreditHolds.COLLECTION);

  enum Defect implements Schedule.Variant {
    NO_PRECONDITION_ON_THE_OWNER {
      @Override
      public Store store(SimulatedStore store) {
        return commits(
            store, unconditional(mutation -> OWNERS.contains(mutation.ref().collection())));
      }
    },
    NO_PRECONDITION_ON_SIDE_DOCUMENTS {
      @Override
      public Store store(SimulatedStore store) {
        return commits(
            store, unconditional(mutation -> mutation.ref().collection().equals(Account.POTS)));
      }
    },
    MARKER_MAY_EXIST_AND_OWNER_UNCONDITIONAL {
      @Override
      public Store store(SimulatedStore store) {
        return commits(store, unconditional(mutation -> true));
      }
    },
    NO_MARKER {
      @Override
      public Store store(SimulatedStore store) {
        return commits(
            store,
            mutations -> mutations.stream().filter(mutation -> !isMarker(mutation)).toList());
      }
    },
    KEY_WITHOUT_OWNER {
      @Override
      public Command<Account.Change> command(Command<Account.Change> command) {
        List<DocRef> markers =
            command.markers().stream()
                .map(marker -> new DocRef(marker.collection(), "of-" + command.key()))
                .toList();
        return new Command<>(
            command.owner(),
            command.operation(),
            command.key(),
            command.requestHash(),
            command.input(),
            markers,
            command.seen(),
            command.reads());
      }
    },
    REQUEST_HASH_IGNORED {
      @Override
      public Command<Account.Change> command(Command<Account.Change> command) {
        return new Command<>(
            command.owner(),
            command.operation(),
            command.key(),
            "any",
            command.input(),
            command.markers(),
            command.seen(),
            command.reads());
      }
    },
    UNKNOWN_TAKEN_FOR_SUCCESS {
      @Override
      public Store store(SimulatedStore store) {
        return new ForwardingStore(store) {
          @Override
          public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
            return super.commit(mutations)
                .exceptionally(
                    failure -> mutations.stream().map(mutation -> Instant.EPOCH).toList());
          }
        };
      }
    },
    REFUSAL_FROM_THE_CACHE {
      @Override
      public Safeguards<Account, Account.Change> safeguards() {
        return new Safeguards<>() {
          @Override
          public boolean mustReadFirst(
              Batch<Account.Change> batch, BatchDecision<Account, Account.Change> decision) {
            return false;
          }
        };
      }
    },
    STATE_KEPT_AFTER_A_FAILED_COMMIT {
      @Override
      public Safeguards<Account, Account.Change> safeguards() {
        return new Safeguards<>() {
          @Override
          public void forget(
              DocumentQueue<Account, Account.Change> queue, Batch<Account.Change> batch) {
            batch.knowledge = Batch.Knowledge.ASSUMED;
          }
        };
      }
    },
    MARKERS_NOT_READ_AGAIN {
      @Override
      public Store store(SimulatedStore store) {
        return new ForwardingStore(store) {
          @Override
          public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
            return super.read(refs)
                .thenApply(
                    found ->
                        found.stream()
                            .map(each -> isMarker(each.ref()) ? Snapshot.absent(each.ref()) : each)
                            .toList());
          }
        };
      }
    },
    NO_RING {
      @Override
      public Store store(SimulatedStore store) {
        return commits(store, without("commit.refused"));
      }
    },
    NO_NOTE_OF_REFUSALS_BEYOND_THE_RING {
      @Override
      public Limits limits() {
        return Schedule.Variant.limits(0);
      }

      @Override
      public Store store(SimulatedStore store) {
        return commits(store, without("commit.overflow"));
      }
    },
    NO_REFUSALS_BEYOND_THE_RING {
      @Override
      public Limits limits() {
        return Schedule.Variant.limits(0);
      }

      @Override
      public Store store(SimulatedStore store) {
        return commits(
            store,
            mutations ->
                mutations.stream()
                    .filter(mutation -> !mutation.fields().containsKey(IdempotencyKeys.CODE))
                    .toList());
      }
    },
    REFUSALS_BEYOND_THE_RING_NOT_READ {
      @Override
      public Limits limits() {
        return Schedule.Variant.limits(0);
      }

      @Override
      public Store store(SimulatedStore store) {
        return new ForwardingStore(store) {
          @Override
          public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
            return super.read(refs)
                .thenApply(
                    found ->
                        found.stream()
                            .map(
                                each ->
                                    each.fields().containsKey(IdempotencyKeys.CODE)
                                        ? Snapshot.absent(each.ref())
                                        : each)
                            .toList());
          }
        };
      }
    },
    OWNER_AND_MARKERS_IN_TWO_COMMITS {
      @Override
      public Store store(SimulatedStore store) {
        return new ForwardingStore(store) {
          @Override
          public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
            return super.commit(mutations.subList(0, 1))
                .thenCompose(
                    first ->
                        mutations.size() == 1
                            ? CompletableFuture.completedFuture(first)
                            : super.commit(mutations.subList(1, mutations.size()))
                                .thenApply(rest -> first));
          }
        };
      }
    },
    ANOTHER_ANSWER_IN_THE_MARKER {
      @Override
      public Store store(SimulatedStore store) {
        return commits(
            store,
            mutations ->
                mutations.stream()
                    .map(
                        mutation ->
                            isMarker(mutation)
                                ? with(mutation, "answer", mutation.fields().get("answer") + " ")
                                : mutation)
                    .toList());
      }
    },
    STALE_READS {
      @Override
      public Store store(SimulatedStore store) {
        Map<DocRef, Snapshot> past = new LinkedHashMap<>();
        return new ForwardingStore(store) {
          @Override
          public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
            return super.read(refs)
                .thenApply(
                    found ->
                        found.stream()
                            .map(
                                each -> {
                                  Snapshot before = past.put(each.ref(), each);
                                  return before == null ? each : before;
                                })
                            .toList());
          }
        };
      }
    },
    RELAY_SERVED_TWICE {
      @Override
      public Store store(SimulatedStore store) {
        return commits(store, unconditional(Defect::isAnswered));
      }
    },
    RELAY_RECALLED_AND_SERVED {
      @Override
      public Store store(SimulatedStore store) {
        return commits(
            store, unconditional(mutation -> isRelay(mutation) && !isAnswered(mutation)));
      }
    },
    RELAY_ANSWERED_BEFORE_ITS_COMMIT {
      @Override
      public Store store(SimulatedStore store) {
        return new ForwardingStore(store) {
          @Override
          public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
            List<Mutation> answers = mutations.stream().filter(Defect::isAnswered).toList();
            return answers.isEmpty() || answers.size() == mutations.size()
                ? super.commit(mutations)
                : super.commit(answers)
                    .thenCompose(
                        done ->
                            super.commit(
                                mutations.stream().filter(each -> !isAnswered(each)).toList()));
          }
        };
      }
    },
    ANSWERS_TO_THE_WRONG_CALLERS {
      @Override
      public Store store(SimulatedStore store) {
        return commits(
            store,
            answers(
                text ->
                    text.replace("\"index\":0", "\"index\":x")
                        .replace("\"index\":1", "\"index\":0")
                        .replace("\"index\":x", "\"index\":1")));
      }
    },
    ANSWERS_OF_ANOTHER_RELAY {
      @Override
      public Store store(SimulatedStore store) {
        return commits(
            store,
            mutations -> {
              List<String> texts =
                  mutations.stream()
                      .filter(Defect::isAnswered)
                      .map(each -> (String) each.fields().get(CommandRelays.ANSWERS))
                      .toList();
              return mutations.stream()
                  .map(
                      each ->
                          isAnswered(each)
                              ? with(each, CommandRelays.ANSWERS, texts.get(texts.size() - 1))
                              : each)
                  .toList();
            });
      }
    },
    RELAYED_ANSWER_DIFFERS_FROM_THE_MARKER {
      @Override
      public Store store(SimulatedStore store) {
        return commits(store, answers(text -> text.replace("balance=", "balance=1")));
      }
    },
    RELAYED_COMMANDS_WITHOUT_MARKERS {
      @Override
      public Store store(SimulatedStore store) {
        return ofRelays(
            store,
            mutations -> mutations.stream().filter(mutation -> !isMarker(mutation)).toList());
      }
    },
    RELAYED_REFUSALS_NOT_REMEMBERED {
      @Override
      public Store store(SimulatedStore store) {
        return ofRelays(store, without("commit.refused"));
      }
    },
    RELAYED_ON_ANY_VERSION_OF_THE_OWNER {
      @Override
      public Store store(SimulatedStore store) {
        return ofRelays(
            store, unconditional(mutation -> OWNERS.contains(mutation.ref().collection())));
      }
    },
    RELAYED_WITHOUT_CONDITION_ON_SIDE_DOCUMENTS {
      @Override
      public Store store(SimulatedStore store) {
        return ofRelays(
            store, unconditional(mutation -> mutation.ref().collection().equals(Account.POTS)));
      }
    },
    RELAYED_AMOUNT_CHANGED {
      @Override
      public Store store(SimulatedStore store) {
        return commits(store, commands(text -> text.replace("\"amount\":10", "\"amount\":11")));
      }
    },
    RELAYED_HASH_LOST {
      @Override
      public Store store(SimulatedStore store) {
        return commits(store, commands(text -> text.replaceAll("hash of -?[0-9]+", "hash")));
      }
    },
    RELAYED_REFUSAL_FROM_THE_CACHE {
      @Override
      public Safeguards<Account, Account.Change> safeguards() {
        return new Safeguards<>() {
          @Override
          public boolean mustReadFirst(
              Batch<Account.Change> batch, BatchDecision<Account, Account.Change> decision) {
            return batch.aboard.isEmpty() && Safeguards.super.mustReadFirst(batch, decision);
          }
        };
      }
    };

    private static boolean isRelay(Mutation mutation) {
      return mutation.ref().collection().equals(CommandRelays.COLLECTION);
    }

    private static boolean isAnswered(Mutation mutation) {
      return isRelay(mutation) && mutation.fields().containsKey(CommandRelays.ANSWERS);
    }

    private static UnaryOperator<List<Mutation>> answers(UnaryOperator<String> altered) {
      return texts(CommandRelays.ANSWERS, altered);
    }

    private static UnaryOperator<List<Mutation>> commands(UnaryOperator<String> altered) {
      return texts(CommandRelays.COMMANDS, altered);
    }

    private static UnaryOperator<List<Mutation>> texts(
        String field, UnaryOperator<String> altered) {
      return mutations ->
          mutations.stream()
              .map(
                  each ->
                      each.fields().get(field) instanceof String text
                          ? with(each, field, altered.apply(text))
                          : each)
              .toList();
    }

    /** Alters the commits that have commands of relays in them. */
    private static Store ofRelays(SimulatedStore store, UnaryOperator<List<Mutation>> altered) {
      return commits(
          store,
          mutations ->
              mutations.stream().anyMatch(Defect::isAnswered)
                  ? altered.apply(mutations)
                  : mutations);
    }

    private static Store commits(SimulatedStore store, UnaryOperator<List<Mutation>> altered) {
      return new ForwardingStore(store) {
        @Override
        public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
          return super.commit(altered.apply(mutations));
        }
      };
    }

    private static UnaryOperator<List<Mutation>> unconditional(Predicate<Mutation> which) {
      return mutations ->
          mutations.stream()
              .map(
                  mutation ->
                      which.test(mutation)
                          ? Mutation.blind(mutation.ref(), mutation.fields(), mutation.increments())
                          : mutation)
              .toList();
    }

    private static UnaryOperator<List<Mutation>> without(String field) {
      return mutations ->
          mutations.stream()
              .map(
                  mutation -> {
                    Map<String, Object> fields = new LinkedHashMap<>(mutation.fields());
                    fields.remove(field);
                    return new Mutation(
                        mutation.ref(),
                        fields,
                        mutation.increments(),
                        mutation.condition(),
                        mutation.version());
                  })
              .toList();
    }

    private static Mutation with(Mutation mutation, String field, Object value) {
      Map<String, Object> fields = new LinkedHashMap<>(mutation.fields());
      fields.put(field, value);
      return new Mutation(
          mutation.ref(), fields, mutation.increments(), mutation.condition(), mutation.version());
    }

    private static boolean isMarker(Mutation mutation) {
      return isMarker(mutation.ref());
    }

    private static boolean isMarker(DocRef ref) {
      return MARKERS.contains(ref.collection());
    }
  }

  @ParameterizedTest
  @EnumSource
  void plantedDefect_isFound(Defect defect) {
    for (long seed = 0; seed < MOST_SEEDS; seed++) {
      for (Faults faults : List.of(Faults.NONE, Faults.MANY)) {
        try {
          new Schedule(seed, faults, defect).play();
        } catch (AssertionError | NumberFormatException e) {
          System.out.println("planted " + defect + ": seed " + seed + ", " + e.getMessage());
          return;
        }
      }
    }
    fail("not found in " + MOST_SEEDS + " seeds: " + defect);
  }
}
