package dev.meterkite.local.line;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One sub-command of a tool, or all of a tool that has none.
 *
 * @param name empty for a tool that has none
 * @param about what it does, and behind that what only its own help says
 * @param argument what it is given besides options; null for nothing
 * @param options in the order of the help
 * @param needs the options without which it makes no sense
 */
public record ToolCommand(
    String name,
    List<String> about,
    @Nullable Value argument,
    List<Option> options,
    List<String> needs) {
  /**
   * An option.
   *
   * @param name with its dashes
   * @param value what stands behind it
   * @param about what it does, for the help
   * @param needs another option without which it makes no sense; null for none
   */
  public record Option(String name, Value value, String about, @Nullable String needs) {
    public Option(String name, Value value, String about) {
      this(name, value, about, null);
    }
  }

  public ToolCommand {
    about = List.copyOf(about);
    options = List.copyOf(options);
    needs = List.copyOf(needs);
  }

  /** Without argument and options of its own. */
  public static ToolCommand of(String name, String... about) {
    return new ToolCommand(name, List.of(about), null, List.of(), List.of());
  }

  /** The same with an argument. */
  public ToolCommand taking(Value what) {
    return new ToolCommand(name, about, what, options, needs);
  }

  /** The same with these options behind its others. */
  public ToolCommand with(List<Option> more) {
    List<Option> all = new ArrayList<>(options);
    all.addAll(more);
    return new ToolCommand(name, about, argument, all, needs);
  }

  /** The same that cannot do without these of its options. */
  public ToolCommand needing(String... more) {
    return new ToolCommand(name, about, argument, options, List.of(more));
  }
}
