package dev.meterkite.functions.http;

import dev.meterkite.model.command.Missing;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Violation;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A refusal or failure as RFC 9457 has it.
 *
 * <p>The type is {@value #TYPE_PREFIX} and the code; the title is the code in words; the code is
 * stable and what programs compare.
 *
 * @param status the HTTP status
 * @param code the stable code, such as {@code insufficient_credits}
 * @param detail one sentence for a person
 * @param errors what is wrong with which field; may be empty
 * @param figures members of its own, such as {@code balance}; may be empty
 * @param retryAfter when to come again; always there with 429 and 503
 */
public record Problem(
    int status,
    String code,
    String detail,
    List<Violation> errors,
    Map<String, Object> figures,
    @Nullable Duration retryAfter) {

  /** What a problem's type begins with. */
  public static final String TYPE_PREFIX = "urn:meterkite:problem:";

  /** What {@code Retry-After} says where nothing better is known. */
  public static final Duration SOON = Duration.ofSeconds(1);

  /** What to do about a missing document, by collection. */
  private static final Map<String, String> HINTS =
      Map.of(
          Schema.Users.COLLECTION, "register-user creates it",
          Schema.Customers.COLLECTION, "register-customer creates it",
          Schema.CreditHolds.COLLECTION, "hold-credits answers the hold_id of a new hold",
          Schema.CreditTransactions.COLLECTION, "credit-statement lists a user's transactions",
          Schema.ModelQuotas.COLLECTION, "limits in model_catalog, or a document there, create it",
          Schema.ModelRouterAlerts.COLLECTION, "list-alerts lists the alerts",
          Schema.Scenes.COLLECTION, "write the scene to Firestore");

  public Problem {
    errors = List.copyOf(errors);
    if (retryAfter == null && (status == 429 || status == 503)) {
      retryAfter = SOON;
    }
  }

  /** A problem without fields and figures. */
  public static Problem of(int status, String code, String detail) {
    return new Problem(status, code, detail, List.of(), Map.of(), null);
  }

  /** 400 {@code invalid_request} with everything that is wrong with the fields. */
  public static Problem invalid(List<Violation> errors) {
    return new Problem(
        400, "invalid_request", "The request has invalid fields.", errors, Map.of(), null);
  }

  /** 400 {@code invalid_request} where no field is to blame. */
  public static Problem invalid(String detail) {
    return of(400, "invalid_request", detail);
  }

  /** 403 {@code forbidden}. */
  public static Problem forbidden() {
    return of(403, "forbidden", "The caller may not do this.");
  }

  /** 404 {@code not_found}. */
  public static Problem notFound(String detail) {
    return of(404, "not_found", detail);
  }

  /**
   * 404 {@code not_found} for a document: {@code detail} says what creates or lists such documents,
   * {@code collection} and {@code id} name it.
   */
  public static Problem missing(DocRef ref) {
    String hint = HINTS.get(ref.collection());
    return notFound("There is no " + ref + (hint == null ? "." : "; " + hint + "."))
        .with(Missing.figures(ref));
  }

  /** 409 {@code idempotency_conflict}. */
  public static Problem conflict() {
    return of(
        409, "idempotency_conflict", "The idempotency key has been used for another request.");
  }

  /** 429 {@code rate_limited}. */
  public static Problem rateLimited(Duration retryAfter) {
    return of(429, "rate_limited", "Too much is waiting; the request was not processed.")
        .retryAfter(retryAfter);
  }

  /** 503 {@code unavailable}, for a request that takes no idempotency key. */
  public static Problem unavailable(Duration retryAfter) {
    return of(503, "unavailable", "No answer could be given in time; try again.")
        .retryAfter(retryAfter);
  }

  /** 503 {@code unavailable}, for a write that may have been applied. */
  public static Problem uncertain(Duration retryAfter) {
    return of(503, "unavailable", "No certain answer could be given; repeat it with the same key.")
        .retryAfter(retryAfter);
  }

  /** This problem with what is wrong with which field. */
  public Problem errors(List<Violation> faults) {
    return new Problem(status, code, detail, faults, figures, retryAfter);
  }

  /** This problem with members of its own. Those named like the standard ones are left out. */
  public Problem with(Map<String, Object> more) {
    return new Problem(status, code, detail, errors, more, retryAfter);
  }

  /** This problem with a time to come again, given in whole seconds, rounded up, at least 1. */
  public Problem retryAfter(Duration wait) {
    return new Problem(status, code, detail, errors, figures, wait);
  }

  /** The members of the answer in their order. */
  Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("type", TYPE_PREFIX + code);
    members.put("title", title());
    members.put("status", (long) status);
    members.put("detail", detail);
    members.put("code", code);
    if (!errors.isEmpty()) {
      members.put("errors", errors.stream().map(Violation::encode).toList());
    }
    figures.forEach(members::putIfAbsent);
    return members;
  }

  private String title() {
    String words = code.replace('_', ' ');
    return words.isEmpty()
        ? words
        : words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
  }
}
