package dev.meterkite.local;

import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A JVM that hosts functions for a local host in another JVM: {@code FunctionsProcess TABLE
 * NAME=PORT…}, configured by its environment. It ends when its standard input does, so it never
 * outlives the host, however that ends.
 */
public final class FunctionsProcess {
  private FunctionsProcess() {}

  public static void main(String[] args) throws IOException {
    Map<String, Integer> ports = new LinkedHashMap<>();
    for (int i = 1; i < args.length; i++) {
      int equals = args[i].indexOf('=');
      ports.put(args[i].substring(0, equals), Integer.valueOf(args[i].substring(equals + 1)));
    }
    try {
      FunctionServers.start(FunctionTable.read(Path.of(args[0])).entries(), ports);
    } catch (LocalHostException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
    long ignored = System.in.transferTo(java.io.OutputStream.nullOutputStream());
    System.exit(ignored == 0 ? 0 : 1);
  }
}
