package dev.meterkite.functions.http;

import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What one HTTP function takes, from whom, and what it does; the row of the role table.
 *
 * <p>A request is checked in this order, and the first check that fails is the answer:
 *
 * <ol>
 *   <li>the process is stopping: 503 {@code unavailable}
 *   <li>method: 405 {@code method_not_allowed} with {@code Allow}
 *   <li>bearer token: 401 {@code unauthenticated} with {@code WWW-Authenticate}; where the body is
 *       signed instead, its size and its signature
 *   <li>role: 403 {@code forbidden}
 *   <li>for a POST, media type {@code application/json}, or a CloudEvent's where the endpoint takes
 *       them: 415 {@code unsupported_media_type}
 *   <li>at most {@value Edge#MAX_BODY} bytes, {@value Edge#MAX_BULK} where the endpoint takes bulk,
 *       whatever Content-Length says: 413 {@code payload_too_large}
 *   <li>{@code Idempotency-Key}: 400 {@code missing_idempotency_key}, or {@code invalid_request} if
 *       it is not 1 to 255 visible ASCII characters or is given twice
 *   <li>form of the body: one JSON object, strictly; of the query: every parameter once: 400 {@code
 *       invalid_request}
 *   <li>fields, all faults at once, unknown ones included: 400 {@code invalid_request}
 *   <li>a user's own data: 403 {@code forbidden}
 * </ol>
 *
 * <p>Then the operation runs. Whatever it throws is answered 503 {@code unavailable} and logged.
 *
 * <p>Example: {@code Endpoint.post("debit-credits").roles(Role.SERVICE).keyRequired()
 * .fields(Debit::parse).answer(this::debit)}.
 *
 * @param name the function's name, which is also the operation's
 * @param method GET or POST
 * @param roles who may call; empty for anyone with a token of a configured issuer
 * @param signature what proves the sender in place of a bearer token; null for a token
 * @param key whether an idempotency key is taken
 * @param cloudEvents whether a POST may also be a CloudEvent, or a batch of them; see {@link
 *     CloudEventForm}
 * @param bulk whether the body may be gzipped, and larger than others
 * @param parser makes the request of its fields
 * @param owner whose data a request reaches, compared with the caller of role user; null for an
 *     endpoint that is not for users, or shows no user's data; a null result leaves the check to
 *     the operation
 * @param operation what it does
 * @param <T> the type of its requests
 */
public record Endpoint<T>(
    String name,
    Method method,
    Set<Role> roles,
    @Nullable BodySignature signature,
    Key key,
    boolean cloudEvents,
    boolean bulk,
    Function<Fields, T> parser,
    @Nullable Function<T, @Nullable String> owner,
    Function<Call<T>, Answer> operation) {

  /** The methods that functions take. */
  public enum Method {
    /** Fields from the query. */
    GET,
    /** Fields from the JSON body. */
    POST
  }

  /** What becomes of {@code Idempotency-Key}. */
  public enum Key {
    REQUIRED,
    OPTIONAL,
    /** Not looked at. */
    NONE
  }

  public Endpoint {
    roles = Set.copyOf(roles);
    if (roles.contains(Role.USER) && owner == null) {
      throw new IllegalArgumentException(name + " is for users, but whose data is it?");
    }
    if (signature != null && method != Method.POST) {
      throw new IllegalArgumentException(name + " has no body that could be signed");
    }
  }

  /** Begins an endpoint that reads, and takes no key. */
  public static Draft get(String name) {
    return new Draft(name, Method.GET, Key.NONE);
  }

  /** Begins an endpoint that writes, and takes a key where the caller sends one. */
  public static Draft post(String name) {
    return new Draft(name, Method.POST, Key.OPTIONAL);
  }

  /** Checks a request, runs the operation, sends the answer, writes the log line. */
  public void serve(Edge edge, HttpRequest request, HttpResponse response) throws IOException {
    edge.serve(this, request, response);
  }

  /**
   * Whether pages in browsers call this: it is for users, or for anyone who is signed in. Only such
   * endpoints answer preflights.
   */
  boolean isForBrowsers() {
    return signature == null && (roles.isEmpty() || roles.contains(Role.USER));
  }

  /** Whether a caller has a role for this. */
  boolean admits(Caller caller) {
    return roles.isEmpty() || caller.isAnyOf(roles);
  }

  /** Whether a caller may reach what the request names. */
  boolean admits(Caller caller, T request) {
    String reached = owner == null ? null : owner.apply(request);
    return reached == null || caller.reaches(reached, roles);
  }

  /** An endpoint on the way: who, and with what key. */
  public static final class Draft {
    private final String name;
    private final Method method;
    private final Set<Role> roles = EnumSet.noneOf(Role.class);
    private @Nullable BodySignature signature;
    private Key key;
    private boolean cloudEvents;
    private boolean bulk;

    private Draft(String name, Method method, Key key) {
      this.name = name;
      this.method = method;
      this.key = key;
    }

    /** Who may call; without this, anyone with a token of a configured issuer. */
    public Draft roles(Role... allowed) {
      roles.addAll(Set.of(allowed));
      return this;
    }

    /**
     * The body is signed: no token is looked at, the sender is the only caller, and no idempotency
     * key is taken, since what is posted names itself.
     */
    public Draft signed(BodySignature by) {
      signature = by;
      key = Key.NONE;
      return roles(by.sender());
    }

    /** No request without an idempotency key. */
    public Draft keyRequired() {
      key = Key.REQUIRED;
      return this;
    }

    /** The body may also be a CloudEvent, or a batch of them, which bring keys of their own. */
    public Draft cloudEvents() {
      cloudEvents = true;
      return this;
    }

    /**
     * The body may be gzipped, and as large as {@link Edge#MAX_BULK}; what it holds names itself.
     */
    public Draft bulk() {
      bulk = true;
      key = Key.NONE;
      return this;
    }

    /** For requests without fields: body {@code {}} or no query. */
    public Ready<Map<String, Object>> nothing() {
      return fields(fields -> Map.of());
    }

    /** How fields become a request; runs whether fields are at fault or not. */
    public <T> Ready<T> fields(Function<Fields, T> parser) {
      return new Ready<>(this, parser, null);
    }
  }

  /**
   * An endpoint on the way: what is asked.
   *
   * @param <T> the type of its requests
   */
  public static final class Ready<T> {
    private final Draft draft;
    private final Function<Fields, T> parser;
    private final @Nullable Function<T, @Nullable String> owner;

    private Ready(
        Draft draft, Function<Fields, T> parser, @Nullable Function<T, @Nullable String> owner) {
      this.draft = draft;
      this.parser = parser;
      this.owner = owner;
    }

    /** Whose data a request reaches; needed where role user is admitted. */
    public Ready<T> owner(Function<T, @Nullable String> reached) {
      return new Ready<>(draft, parser, reached);
    }

    /** What the endpoint does. */
    public Endpoint<T> answer(Function<Call<T>, Answer> operation) {
      return new Endpoint<>(
          draft.name,
          draft.method,
          draft.roles,
          draft.signature,
          draft.key,
          draft.cloudEvents,
          draft.bulk,
          parser,
          owner,
          operation);
    }
  }
}
