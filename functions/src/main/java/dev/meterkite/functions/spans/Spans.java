package dev.meterkite.functions.spans;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.credits.Credits;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.RequestHash;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.usage.Metering;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.commands.UsageCharge;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.Priced;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.spans.ModelCall;
import dev.meterkite.model.spans.SpanReader;
import dev.meterkite.model.usage.UsageBatch;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the function of spans does: a call of a user is a debit of its tokens, a call of a customer
 * is a usage record with what it costs. Trace and span are the name of either, under which it is
 * charged once, so that spans may be sent as often and in whatever company the sender likes.
 *
 * <p>The answer is OTLP's: {@code {}} where every span was taken, else {@code partialSuccess} with
 * the number of those that were rejected for good. Where some call can only be charged later, the
 * whole request is a 503 or 429, which the sender repeats; what was charged by then stays charged.
 */
public final class Spans {
  /** How far ahead of our clock a call may have ended. */
  private static final Duration AHEAD = Duration.ofMinutes(5);

  /** Debits that wait for one another at most. */
  private static final int DEBITS_AT_ONCE = 100;

  private static final String NO_SCENE = "model_calls";

  private final Credits credits;
  private final Metering metering;
  private final InstantSource clock;

  /** Spans over the credits and the metering of a backend. */
  public Spans(Backend backend, Credits credits, Metering metering) {
    this.credits = credits;
    this.metering = metering;
    this.clock = backend.clock();
  }

  /** The spans of a process. */
  public static Spans of(Backend backend) {
    return backend.feature(
        Spans.class, each -> new Spans(each, Credits.of(each), Metering.of(each)));
  }

  /** A call with its price. */
  private record Charged(ModelCall call, UsageCharge charge) {
    String hash() {
      return RequestHash.of("record-spans", call.said());
    }
  }

  /** Charges the calls of a batch. */
  Answer take(SpanBatch batch) {
    Rejections rejections = new Rejections();
    List<Charged> ofUsers = new ArrayList<>();
    List<Charged> ofCustomers = new ArrayList<>();
    for (SpanReader.Result span : batch.spans()) {
      if (span instanceof SpanReader.Result.Rejected rejected) {
        rejections.add(rejected.reason(), rejected.span());
      } else if (span instanceof SpanReader.Result.Called called) {
        Charged charged = priced(called.call(), rejections);
        if (charged != null) {
          (called.call().userId() == null ? ofCustomers : ofUsers).add(charged);
        }
      }
    }
    for (int from = 0; from < ofUsers.size(); from += DEBITS_AT_ONCE) {
      int to = Math.min(ofUsers.size(), from + DEBITS_AT_ONCE);
      Problem later = debit(ofUsers.subList(from, to), rejections);
      if (later != null) {
        return Answer.problem(later);
      }
    }
    for (int from = 0; from < ofCustomers.size(); from += UsageBatch.MAX_ITEMS) {
      int to = Math.min(ofCustomers.size(), from + UsageBatch.MAX_ITEMS);
      Answer later = record(ofCustomers.subList(from, to), rejections);
      if (later != null) {
        return later;
      }
    }
    return rejections.answer();
  }

  /** The call under the first of its names that has a price; null where it is rejected. */
  private @Nullable Charged priced(ModelCall call, Rejections rejections) {
    if (call.at().isAfter(clock.instant().plus(AHEAD))) {
      rejections.add("in_the_future", call);
      return null;
    }
    for (CallUsage usage : call.usages()) {
      UsageCharge charge = credits.charge(usage, call.at());
      if (charge.priced() instanceof Priced.Known) {
        return new Charged(call, charge);
      }
    }
    rejections.add("unknown_price", call);
    return null;
  }

  /** Debits users; the problem of those for whom it may succeed later, else null. */
  private @Nullable Problem debit(List<Charged> calls, Rejections rejections) {
    List<Command<CreditCommand>> commands = new ArrayList<>();
    for (Charged charged : calls) {
      ModelCall call = charged.call();
      commands.add(
          CreditCommands.debitCall(
              Objects.requireNonNull(call.userId()),
              charged.charge(),
              call.jobId(),
              call.key(),
              charged.hash()));
    }
    List<Reply> replies = credits.carryOut(commands);
    Problem later = null;
    for (int i = 0; i < replies.size(); i++) {
      ModelCall call = calls.get(i).call();
      if (replies.get(i) instanceof Reply.Refused refused) {
        rejections.add(refused.outcome().code(), call);
      } else if (replies.get(i) instanceof Reply.Conflict) {
        rejections.add("idempotency_conflict", call);
      } else if (replies.get(i) instanceof Reply.Busy busy) {
        later = Problem.rateLimited(busy.retryAfter());
      } else if (replies.get(i) instanceof Reply.Unavailable unavailable) {
        later = Problem.unavailable(unavailable.retryAfter());
      }
    }
    return later;
  }

  /** Records the usage of customers; the answer of a failure that may pass, else null. */
  private @Nullable Answer record(List<Charged> calls, Rejections rejections) {
    List<UsageBatch.Name> names =
        calls.stream()
            .map(charged -> new UsageBatch.Name(charged.call().key(), charged.hash()))
            .toList();
    List<Object> said = new ArrayList<>();
    names.forEach(name -> said.add(List.of(name.id(), name.said())));
    String hash = RequestHash.of("record-spans", Map.of("calls", said));
    Answer answer =
        metering.recordNamed(calls.stream().map(Spans::record).toList(), names, hash, hash);
    JsonObject body = JsonParser.parseString(answer.body()).getAsJsonObject();
    if (answer.status() == 400) { // not one could be read as a record
      calls.forEach(charged -> rejections.add("invalid_record", charged.call()));
    } else if (answer.status() != 200) {
      return answer;
    } else {
      for (int i = 0; i < calls.size(); i++) {
        JsonObject result = body.getAsJsonArray("results").get(i).getAsJsonObject();
        if (result.get("status").getAsString().equals("refused")) {
          rejections.add(result.get("code").getAsString(), calls.get(i).call());
        }
      }
    }
    return null;
  }

  private static Map<String, Object> record(Charged charged) {
    ModelCall call = charged.call();
    Priced.Known priced = (Priced.Known) charged.charge().priced();
    Map<String, Object> details = new LinkedHashMap<>(charged.charge().usage().encode());
    details.put("trace_id", call.traceId());
    details.put("span_id", call.spanId());
    details.put("price_version", priced.version());
    Map<String, Object> record = new LinkedHashMap<>();
    record.put(UsageTracking.CUSTOMER_ID, Objects.requireNonNull(call.customerId()));
    record.put(UsageTracking.SCENE_ID, Objects.requireNonNullElse(call.sceneId(), NO_SCENE));
    record.put(UsageTracking.ACTION, "model_" + call.operation());
    record.put(UsageTracking.TIMESTAMP, call.at().toString());
    record.put(
        UsageTracking.ESTIMATED_COST,
        new BigDecimal(charged.charge().charge(priced, null).text()).movePointLeft(6));
    record.put(UsageTracking.DETAILS, details);
    record.put(UsageTracking.IDEMPOTENCY_KEY, call.key());
    return record;
  }
}
