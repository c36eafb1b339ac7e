package dev.meterkite.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * PostgreSQL as the alternative that a user would pick: the same debit as one statement, which
 * locks the user's row, takes the amount if there is enough, and writes the transaction row whose
 * primary key is the idempotency key. pgbench drives it over a Unix socket with prepared
 * statements: no HTTP, no tokens, no JSON.
 *
 * <p>The cluster is our own, in a folder that is deleted, with the defaults of the package: {@code
 * fsync=on}, and {@code synchronous_commit} as stated for each run.
 */
final class Postgres implements AutoCloseable {
  /** Longer than the longest play. */
  private static final Duration PATIENCE = Duration.ofHours(2);

  private static final String TABLES =
      """
      CREATE TABLE users (user_id text PRIMARY KEY, balance bigint NOT NULL, sequence bigint NOT NULL);
      CREATE TABLE credit_transactions (transaction_id uuid PRIMARY KEY, user_id text NOT NULL,
        amount bigint NOT NULL, balance_after bigint NOT NULL, sequence bigint NOT NULL,
        created_at timestamptz NOT NULL);
      INSERT INTO users VALUES ('hot', 9000000000000000, 0);
      """;
  private static final String DEBIT =
      """
      WITH debited AS (UPDATE users SET balance = balance - 1, sequence = sequence + 1 \
      WHERE user_id = 'hot' AND balance >= 1 RETURNING balance, sequence) \
      INSERT INTO credit_transactions SELECT gen_random_uuid(), 'hot', -1, balance, sequence, now() \
      FROM debited;
      """;

  private final Path programs;
  private final Path folder;
  private final boolean asPostgres;

  private Postgres(Path programs, Path folder, boolean asPostgres) {
    this.programs = programs;
    this.folder = folder;
    this.asPostgres = asPostgres;
  }

  /**
   * Starts a cluster.
   *
   * @return empty where PostgreSQL with pgbench is not installed
   * @throws IOException if it is installed and does not start
   */
  static Optional<Postgres> start() throws IOException, InterruptedException {
    Optional<Path> programs = programs();
    if (programs.isEmpty()) {
      return Optional.empty();
    }
    Path folder = Files.createTempDirectory("meterkite-postgres");
    boolean root = "root".equals(System.getProperty("user.name"));
    Postgres postgres = new Postgres(programs.get(), folder, root);
    Runtime.getRuntime().addShutdownHook(new Thread(postgres::stopQuietly, "stop-postgres"));
    try {
      if (root) {
        // PostgreSQL refuses to run as root; the package brings a user of its own.
        run(List.of("chown", "postgres", folder.toString()), folder);
      }
      postgres.program("initdb", "-D", postgres.data(), "-A", "trust", "-E", "UTF8");
      postgres.program(
          "pg_ctl",
          "-D",
          postgres.data(),
          "-w",
          "-l",
          folder.resolve("log").toString(),
          "-o",
          "-c listen_addresses='' -c max_connections=300 -k " + folder,
          "start");
      postgres.sql(TABLES);
      return Optional.of(postgres);
    } catch (IOException | InterruptedException | RuntimeException e) {
      postgres.close();
      throw e;
    }
  }

