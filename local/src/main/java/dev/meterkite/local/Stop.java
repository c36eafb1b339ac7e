package dev.meterkite.local;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How a program of the local host ends: by itself, or by Ctrl-C and SIGTERM, which say "Stopping…",
 * then let nothing more be printed, since whatever is still at work fails from here on, and close
 * the host or break off its start.
 */
public final class Stop implements AutoCloseable {
  private static final long BREAK_OFF_SECONDS = 10;

  /** What is written to a terminal until the program stops. */
  private static final class Voice extends FilterOutputStream {
    private volatile boolean silent;

    Voice(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      if (!silent) {
        out.write(b);
      }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (!silent) {
        out.write(bytes, offset, length);
      }
    }
  }

  private final Voice out;
  private final Voice err;
  private final PrintStream outPrint;
  private final PrintStream errPrint;
  private final Thread main = Thread.currentThread();
  private final Thread hook = new Thread(this::bySignal, "stop");
  private final CountDownLatch ended = new CountDownLatch(1);
  private @Nullable AutoCloseable host;
  private volatile boolean begun;

  private Stop(PrintStream out, PrintStream err) {
    this.out = new Voice(out);
    this.err = new Voice(err);
    outPrint = new PrintStream(this.out, true, StandardCharsets.UTF_8);
    errPrint = new PrintStream(this.err, true, StandardCharsets.UTF_8);
  }

  /** From now on a signal ends what the calling thread does. */
  public static Stop of(PrintStream out, PrintStream err) {
    Stop stop = new Stop(out, err);
    Runtime.getRuntime().addShutdownHook(stop.hook);
    return stop;
  }

  /** Takes what is meant for the terminal. */
  public PrintStream out() {
    return outPrint;
  }

  /** Takes complaints that are meant for the terminal. */
  public PrintStream err() {
    return errPrint;
  }

  /** Whether a signal has come; what fails from then on fails because of it. */
  public boolean isBegun() {
    return begun;
  }

  /** What a signal closes from now on. */
  public synchronized void closes(AutoCloseable whatIsUp) {
    host = whatIsUp;
  }

  private void bySignal() {
    outPrint.println("Stopping…");
    begun = true;
    out.silent = true;
    err.silent = true;
    main.interrupt();
    try {
      AutoCloseable up = up();
      if (up != null) {
        up.close();
      } else {
        // The start notices, and takes down what it has put up.
        boolean unused = ended.await(BREAK_OFF_SECONDS, TimeUnit.SECONDS);
      }
    } catch (Exception e) {
      // Nobody is left to hear of it: the JVM ends, and everything that it started with it.
    }
  }

  private synchronized @Nullable AutoCloseable up() {
    return host;
  }

  /** The program ends, by itself or because of the signal. */
  @Override
  public void close() {
    ended.countDown();
    if (!begun) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException stopping) {
        // The signal came first.
      }
    }
  }
}
