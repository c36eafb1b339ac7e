package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.credits.commands.CreditCommands;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code debit-credits}: spends credits of a user, an amount or what a call of a model cost. */
public final class DebitCredits implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Debit> endpoint;

  /** For the platform. */
  public DebitCredits() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public DebitCredits(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  DebitCredits(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.DEBIT)
            .roles(Role.SERVICE)
            .keyRequired()
            .fields(Debit::parse)
            .answer(call -> debit(credits, call));
  }

  private record Debit(
      String userId,
      long amount,
      @Nullable UsageInput usage,
      @Nullable String jobId,
      @Nullable String description) {
    static Debit parse(Fields fields) {
      UsageInput usage = UsageInput.optional(fields);
      return new Debit(
          fields.id("user_id"),
          UsageInput.amountBeside(fields, usage),
          usage,
          fields.optionalId("job_id"),
          fields.optionalString("description", 1, CreditLimits.DESCRIPTION));
    }
  }

  private static Answer debit(Credits credits, Call<Debit> call) {
    Debit debit = call.request();
    String user = debit.userId();
    String jobId = debit.jobId();
    String text = debit.description();
    String key = call.requiredKey();
    String hash = call.requestHash();
    return debit.usage() == null
        ? credits.carryOut(CreditCommands.debit(user, debit.amount(), jobId, text, key, hash))
        : credits.charge(
            debit.usage(), charge -> CreditCommands.debit(user, charge, jobId, text, key, hash));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
