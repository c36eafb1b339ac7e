package dev.meterkite.local;

import dev.meterkite.emulator.ClassArchive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Makes the archives of classes that this start did not find, one after the other beside what the
 * host does; what is not made when the host ends, a later start makes. {@code launch.sh} names the
 * folder and the archive of the host itself by {@code meterkite.archive}; without it there are
 * none.
 */
final class ClassArchives implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(ClassArchives.class.getName());
  private static final long STOP_SECONDS = 2;

  private @Nullable Process making;
  private boolean closed;

  private ClassArchives() {}

  /** The folder of all archives; null where there are none. */
  static @Nullable Path folder() {
    String name = System.getProperty("meterkite.archive", "");
    return name.isEmpty() ? null : Path.of(name).getParent();
  }

  /** The archive of this JVM; null where there is none. */
  private static @Nullable ClassArchive own() {
    String name = System.getProperty("meterkite.archive", "");
    return name.isEmpty()
        ? null
        : new ClassArchive(
            Path.of(name + ".jsa"),
            Path.of(name + "-" + ProcessHandle.current().pid() + ".classes"),
            System.getProperty("java.class.path"));
  }

  /**
   * Begins to make those that are missing. One that this JVM left aside, because a jar or the JVM
   * is another one now, is removed, and the next start makes it anew.
   *
   * @param emulators the archive of the emulator that was started; empty for none
   */
  static ClassArchives make(Optional<ClassArchive> emulators) {
    ClassArchives all = new ClassArchives();
    ClassArchive own = own();
    if (own != null) {
      Loopback.daemon(() -> all.make(own, emulators), "class-archives").start();
    }
    return all;
  }

  private void make(ClassArchive own, Optional<ClassArchive> emulators) {
    try {
      if (!own.exists()) {
        make(own);
      } else if (!ClassArchive.isUsedHere()) {
        own.remove();
      }
      if (emulators.isPresent() && !emulators.get().exists()) {
        make(emulators.get());
      }
    } catch (IOException e) {
      // The next start is slower than it could be; nothing else.
      LOG.log(Level.INFO, "no archive of classes: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void make(ClassArchive archive) throws IOException, InterruptedException {
    Process process = begin(archive);
    if (process != null) {
      int unused = process.waitFor();
      archive.complete(process);
    }
  }

  private synchronized @Nullable Process begin(ClassArchive archive) throws IOException {
    if (closed) {
      archive.discard();
      return null;
    }
    making = archive.create();
    return making;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (making != null) {
      try {
        boolean unused = making.destroyForcibly().waitFor(STOP_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
