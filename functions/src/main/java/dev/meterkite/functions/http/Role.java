package dev.meterkite.functions.http;

/** What a caller may be; one caller may be several. */
public enum Role {
  /** A listed service account of the product: acts for every user and customer. */
  SERVICE,
  /** A person whose token carries {@code admin: true}. */
  ADMIN,
  /** A listed account that fires schedules. */
  SCHEDULER,
  /** A user or customer: reaches only what carries its own id. */
  USER,
  /** Stripe, which signs its webhooks; no bearer token gives this role. */
  STRIPE
}
