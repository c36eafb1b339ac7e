package dev.meterkite.local;

import java.util.List;

/** What the local host itself refuses, before or instead of a function. */
final class LocalProblem extends Exception {
  private static final long serialVersionUID = 1L;

  /** A field or parameter that is wrong. */
  record FieldError(String field, String code, String message) {}

  private final int status;
  private final String title;
  private final String code;
  private final transient List<FieldError> errors;

  private LocalProblem(
      int status, String title, String code, String detail, List<FieldError> errors) {
    super(detail);
    this.status = status;
    this.title = title;
    this.code = code;
    this.errors = List.copyOf(errors);
  }

  static LocalProblem invalid(String field, String code, String message) {
    return new LocalProblem(
        400,
        "Invalid request",
        "invalid_request",
        field + " " + message,
        List.of(new FieldError(field, code, message)));
  }

  static LocalProblem notFound(String detail) {
    return new LocalProblem(404, "Not found", "not_found", detail, List.of());
  }

  static LocalProblem method(String allowed) {
    return new LocalProblem(
        405, "Method not allowed", "method_not_allowed", "only " + allowed, List.of());
  }

  static LocalProblem conflict(String code, String detail) {
    return new LocalProblem(409, "Conflict", code, detail, List.of());
  }

  static LocalProblem tooLarge(String detail) {
    return new LocalProblem(413, "Payload too large", "payload_too_large", detail, List.of());
  }

  static LocalProblem unavailable(String detail) {
    return new LocalProblem(503, "Unavailable", "unavailable", detail, List.of());
  }

  int status() {
    return status;
  }

  String title() {
    return title;
  }

  String code() {
    return code;
  }

  List<FieldError> errors() {
    return errors;
  }
}
