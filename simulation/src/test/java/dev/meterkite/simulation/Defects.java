package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Mutation.Condition;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Kinds of faults. */
final class Defects {
  private static final Pattern TOKENS = Pattern.compile("\"tokens\":([0-9]+)");

  private Defects() {}

  /** What a write becomes; null for none. */
  interface Change {
    @Nullable Mutation of(Mutation mutation);
  }

  /** A function takes another body than it was sent. */
  static Defect body(String function, UnaryOperator<String> change) {
    return new Defect() {
      @Override
      public Request request(String called, Request request) {
        return called.equals(function) ? request.withBody(change) : request;
      }
    };
  }

  /** The same on the last days of a month. */
  static Defect bodyAtTheEndOfMonths(String function, UnaryOperator<String> change) {
    return new Defect() {
      private InstantSource clock = InstantSource.system();

      @Override
      public void begins(InstantSource domainClock) {
        clock = domainClock;
      }

      @Override
      public Request request(String called, Request request) {
        Instant now = clock.instant();
        return called.equals(function) && now.atZone(ZoneOffset.UTC).getDayOfMonth() > 26
            ? request.withBody(change)
            : request;
      }
    };
  }

  /** A function takes another key than it was sent, in turn with 0 and 1 behind it. */
  static Defect salt(String function) {
    return new Defect() {
      private int calls;

      @Override
      public void begins(InstantSource domainClock) {
        calls = 0;
      }

      @Override
      public Request request(String called, Request request) {
        return called.equals(function) ? request.withKey(key -> key + calls++ % 2) : request;
      }
    };
  }

  /** A function answers another status than it should, every so many times. */
  static Defect status(String function, int right, int wrong, int each) {
    return new Defect() {
      private int answers;

      @Override
      public void begins(InstantSource domainClock) {
        answers = 0;
      }

      @Override
      public Response.Answer answer(String called, Response.Answer answer) {
        return called.equals(function) && answer.status() == right && ++answers % each == 0
            ? new Response.Answer(wrong, answer.headers(), wrong == 200 ? "{}" : answer.body())
            : answer;
      }
    };
  }

  /** Writes to a collection become others. */
  static Defect writes(Predicate<String> functions, String collection, Change change) {
    return new Defect() {
      @Override
      public @Nullable Mutation write(String function, Mutation mutation) {
        return functions.test(function) && mutation.ref().collection().equals(collection)
            ? change.of(mutation)
            : mutation;
      }
    };
  }

  /** Every so many writes of a function to a collection are left out. */
  static Defect lostWrites(String of, String collection, int each) {
    return new Defect() {
      private int writes;

      @Override
      public void begins(InstantSource domainClock) {
        writes = 0;
      }

      @Override
      public @Nullable Mutation write(String function, Mutation mutation) {
        boolean isOne = function.equals(of) && mutation.ref().collection().equals(collection);
        return isOne && ++writes % each == 0 ? null : mutation;
      }
    };
  }

  /** Writes on one condition become unconditional. */
  static Defect without(Condition condition) {
    return new Defect() {
      @Override
      public Mutation write(String function, Mutation mutation) {
        return mutation.condition() == condition
            ? with(mutation, Condition.NONE, mutation.fields())
            : mutation;
      }
    };
  }

  /** A failure is taken for success. */
  static Defect takenForApplied(StoreException.Kind kind) {
    return new Defect() {
      @Override
      public boolean takesForApplied(String function, StoreException.Kind failure) {
        return failure == kind;
      }
    };
  }

  /** Each document of a commit is committed alone. */
  static Defect commitsApart() {
    return new Defect() {
      @Override
      public boolean commitsApart(String function) {
        return true;
      }
    };
  }

  /** A function says that it did its work, and does nothing. */
  static Defect idle(String function) {
    return new Defect() {
      @Override
      public boolean works(String called) {
        return !called.equals(function);
      }
    };
  }

  /** A field of a collection is read as another value. */
  static Defect reads(
      Predicate<String> functions,
      Predicate<Snapshot> which,
      String field,
      UnaryOperator<Object> as) {
    return new Defect() {
      @Override
      public Snapshot read(String function, Snapshot document) {
        if (!functions.test(function) || !which.test(document)) {
          return document;
        }
        Map<String, Object> fields = new HashMap<>(document.fields());
        fields.put(field, as.apply(fields.get(field)));
        return new Snapshot(document.ref(), fields, document.updateTime());
      }
    };
  }

  static Mutation with(Mutation mutation, Condition condition, Map<String, Object> fields) {
    return new Mutation(
        mutation.ref(),
        fields,
        mutation.increments(),
        condition,
        condition == Condition.VERSION ? mutation.version() : null);
  }

  /** A write without some of its fields. */
  static Change without(Predicate<String> field) {
    return mutation -> {
      Map<String, Object> fields = new HashMap<>(mutation.fields());
      fields.keySet().removeIf(field);
      return with(mutation, mutation.condition(), fields);
    };
  }

  /** A write in which one field has the value of another. */
  static Change copied(String from, String to) {
    return mutation -> {
      Map<String, Object> fields = new HashMap<>(mutation.fields());
      if (fields.containsKey(from) && fields.containsKey(to)) {
        fields.put(to, fields.get(from));
      }
      return with(mutation, mutation.condition(), fields);
    };
  }

  /** Half of the tokens. */
  static String halved(String body) {
    return TOKENS
        .matcher(body)
        .replaceAll(found -> "\"tokens\":" + Long.parseLong(found.group(1)) / 2);
  }
}
