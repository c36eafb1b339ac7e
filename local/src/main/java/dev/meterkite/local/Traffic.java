package dev.meterkite.local;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How many POST requests of functions passed the front in each of the last 60 minutes of real time,
 * and how they ended. Reads are not counted: a page that shows these figures asks all the time.
 */
final class Traffic {
  static final int MINUTES = 60;

  private static final String DEBIT = "debit-credits";

  private final InstantSource clock;
  private final TreeMap<Instant, Counts> minutes = new TreeMap<>();

  private static final class Counts {
    private long calls;
    private long debits;
    private long refusals;
    private long errors;

    void add(String function, int status) {
      calls++;
      if (status >= 500) {
        errors++;
      } else if (status >= 400) {
        refusals++;
      } else if (function.equals(DEBIT)) {
        debits++;
      }
    }
  }

  Traffic(InstantSource clock) {
    this.clock = clock;
  }

  /** Counts an answer: a status from 400 to 499 is a refusal, from 500 an error. */
  synchronized void add(String function, String method, int status) {
    if (method.equals("POST")) {
      Instant minute = minute();
      minutes.headMap(minute.minus(Duration.ofMinutes(MINUTES)), true).clear();
      minutes.computeIfAbsent(minute, unused -> new Counts()).add(function, status);
    }
  }

  /** The last 60 minutes, this one included, oldest first, minutes without a call too. */
  synchronized Map<String, Object> shown() {
    Instant last = minute();
    List<Map<String, Object>> shown = new ArrayList<>();
    for (int ago = MINUTES - 1; ago >= 0; ago--) {
      Instant minute = last.minus(Duration.ofMinutes(ago));
      Counts counts = minutes.getOrDefault(minute, new Counts());
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("minute", minute.toString());
      row.put("calls", counts.calls);
      row.put("debits", counts.debits);
      row.put("refusals", counts.refusals);
      row.put("errors", counts.errors);
      shown.add(row);
    }
    return Map.of("minutes", shown);
  }

  private Instant minute() {
    return clock.instant().truncatedTo(ChronoUnit.MINUTES);
  }
}