  private static Optional<Path> programs() throws IOException {
    List<Path> folders = new ArrayList<>();
    Path debian = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(debian)) {
      try (DirectoryStream<Path> versions = Files.newDirectoryStream(debian)) {
        versions.forEach(version -> folders.add(version.resolve("bin")));
      }
    }
    Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
        .map(Path::of)
        .forEach(folders::add);
    return folders.stream()
        .filter(
            folder ->
                Stream.of("initdb", "pg_ctl", "psql", "pgbench")
                    .allMatch(program -> Files.isExecutable(folder.resolve(program))))
        .findFirst();
  }

  /** The version, for the report. */
  String version() throws IOException, InterruptedException {
    return program("pgbench", "--version").strip();
  }

  /**
   * Debits of one user.
   *
   * @param clients how many at once
   * @param durable whether an answer waits until its commit is on the disk
   */
  Figures debits(int clients, boolean durable, Duration length)
      throws IOException, InterruptedException {
    sql("ALTER SYSTEM SET synchronous_commit = " + (durable ? "on" : "off"));
    sql("SELECT pg_reload_conf()");
    sql("TRUNCATE credit_transactions");
    sql("VACUUM users");
    Path script = folder.resolve("debit.sql");
    Files.writeString(script, DEBIT);
    Path log = folder.resolve("latency");
    long before = cpuMicros();
    String said =
        program(
            "pgbench",
            "-h",
            folder.toString(),
            "-n",
            "-M",
            "prepared",
            "-c",
            Integer.toString(clients),
            "-j",
            "1",
            "-T",
            Long.toString(Math.max(1, length.toSeconds())),
            "-l",
            "--log-prefix=" + log,
            "-f",
            script.toString(),
            "postgres");
    long cpu = cpuMicros() - before;
    return figures(said, cpu);
  }

  private Figures figures(String said, long cpu) throws IOException {
    Histogram latency = Figures.noLatencies();
    try (DirectoryStream<Path> logs = Files.newDirectoryStream(folder, "latency.*")) {
      for (Path log : logs) {
        try (BufferedReader lines = Files.newBufferedReader(log)) {
          for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Figures.note(latency, Long.parseLong(line.split(" ", -1)[2]) * 1_000);
          }
        }
        Files.delete(log);
      }
    }
    long operations = latency.getTotalCount();
    return new Figures(
        Double.NaN,
        rate(said),
        operations,
        Map.of(),
        latency,
        Figures.Cost.ofStore((double) cpu / Math.max(1, operations)));
  }

  /** The rate in {@code tps = 1234.567 (without initial connection time)}. */
  static double rate(String said) throws IOException {
    if (said.contains("transactions actually processed: 0")) {
      return 0;
    }
    for (String line : said.lines().toList()) {
      if (line.startsWith("tps = ")) {
        return Double.parseDouble(line.substring(6).split(" ", -1)[0]);
      }
    }
    throw new IOException("pgbench said no rate: " + said);
  }

  /** Processor time of the server so far: of the postmaster, its children, and those that ended. */
  private long cpuMicros() throws IOException {
    List<String> lines = Files.readAllLines(Path.of(data(), "postmaster.pid"));
    ProcessHandle postmaster = ProcessHandle.of(Long.parseLong(lines.get(0))).orElseThrow();
    long micros = ended(postmaster);
    for (ProcessHandle each :
        Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList()) {
      micros += each.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1_000;
    }
    return micros;
  }

  private static long ended(ProcessHandle process) throws IOException {
    Path stat = Path.of("/proc", Long.toString(process.pid()), "stat");
    if (!Files.exists(stat)) {
      return 0;
    }
    String text = Files.readString(stat);
    // Behind the name in brackets: fields 3 and on; 16 and 17 are the ticks of ended children.
    String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
    return ticks * 10_000;
  }

  private String data() {
    return folder.resolve("data").toString();
  }

  private void sql(String statements) throws IOException, InterruptedException {
    program(
        "psql",
        "-h",
        folder.toString(),
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        statements,
        "postgres");
  }

  private String program(String name, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    if (asPostgres) {
      command.addAll(List.of("runuser", "-u", "postgres", "--"));
    }
    command.add(programs.resolve(name).toString());
    command.addAll(List.of(arguments));
    return run(command, folder);
  }

  private static String run(List<String> command, Path folder)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("meterkite-postgres", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      process.getOutputStream().close();
      boolean ended = process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      String said = Files.readString(output);
      if (!ended || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IOException(
            String.format(Locale.ROOT, "%s failed: %s", String.join(" ", command), said));
      }
      return said;
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /** For the end of the process, however it comes. */
  private void stopQuietly() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("PostgreSQL in " + folder + " did not stop: " + e.getMessage());
    }
  }

  /** Stops the cluster and deletes its folder; a second call does nothing. */
  @Override
  public synchronized void close() throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try {
      if (Files.exists(Path.of(data(), "postmaster.pid"))) {
        program("pg_ctl", "-D", data(), "-w", "-m", "fast", "stop");
      }
      run(List.of("rm", "-rf", folder.toString()), Path.of("/"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
