package dev.meterkite.functions.catalog;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One function and how it runs: a line of {@code functions.tsv}.
 *
 * @param name its name and the last part of its URL, for example {@code debit-credits}
 * @param entryPoint the class that the platform loads
 * @param event what an event function listens to; null for the others
 * @param schedule five cron fields in UTC of a scheduled function; null for the others
 * @param account the service account without its domain
 * @param memoryMi memory of an instance in MiB
 * @param cpu CPUs of an instance
 * @param concurrency requests that one instance serves at once; above 1 only with a whole CPU or
 *     more
 * @param minInstances instances that stay up
 * @param maxInstances instances at most
 * @param timeout how long one call may take, 1 to 3,600 seconds
 * @param retry whether a failed event is delivered again
 * @param roles who may call it; empty for event functions
 */
public record FunctionEntry(
    String name,
    String entryPoint,
    Kind kind,
    @Nullable EventTrigger event,
    @Nullable String schedule,
    String account,
    int memoryMi,
    double cpu,
    int concurrency,
    int minInstances,
    int maxInstances,
    Duration timeout,
    boolean retry,
    List<String> roles) {

  /** How a function is called. */
  public enum Kind {
    /** Over HTTP by callers. */
    HTTP("http"),
    /** By document events. */
    EVENT("event"),
    /** Over HTTP by a schedule (and by admins). */
    SCHEDULE_HTTP("schedule-http");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    /** The word in the table. */
    public String word() {
      return word;
    }
  }

  /**
   * The documents and the changes of them that call a function.
   *
   * @param change created, updated, deleted or written (each of the three)
   * @param pattern for example {@code podcast_jobs/{job_id}}
   */
  public record EventTrigger(String change, String pattern) {
    private static final List<String> CHANGES = List.of("created", "updated", "deleted", "written");

    public EventTrigger {
      if (!CHANGES.contains(change)) {
        throw new IllegalArgumentException("change " + change + " is none of " + CHANGES);
      }
      if (pattern.split("/", -1).length % 2 != 0) {
        throw new IllegalArgumentException("pattern " + pattern + " names no document");
      }
    }

    /** The CloudEvents type, for example {@code google.cloud.firestore.document.v1.written}. */
    public String type() {
      return "google.cloud.firestore.document.v1." + change;
    }
  }

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
  private static final Pattern CLASS = Pattern.compile("(\\w+\\.)+\\w+");
  private static final Pattern WORD = Pattern.compile("[a-z]+(-[a-z]+)*");
  private static final int LONGEST_NAME = 62;
  private static final Duration LONGEST_TIMEOUT = Duration.ofHours(1);
  private static final int MOST_REQUESTS_AT_ONCE = 1_000;

  public FunctionEntry {
    roles = List.copyOf(roles);
    require(NAME.matcher(name).matches() && name.length() <= LONGEST_NAME, "name", name);
    require(CLASS.matcher(entryPoint).matches(), "class", entryPoint);
    require(WORD.matcher(account).matches(), "account", account);
    require(roles.stream().allMatch(role -> WORD.matcher(role).matches()), "roles", roles);
    require(kind == Kind.EVENT == (event != null), "trigger", String.valueOf(event));
    require(kind == Kind.SCHEDULE_HTTP == (schedule != null), "trigger", String.valueOf(schedule));
    if (schedule != null) {
      var unused = Cron.parse(schedule);
    }
    require(kind == Kind.EVENT == roles.isEmpty(), "roles", roles);
    require(kind == Kind.EVENT || !retry, "retry", "true");
    require(memoryMi >= 128 && memoryMi <= 32_768, "memory", memoryMi);
    require(cpu > 0 && cpu <= 8, "cpu", cpu);
    require(concurrency >= 1 && concurrency <= MOST_REQUESTS_AT_ONCE, "concurrency", concurrency);
    require(concurrency == 1 || cpu >= 1, "concurrency with less than one cpu", concurrency);
    require(minInstances >= 0, "min", minInstances);
    require(maxInstances >= Math.max(1, minInstances), "max", maxInstances);
    require(
        timeout.compareTo(Duration.ZERO) > 0 && timeout.compareTo(LONGEST_TIMEOUT) <= 0,
        "timeout",
        timeout);
  }

  private static void require(boolean holds, String column, Object value) {
    if (!holds) {
      throw new IllegalArgumentException(column + ": " + Objects.toString(value));
    }
  }
}
