package dev.meterkite.local;

import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicLong;

/** A bar that grows: redrawn on a terminal, a line for each tenth elsewhere. */
final class Progress {
  private static final int WIDTH = 40;
  private static final int STEPS_ON_A_TERMINAL = 200;
  private static final int STEPS_ELSEWHERE = 10;

  private final PrintStream out;
  private final String what;
  private final long total;
  private final boolean terminal;
  private final AtomicLong done = new AtomicLong();

  Progress(PrintStream out, String what, long total, boolean terminal) {
    this.out = out;
    this.what = what;
    this.total = Math.max(1, total);
    this.terminal = terminal;
  }

  /** One more is done. */
  void step() {
    long now = done.incrementAndGet();
    int steps = terminal ? STEPS_ON_A_TERMINAL : STEPS_ELSEWHERE;
    if (now * steps / total != (now - 1) * steps / total) {
      draw(now);
    }
  }

  private synchronized void draw(long now) {
    int filled = (int) (now * WIDTH / total);
    String bar =
        "[%s%s] %3d %%  %,d of %,d %s"
            .formatted(
                "#".repeat(filled),
                ".".repeat(WIDTH - filled),
                now * 100 / total,
                now,
                total,
                what);
    if (terminal) {
      out.print("\r" + bar + (now == total ? System.lineSeparator() : ""));
    } else {
      out.println(bar);
    }
    out.flush();
  }
}
