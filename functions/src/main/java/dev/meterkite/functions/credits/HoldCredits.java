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
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** {@code hold-credits}: sets credits of a user aside, to be captured or released later. */
public final class HoldCredits implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Hold> endpoint;

  /** For the platform. */
  public HoldCredits() {
    this(Backend.ofProcess().edge(), Credits.ofProcess());
  }

  HoldCredits(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.HOLD)
            .roles(Role.SERVICE)
            .keyRequired()
            .fields(Hold::parse)
            .answer(call -> credits.carryOut(command(call)));
  }

  private record Hold(String userId, long amount, @Nullable String jobId, Duration expiresIn) {
    private static final Duration USUAL = Duration.ofDays(1);
    private static final Duration LONGEST = Duration.ofDays(7);

    static Hold parse(Fields fields) {
      return new Hold(
          fields.id("user_id"),
          fields.integer("amount", 1, CreditRules.MAX_BALANCE),
          fields.optionalId("job_id"),
          Duration.ofSeconds(
              fields.integer("expires_in_seconds", 1, LONGEST.toSeconds(), USUAL.toSeconds())));
    }
  }

  private static Command<CreditCommand> command(Call<Hold> call) {
    Hold hold = call.request();
    return CreditCommands.hold(
        hold.userId(),
        hold.amount(),
        hold.jobId(),
        hold.expiresIn(),
        call.requiredKey(),
        call.requestHash());
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
