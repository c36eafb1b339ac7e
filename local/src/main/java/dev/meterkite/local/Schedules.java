package dev.meterkite.local;

import dev.meterkite.functions.catalog.Cron;
import dev.meterkite.functions.catalog.FunctionEntry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Calls scheduled functions in the minutes of their cron fields, in real time and UTC, with the
 * scheduler's token. As with Cloud Scheduler, a function that still runs is not called again
 * meanwhile.
 */
final class Schedules implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Schedules.class.getName());
  private static final int THREADS = 4;
  private static final Duration ON_TOP_OF_TIMEOUT = Duration.ofSeconds(5);

  private record Scheduled(FunctionEntry function, Cron cron) {}

  /** A call that was answered. */
  private record Run(Instant at, int status) {}

  private final Map<String, Scheduled> scheduled = new LinkedHashMap<>();
  private final Backends backends;
  private final TokenIssuer tokens;
  private final HttpClient http = Loopback.client();
  private final Map<String, Run> lastRuns = new ConcurrentHashMap<>();
  private final Set<String> running = ConcurrentHashMap.newKeySet();
  private final ScheduledThreadPoolExecutor threads =
      new ScheduledThreadPoolExecutor(THREADS, task -> Loopback.daemon(task, "schedules"));

  Schedules(List<FunctionEntry> entries, Backends backends, TokenIssuer tokens) {
    this.backends = backends;
    this.tokens = tokens;
    for (FunctionEntry entry : entries) {
      if (entry.schedule() != null) {
        Cron cron = Cron.parse(Objects.requireNonNull(entry.schedule()));
        scheduled.put(entry.name(), new Scheduled(entry, cron));
      }
    }
  }

  /** From now on each minute calls what is due in it. */
  void start() {
    awaitNextMinute();
  }

  private void awaitNextMinute() {
    Instant now = Instant.now();
    Instant next = now.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
    var unused =
        threads.schedule(
            () -> {
              awaitNextMinute();
              minute(next.atZone(ZoneOffset.UTC));
            },
            now.until(next, ChronoUnit.MILLIS) + 1,
            TimeUnit.MILLISECONDS);
  }

  /** Calls what is due in that minute, each on a thread of its own. */
  void minute(ZonedDateTime minute) {
    for (Scheduled each : scheduled.values()) {
      if (each.cron().matches(minute)) {
        threads.execute(() -> callUnlessRunning(each.function()));
      }
    }
  }

  private void callUnlessRunning(FunctionEntry function) {
    if (!running.add(function.name())) {
      LOG.log(Level.WARNING, "{0} still runs and is not called again", function.name());
      return;
    }
    try {
      HttpResponse<byte[]> response = call(function);
      if (response.statusCode() / 100 != 2) {
        LOG.log(
            Level.WARNING,
            "The schedule of {0} was answered {1}",
            new Object[] {function.name(), String.valueOf(response.statusCode())});
      }
    } catch (IOException | LocalProblem e) {
      LOG.log(Level.WARNING, "The schedule of " + function.name() + " failed", e);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } finally {
      running.remove(function.name());
    }
  }

  /** The scheduled function of that name. */
  Optional<FunctionEntry> find(String name) {
    return Optional.ofNullable(scheduled.get(name)).map(Scheduled::function);
  }

  /** Calls a function as its schedule would, and hands back what it answers. */
  HttpResponse<byte[]> call(FunctionEntry function)
      throws IOException, InterruptedException, LocalProblem {
    int port =
        backends
            .next(function.name())
            .orElseThrow(
                () -> LocalProblem.unavailable("no process hosts " + function.name() + " now"));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
            .timeout(function.timeout().plus(ON_TOP_OF_TIMEOUT))
            .header("Authorization", "Bearer " + tokens.scheduler())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    Instant at = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    lastRuns.put(function.name(), new Run(at, response.statusCode()));
    return response;
  }

  /** Each scheduled function with its cron fields, and the last call of it that was answered. */
  Map<String, Object> shown() {
    List<Map<String, Object>> shown = new ArrayList<>();
    for (Scheduled each : scheduled.values()) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("function", each.function().name());
      row.put("cron", Objects.requireNonNull(each.function().schedule()));
      Run run = lastRuns.get(each.function().name());
      if (run != null) {
        row.put("last_run", run.at().toString());
        row.put("last_status", run.status());
      }
      shown.add(row);
    }
    return Map.of("schedules", shown);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
