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
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.schema.Word;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** {@code grant-credits}: gives credits to a user, for good or for a time. */
public final class GrantCredits implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Grant> endpoint;

  /** For the platform. */
  public GrantCredits() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public GrantCredits(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  GrantCredits(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.GRANT)
            .roles(Role.SERVICE, Role.ADMIN)
            .keyRequired()
            .fields(Grant::parse)
            .answer(call -> credits.carryOut(command(call)));
  }

  /** Why credits may be given. */
  private enum Reason implements Word {
    PURCHASE(TransactionType.PURCHASE),
    SUBSCRIPTION_GRANT(TransactionType.SUBSCRIPTION_GRANT),
    ADMIN_ADJUSTMENT(TransactionType.ADMIN_ADJUSTMENT);

    private final TransactionType type;

    Reason(TransactionType type) {
      this.type = type;
    }
  }

  private record Grant(
      String userId,
      long amount,
      TransactionType type,
      @Nullable Instant expiresAt,
      @Nullable String description) {
    static Grant parse(Fields fields) {
      return new Grant(
          fields.id("user_id"),
          fields.integer("amount", 1, Ledger.MAX_BALANCE),
          fields.word("type", Reason.class).type,
          fields.optionalMoment("expires_at"),
          fields.optionalString("description", 1, CreditLimits.DESCRIPTION));
    }
  }

  private static Command<CreditCommand> command(Call<Grant> call) {
    Grant grant = call.request();
    return CreditCommands.grant(
        grant.userId(),
        grant.amount(),
        grant.type(),
        grant.expiresAt(),
        grant.description(),
        call.requiredKey(),
        call.requestHash());
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
