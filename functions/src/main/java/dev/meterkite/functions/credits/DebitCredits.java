package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.credits.CreditCommand;
import dev.meterkite.model.credits.CreditCommands;
import dev.meterkite.model.credits.CreditRules;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code debit-credits}: spends credits of a user. */
public final class DebitCredits implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Debit> endpoint;

  /** For the platform. */
  public DebitCredits() {
    this(Backend.ofProcess().edge(), Credits.ofProcess());
  }

  DebitCredits(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.DEBIT)
            .roles(Role.SERVICE)
            .keyRequired()
            .fields(Debit::parse)
            .answer(call -> credits.carryOut(command(call)));
  }

  private record Debit(
      String userId, long amount, @Nullable String jobId, @Nullable String description) {
    static Debit parse(Fields fields) {
      return new Debit(
          fields.id("user_id"),
          fields.integer("amount", 1, CreditRules.MAX_BALANCE),
          fields.optionalId("job_id"),
          fields.optionalString("description", 1, Limits.DESCRIPTION));
    }
  }

  private static Command<CreditCommand> command(Call<Debit> call) {
    Debit debit = call.request();
    return CreditCommands.debit(
        debit.userId(),
        debit.amount(),
        debit.jobId(),
        debit.description(),
        call.requiredKey(),
        call.requestHash());
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
