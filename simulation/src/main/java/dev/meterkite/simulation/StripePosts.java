package dev.meterkite.simulation;

import com.google.gson.JsonObject;
import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.simulated.Tally;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Posts Stripe's events: signed, some of them late or twice, none in a certain order, and each
 * again until it is answered with 200.
 */
final class StripePosts {
  /** What both sides know. */
  static final String SECRET = "whsec_simulated";

  private static final String FUNCTION = "stripe-webhook";
  private static final Duration USUAL = Duration.ofSeconds(5);
  private static final Duration LATE = Duration.ofMinutes(10);
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
  private static final int MOST_TRIES = 60;
  private static final double SHARE_LATE = 0.2;
  private static final double SHARE_TWICE = 0.2;

  private final Simulation simulation;
  private final Scheduler scheduler;
  private final Cloud cloud;
  private final Tally tally;
  private final List<String> refused = new ArrayList<>();
  private long events;
  private long pending;

  StripePosts(Simulation simulation, Scheduler scheduler, Cloud cloud, Tally tally) {
    this.simulation = simulation;
    this.scheduler = scheduler;
    this.cloud = cloud;
    this.tally = tally;
  }

  /** Posts that are not answered with 200 yet. */
  long pending() {
    return pending;
  }

  /** Events that were never answered with 200, in some five hours. */
  List<String> refused() {
    return refused;
  }

  /** Sends an event on its way. */
  void send(String type, Instant created, JsonObject object) {
    JsonObject event =
        StripeShapes.object(
            "id",
            "evt_" + events++,
            "object",
            "event",
            "type",
            type,
            "created",
            created,
            "data",
            StripeShapes.object("object", object));
    String body = event.toString();
    post(body);
    if (simulation.chance(SHARE_TWICE)) {
      tally.add("stripe: event twice");
      post(body);
    }
  }

  private void post(String body) {
    pending++;
    boolean isLate = simulation.chance(SHARE_LATE);
    if (isLate) {
      tally.add("stripe: event late");
    }
    Duration delay = simulation.between(Duration.ZERO, isLate ? LATE : USUAL);
    scheduler.start(
        null,
        () -> {
          scheduler.sleep(delay);
          Duration pause = FIRST_PAUSE;
          for (int tries = 1; !isTaken(body); tries++) {
            if (tries == MOST_TRIES) {
              refused.add(body);
              break;
            }
            tally.add("stripe: event posted again");
            scheduler.sleep(pause);
            pause = pause.multipliedBy(2);
            pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
          }
          pending--;
        });
  }

  private boolean isTaken(String body) {
    long second = simulation.instant().getEpochSecond();
    String signature = "t=" + second + ",v1=" + signature(second + "." + body);
    try {
      Response.Answer answer =
          cloud
              .call(FUNCTION, Request.post(body).header("Stripe-Signature", signature), () -> false)
              .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      return answer.status() == 200;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private static String signature(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }
}
