package dev.meterkite.local;

import java.nio.file.Path;

/** How the programs of this module put words on a terminal: no line is wider than it is. */
public final class Console {
  private static final int DEFAULT_COLUMNS = 80;
  private static final int LEAST_COLUMNS = 20;

  /** The width of the names at the beginning of rows. */
  private static final int NAME = 9;

  private Console() {}

  /** The columns of the terminal, which {@code launch.sh} has asked for. */
  public static int columns() {
    return Math.max(LEAST_COLUMNS, Integer.getInteger("meterkite.columns", DEFAULT_COLUMNS));
  }

  /** A sentence in lines of the terminal's width. */
  public static String wrapped(String sentence) {
    return wrapped(sentence, columns());
  }

  static String wrapped(String sentence, int columns) {
    StringBuilder lines = new StringBuilder();
    int length = 0;
    for (String word : sentence.split(" ", -1)) {
      if (length > 0 && length + 1 + word.length() > columns) {
        lines.append(System.lineSeparator());
        length = 0;
      } else if (length > 0) {
        lines.append(' ');
        length++;
      }
      lines.append(word);
      length += word.length();
    }
    return lines.toString();
  }

  /** A name and what it names, below it where the line would be too long. */
  static String row(String name, String text) {
    return NAME + text.length() <= columns()
        ? name + " ".repeat(NAME - name.length()) + text
        : name + System.lineSeparator() + "  " + text;
  }

  /** A path as short as it can be written here. */
  static String path(Path path) {
    Path here = Path.of("").toAbsolutePath();
    return path.startsWith(here) ? here.relativize(path).toString() : path.toString();
  }
}
