package dev.meterkite.model.document;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Field paths as Firestore writes them: segments joined by dots, quoted with backticks where
 * needed.
 */
public final class FieldPath {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z_0-9]*");

  private FieldPath() {}

  /**
   * The path through these map keys: {@code of("ledger", "holds", "4f-1")} is {@code
   * ledger.holds.`4f-1`}.
   */
  public static String of(String... segments) {
    StringBuilder path = new StringBuilder();
    for (String segment : segments) {
      if (path.length() > 0) {
        path.append('.');
      }
      if (PLAIN.matcher(segment).matches()) {
        path.append(segment);
      } else {
        path.append('`').append(segment.replace("\\", "\\\\").replace("`", "\\`")).append('`');
      }
    }
    return path.toString();
  }

  /**
   * The segments of a path that {@link #of} made.
   *
   * @throws IllegalArgumentException for a path with an open quote or an empty segment
   */
  public static List<String> segments(String path) {
    if (!path.isEmpty() && path.indexOf('.') < 0 && path.charAt(0) != '`') {
      return List.of(path);
    }
    List<String> segments = new ArrayList<>();
    int at = 0;
    while (at <= path.length()) {
      StringBuilder segment = new StringBuilder();
      at =
          at < path.length() && path.charAt(at) == '`'
              ? quoted(path, at + 1, segment)
              : plain(path, at, segment);
      if (segment.isEmpty() || (at < path.length() && path.charAt(at) != '.')) {
        throw new IllegalArgumentException("not a field path: " + path);
      }
      segments.add(segment.toString());
      at++;
    }
    return segments;
  }

  private static int plain(String path, int from, StringBuilder segment) {
    int dot = path.indexOf('.', from);
    int end = dot < 0 ? path.length() : dot;
    segment.append(path, from, end);
    return end;
  }

  private static int quoted(String path, int from, StringBuilder segment) {
    int at = from;
    while (at < path.length() && path.charAt(at) != '`') {
      if (path.charAt(at) == '\\' && at + 1 < path.length()) {
        at++;
      }
      segment.append(path.charAt(at));
      at++;
    }
    if (at == path.length()) {
      throw new IllegalArgumentException("open quote in field path: " + path);
    }
    return at + 1;
  }
}
