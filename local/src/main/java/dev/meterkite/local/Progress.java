package dev.meterkite.local;

import java.util.concurrent.atomic.AtomicLong;

/** A bar that grows on a terminal; elsewhere one line that counts up to 100 %. */
final class Progress {
  private static final int STEPS_ON_A_TERMINAL = 100;
  private static final int STEPS_ELSEWHERE = 10;

  private final Screen screen;
  private final String what;
  private final long total;
  private final int steps;
  private final AtomicLong done = new AtomicLong();

  Progress(Screen screen, String what, long total) {
    this.screen = screen;
    this.what = what;
    this.total = Math.max(1, total);
    this.steps = screen.terminal() ? STEPS_ON_A_TERMINAL : STEPS_ELSEWHERE;
  }

  /** One more is done. */
  synchronized void step() {
    long now = done.incrementAndGet();
    long before = (now - 1) * steps / total;
    long step = now * steps / total;
    if (step == before) {
      return;
    }
    String count = "%,d of %,d %s".formatted(now, total, what);
    if (screen.terminal()) {
      int width = Math.max(1, screen.width() - count.length() - 8);
      int filled = (int) (now * width / total);
      screen.out().print("\r  [" + "#".repeat(filled) + ".".repeat(width - filled) + "] " + count);
    } else {
      screen.out().print((before == 0 ? "  " : " ") + step * (100 / steps));
    }
    if (now == total) {
      screen.out().println(screen.terminal() ? "" : " %% of %,d %s".formatted(total, what));
    }
    screen.out().flush();
  }
}
