package dev.meterkite.functions.spans;

import dev.meterkite.functions.http.Answer;
import dev.meterkite.model.spans.ModelCall;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The spans of a request that are rejected for good, counted by reason. */
final class Rejections {
  private final Map<String, Counted> reasons = new LinkedHashMap<>();

  /** How many, and which was the first. */
  private record Counted(long spans, String first) {
    @Override
    public String toString() {
      return spans + " (first " + first + ")";
    }
  }

  /** Counts a call, by a stable word. */
  void add(String reason, ModelCall call) {
    add(reason, call.traceId() + "/" + call.spanId());
  }

  /**
   * Counts a span.
   *
   * @param reason a stable word
   * @param span its ids, for people
   */
  void add(String reason, String span) {
    reasons.merge(
        reason, new Counted(1, span), (one, other) -> new Counted(one.spans() + 1, one.first()));
  }

  /**
   * OTLP's answer: {@code {}}, or {@code partialSuccess}. Its number is a text, as JSON of protobuf
   * has all 64-bit numbers.
   */
  Answer answer() {
    if (reasons.isEmpty()) {
      return Answer.ok(Map.of());
    }
    long spans = reasons.values().stream().mapToLong(Counted::spans).sum();
    String message =
        reasons.entrySet().stream()
            .map(each -> each.getKey() + " " + each.getValue())
            .collect(Collectors.joining(", "));
    Map<String, Object> partial = new LinkedHashMap<>();
    partial.put("rejectedSpans", Long.toString(spans));
    partial.put("errorMessage", "Rejected spans by reason: " + message);
    return Answer.ok(Map.of("partialSuccess", partial)).outcome("partial");
  }
}
