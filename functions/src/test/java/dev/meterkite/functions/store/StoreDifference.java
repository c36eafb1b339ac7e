package dev.meterkite.functions.store;

import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What a store can do wrong without failing. */
enum StoreDifference {
  NO_CONDITION_ON_THE_VERSION {
    @Override
    Mutation mutation(Mutation each) {
      return blindIf(Mutation.Condition.VERSION, each);
    }
  },
  REPLACEMENT_MERGES {
    @Override
    Mutation mutation(Mutation each) {
      return blindIf(Mutation.Condition.REPLACE, each);
    }
  },
  INCREMENT_LOST {
    @Override
    Mutation mutation(Mutation each) {
      return new Mutation(each.ref(), each.fields(), Map.of(), each.condition(), each.version());
    }
  },
  CURSOR_IGNORED {
    @Override
    Query query(Query asked) {
      return asked.after(List.of());
    }
  },
  LIMIT_IGNORED {
    @Override
    Query query(Query asked) {
      return with(asked, asked.filters(), 100);
    }
  },
  BOUND_INCLUDED {
    @Override
    Query query(Query asked) {
      List<Query.Filter> filters =
          asked.filters().stream().map(StoreDifference::including).toList();
      return with(asked, filters, asked.limit());
    }
  };

  Mutation mutation(Mutation each) {
    return each;
  }

  Query query(Query asked) {
    return asked;
  }

  /** The store with this difference. */
  Store of(Store store) {
    return new ForwardingStore(store) {
      @Override
      public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
        return super.commit(mutations.stream().map(StoreDifference.this::mutation).toList());
      }

      @Override
      public CompletableFuture<List<Snapshot>> find(Query query) {
        return super.find(query(query));
      }
    };
  }

  private static Mutation blindIf(Mutation.Condition condition, Mutation each) {
    return each.condition() == condition
        ? Mutation.blind(each.ref(), each.fields(), each.increments())
        : each;
  }

  private static Query.Filter including(Query.Filter each) {
    return each.op() == Query.Op.GREATER
        ? new Query.Filter(each.field(), Query.Op.GREATER_OR_EQUAL, each.value())
        : each;
  }

  private static Query with(Query asked, List<Query.Filter> filters, int limit) {
    return new Query(asked.collection(), filters, asked.orders(), limit, asked.startAfter());
  }
}
