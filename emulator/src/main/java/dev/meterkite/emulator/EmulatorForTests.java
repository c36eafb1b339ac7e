package dev.meterkite.emulator;

import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The one emulator of a test JVM: started by the first test that asks, stopped when the JVM ends;
 * with {@code FIRESTORE_EMULATOR_HOST} set, the one that runs there. Without an emulator every test
 * that asks fails at once with the message that says how to install it; none is skipped.
 *
 * <p>Each test takes a project of its own, so tests see nothing of each other and need no cleaning
 * up.
 */
public final class EmulatorForTests {
  private static final AtomicInteger PROJECTS = new AtomicInteger();

  /** Tells this JVM's projects from those of others on an emulator that outlives them. */
  private static final String RUN =
      Long.toString(ThreadLocalRandom.current().nextLong(1L << 40), Character.MAX_RADIX);

  /** One a JVM: several of them run the tests of a module at once. */
  private static final Path LOG =
      Path.of("target", "firestore-emulator-" + ProcessHandle.current().pid() + ".log");

  private static @Nullable FirestoreEmulator shared;
  private static @Nullable String failure;

  private EmulatorForTests() {}

  /**
   * The shared emulator.
   *
   * @throws EmulatorUnavailableException if there is none; later calls fail at once with the same
   *     message
   */
  public static synchronized FirestoreEmulator shared() {
    if (failure != null) {
      throw new EmulatorUnavailableException(failure);
    }
    if (shared == null) {
      try {
        shared = FirestoreEmulator.startOrAttach(null, LOG);
        warmUp(shared.project(freshProject()));
      } catch (EmulatorUnavailableException e) {
        failure = e.getMessage();
        throw e;
      }
    }
    return shared;
  }

  /** Its first write takes seconds on a busy machine; no test should pay for that. */
  private static void warmUp(EmulatorProject project) {
    project.put("warm/up", "{}");
    project.get("warm/up");
    project.delete("warm/up");
  }

  /** A project id that no other test has. */
  public static String freshProject() {
    return "test-" + RUN + "-" + PROJECTS.incrementAndGet();
  }
}
