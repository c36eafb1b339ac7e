package dev.meterkite.console;

import dev.meterkite.local.LocalHost;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a small product has after some weeks, written through the functions as its backend does. */
final class Seed {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int MOST_ATTEMPTS = 10;
  private static final Duration EVENTS = Duration.ofMinutes(1);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String url;
  private final String token;
  private String prefix = "seed-";
  private int calls;

  private Seed(LocalHost host) {
    url = host.url();
    token = host.tokens().service();
  }

  static void plant(LocalHost host) throws InterruptedException {
    Seed seed = new Seed(host);
    seed.users(host.clock().instant());
    seed.customers(host.clock().instant());
    seed.models();
    if (!host.awaitEvents(EVENTS)) {
      throw new AssertionError("the events of the seed were not delivered within " + EVENTS);
    }
  }

  /**
   * Quotas are of a minute; these are used in the one that is now, however often this is called.
   */
  static void busy(LocalHost host) {
    Seed seed = new Seed(host);
    seed.prefix = "busy-" + host.clock().instant().truncatedTo(ChronoUnit.MINUTES) + "-";
    seed.fire("check-providers");
    seed.fire("reset-quotas");
    seed.fire("expire-credits");
    seed.reserve("openai", "gpt-4o", 380_000);
    seed.reserve("openai", "gpt-4o-mini", 1_200_000);
    seed.reserve("google", "gemini-2.5-flash-preview-tts", 41_000);
    seed.reserve("openai", "gpt-4o-mini-tts", 150_000);
  }

  private void reserve(String provider, String model, long tokens) {
    post(
        "reserve-quota",
        "{'provider': '" + provider + "', 'model_id': '" + model + "', 'tokens': " + tokens + "}");
  }

  private void users(Instant now) {
    post(
        "register-user",
        "{'user_id': 'ada', 'email': 'ada@example.com', 'tier': 'pro',"
            + " 'stripe_customer_id': 'cus_ada'}");
    grant("ada", 300, "purchase", now.plus(20, ChronoUnit.DAYS));
    grant("ada", 1_200, "purchase", now.plus(95, ChronoUnit.DAYS));
    grant("ada", 150, "admin_adjustment", null);
    for (int i = 7; i <= 14; i++) {
      post(
          "debit-credits",
          "{'user_id': 'ada', 'amount': "
              + 7 * i
              + ", 'description': 'Summary of "
              + 3 * i
              + " pages'}");
    }
    post(
        "debit-credits",
        "{'user_id': 'ada', 'usage': {'provider': 'openai',"
            + " 'model_id': 'gpt-4o', 'input_tokens': 182000, 'output_tokens': 9400}}");
    post("hold-credits", "{'user_id': 'ada', 'amount': 40}");
    post(
        "hold-credits",
        "{'user_id': 'ada', 'amount': 75, 'job_id': 'job-9', 'expires_in_seconds': 7200}");
    post(
        "hold-credits",
        "{'user_id': 'ada', 'expires_in_seconds': 900, 'usage': {'provider': 'openai',"
            + " 'model_id': 'gpt-4o', 'input_tokens': 120000, 'output_tokens': 4000}}");
    refused("debit-credits", 402, "{'user_id': 'ada', 'amount': 25000}");
    refused("hold-credits", 402, "{'user_id': 'ada', 'amount': 8000}");
    String[] tiers = {"free", "payg", "pro", "enthu", "pro_plus"};
    String[] names = {"ben", "chloe", "dmitri", "elif", "farah", "goran", "hana", "ines"};
    for (int i = 0; i < names.length; i++) {
      String name = names[i];
      post(
          "register-user",
          "{'user_id': '"
              + name
              + "', 'email': '"
              + name
              + "@example.com', 'tier': '"
              + tiers[i % tiers.length]
              + "', 'stripe_customer_id':"
              + " 'cus_"
              + name
              + "'}");
      grant(name, 100 + 60L * i, "purchase", null);
      post("debit-credits", "{'user_id': '" + name + "', 'amount': " + (11 + 7 * i) + "}");
    }
    refused("debit-credits", 402, "{'user_id': 'ben', 'amount': 90000}");
  }

