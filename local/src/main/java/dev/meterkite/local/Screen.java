package dev.meterkite.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/**
 * Text for a person: figures in a column, sentences wrapped. It is as wide as the terminal, at most
 * {@value #WIDEST} columns; elsewhere (a pipe, a file) as wide as {@code COLUMNS} says, else
 * {@value #ELSEWHERE}, and free of control characters.
 *
 * @param width columns, at least {@value #NARROWEST}
 * @param terminal whether a line can be drawn over
 */
record Screen(PrintStream out, int width, boolean terminal) {
  private static final int NARROWEST = 40;
  private static final int WIDEST = 100;
  private static final int ELSEWHERE = 80;
  private static final int ANSWER_SECONDS = 2;
  private static final String INDENT = "  ";

  Screen {
    width = Math.max(NARROWEST, Math.min(WIDEST, width));
  }

  /** The screen of this process's standard output; run-local.sh says whether it is a terminal. */
  static Screen of(PrintStream out) {
    boolean terminal = Boolean.getBoolean("meterkite.terminal");
    String columns = System.getenv("COLUMNS");
    if (columns == null && terminal) {
      columns = terminalColumns();
    }
    boolean known = columns != null && columns.matches("[1-9][0-9]{0,3}");
    return new Screen(out, known ? Integer.parseInt(columns) : ELSEWHERE, terminal);
  }

  /** The second word of {@code stty size}; empty where there is no such program or terminal. */
  private static String terminalColumns() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size").redirectInput(ProcessBuilder.Redirect.INHERIT).start();
      try (BufferedReader answer = stty.inputReader()) {
        String line = answer.readLine();
        stty.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS);
        return line == null ? "" : line.substring(line.indexOf(' ') + 1);
      }
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  void blank() {
    out.println();
  }

  void heading(String text) {
    wrap(text, "");
  }

  void say(String sentence) {
    wrap(sentence, INDENT);
  }

  void row(String name, long value) {
    row(name, "%,d".formatted(value));
  }

  /** A name at the left and its value at the right margin. */
  void row(String name, String value) {
    int gap = width - INDENT.length() - name.length() - value.length();
    if (gap > 0) {
      out.println(INDENT + name + " ".repeat(gap) + value);
    } else {
      say(name);
      out.println(" ".repeat(Math.max(0, width - value.length())) + value);
    }
  }

  private void wrap(String text, String indent) {
    StringBuilder line = new StringBuilder(indent);
    for (String word : text.strip().split("\\s+")) {
      if (line.length() > indent.length() && line.length() + 1 + word.length() > width) {
        out.println(line);
        line.setLength(indent.length());
      }
      line.append(line.length() > indent.length() ? " " : "").append(word);
    }
    out.println(line);
  }
}
