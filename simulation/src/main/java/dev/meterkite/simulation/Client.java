package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.simulated.Tally;
import dev.meterkite.local.chaos.Calls;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A client as users write one: it waits up to 30 s, at times less, and repeats a call with its key
 * until there is a certain answer, after the pause that the answer asks for.
 */
final class Client implements Calls {
  private static final int MOST_TRIES = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration IMPATIENCE = Duration.ofMillis(400);
  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 1_000;

  private final Simulation simulation;
  private final Scheduler scheduler;
  private final Cloud cloud;
  private final Tally tally;
  private final String token;
  private double hangsUp;
  private @Nullable FindingTrace trace;
  private long repeats;

  Client(Simulation simulation, Scheduler scheduler, Cloud cloud, Tally tally, String token) {
    this.simulation = simulation;
    this.scheduler = scheduler;
    this.cloud = cloud;
    this.tally = tally;
    this.token = token;
  }

  /** How often a call was made again. */
  long repeats() {
    return repeats;
  }

  void trace(FindingTrace of) {
    trace = of;
  }

  private void say(String what) {
    if (trace != null) {
      trace.add(what);
    }
  }

  /** How often, 0 to 1, it hangs up early from now on. */
  void hangsUp(double share) {
    hangsUp = share;
  }

  @Override
  public Answer post(String function, @Nullable String key, String body)
      throws IOException, InterruptedException {
    Request request = Request.post(body).token(token).header("X-Request-Id", "simulated");
    return send(function, key == null ? request : request.key(key));
  }

  /** Likewise, any request. */
  Answer send(String function, Request request) throws IOException, InterruptedException {
    for (int tries = 1; ; tries++) {
      long asked = 0;
      try {
        say(function + " <- " + request.text());
        Response.Answer answer = once(function, request);
        say(function + " " + request.text() + " -> " + answer.status() + " " + answer.body());
        asked = retryAfterMillis(answer);
        if (tries == MOST_TRIES
            || asked > PATIENCE.toMillis()
            || (answer.status() != 429 && answer.status() < 500)) {
          Map<String, String> headers = new LinkedHashMap<>();
          answer.headers().forEach((name, values) -> headers.put(name, values.get(0)));
          return new Answer(answer.status(), headers, answer.body());
        }
      } catch (IOException e) {
        say(function + " " + request.text() + " -> " + e.getMessage());
        if (tries == MOST_TRIES) {
          throw e;
        }
      }
      repeats++;
      long pause = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(tries - 1, 10));
      scheduler.sleep(Duration.ofMillis(Math.max(asked, pause)));
    }
  }

  private Response.Answer once(String function, Request request)
      throws IOException, InterruptedException {
    boolean[] gone = new boolean[1];
    boolean impatient = hangsUp > 0 && simulation.chance(hangsUp);
    if (impatient) {
      tally.add("client: hangs up early");
    }
    CompletableFuture<Response.Answer> answer = cloud.call(function, request, () -> gone[0]);
    try {
      return answer.get((impatient ? IMPATIENCE : PATIENCE).toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      gone[0] = true;
      throw new IOException("no answer in time", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failed) {
        throw failed;
      }
      throw new CompletionException(e.getCause());
    }
  }

  private static long retryAfterMillis(Response.Answer answer) {
    String seconds = answer.header("Retry-After");
    return seconds != null && seconds.matches("[0-9]{1,9}") ? 1_000 * Long.parseLong(seconds) : 0;
  }
}
