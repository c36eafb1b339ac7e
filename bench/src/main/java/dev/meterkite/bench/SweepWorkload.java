package dev.meterkite.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Calls {@code reset-quotas} as the schedule does until nothing is left, and counts customers. */
final class SweepWorkload {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int MOST_RUNS = 60;

  private SweepWorkload() {}

  /**
   * @param port where the function answers
   * @param customers how many are due; an operation is one of them reset
   * @param scheduler a token of the scheduler
   * @return latency is that of the function's runs
   * @throws IOException also where a run is refused; customers that are left count as failures
   */
  static Figures run(int port, int customers, String scheduler, Meters meters)
      throws IOException, InterruptedException {
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
            .timeout(PATIENCE)
            .header("Authorization", "Bearer " + scheduler)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    Histogram latency = Figures.noLatencies();
    Meters.Reading before = meters.read();
    long begin = System.nanoTime();
    long reset = 0;
    boolean more = true;
    for (int i = 0; more && i < MOST_RUNS; i++) {
      long sent = System.nanoTime();
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      Figures.note(latency, System.nanoTime() - sent);
      if (answer.statusCode() != 200) {
        throw new IOException("reset-quotas answered " + answer.statusCode());
      }
      JsonObject counts = JsonParser.parseString(answer.body()).getAsJsonObject();
      reset += counts.get("customers_reset").getAsLong();
      more = counts.get("more").getAsBoolean();
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    long missed = customers - reset;
    return new Figures(
        Double.NaN,
        reset / seconds,
        customers,
        missed == 0 ? Map.of() : Map.of("not reset", missed),
        latency,
        meters.read().since(before, reset));
  }
}
