package dev.meterkite.local;

import dev.meterkite.emulator.EmulatorUnavailableException;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.store.FirestoreStore;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The command line of {@code run-local.sh}. Ends with status 0 when the command succeeded, 1 when
 * it failed, 2 for a wrong command line.
 */
public final class Main {
  /** What a sub-command does with a host that is up; its status ends the program. */
  interface SubCommand {
    int run(LocalHost host, Options options, PrintStream out) throws Exception;
  }

  /**
   * What a sub-command does with documents: those of the host that is up, else of the emulator that
   * FIRESTORE_EMULATOR_HOST names, else of a host that it starts.
   */
  interface DocumentsCommand {
    int run(FirestoreStore store, InstantSource clock, Options options, PrintStream out)
        throws Exception;
  }

  /**
   * A sub-command.
   *
   * @param documents what it does with documents alone; null for one that needs the host itself
   */
  private record Command(int arguments, SubCommand run, @Nullable DocumentsCommand documents) {
    static Command ofHost(int arguments, SubCommand run) {
      return new Command(arguments, run, null);
    }

    static Command ofDocuments(int arguments, DocumentsCommand documents) {
      return new Command(
          arguments,
          (host, options, out) -> onDocuments(RunningHost.of(host), documents, options, out),
          documents);
    }
  }

  /** The sub-commands. A new one is one line here. */
  private static Map<String, Command> commands() {
    Map<String, Command> commands = new LinkedHashMap<>();
    commands.put("up", Command.ofHost(0, Main::stayUp));
    commands.put("demo", Command.ofHost(0, Demo::run));
    commands.put(
        "adopt",
        Command.ofDocuments(
            0,
            (store, clock, options, out) ->
                new AdoptUsers(store, clock, out).run(options.dryRun())));
    commands.put(
        "migrate",
        Command.ofDocuments(
            1,
            (store, clock, options, out) ->
                new Migration(store, clock, out)
                    .run(Path.of(options.arguments().get(0)), options.dryRun())));
    commands.put(
        "export",
        Command.ofDocuments(
            1,
            (store, clock, options, out) ->
                new JsonLines(store, out).exportTo(Path.of(options.arguments().get(0)))));
    commands.put(
        "import",
        Command.ofDocuments(
            1,
            (store, clock, options, out) ->
                new JsonLines(store, out).importFrom(Path.of(options.arguments().get(0)))));
    return commands;
  }

  private static int onDocuments(
      RunningHost host, DocumentsCommand command, Options options, PrintStream out)
      throws Exception {
    Settings settings =
        new Settings(
            Map.of(
                "FIRESTORE_EMULATOR_HOST", host.firestore(),
                "GOOGLE_CLOUD_PROJECT", host.project()));
    try (FirestoreStore store = FirestoreStore.open(settings)) {
      return command.run(store, host.clock(), options, out);
    }
  }

  private Main() {}

  public static void main(String[] args) {
    int status = run(args, System.out, System.err);
    System.exit(status);
  }

  static int run(String[] args, PrintStream out, PrintStream err) {
    Map<String, Command> commands = commands();
    Options options;
    try {
      Map<String, Integer> arguments = new LinkedHashMap<>();
      commands.forEach((name, command) -> arguments.put(name, command.arguments()));
      options = Options.parse(Arrays.asList(args), arguments);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.println(usage(commands));
      return 2;
    }
    return run(
        options, java.util.Objects.requireNonNull(commands.get(options.command())), out, err);
  }

  private static String usage(Map<String, Command> commands) {
    return """
    usage: run-local.sh [%s] [--port N] [--processes N] [--chaos [--seed N]] [--no-schedules]
                        [--no-rules] [--trace FILE] [--dry-run]
      --port N         the front's port on 127.0.0.1 (default %d, 0 for any free one)
      --processes N    host the functions in N processes of their own (default 0: in this one)
      --chaos          deliver document events doubled, late and out of order; --seed N repeats a run
      --no-schedules   fire schedules by hand only
      --no-rules       leave out firestore.rules, which are loaded at the start and when they change\
    """
        .formatted(String.join("|", commands.keySet()), Options.DEFAULT_PORT);
  }

  private static int run(Options options, Command command, PrintStream out, PrintStream err) {
    Path home = Path.of(System.getProperty("meterkite.home", "")).toAbsolutePath();
    Path work = home.resolve(Path.of("local", "target", "run", Integer.toString(options.port())));
    long began = System.nanoTime();
    try {
      DocumentsCommand documents = command.documents();
      Optional<RunningHost> running =
          documents == null
              ? Optional.empty()
              : RunningHost.at(options.port())
                  .or(() -> RunningHost.ofEnvironment(Settings.ofProcess()));
      if (documents != null && running.isPresent()) {
        return onDocuments(running.get(), documents, options, out);
      }
      logTo(work);
      try (LocalHost host = LocalHost.start(options, home.resolve("functions.tsv"), work)) {
        Runtime.getRuntime().addShutdownHook(new Thread(host::close, "stop-local-host"));
        print(host, options, work, Duration.ofNanos(System.nanoTime() - began), out);
        return command.run().run(host, options, out);
      }
    } catch (LocalHostException | EmulatorUnavailableException e) {
      err.println(e.getMessage());
      return 1;
    } catch (Exception e) {
      e.printStackTrace(err);
      return 1;
    }
  }

  /** Everything that the functions log goes to a file; the terminal shows warnings. */
  private static void logTo(Path work) throws IOException {
    Files.createDirectories(work);
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      handler.setLevel(Level.WARNING);
    }
    root.addHandler(new LogFile(work.resolve("functions.log")));
  }

  private static void print(
      LocalHost host, Options options, Path work, Duration took, PrintStream out) {
    out.printf("Meterkite is up in %.1f s.%n%n", took.toMillis() / 1000.0);
    for (FunctionEntry entry : host.table().entries()) {
      String when =
          switch (entry.kind()) {
            case HTTP -> "called by " + String.join(", ", entry.roles());
            case EVENT ->
                "document "
                    + java.util.Objects.requireNonNull(entry.event()).pattern()
                    + " "
                    + java.util.Objects.requireNonNull(entry.event()).change();
            case SCHEDULE_HTTP -> "schedule " + entry.schedule() + " (UTC)";
          };
      out.printf("  %-46s  %s%n", host.function(entry.name()), when);
    }
    out.printf(
        """

          Firestore  %s, project %s
          Token      curl '%s/local/token?role=service'   (or admin, scheduler, user&sub=ID)
          Health     %s/local/health
          Schedules  curl -X POST '%s/local/fire?function=NAME'
          Clock      curl -d '{"advance": "PT1H"}' %s/local/clock
          Providers  curl -d '{"mode": "hang"}' '%s/local/provider?name=openai'   (ok, slow, fail, hang, rate_limit)
          Logs       %s
        """,
        host.firestore(),
        host.project(),
        host.url(),
        host.url(),
        host.url(),
        host.url(),
        host.url(),
        work);
    if (options.chaosSeed() != null) {
      out.printf("  Chaos      seed %d%n", options.chaosSeed());
    }
    out.println();
    out.flush();
  }

  private static int stayUp(LocalHost host, Options options, PrintStream out)
      throws InterruptedException {
    out.println("Ctrl-C stops everything.");
    out.flush();
    new CountDownLatch(1).await(); // The signal's shutdown hook closes the host.
    return 0;
  }
}
