package dev.meterkite.local.line;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The command line of one script, read by picocli.
 *
 * <p>The scripts answer {@code --help} and refuse a wrong line before anything is built. What they
 * need for that lies in {@code local/help}, written from here ({@link #files}); a test compares the
 * two.
 */
public final class ToolLine {
  /** The widths that help is written for; the scripts choose the widest that fits. */
  private static final int[] WIDTHS = {60, 80};

  private static final List<String> HELP = List.of("-h", "--help");
  private static final String END_OF_OPTIONS = "--";

  private final String tool;
  private final Map<String, ToolCommand> commands;

  /** What stands before a sub-command; the one that is meant where none is named. */
  private final ToolCommand root;

  private ToolLine(String tool, ToolCommand root, List<ToolCommand> commands) {
    this.tool = tool;
    this.root = root;
    this.commands =
        commands.stream()
            .collect(
                Collectors.toMap(
                    ToolCommand::name, Function.identity(), (a, b) -> b, LinkedHashMap::new));
  }

  /**
   * A tool with sub-commands; the first one is meant where none is named.
   *
   * @param tool the script without its ending
   * @param common what may also stand before the sub-command; each of them takes it too
   */
  public static ToolLine of(
      String tool, String about, List<ToolCommand.Option> common, List<ToolCommand> commands) {
    ToolCommand root = new ToolCommand("", List.of(about), null, common, List.of());
    return new ToolLine(tool, root, commands);
  }

  /** A tool without sub-commands. */
  public static ToolLine of(String tool, String about, List<ToolCommand.Option> options) {
    return new ToolLine(
        tool, new ToolCommand("", List.of(about), null, options, List.of()), List.of());
  }

  /** The script without its ending. */
  public String tool() {
    return tool;
  }

  /** The sub-commands' names, in the order of the help. */
  public List<String> commands() {
    return List.copyOf(commands.keySet());
  }

  // Reading.

  /**
   * Reads a command line. Of an option that is given twice the last one counts.
   *
   * @throws WrongLineException with the first thing that is wrong
   */
  public Line parse(List<String> words) {
    try {
      CommandLine.ParseResult result = line().parseArgs(words.toArray(String[]::new));
      return read(result);
    } catch (CommandLine.ParameterException e) {
      throw new WrongLineException(sentence(e));
    }
  }

  private Line read(CommandLine.ParseResult root) {
    Map<String, String> options = new LinkedHashMap<>();
    List<String> arguments = new ArrayList<>();
    String command = commands.isEmpty() ? "" : commands.keySet().iterator().next();
    for (CommandLine each : root.asCommandLineList()) {
      CommandLine.ParseResult part = each.getParseResult();
      part.matchedOptions()
          .forEach(option -> options.put(option.longestName(), text(option.getValue())));
      part.matchedPositionals().forEach(argument -> arguments.add(text(argument.getValue())));
      command = commands.containsKey(each.getCommandName()) ? each.getCommandName() : command;
    }
    for (String needed : command(command).needs()) {
      if (!options.containsKey(needed)) {
        throw new WrongLineException(command + " needs " + needed + ".");
      }
    }
    for (ToolCommand.Option option : command(command).options()) {
      if (option.needs() != null
          && options.containsKey(option.name())
          && !options.containsKey(option.needs())) {
        throw new WrongLineException(option.name() + " needs " + option.needs() + ".");
      }
    }
    return new Line(command, options, arguments);
  }

  private static String text(@Nullable Object value) {
    return value instanceof Boolean || value == null ? "" : value.toString();
  }

  private ToolCommand command(String name) {
    return commands.getOrDefault(name, root);
  }

  private String sentence(CommandLine.ParameterException e) {
    String name = e.getCommandLine().getCommandName();
    String help = name.equals(script()) ? script() : script() + " " + name;
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched) {
      String word = unmatched.getUnmatched().get(0);
      boolean command = !commands.isEmpty() && name.equals(script());
      String what = word.startsWith("-") ? "option" : command ? "command" : "word";
      return "Unknown " + what + " " + word + "; " + help + " --help says what there is.";
    }
    if (e instanceof CommandLine.MissingParameterException missing) {
      ArgSpec what = missing.getMissing().get(0);
      return what instanceof OptionSpec option
          ? option.longestName() + " needs a value."
          : name + " needs " + what.paramLabel() + ".";
    }
    return e.getCause() instanceof CommandLine.TypeConversionException wrong
        ? String.valueOf(wrong.getMessage())
        : String.valueOf(e.getMessage());
  }

  // Help.

  /**
   * The help that is asked for, empty where none is: by a word {@code -h} or {@code --help} before
   * {@code --}, for the first sub-command that is named.
   */
  public Optional<String> helpFor(List<String> words, int width) {
    int end = words.indexOf(END_OF_OPTIONS);
    List<String> before = end < 0 ? words : words.subList(0, end);
    if (before.stream().noneMatch(HELP::contains)) {
      return Optional.empty();
    }
    String command = before.stream().filter(commands::containsKey).findFirst().orElse("");
    return Optional.of(help(command, width));
  }

  /** The help of a sub-command, or of the tool for an empty name, in lines of this width. */
  public String help(String command, int width) {
    CommandLine line = line();
    // So it says "--port N", which is how the docs write it; "--port=N" is read too.
    Stream.concat(Stream.of(line), line.getSubcommands().values().stream())
        .forEach(each -> each.getCommandSpec().parser().separator(" "));
    CommandLine chosen = command.isEmpty() ? line : line.getSubcommands().get(command);
    return Objects.requireNonNull(chosen, command)
        .setUsageHelpWidth(width)
        .getUsageMessage(CommandLine.Help.Ansi.OFF);
  }

  /**
   * What the scripts need, as files of the folder {@code local/help/TOOL}: {@code help-WIDTH.txt}
   * and {@code help-WIDTH-COMMAND.txt}, and the words of the line in {@code words.tsv}.
   */
  public Map<String, String> files() {
    Map<String, String> files = new TreeMap<>();
    for (int width : WIDTHS) {
      files.put("help-" + width + ".txt", help("", width));
      for (String command : commands.keySet()) {
        files.put("help-" + width + "-" + command + ".txt", help(command, width));
      }
    }
    files.put("words.tsv", String.join("\n", table()) + "\n");
    return files;
  }

  /**
   * In columns that tabs divide: sub-command, option or label of the argument, kind, lowest and
   * highest number, the usual one, what it needs; {@code -} for nothing.
   */
  private List<String> table() {
    List<String> rows = new ArrayList<>(rows(root));
    for (ToolCommand command : commands.values()) {
      String needs = command.needs().isEmpty() ? "-" : String.join(",", command.needs());
      rows.add(row(command.name(), "-", "command", "-", "-", "-", needs));
      rows.addAll(rows(command));
    }
    return rows;
  }

  private static List<String> rows(ToolCommand command) {
    String name = command.name().isEmpty() ? "-" : command.name();
    List<String> rows = new ArrayList<>();
    Value argument = command.argument();
    if (argument != null) {
      rows.add(row(name, argument.label(), argument.kind().word(), "-", "-", "-", "-"));
    }
    for (ToolCommand.Option option : command.options()) {
      Value value = option.value();
      String needs = option.needs() == null ? "-" : option.needs();
      rows.add(
          row(
              name,
              option.name(),
              value.kind().word(),
              Long.toString(value.least()),
              Long.toString(value.most()),
              Long.toString(value.usual()),
              needs));
    }
    return rows;
  }

  private static String row(String... cells) {
    return String.join("\t", cells);
  }

  // The model of picocli.

  private String script() {
    return "./" + tool + ".sh";
  }

  private CommandLine line() {
    CommandSpec spec = spec(script(), script(), root);
    for (ToolCommand command : commands.values()) {
      String synopsis = script() + " " + command.name();
      spec.addSubcommand(command.name(), spec(command.name(), synopsis, command));
    }
    if (!commands.isEmpty()) {
      spec.usageMessage()
          .customSynopsis(script() + " [COMMAND] [OPTION]...")
          .footer("", script() + " COMMAND --help says what a command takes.");
    }
    CommandLine line = new CommandLine(spec);
    line.setExpandAtFiles(false).setOverwrittenOptionsAllowed(true);
    return line;
  }

  private static CommandSpec spec(String name, String synopsis, ToolCommand command) {
    CommandSpec spec = CommandSpec.create().name(name);
    Value argument = command.argument();
    String takes = argument == null ? "" : " " + argument.label();
    spec.usageMessage()
        .description(command.about().toArray(String[]::new))
        .sortOptions(false)
        .customSynopsis(synopsis + takes + " [OPTION]...");
    if (argument != null) {
      spec.addPositional(
          PositionalParamSpec.builder()
              .paramLabel(argument.label())
              .type(String.class)
              .arity("1")
              .required(true)
              .hidden(true)
              .build());
    }
    command.options().forEach(option -> spec.addOption(spec(option)));
    return spec.addOption(
        OptionSpec.builder("-h", "--help").usageHelp(true).description("this help").build());
  }

  private static OptionSpec spec(ToolCommand.Option option) {
    OptionSpec.Builder spec = OptionSpec.builder(option.name()).description(option.about());
    Value value = option.value();
    if (value.kind() == Value.Kind.FLAG) {
      return spec.type(boolean.class).build();
    }
    return spec.type(String.class)
        .arity("1")
        .paramLabel(value.label())
        .converters(text -> checked(option, text))
        .build();
  }

  private static String checked(ToolCommand.Option option, String text) {
    String wanted = option.value().wanted(text);
    if (wanted != null) {
      throw new CommandLine.TypeConversionException(
          option.name() + " takes " + wanted + ", not " + text + ".");
    }
    return text;
  }
}
