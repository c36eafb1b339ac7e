package dev.meterkite.local;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The operator's console at {@code /console/}: the files of {@code console/app} and the libraries
 * of its {@code lib/} folder, which are read from their WebJars. A request is looked up in the list
 * of these files, so no path leads to another one. Each file is read when it is asked for, so that
 * an edit shows at the next reload; a new file shows at the next start.
 */
final class ConsoleFiles {
  static final String ROOT = "/console/";

  /**
   * Nothing comes from another host and nothing runs inline. {@code firebase.json} has the same
   * headers, with what sign-in needs.
   */
  static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
              + " frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "no-referrer",
          "Cross-Origin-Opener-Policy",
          "same-origin",
          "Cache-Control",
          "no-cache");

  private static final String INDEX = "index.html";
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml");

  /** A file of a WebJar, under the name that the console has for it. */
  private record Library(String name, String webJar, String file) {}

  private static final Library[] LIBRARIES = {
    new Library("lib/preact.js", "preact", "dist/preact.module.js"),
    new Library("lib/uplot.js", "uplot", "dist/uPlot.iife.min.js"),
    new Library("lib/uplot.css", "uplot", "dist/uPlot.min.css"),
  };

  private interface Source {
    byte[] read() throws IOException;
  }

  private final Map<String, Source> files;

  private ConsoleFiles(Map<String, Source> files) {
    this.files = files;
  }

  /**
   * The console of this folder; without one, every address below {@code /console/} is a 404.
   *
   * @throws LocalHostException if the folder cannot be listed or a library is missing
   */
  static ConsoleFiles of(Path folder) {
    Map<String, Source> files = new TreeMap<>();
    if (!Files.isDirectory(folder)) {
      return new ConsoleFiles(files);
    }
    try (Stream<Path> found = Files.walk(folder)) {
      found
          .filter(Files::isRegularFile)
          .filter(file -> type(file.getFileName().toString()) != null)
          .forEach(file -> files.put(name(folder, file), () -> Files.readAllBytes(file)));
    } catch (IOException | UncheckedIOException e) {
      throw new LocalHostException("The console's folder " + folder + " cannot be read: " + e, e);
    }
    for (Library library : LIBRARIES) {
      byte[] body = bytes(library);
      files.put(library.name(), () -> body);
    }
    return new ConsoleFiles(files);
  }

  private static String name(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }

  private static byte[] bytes(Library library) {
    String about = "META-INF/maven/org.webjars.npm/" + library.webJar() + "/pom.properties";
    ClassLoader loader = ConsoleFiles.class.getClassLoader();
    try (InputStream properties = loader.getResourceAsStream(about)) {
      if (properties == null) {
        throw new LocalHostException(
            "The WebJar " + library.webJar() + " is not on the class path");
      }
      Properties read = new Properties();
      read.load(properties);
      String path =
          "META-INF/resources/webjars/%s/%s/%s"
              .formatted(library.webJar(), read.getProperty("version"), library.file());
      try (InputStream content = loader.getResourceAsStream(path)) {
        if (content == null) {
          throw new LocalHostException("The WebJar " + library.webJar() + " has no " + path);
        }
        return content.readAllBytes();
      }
    } catch (IOException e) {
      throw new LocalHostException("The WebJar " + library.webJar() + " cannot be read: " + e, e);
    }
  }

  /** The contents by name, such as {@code lib/preact.js}. */
  Map<String, byte[]> contents() throws IOException {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    for (Map.Entry<String, Source> file : files.entrySet()) {
      contents.put(file.getKey(), file.getValue().read());
    }
    return contents;
  }

  /** Answers a file, 304 where the caller has it already, and 404 for every other address. */
  void answer(HttpExchange exchange) throws IOException, LocalProblem {
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      throw LocalProblem.method("GET, HEAD");
    }
    String path = exchange.getRequestURI().getPath();
    Headers headers = exchange.getResponseHeaders();
    HEADERS.forEach(headers::set);
    if (path.equals(ROOT.substring(0, ROOT.length() - 1))) {
      headers.set("Location", ROOT);
      Loopback.send(exchange, 301, new byte[0]);
      return;
    }
    String name = path.startsWith(ROOT) ? path.substring(ROOT.length()) : path;
    Source file = files.get(name.isEmpty() ? INDEX : name);
    if (file == null) {
      throw LocalProblem.notFound(
          files.isEmpty() ? "the folder console/app is not here" : "nothing is at " + path);
    }
    byte[] body = file.read();
    String tag = '"' + hash(body) + '"';
    headers.set("ETag", tag);
    if (tag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
      Loopback.send(exchange, 304, new byte[0]);
      return;
    }
    headers.set("Content-Type", String.valueOf(type(name.isEmpty() ? INDEX : name)));
    Loopback.send(exchange, 200, body);
  }

  private static @Nullable String type(String name) {
    return TYPES.get(name.substring(name.lastIndexOf('.') + 1));
  }

  private static String hash(byte[] body) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }
}
