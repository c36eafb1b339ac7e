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
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.plans.UserTier;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * {@code register-user}: creates a user and opens its ledger with the first grant in one commit.
 *
 * <p>A user that exists is answered as it is: fields that it lacks are set, and a field that
 * differs is a 409 {@code already_exists}.
 */
public final class RegisterUser implements HttpFunction {
  private final Edge edge;
  private final Endpoint<User> endpoint;

  /** Used by the Functions Framework. */
  public RegisterUser() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public RegisterUser(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  RegisterUser(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.REGISTER)
            .roles(Role.SERVICE, Role.ADMIN)
            .fields(fields -> User.parse(fields, credits))
            .answer(call -> credits.carryOut(command(call)));
  }

  private record User(
      String userId,
      @Nullable String email,
      @Nullable String tier,
      @Nullable String stripeCustomerId) {
    /** A tier that plans no longer have is a fault unless the user has a tier already. */
    static User parse(Fields fields, Credits credits) {
      String userId = fields.id("user_id");
      return new User(
          userId,
          fields.optionalEmail("email"),
          fields.optionalWord(
              "tier",
              credits.plans().tiers().stream().map(UserTier::word).toList(),
              () -> credits.hasTier(userId)),
          fields.optionalString("stripe_customer_id", 1, CreditLimits.STRIPE_ID));
    }
  }

  private static Command<CreditCommand> command(Call<User> call) {
    User user = call.request();
    return CreditCommands.register(
        user.userId(),
        user.email(),
        user.tier(),
        user.stripeCustomerId(),
        call.key(),
        call.requestHash());
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
