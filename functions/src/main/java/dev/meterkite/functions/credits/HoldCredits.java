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
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** {@code hold-credits}: sets credits of a user aside, to be captured or released later. */
public final class HoldCredits implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Hold> endpoint;

  /** For the platform. */
  public HoldCredits() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public HoldCredits(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  HoldCredits(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.HOLD)
            .roles(Role.SERVICE)
            .keyRequired()
            .fields(Hold::parse)
            .answer(call -> hold(credits, call));
  }

  private record Hold(
      String userId,
      long amount,
      @Nullable UsageInput usage,
      @Nullable String jobId,
      Duration expiresIn) {
    private static final Duration USUAL = Duration.ofDays(1);
    private static final Duration LONGEST = Duration.ofDays(7);

    static Hold parse(Fields fields) {
      UsageInput usage = UsageInput.optional(fields);
      return new Hold(
          fields.id("user_id"),
          UsageInput.amountBeside(fields, usage),
          usage,
          fields.optionalId("job_id"),
          Duration.ofSeconds(
              fields.integer("expires_in_seconds", 1, LONGEST.toSeconds(), USUAL.toSeconds())));
    }
  }

  private static Answer hold(Credits credits, Call<Hold> call) {
    Hold hold = call.request();
    String user = hold.userId();
    String job = hold.jobId();
    Duration life = hold.expiresIn();
    String key = call.requiredKey();
    String hash = call.requestHash();
    return hold.usage() == null
        ? credits.carryOut(CreditCommands.hold(user, hold.amount(), job, life, key, hash))
        : credits.charge(
            hold.usage(), charge -> CreditCommands.hold(user, charge, job, life, key, hash));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
