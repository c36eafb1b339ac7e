package dev.meterkite.local;

import com.google.cloud.functions.invoker.BackgroundFunctionExecutor;
import com.google.cloud.functions.invoker.HttpFunctionExecutor;
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
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Functions of this JVM, each behind the executor of Google's invoker, on a port of its own of
 * 127.0.0.1.
 */
final class FunctionServers implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(FunctionServers.class.getName());

  /** As many as the invoker has. */
  private static final int MOST_THREADS = 1_024;

  private final List<Server> started = new ArrayList<>();
  private final Map<String, Integer> ports = new LinkedHashMap<>();

  /**
   * Constructs each function and serves it.
   *
   * @param ports a port for each entry's name, 0 for any free one
   * @throws LocalHostException naming the function that does not start
   */
  static FunctionServers start(List<FunctionEntry> entries, Map<String, Integer> ports) {
    FunctionServers servers = new FunctionServers();
    for (FunctionEntry entry : entries) {
      Integer port = ports.get(entry.name());
      if (port == null) {
        continue;
      }
      if (Thread.currentThread().isInterrupted()) {
        servers.close();
        throw new LocalHostException("Interrupted while starting");
      }
      try {
        Server server = serve(entry, port);
        servers.started.add(server);
        servers.ports.put(
            entry.name(), ((ServerConnector) server.getConnectors()[0]).getLocalPort());
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

  /**
   * Serves one function as the invoker does, on 127.0.0.1 alone: the invoker itself listens on
   * every interface, where whoever is in the same network could ask for anything with a token that
   * the local host gives away.
   */
  private static Server serve(FunctionEntry entry, int port) throws Exception {
    Class<?> function = FunctionServers.class.getClassLoader().loadClass(entry.entryPoint());
    Server server = new Server(new QueuedThreadPool(MOST_THREADS));
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    server.addConnector(connector);
    server.setHandler(
        entry.kind() == FunctionEntry.Kind.EVENT
            ? BackgroundFunctionExecutor.forClass(function)
            : HttpFunctionExecutor.forClass(function));
    // As the invoker: what Jetty itself refuses has no body.
    server.setErrorHandler(
        (request, response, callback) -> {
          callback.succeeded();
          return true;
        });
    server.start();
    return server;
  }

  /** Where each function answers, by its name. */
  Map<String, Integer> ports() {
    return Map.copyOf(ports);
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
    for (Server server : started) {
      try {
        server.stop();
      } catch (Exception e) {
        LOG.log(Level.WARNING, "a function's server did not stop", e);
      }
    }
    started.clear();
  }
}
