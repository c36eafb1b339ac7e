package dev.meterkite.local;

import dev.meterkite.local.line.Line;
import dev.meterkite.local.line.ToolCommand;
import dev.meterkite.local.line.ToolCommand.Option;
import dev.meterkite.local.line.ToolLine;
import dev.meterkite.local.line.Value;
import dev.meterkite.local.line.WrongLineException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the command line of {@code run-local.sh} asks for.
 *
 * @param command the sub-command, {@code up} where none is given
 * @param arguments what follows the sub-command, for example a folder
 * @param port the front's port, 0 for any free one
 * @param firestorePort the port of the emulator that is started, 0 for any free one
 * @param processes 0: functions run in this JVM; else the number of JVMs that each host all
 *     functions, at most 16
 * @param chaosSeed null: events are delivered once and at once; else doubled, delayed and reordered
 *     by this seed
 * @param schedules whether schedules fire by themselves
 * @param rules whether the emulator gets {@code firestore.rules}
 * @param trace a file of recorded traffic; null for none
 * @param dryRun whether a command only says what it would do
 * @param only what a command is restricted to; empty for nothing
 * @param apply whether a command writes what it says
 * @param replay what is replayed; null for other commands
 * @param until up to when tables are written; null for the latest moment
 */
public record Options(
    String command,
    List<String> arguments,
    int port,
    int firestorePort,
    int processes,
    @Nullable Long chaosSeed,
    boolean schedules,
    boolean rules,
    @Nullable Path trace,
    boolean dryRun,
    Set<String> only,
    boolean apply,
    @Nullable Span replay,
    @Nullable Instant until) {
  /**
   * What {@code replay} prices.
   *
   * @param plans the file of the other plans
   * @param from the first day, in UTC
   * @param to the first day behind it
   * @param customer the only customer to look at; null for all, or none where there is a user
   * @param user the only user to look at; null for all, or none where there is a customer
   * @param csv where all rows go too; null for nowhere
   */
  record Span(
      Path plans,
      LocalDate from,
      LocalDate to,
      @Nullable String customer,
      @Nullable String user,
      @Nullable Path csv) {}

  public static final int DEFAULT_PORT = 8080;
  static final int MOST_PROCESSES = 16;

  private static final String WHERE =
      "It works on the host that is up at the port, else on the emulator that"
          + " FIRESTORE_EMULATOR_HOST names, else on a host that it starts.";

  private static final Option DRY_RUN =
      new Option("--dry-run", Value.flag(), "only say what it would do");

  private static final String REPLAY = "replay";
  private static final String TABLES = "tables";

  private static final List<Option> SPAN =
      List.of(
          new Option(
              "--plans",
              Value.file(),
              "the other plans, in the form of the document plans/default"),
          new Option("--from", Value.date(), "the first day, in UTC"),
          new Option("--to", Value.date(), "the day behind the last one"),
          new Option("--customer", Value.word("ID"), "look at this customer alone"),
          new Option("--user", Value.word("ID"), "look at this user alone"),
          new Option("--csv", Value.newFile(), "write the figures of all of them to FILE"));

  /** What commands take that start a host. */
  private static final List<Option> HOST = common(Value.freePort(DEFAULT_PORT), Value.freePort(0));

  /** What commands take that start a host only where none is up. */
  private static final List<Option> DOCUMENTS = common(Value.port(), Value.port());

  /** What the script takes. */
  static final ToolLine LINE =
      ToolLine.of(
          "run-local",
          "Meterkite on this machine: builds what has changed, and starts the Firestore emulator,"
              + " the functions, their triggers and schedules. Without a command: up.",
          DOCUMENTS,
          List.of(
              ToolCommand.of("up", "Starts everything and stays until Ctrl-C.").with(HOST),
              ToolCommand.of(
                      "demo",
                      "Starts everything, sends traffic, shows what became of it and checks the"
                          + " books; status 1 if they are wrong.")
                  .with(
                      List.of(
                          new Option(
                              "--trace",
                              Value.file(),
                              "play recorded calls: a CSV of"
                                  + " TIMESTAMP,ContextTokens,GeneratedTokens")))
                  .with(HOST),
              ToolCommand.of("adopt", "Takes over the users of an older system.", WHERE)
                  .with(List.of(DRY_RUN))
                  .with(DOCUMENTS),
              ToolCommand.of(
                      "migrate",
                      "Writes the customers, scenes and users of the JSON files in DIR.",
                      WHERE)
                  .taking(Value.folder())
                  .with(List.of(DRY_RUN))
                  .with(DOCUMENTS),
              ToolCommand.of("export", "Writes all documents to files in DIR.", WHERE)
                  .taking(Value.newFolder())
                  .with(DOCUMENTS),
              ToolCommand.of(
                      TABLES,
                      "Writes ledger, usage and decisions to JSON lines in DIR, for a warehouse:"
                          + " the rows that earlier runs have not written there; status 1 if they"
                          + " do not agree with the books.",
                      WHERE)
                  .taking(Value.newFolder())
                  .with(
                      List.of(
                          new Option(
                              "--only",
                              Value.words("TABLE,..."),
                              "write these alone: ledger, usage, decisions"),
                          new Option(
                              "--until",
                              Value.moment(),
                              "write the rows up to this moment (default: two minutes ago)")))
                  .with(DOCUMENTS),
              ToolCommand.of(
                      "import", "Sets all documents that an export has written to DIR.", WHERE)
                  .taking(Value.folder())
                  .with(DOCUMENTS),
              ToolCommand.of(
                      "prices",
                      "Compares LiteLLM's model_prices_and_context_window.json with model_prices:"
                          + " what is new, changed, gone, or not understood, and why.",
                      WHERE)
                  .taking(Value.file())
                  .with(
                      List.of(
                          new Option(
                              "--only",
                              Value.words("PROVIDER,..."),
                              "look at these providers alone, as the file names them"),
                          new Option("--apply", Value.flag(), "write the difference")))
                  .with(DOCUMENTS),
              ToolCommand.of(
                      REPLAY,
                      "Prices a past period under other plans, and prints the difference by"
                          + " customer and user. It writes nothing.",
                      WHERE)
                  .with(SPAN)
                  .with(DOCUMENTS)
                  .needing("--plans", "--from", "--to")));

  private static List<Option> common(Value port, Value firestorePort) {
    return Stream.of(
            new Option(
                "--port",
                port,
                "the port of 127.0.0.1 that answers for all functions (default "
                    + DEFAULT_PORT
                    + ", 0 for any free one)"),
            new Option(
                "--firestore-port",
                firestorePort,
                "the Firestore emulator's port (default 0: any free one)"),
            new Option(
                "--no-rules",
                Value.flag(),
                "leave firestore.rules out: any client may do anything"),
            new Option(
                "--processes",
                Value.number(0, MOST_PROCESSES),
                "host the functions in N processes of their own (default 0: in this one)"),
            new Option(
                "--chaos", Value.flag(), "deliver document events doubled, late and out of order"),
            new Option(
                "--seed",
                Value.number(Long.MIN_VALUE, Long.MAX_VALUE),
                "repeat the chaos of an earlier run",
                "--chaos"),
            new Option("--no-schedules", Value.flag(), "fire schedules by hand only"))
        .toList();
  }

  public Options {
    arguments = List.copyOf(arguments);
    only = Set.copyOf(only);
  }

  /**
   * The options of {@code up} on any free port, with schedules fired by hand only and no security
   * rules.
   */
  public static Options forTests() {
    return new Options(
        "up", List.of(), 0, 0, 0, null, false, false, null, false, Set.of(), false, null, null);
  }

  public Options withPort(int other) {
    return new Options(
        command,
        arguments,
        other,
        firestorePort,
        processes,
        chaosSeed,
        schedules,
        rules,
        trace,
        dryRun,
        only,
        apply,
        replay,
        until);
  }

  public Options withFirestorePort(int other) {
    return new Options(
        command, arguments, port, other, processes, chaosSeed, schedules, rules, trace, dryRun,
        only, apply, replay, until);
  }

  public Options withProcesses(int count) {
    return new Options(
        command,
        arguments,
        port,
        firestorePort,
        count,
        chaosSeed,
        schedules,
        rules,
        trace,
        dryRun,
        only,
        apply,
        replay,
        until);
  }

  public Options withRules() {
    return new Options(
        command,
        arguments,
        port,
        firestorePort,
        processes,
        chaosSeed,
        schedules,
        true,
        trace,
        dryRun,
        only,
        apply,
        replay,
        until);
  }

  public Options withTrace(Path file) {
    return new Options(
        command,
        arguments,
        port,
        firestorePort,
        processes,
        chaosSeed,
        schedules,
        rules,
        file,
        dryRun,
        only,
        apply,
        replay,
        until);
  }

  public Options withChaos(long seed) {
    return new Options(
        command,
        arguments,
        port,
        firestorePort,
        processes,
        seed,
        schedules,
        rules,
        trace,
        dryRun,
        only,
        apply,
        replay,
        until);
  }

  /**
   * Reads a command line.
   *
   * @throws dev.meterkite.local.line.WrongLineException that says what is wrong
   */
  static Options parse(List<String> words) {
    Line line = LINE.parse(words);
    Set<String> only = line.text("--only").map(text -> words(text)).orElse(Set.of());
    if (line.command().equals(TABLES)) {
      checkTables(only);
    }
    Long seed =
        line.has("--chaos")
            ? Long.valueOf(line.number("--seed").orElseGet(Options::anySeed))
            : null;
    return new Options(
        line.command(),
        line.arguments(),
        (int) line.number("--port").orElse(DEFAULT_PORT),
        (int) line.number("--firestore-port").orElse(0),
        (int) line.number("--processes").orElse(0),
        seed,
        !line.has("--no-schedules"),
        !line.has("--no-rules"),
        line.text("--trace").map(Path::of).orElse(null),
        line.has("--dry-run"),
        only,
        line.has("--apply"),
        line.command().equals(REPLAY) ? span(line) : null,
        line.text("--until").map(Value::instant).orElse(null));
  }

  private static Span span(Line line) {
    Span span =
        new Span(
            Path.of(line.text("--plans").orElseThrow()),
            LocalDate.parse(line.text("--from").orElseThrow()),
            LocalDate.parse(line.text("--to").orElseThrow()),
            line.text("--customer").orElse(null),
            line.text("--user").orElse(null),
            line.text("--csv").map(Path::of).orElse(null));
    if (!span.from().isBefore(span.to())) {
      throw new WrongLineException("--to must be a day behind --from, which is not in the period.");
    }
    return span;
  }

  private static void checkTables(Set<String> only) {
    String unknown =
        only.stream()
            .filter(table -> !Tables.ALL.contains(table))
            .sorted()
            .collect(Collectors.joining(", "));
    if (!unknown.isEmpty() || only.contains("")) {
      throw new WrongLineException(
          "--only takes %s, not %s."
              .formatted(String.join(", ", Tables.ALL), unknown.isEmpty() ? "nothing" : unknown));
    }
  }

  private static Set<String> words(String text) {
    return Stream.of(text.split(",")).map(String::strip).collect(Collectors.toSet());
  }

  private static long anySeed() {
    return ThreadLocalRandom.current().nextInt(1_000_000);
  }
}
