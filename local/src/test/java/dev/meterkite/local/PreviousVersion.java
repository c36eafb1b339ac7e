package dev.meterkite.local;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * All functions of another version in a process of its own, on the documents, tokens and clock of a
 * local host of this version.
 *
 * @param process ends when its standard input does
 * @param ports where each function answers
 */
record PreviousVersion(Process process, Map<String, Integer> ports) implements AutoCloseable {
  private static final int CONNECT_MILLIS = 1_000;

  /**
   * Starts it and waits until it answers.
   *
   * @param home holds the version's {@code functions.tsv}, and its class path in {@code
   *     classpath.txt}
   */
  static PreviousVersion start(Path home, LocalHost host, Path log) throws IOException {
    Path table = home.resolve("functions.tsv");
    List<FunctionEntry> entries = FunctionTable.read(table).entries();
    Map<String, Integer> ports = FunctionServers.choosePorts(entries);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                Files.readString(home.resolve("classpath.txt")).strip(),
                "dev.meterkite.local.FunctionsProcess",
                table.toString()));
    ports.forEach((name, port) -> command.add(name + "=" + port));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "FIRESTORE_EMULATOR_HOST",
                host.firestore(),
                "GOOGLE_CLOUD_PROJECT",
                host.project(),
                "TOKEN_ISSUERS",
                host.tokens().setting(),
                "SERVICE_ACCOUNTS",
                TokenIssuer.SERVICE_ACCOUNT,
                "SCHEDULER_ACCOUNTS",
                TokenIssuer.SCHEDULER_ACCOUNT,
                "CLOCK_FILE",
                host.clock().file().toString(),
                "STRIPE_WEBHOOK_SECRET",
                "whsec_local",
                "LOG_FORMAT",
                "jul"));
    PreviousVersion started = new PreviousVersion(builder.start(), ports);
    for (int port : ports.values()) {
      HostClient.await("the previous version, see " + log, () -> accepts(port));
    }
    return started;
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
      return true;
    } catch (IOException e) {
      return false; // not yet
    }
  }

  /** Where a function answers. */
  String url(String function) {
    return "http://127.0.0.1:" + ports.get(function) + "/";
  }

  @Override
  public void close() {
    process.destroy();
  }
}
