package dev.meterkite.functions.store;

import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.StatusCode;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/** A call to the store that failed, with what the failure says about its effect. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final Set<StatusCode.Code> PASSING =
      Set.of(
          StatusCode.Code.ABORTED,
          StatusCode.Code.CANCELLED,
          StatusCode.Code.DEADLINE_EXCEEDED,
          StatusCode.Code.RESOURCE_EXHAUSTED,
          StatusCode.Code.UNAVAILABLE);

  /** What is known after a failed commit. */
  public enum Kind {
    /** It was not applied: a precondition did not hold, or a document exists already. */
    PRECONDITION,
    /** It was not applied and never will be as it stands: its contents are refused. */
    INVALID,
    /** It was not applied: this process may not do that. */
    DENIED,
    /** It lost against another writer, as far as anybody knows. */
    CONTENTION,
    /** It may have been applied, or may still be: no answer, or one that says nothing. */
    UNKNOWN
  }

  private final Kind kind;

  /** A failure of the given kind. */
  public StoreException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** A failure of the given kind. */
  public StoreException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /**
   * Whether a failure is, or is caused by, contents that Firestore refuses and always will, such as
   * a field more in a document that is full.
   */
  public static boolean isForGood(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof StoreException refused && refused.kind() == Kind.INVALID) {
        return true;
      }
    }
    return false;
  }

  /**
   * Why a call failed that may succeed later, such as {@code DEADLINE_EXCEEDED}: the store is slow,
   * overloaded or unreachable, or another writer was faster. Empty for any other failure.
   */
  public static Optional<String> passing(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof TimeoutException) {
        return Optional.of(StatusCode.Code.DEADLINE_EXCEEDED.name());
      }
      if (cause instanceof ApiException api) {
        StatusCode.Code code = api.getStatusCode().getCode();
        return PASSING.contains(code) ? Optional.of(code.name()) : Optional.empty();
      }
      if (cause instanceof StoreException store
          && store.getCause() == null
          && (store.kind == Kind.UNKNOWN || store.kind == Kind.CONTENTION)) {
        return Optional.of(store.kind.name());
      }
    }
    return Optional.empty();
  }

  /** What a failed call to the store says about its effect: unknown, where it says nothing. */
  static Kind kindOf(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof StoreException known ? known.kind : Kind.UNKNOWN;
  }

  /** What the failure says. */
  public Kind kind() {
    return kind;
  }
}