  private void grant(String user, long amount, String type, Instant expires) {
    String end = expires == null ? "" : ", 'expires_at': '" + expires + "'";
    post(
        "grant-credits",
        "{'user_id': '" + user + "', 'amount': " + amount + ", 'type': '" + type + "'" + end + "}");
  }

  private void customers(Instant now) {
    contract("acme", "Acme Robotics", "pro", 12, now);
    contract("borealis", "Borealis Labs", "enterprise", 500, now);
    contract("cobalt", "Cobalt Motion", "standard", 20, now);
    contract("delphi", "Delphi Grippers", "foundation", -1, now);
    List<String> records = new ArrayList<>();
    for (int day = 24; day >= 1; day--) {
      for (int i = 0; i <= (day * 7) % 5; i++) {
        records.add(
            String.format(
                Locale.ROOT,
                "{'customer_id': 'acme', 'scene_id': 'scene-%d', 'action': 'episodes_generated',"
                    + " 'timestamp': '%s', 'episodes_generated': %d, 'compute_minutes': %d}",
                i,
                now.minus(day, ChronoUnit.DAYS).minus(i, ChronoUnit.MINUTES),
                10 + 3 * ((day * 5 + i) % 7),
                4 + i));
      }
    }
    for (int i = 0; i < 10; i++) {
      records.add(
          "{'customer_id': 'acme', 'scene_id': 'scene-" + i + "', 'action': 'scene_generated'}");
    }
    post("record-usage", "{'records': [" + String.join(",", records) + "]}");
  }

  private void contract(String id, String name, String tier, int scenes, Instant now) {
    post(
        "register-customer",
        ("{'customer_id': '%s', 'organization_name': '%s', 'bundle_tier': '%s',"
                + " 'monthly_scene_quota': %d, 'contract_start': '%s', 'contract_end': '%s'}")
            .formatted(
                id,
                name,
                tier,
                scenes,
                now.minus(200, ChronoUnit.DAYS),
                now.plus(165, ChronoUnit.DAYS)));
  }

  private void models() {
    fire("check-providers");
    fire("reset-quotas");
    for (int i = 0; i < 6; i++) {
      String job = i % 3 == 0 ? ", 'job_id': 'job-" + i + "'" : "";
      String task = i % 4 == 3 ? "tts" : "llm";
      post(
          "route-model",
          "{'task_type': '"
              + task
              + "', 'input_tokens': "
              + (400 + 300 * i)
              + ", 'output_tokens': 500"
              + job
              + "}");
    }
    for (int i = 0; i < 8; i++) {
      post(
          "report-outcome",
          "{'provider': 'openai', 'model_id': 'gpt-4o', 'success': true,"
              + " 'latency_ms': "
              + (600 + 40 * i)
              + "}");
      post(
          "report-outcome",
          "{'provider': 'google', 'model_id': 'gemini-2.5-flash',"
              + " 'success': "
              + (i % 4 != 0)
              + ", 'latency_ms': 900, 'http_status': "
              + (i % 4 != 0 ? 200 : 503)
              + "}");
      post(
          "report-outcome",
          "{'provider': 'anthropic', 'model_id': 'claude-sonnet-4-5',"
              + " 'success': false, 'latency_ms': 30000, 'http_status': 529}");
    }
    reserve("openai", "gpt-4o", 1_000);
  }

  private void fire(String function) {
    send(
        function,
        200,
        HttpRequest.newBuilder(URI.create(url + "/local/fire?function=" + function)),
        "{}");
  }

  /** A write with a key; 'single quotes' are double ones. */
  String post(String function, String body) {
    return refused(function, 200, body);
  }

  private String refused(String function, int status, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + "/" + function))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", prefix + calls++);
    return send(function, status, request, body.replace('\'', '"'));
  }

  /** Sends it with the same key until it is decided: on a busy machine the first calls are slow. */
  private static String send(
      String function, int status, HttpRequest.Builder builder, String body) {
    HttpRequest request =
        builder.timeout(PATIENCE).POST(HttpRequest.BodyPublishers.ofString(body)).build();
    try {
      HttpResponse<String> answer;
      int attempts = 0;
      do {
        answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
      } while (answer.statusCode() == 503 && ++attempts < MOST_ATTEMPTS);
      if (answer.statusCode() != status) {
        throw new AssertionError(
            function + " " + body + " was answered " + answer.statusCode() + " " + answer.body());
      }
      return answer.body();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
