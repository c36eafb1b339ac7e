package dev.meterkite.functions.http;

import dev.meterkite.functions.store.Reply;
import dev.meterkite.model.command.Missing;
import dev.meterkite.model.command.Outcome;
import java.util.function.Function;

/** What the engine replied, as what goes out. */
public final class Replies {
  private Replies() {}

  /**
   * The answer to the caller. A refusal that names a missing document is a 404 for that document.
   *
   * @param problems what a domain says of its refusals; the figures are added here
   */
  public static Answer answer(Reply reply, Function<Outcome, Problem> problems) {
    Answer answer;
    if (reply instanceof Reply.Answered answered) {
      answer = Answer.json(answered.json(), answered.replayed());
    } else if (reply instanceof Reply.Refused refused) {
      answer = Answer.problem(problem(refused, problems));
    } else if (reply instanceof Reply.Conflict) {
      answer = Answer.problem(Problem.conflict());
    } else if (reply instanceof Reply.Busy busy) {
      answer = Answer.problem(Problem.rateLimited(busy.retryAfter()));
    } else if (reply instanceof Reply.Unavailable unavailable) {
      answer = Answer.problem(Problem.uncertain(unavailable.retryAfter()));
    } else {
      throw new IllegalStateException("not a reply: " + reply);
    }
    return answer.took(reply.effort().attempts(), reply.effort().batch());
  }

  private static Problem problem(Reply.Refused refused, Function<Outcome, Problem> problems) {
    return Missing.ref(refused.figures())
        .map(Problem::missing)
        .orElseGet(() -> problems.apply(refused.outcome()).with(refused.figures()));
  }
}
