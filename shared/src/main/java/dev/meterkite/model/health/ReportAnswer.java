package dev.meterkite.model.health;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a report, as short text in the ring of keys: words by blanks.
 *
 * @param awayUntil when the model takes calls again, null while it does
 */
record ReportAnswer(
    String status,
    String circuit,
    String modelId,
    String modelStatus,
    String modelCircuit,
    @Nullable Instant awayUntil,
    String advice,
    long waitMs) {
  private static final String NOTHING = "-";
  private static final int WORDS = 7;

  static ReportAnswer of(HealthState state, HealthCommand.Observe call, Instant now) {
    String id = state.modelOf(call.modelId());
    ModelHealth model = state.model(id).at(now);
    RetryAdvice.Advised next = RetryAdvice.after(call, model.outage() == null, now);
    return new ReportAnswer(
        state.statusAt(now).wire(),
        state.circuit(now).wire(),
        id,
        model.statusAt(now).wire(),
        model.circuit(now).wire(),
        state.away(id, now).map(ModelHealth.Away::until).orElse(null),
        next.advice().wire(),
        next.after().toMillis());
  }

  String text() {
    return String.join(
        " ",
        status,
        circuit,
        modelStatus,
        modelCircuit,
        awayUntil == null ? NOTHING : awayUntil.toString(),
        advice,
        String.valueOf(waitMs),
        modelId);
  }

  /** The answer in an entry of the ring; one of an older form has only status and circuit. */
  static ReportAnswer parse(String text) {
    List<String> words = List.of(text.split(" ", WORDS + 1));
    if (words.size() < WORDS) {
      String circuit = words.get(words.size() - 1);
      return new ReportAnswer(words.get(0), circuit, "", words.get(0), circuit, null, "none", 0);
    }
    return new ReportAnswer(
        words.get(0),
        words.get(1),
        words.size() > WORDS ? words.get(WORDS) : "",
        words.get(2),
        words.get(3),
        words.get(4).equals(NOTHING) ? null : Instant.parse(words.get(4)),
        words.get(5),
        Long.parseLong(words.get(6)));
  }
}
