package dev.meterkite.model.usage;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import org.jspecify.annotations.Nullable;

/**
 * Between whom the charges of a FOCUS file are.
 *
 * @param accountId the customer's id
 * @param accountName the customer's name; null where none is known
 * @param provider who sells what is used, by name
 * @param issuer who sends the invoices, by name
 */
public record FocusParties(
    String accountId, @Nullable String accountName, String provider, String issuer) {
  public FocusParties {
    if (accountId.isEmpty() || provider.isEmpty() || issuer.isEmpty()) {
      throw new IllegalArgumentException("only the account's name may be missing");
    }
  }

  /** The parties of a customer, whose document may be absent or without a name. */
  public static FocusParties of(Snapshot customer, String provider, String issuer) {
    Object name = customer.fields().get(Customers.ORGANIZATION_NAME);
    return new FocusParties(
        customer.ref().id(),
        name instanceof String text && !text.isBlank() ? text : null,
        provider,
        issuer);
  }
}
