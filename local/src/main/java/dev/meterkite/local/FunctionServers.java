package dev.meterkite.local;

import com.google.cloud.functions.invoker.runner.Invoker;
import dev.meterkite.functions.catalog.FunctionEntry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Functions of this JVM, each behind an invoker of Google's on a port of its own. */
final class FunctionServers implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(FunctionServers.class.getName());

  private final List<Invoker> invokers = new ArrayList<>();

  /**
   * Constructs each function and serves it.
   *
   * @param ports a port for each entry's name
   * @throws LocalHostException naming the function that does not start
   */
  static FunctionServers start(List<FunctionEntry> entries, Map<String, Integer> ports) {
    FunctionServers servers = new FunctionServers();
    for (FunctionEntry entry : entries) {
      Integer port = ports.get(entry.name());
      if (port == null) {
        continue;
      }
      try {
        String signature = entry.kind() == FunctionEntry.Kind.EVENT ? "cloudevent" : "http";
        Invoker invoker =
            new Invoker(
                port, entry.entryPoint(), signature, FunctionServers.class.getClassLoader());
        invoker.startTestServer();
        servers.invokers.add(invoker);
      } catch (Exception e) {
        servers.close();
        throw new LocalHostException(
            "The function "
                + entry.name()
                + " ("
                + entry.entryPoint()
                + ") does not start: "
                + root(e),
            e);
      }
    }
    return servers;
  }

  /** What it comes from: the invoker wraps what a constructor throws, more than once. */
  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  /** A free port of this machine for each function. */
  static Map<String, Integer> choosePorts(List<FunctionEntry> entries) {
    Map<String, Integer> ports = new LinkedHashMap<>();
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (FunctionEntry entry : entries) {
        // Held together, so that no two functions get the same one.
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        ports.put(entry.name(), socket.getLocalPort());
      }
      for (ServerSocket socket : held) {
        socket.close();
      }
    } catch (IOException e) {
      throw new LocalHostException("No free port: " + e.getMessage(), e);
    }
    return ports;
  }

  @Override
  public void close() {
    for (Invoker invoker : invokers) {
      try {
        invoker.stopServer();
      } catch (Exception e) {
        LOG.log(Level.WARNING, "an invoker did not stop", e);
      }
    }
    invokers.clear();
  }
}
