package dev.meterkite.simulation;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Mutation.Condition;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Schema.Users;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Faults of the product, each in one part. */
@SuppressWarnings("ImmutableEnumChecker") // one play at a time
enum Planted implements Defect {
  OWNERS_WITHOUT_PRECONDITION("engine", "the owner is written whatever it holds by now") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return mutation.condition() == Condition.VERSION
          ? with(mutation, Condition.NONE, mutation.fields())
          : mutation;
    }
  },
  MARKERS_MAY_EXIST("engine", "a marker may exist already") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return mutation.condition() == Condition.ABSENT
          ? with(mutation, Condition.NONE, mutation.fields())
          : mutation;
    }
  },
  UNKNOWN_TAKEN_FOR_SUCCESS("engine", "a commit without an answer is taken for applied") {
    @Override
    public boolean takesForApplied(String function, StoreException.Kind failure) {
      return failure == StoreException.Kind.UNKNOWN;
    }
  },
  CONTENTION_TAKEN_FOR_SUCCESS("engine", "ABORTED is taken for applied") {
    @Override
    public boolean takesForApplied(String function, StoreException.Kind failure) {
      return failure == StoreException.Kind.CONTENTION;
    }
  },
  COMMITS_APART("engine", "owner and markers leave in commits of their own") {
    @Override
    public boolean commitsApart(String function) {
      return true;
    }
  },
  MARKERS_OF_SETTLEMENTS_MISSING("engine", "settlements of holds leave no marker") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return function.equals("settle-hold") && isIn(mutation, IdempotencyKeys.COLLECTION)
          ? null
          : mutation;
    }
  },
  KEY_WITH_A_SALT("functions", "debit-credits adds something of its own to the key") {
    @Override
    public Request request(String function, Request request) {
      return function.equals("debit-credits")
          ? request.withKey(key -> key + occasions++ % 2)
          : request;
    }
  },
  REFUSAL_ANSWERED_AS_DONE("functions", "debit-credits answers 200 where credits are missing") {
    @Override
    public Answering.Answer answer(String function, Answering.Answer answer) {
      return function.equals("debit-credits") && answer.status() == 402
          ? new Answering.Answer(200, answer.headers(), "{}")
          : answer;
    }
  },
  DONE_ANSWERED_AS_REFUSED("functions", "hold-credits answers 409 to one in twenty that it made") {
    @Override
    public Answering.Answer answer(String function, Answering.Answer answer) {
      return function.equals("hold-credits") && answer.status() == 200 && occasions++ % 20 == 19
          ? new Answering.Answer(409, answer.headers(), answer.body())
          : answer;
    }
  },
  GRANT_WITHOUT_EXPIRY("functions", "grant-credits does not store when credits expire") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return function.equals("grant-credits") && isIn(mutation, CreditTransactions.COLLECTION)
          ? without(mutation, CreditTransactions.EXPIRES_AT::equals)
          : mutation;
    }
  },
  CAPTURE_OF_THE_WHOLE_HOLD("functions", "settle-hold captures the whole hold") {
    @Override
    public Request request(String function, Request request) {
      return function.equals("settle-hold")
          ? request.withBody(body -> body.replaceAll(",\"amount\":[0-9]+", ""))
          : request;
    }
  },
  RELEASE_CAPTURES("functions", "settle-hold captures a credit where it should release") {
    @Override
    public Request request(String function, Request request) {
      return function.equals("settle-hold")
          ? request.withBody(body -> body.replace("\"release\"", "\"capture\",\"amount\":1"))
          : request;
    }
  },
  REFUND_IN_FULL("functions", "refund-credits gives the whole deduction back") {
    @Override
    public Request request(String function, Request request) {
      return function.equals("refund-credits")
          ? request.withBody(body -> body.replaceAll(",\"amount\":[0-9]+", ""))
          : request;
    }
  },
  DEBIT_ONE_LESS("functions", "debit-credits takes a credit less above twenty") {
    @Override
    public Request request(String function, Request request) {
      return function.equals("debit-credits")
          ? request.withBody(body -> body.replaceAll("\"amount\":2[1-9]", "\"amount\":20"))
          : request;
    }
  },
  DUE_MOMENTS_NOT_WRITTEN("functions", "no function writes when something is due to a user") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return isIn(mutation, Users.COLLECTION)
          ? without(mutation, Users.LEDGER_DUE_AT::equals)
          : mutation;
    }
  },
  USAGE_RECORD_LOST("functions", "record-usage counts a record that it does not store") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return function.equals("record-usage")
              && isIn(mutation, UsageTracking.COLLECTION)
              && occasions++ % 50 == 49
          ? null
          : mutation;
    }
  },
  USAGE_NOT_SUMMED("functions", "record-usage leaves the month's summary as it is") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return function.equals("record-usage") && isIn(mutation, UsageSummaries.COLLECTION)
          ? null
          : mutation;
    }
  },
  SETTLEMENT_FOR_HALF("functions", "settle-quota charges half of the tokens") {
    @Override
    public Request request(String function, Request request) {
      return function.equals("settle-quota") ? request.withBody(body -> halved(body)) : request;
    }
  },
  REPORTS_NOT_COUNTED("functions", "report-outcome answers and does nothing") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return function.equals("report-outcome")
              && isIn(mutation, ModelProviderHealth.COLLECTION)
              && occasions++ % 5 == 4
          ? null
          : mutation;
    }
  },
  REPORTS_COUNTED_TWICE("functions", "report-outcome remembers no report") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return function.equals("report-outcome") && isIn(mutation, ModelProviderHealth.COLLECTION)
          ? without(mutation, name -> name.startsWith(ModelProviderHealth.RECENT_KEYS))
          : mutation;
    }
  },
  USERS_NOT_OPENED("triggers", "on-user-created acknowledges and does nothing") {
    @Override
    public boolean works(String function) {
      return !function.equals("on-user-created");
    }
  },
  TIER_NOT_SEEN("triggers", "users get no monthly credits after the month in which they came") {
    @Override
    public Snapshot read(String function, Snapshot document) {
      if (!document.ref().collection().equals(Users.COLLECTION)
          || document.fields().get(Users.LEDGER) == null) {
        return document;
      }
      Map<String, Object> fields = new HashMap<>(document.fields());
      fields.put(Users.TIER, "payg");
      return new Snapshot(document.ref(), fields, document.updateTime());
    }
  },
  JOBS_PAID_AT_ANOTHER_PRICE("triggers", "on-job-written reads a minute too many") {
    @Override
    public Snapshot read(String function, Snapshot document) {
      if (!function.equals("on-job-written")
          || !document.ref().collection().equals(PodcastJobs.COLLECTION)
          || !(document.fields().get(PodcastJobs.DURATION_MIN) instanceof Long minutes)) {
        return document;
      }
      Map<String, Object> fields = new HashMap<>(document.fields());
      fields.put(PodcastJobs.DURATION_MIN, minutes + 1);
      return new Snapshot(document.ref(), fields, document.updateTime());
    }
  },
  JOBS_NEVER_COMPLETE("triggers", "nobody sees that a job is completed") {
    @Override
    public Snapshot read(String function, Snapshot document) {
      if (!"completed".equals(document.fields().get(PodcastJobs.STATUS))
          || !document.ref().collection().equals(PodcastJobs.COLLECTION)) {
        return document;
      }
      Map<String, Object> fields = new HashMap<>(document.fields());
      fields.put(PodcastJobs.STATUS, "running");
      return new Snapshot(document.ref(), fields, document.updateTime());
    }
  },
  ALERTS_OF_QUOTAS_MISSING("triggers", "on-quota-written acknowledges and does nothing") {
    @Override
    public boolean works(String function) {
      return !function.equals("on-quota-written");
    }
  },
  FLAGS_NOT_INITIALISED("triggers", "on-customer-written writes no flags") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return isIn(mutation, FeatureFlags.COLLECTION) ? null : mutation;
    }
  },
  EDITS_NOT_COUNTED("triggers", "records of others are stored as counted, and are not") {
    @Override
    public Mutation write(String function, Mutation mutation) {
      return function.equals("on-usage-written")
              && (isIn(mutation, UsageSummaries.COLLECTION)
                  || isIn(mutation, UsageCounts.COLLECTION))
          ? null
          : mutation;
    }
  },
  HOLDS_NOT_SWEPT("sweeps", "expire-credits does nothing") {
    @Override
    public boolean works(String function) {
      return !function.equals("expire-credits");
    }
  },
  RESERVATIONS_NOT_SWEPT("sweeps", "reset-quotas does nothing") {
    @Override
    public boolean works(String function) {
      return !function.equals("reset-quotas");
    }
  },
  WINDOWS_CHARGED_HALF_AT_THEIR_END(
      "sweeps", "settle-quota charges half in the last days of a month") {
    @Override
    public Request request(String function, Request request) {
      return function.equals("settle-quota") && dayOfMonth() > 26
          ? request.withBody(body -> halved(body))
          : request;
    }
  };

  final String part;
  final String what;

  Planted(String part, String what) {
    this.part = part;
    this.what = what;
  }

  /** How often a fault had the occasion. */
  int occasions;

  private InstantSource domain = InstantSource.system();

  @Override
  public void begins(InstantSource domainClock) {
    domain = domainClock;
    occasions = 0;
  }

  int dayOfMonth() {
    return domain.instant().atZone(ZoneOffset.UTC).getDayOfMonth();
  }

  private static boolean isIn(Mutation mutation, String collection) {
    return mutation.ref().collection().equals(collection);
  }

  private static Mutation with(Mutation mutation, Condition condition, Map<String, Object> fields) {
    return new Mutation(
        mutation.ref(),
        fields,
        mutation.increments(),
        condition,
        condition == Condition.VERSION ? mutation.version() : null);
  }

  private static Mutation without(Mutation mutation, Predicate<String> field) {
    Map<String, Object> fields = new HashMap<>(mutation.fields());
    fields.keySet().removeIf(field);
    return with(mutation, mutation.condition(), fields);
  }

  private static String halved(String body) {
    UnaryOperator<String> half = tokens -> String.valueOf(Long.parseLong(tokens) / 2);
    return Pattern.compile("\"tokens\":([0-9]+)")
        .matcher(body)
        .replaceAll(found -> "\"tokens\":" + half.apply(found.group(1)));
  }
}
