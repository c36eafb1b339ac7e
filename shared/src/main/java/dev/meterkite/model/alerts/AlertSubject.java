package dev.meterkite.model.alerts;

import dev.meterkite.model.document.DocRef;
import org.jspecify.annotations.Nullable;

/**
 * Whom or what an alert is about: a provider, a model at its provider, a user, a customer, or a
 * document of the product.
 *
 * @param provider the provider's id, null for users and customers
 * @param model the model's id, only with a provider
 * @param userId the user's id, null for all others
 * @param customerId the customer's id, null for all others
 * @param document the document's collection and id, null for all others
 */
public record AlertSubject(
    @Nullable String provider,
    @Nullable String model,
    @Nullable String userId,
    @Nullable String customerId,
    @Nullable String document) {

  public AlertSubject {
    int subjects =
        (provider == null ? 0 : 1)
            + (userId == null ? 0 : 1)
            + (customerId == null ? 0 : 1)
            + (document == null ? 0 : 1);
    if (subjects != 1 || (model != null && provider == null)) {
      throw new IllegalArgumentException(
          "an alert is about one provider, user, customer or document");
    }
  }

  /** A provider. */
  public static AlertSubject provider(String provider) {
    return new AlertSubject(provider, null, null, null, null);
  }

  /** A model at its provider. */
  public static AlertSubject model(String provider, String model) {
    return new AlertSubject(provider, model, null, null, null);
  }

  /** A user. */
  public static AlertSubject user(String userId) {
    return new AlertSubject(null, null, userId, null, null);
  }

  /** A customer. */
  public static AlertSubject customer(String customerId) {
    return new AlertSubject(null, null, null, customerId, null);
  }

  /** A document of the product itself, such as its plans. */
  public static AlertSubject document(DocRef document) {
    return new AlertSubject(null, null, null, null, document.toString());
  }

  /** The subject in one string, such as {@code model:openai/gpt-4o} or {@code user:user_7}. */
  public String name() {
    if (provider != null) {
      return model == null ? "provider:" + provider : "model:" + provider + "/" + model;
    }
    if (document != null) {
      return "document:" + document;
    }
    return userId != null ? "user:" + userId : "customer:" + customerId;
  }
}
