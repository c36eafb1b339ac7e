package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Change;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What happened around a finding: calls, answers and documents that name what it is about. */
final class FindingTrace {
  private static final Pattern NAMES =
      Pattern.compile(
          "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[a-z]+_[a-z]+/\\S+|job-\\d+");
  private static final int MOST_LINES = 200;
  private static final int LONGEST_LINE = 400;

  private final InstantSource clock;
  private final List<String> names = new ArrayList<>();
  private final List<String> lines = new ArrayList<>();

  /**
   * @param finding what is looked at
   */
  FindingTrace(InstantSource clock, String finding) {
    this.clock = clock;
    Matcher each = NAMES.matcher(finding);
    while (each.find()) {
      names.add(each.group());
    }
  }

  /** Something happened. */
  void add(String what) {
    if (lines.size() < MOST_LINES && names.stream().anyMatch(what::contains)) {
      String line = clock.instant() + " " + what;
      lines.add(line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) + " …" : line);
    }
  }

  /** A document was changed. */
  void changed(Change change) {
    add(change.ref() + (change.after().exists() ? " " + change.after().fields() : " deleted"));
  }

  List<String> lines() {
    return lines;
  }
}
