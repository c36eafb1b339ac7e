package dev.meterkite.local;

import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.emulator.EmulatorProject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The security rules of the local host's project: {@code firestore.rules}, loaded into the emulator
 * at the start and again whenever the file's text has changed. Functions are not subject to them,
 * as in the cloud.
 *
 * <p>Rules that do not compile stop the start. A later change that does not compile, or a file that
 * is gone, is one warning; the rules loaded last stay in force.
 */
final class RulesFile implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(RulesFile.class.getName());

  /** What the compiler begins its answer with. */
  private static final String HEADING = "Error compiling rules:";

  private static final long CHECK_EVERY_MILLIS = 500;

  private final EmulatorProject documents;
  private final Path file;
  private final ScheduledExecutorService watcher =
      Executors.newSingleThreadScheduledExecutor(task -> Loopback.daemon(task, "rules"));
  private String seen;

  /** What the last check read: a file that an editor is still writing is left for the next one. */
  private String read;

  /**
   * Loads the rules and watches the file.
   *
   * @throws LocalHostException if they cannot be read or do not compile
   */
  RulesFile(EmulatorProject documents, Path file) {
    this.documents = documents;
    this.file = file;
    try {
      seen = Files.readString(file);
    } catch (IOException e) {
      throw new LocalHostException(
          file + " cannot be read; start with --no-rules to leave the rules out.", e);
    }
    read = seen;
    Optional<String> fault = load(seen);
    if (fault.isPresent()) {
      throw new LocalHostException(
          file
              + " does not compile: "
              + fault.get()
              + " Correct it, or start with --no-rules to leave the rules out.");
    }
    var unused =
        watcher.scheduleWithFixedDelay(
            this::check, CHECK_EVERY_MILLIS, CHECK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Loads the file if its text is not the one seen last. An exception would end the checks. */
  private void check() {
    try {
      String text = Files.readString(file);
      boolean settled = text.equals(read);
      read = text;
      if (!settled || text.equals(seen)) {
        return;
      }
      Optional<String> fault = load(text);
      seen = text;
      if (fault.isPresent()) {
        warn("does not compile: " + fault.get());
      } else {
        LOG.log(Level.INFO, "{0} was changed and is loaded.", file);
      }
    } catch (NoSuchFileException e) {
      if (!seen.isEmpty()) {
        seen = "";
        read = "";
        warn("is gone.");
      }
    } catch (IOException | RuntimeException e) {
      if (!watcher.isShutdown()) {
        LOG.log(Level.FINE, "the rules are loaded at the next check", e);
      }
    }
  }

  private Optional<String> load(String text) {
    return documents.loadRules(text).map(RulesFile::sentence);
  }

  /** The compiler's first complaint, such as {@code L3:5 Unexpected 'allow'.}, on one line. */
  private static String sentence(String answer) {
    String message;
    try {
      message =
          JsonParser.parseString(answer)
              .getAsJsonObject()
              .getAsJsonObject("error")
              .get("message")
              .getAsString();
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      message = answer; // not the emulator's usual form: shown as it is
    }
    String complaint =
        message
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.equals(HEADING))
            .findFirst()
            .orElse("no reason is given");
    return complaint.endsWith(".") ? complaint : complaint + ".";
  }

  private void warn(String what) {
    LOG.log(
        Level.WARNING, "{0} {1} The rules loaded before stay in force.", new Object[] {file, what});
  }

  @Override
  public void close() {
    watcher.shutdownNow();
  }
}
