package dev.meterkite.functions.http;

import dev.meterkite.model.schema.Violation;
import java.util.List;
import java.util.Map;

/** Ends the checks of a request with a problem answer; never leaves this package. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Problem problem;
  private final transient Map<String, String> headers;

  Refusal(Problem problem) {
    this(problem, Map.of());
  }

  Refusal(Problem problem, Map<String, String> headers) {
    super(problem.code(), null, false, false);
    this.problem = problem;
    this.headers = Map.copyOf(headers);
  }

  /** What is wrong, with what is to blame where that is no field. */
  List<Violation> faults(String otherwise) {
    return problem.errors().isEmpty()
        ? List.of(new Violation(otherwise, "format", problem.detail()))
        : problem.errors();
  }

  Answer answer() {
    Answer answer = Answer.problem(problem);
    for (Map.Entry<String, String> header : headers.entrySet()) {
      answer = answer.with(header.getKey(), header.getValue());
    }
    return answer;
  }
}
