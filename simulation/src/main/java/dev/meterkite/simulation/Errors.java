package dev.meterkite.simulation;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Takes the lines of all logs and keeps those of what must not happen. */
final class Errors extends PrintStream {
  private static final int MOST = 20;
  private static final String ERROR = "\"severity\":\"ERROR\"";

  private final List<String> kept = new ArrayList<>();

  Errors() {
    super(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
  }

  @Override
  public void write(byte[] line, int offset, int length) {
    if (kept.size() < MOST) {
      String text = new String(line, offset, length, StandardCharsets.UTF_8);
      if (text.contains(ERROR)) {
        kept.add(text.strip());
      }
    }
  }

  @Override
  public void flush() {
    // Nothing is kept back.
  }

  /** The first lines. */
  List<String> kept() {
    return List.copyOf(kept);
  }
}
