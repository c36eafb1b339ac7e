package dev.meterkite.local;

import java.io.PrintStream;

/**
 * Text for a person: figures in a column, sentences wrapped. It is as wide as the terminal, at most
 * {@value #WIDEST} columns, and free of control characters where it goes to a pipe or a file.
 *
 * @param width columns, at least {@value #NARROWEST}
 * @param terminal whether a line can be drawn over
 */
record Screen(PrintStream out, int width, boolean terminal) {
  private static final int NARROWEST = 40;
  private static final int WIDEST = 100;
  private static final int ELSEWHERE = 80;
  private static final String INDENT = "  ";

  Screen {
    width = Math.max(NARROWEST, Math.min(WIDEST, width));
  }

  /** The screen of this process's standard output, as run-local.sh describes it. */
  static Screen of(PrintStream out) {
    return new Screen(
        out,
        Integer.getInteger("meterkite.columns", ELSEWHERE),
        Boolean.getBoolean("meterkite.terminal"));
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
    for (String word : text.strip().split("\\s+", -1)) {
      if (line.length() > indent.length() && line.length() + 1 + word.length() > width) {
        out.println(line);
        line.setLength(indent.length());
      }
      line.append(line.length() > indent.length() ? " " : "").append(word);
    }
    out.println(line);
  }
}
