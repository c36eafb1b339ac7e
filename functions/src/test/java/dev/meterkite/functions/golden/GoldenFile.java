package dev.meterkite.functions.golden;

import java.util.ArrayList;
import java.util.List;

/**
 * The steps of a golden file. A line that begins with {@code >} is a step, the lines with {@code |}
 * below it are its body, lines with {@code #} are comments; all other lines are what the step
 * printed when the file was written.
 */
final class GoldenFile {
  /**
   * One step.
   *
   * @param source its comment, instruction and body, as they are in the file
   * @param words the instruction
   * @param body the body; empty if there is none
   */
  record Step(List<String> source, List<String> words, String body) {
    /** The word at an index; empty if there are fewer. */
    String word(int index) {
      return index < words.size() ? words.get(index) : "";
    }
  }

  private GoldenFile() {}

  /** The steps of a file. What was printed is not read. */
  static List<Step> steps(List<String> lines) {
    List<Step> steps = new ArrayList<>();
    List<String> source = new ArrayList<>();
    for (String line : lines) {
      if (line.startsWith("#")) {
        source.add(line);
      } else if (line.startsWith("> ")) {
        source.add(line);
        steps.add(new Step(source, List.of(line.substring(2).split(" ")), ""));
        source = new ArrayList<>();
      } else if (line.startsWith("| ")) {
        Step last = steps.remove(steps.size() - 1);
        last.source().add(line);
        steps.add(new Step(last.source(), last.words(), last.body() + line.substring(2)));
      }
    }
    if (!source.isEmpty()) {
      throw new IllegalArgumentException("a comment without a step: " + source);
    }
    return steps;
  }

  /** A file with what each step printed. */
  static String render(List<Step> steps, List<List<String>> printed) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < steps.size(); i++) {
      steps.get(i).source().forEach(line -> text.append(line).append('\n'));
      printed.get(i).forEach(line -> text.append("  ").append(line).append('\n'));
      text.append('\n');
    }
    return text.toString();
  }
}
