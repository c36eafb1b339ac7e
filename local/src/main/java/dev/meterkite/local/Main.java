package dev.meterkite.local;

import dev.meterkite.emulator.EmulatorUnavailableException;
import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.local.line.WrongLineException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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
  private record Command(SubCommand run, @Nullable DocumentsCommand documents) {
    static Command ofHost(SubCommand run) {
      return new Command(run, null);
    }

    static Command ofDocuments(DocumentsCommand documents) {
      return new Command(
          (host, options, out) -> onDocuments(RunningHost.of(host), documents, options, out),
          documents);
    }
  }

  /** The sub-commands. A new one is one line here, and one in {@link Options#LINE}. */
  private static Map<String, Command> commands() {
    Map<String, Command> commands = new LinkedHashMap<>();
    commands.put("up", Command.ofHost(Main::stayUp));
    commands.put("demo", Command.ofHost(Demo::run));
    commands.put(
        "adopt",
        Command.ofDocuments(
            (store, clock, options, out) ->
                new AdoptUsers(store, CurrentPlans.read(store), clock, out).run(options.dryRun())));
    commands.put(
        "migrate",
        Command.ofDocuments(
            (store, clock, options, out) ->
                new Migration(store, CurrentPlans.read(store), clock, out)
                    .run(Path.of(options.arguments().get(0)), options.dryRun())));
    commands.put(
        "export",
        Command.ofDocuments(
            (store, clock, options, out) ->
                new JsonLines(store, out).exportTo(Path.of(options.arguments().get(0)))));
    commands.put(
        "tables",
        Command.ofDocuments(
            (store, clock, options, out) ->
                new Tables(store, clock, out)
                    .exportTo(
                        Path.of(options.arguments().get(0)), options.only(), options.until())));
    commands.put(
        "import",
        Command.ofDocuments(
            (store, clock, options, out) ->
                new JsonLines(store, out).importFrom(Path.of(options.arguments().get(0)))));
    commands.put(
        "prices",
        Command.ofDocuments(
            (store, clock, options, out) ->
                new PriceImport(store, clock, out)
                    .run(Path.of(options.arguments().get(0)), options.only(), options.apply())));
    commands.put(
        "replay",
        Command.ofDocuments(
            (store, clock, options, out) ->
                new PlansReplay(store, out).run(Objects.requireNonNull(options.replay()))));
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
    return TargetDocuments.with(settings, store -> command.run(store, host.clock(), options, out));
  }

  private static final Logger LOG = Logger.getLogger(Main.class.getName());

  private Main() {}

  public static void main(String[] args) {
    System.exit(run(args, System.out, System.err));
  }

  static int run(String[] args, PrintStream out, PrintStream err) {
    List<String> words = Arrays.asList(args);
    Optional<String> help = Options.LINE.helpFor(words, Console.columns());
    if (help.isPresent()) {
      out.print(help.get());
      return 0;
    }
    Options options;
    try {
      options = Options.parse(words);
    } catch (WrongLineException e) {
      err.println(Console.wrapped(String.valueOf(e.getMessage())));
      return 2;
    }
    try (Stop stop = Stop.of(out, err)) {
      return run(options, Objects.requireNonNull(commands().get(options.command())), stop);
    }
  }

  /**
   * The options of a sub-command that is a program of its own; ends it where they ask for help or
   * are wrong.
   */
  static Options optionsOf(String command, String[] args) {
    List<String> words = new ArrayList<>(List.of(command));
    words.addAll(Arrays.asList(args));
    Optional<String> help = Options.LINE.helpFor(words, Console.columns());
    if (help.isPresent()) {
      System.out.print(help.get());
      System.exit(0);
    }
    try {
      return Options.parse(words);
    } catch (WrongLineException e) {
      System.err.println(Console.wrapped(String.valueOf(e.getMessage())));
      System.exit(2);
      throw e;
    }
  }

  private static int run(Options options, Command command, Stop stop) {
    Path home = Path.of(System.getProperty("meterkite.home", "")).toAbsolutePath();
    Path work = home.resolve(Path.of("local", "target", "run", Integer.toString(options.port())));
    Path log = work.resolve("functions.log");
    long began = System.nanoTime();
    try {
      check(options);
      DocumentsCommand documents = command.documents();
      Optional<RunningHost> running =
          documents == null
              ? Optional.empty()
              : RunningHost.at(options.port())
                  .or(() -> RunningHost.ofEnvironment(Settings.ofProcess()));
      if (documents != null && running.isPresent()) {
        return onDocuments(running.get(), documents, options, stop.out());
      }
      checkFirestorePort(options);
      logTo(log);
      try (LocalHost host = LocalHost.start(options, home.resolve("functions.tsv"), work)) {
        stop.closes(host);
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        sayUp(host, options, log, took, stop.out());
        host.makeArchives();
        return command.run().run(host, options, stop.out());
      }
    } catch (LocalHostException | EmulatorUnavailableException e) {
      stop.err().println(Console.wrapped(String.valueOf(e.getMessage())));
      return 1;
    } catch (Exception e) {
      return failed(e, log, stop);
    }
  }

  /** What can be known before anything starts. */
  private static void check(Options options) {
    if (options.trace() != null) {
      LlmTrace unused = LlmTrace.read(options.trace());
    }
    if (options.replay() != null) {
      PlansReplay.check(options.replay());
    }
    if (Set.of("export", "tables").contains(options.command())) {
      NewFolder.check(Path.of(options.arguments().get(0)));
    }
  }

  private static void checkFirestorePort(Options options) {
    if (options.firestorePort() != 0) {
      if (Settings.ofProcess().firestoreEmulatorHost().isPresent()) {
        throw new LocalHostException(
            "--firestore-port is for an emulator that is started here, and FIRESTORE_EMULATOR_HOST"
                + " names another one.");
      }
      if (!FirestoreEmulator.isFree(options.firestorePort())) {
        throw new LocalHostException(
            "Port %d of 127.0.0.1 is in use: stop what listens there, or choose --firestore-port N."
                .formatted(options.firestorePort()));
      }
    }
  }

  /** One sentence for the terminal; the log has the trace. */
  private static int failed(Exception e, Path log, Stop stop) {
    if (!stop.isBegun()) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      LOG.log(Level.SEVERE, trace.toString());
      stop.err().println(Console.wrapped("It failed: " + e + "; " + log + " has the trace."));
    }
    return 1;
  }

  /** Everything that is logged goes to a file. */
  private static void logTo(Path log) {
    Logger root = Logger.getLogger("");
    LogFile file;
    try {
      Files.createDirectories(log.getParent());
      file = new LogFile(log);
    } catch (IOException e) {
      throw new LocalHostException(
          log.getParent() + " cannot be written to, and the logs go there (" + e + ").", e);
    }
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.addHandler(file);
  }

  private static void sayUp(
      LocalHost host, Options options, Path log, Duration took, PrintStream out) {
    String seconds = String.format(Locale.ROOT, "%.1f", took.toMillis() / 1000.0);
    out.println("Meterkite is up in " + seconds + " s at " + host.url());
    if (options.chaosSeed() != null) {
      out.println("Chaos    seed " + options.chaosSeed());
    }
    if (options.command().equals("up")) {
      out.println(Console.row("Console", host.url() + ConsoleFiles.ROOT));
      out.println(Console.row("Token", "curl '" + host.url() + "/local/token?role=service'"));
      out.println(Console.row("Log", Console.path(log)));
    }
    out.flush();
  }

  private static int stayUp(LocalHost host, Options options, PrintStream out)
      throws InterruptedException {
    out.println(Console.row("Stop", "Ctrl-C"));
    out.flush();
    new CountDownLatch(1).await(); // A signal ends it.
    return 0;
  }
}
