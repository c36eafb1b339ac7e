package dev.meterkite.functions.hosted;

import dev.meterkite.emulator.EmulatorProject;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Clears the project that the tests of this JVM share before each class, so that no class sees what
 * another one left: which classes share a JVM, and in which order, differs from run to run.
 * Registered for all classes under {@code META-INF/services}.
 */
public final class FreshDocuments implements BeforeAllCallback {
  private static final AtomicReference<EmulatorProject> SHARED = new AtomicReference<>();

  /** The shared project, once there is one. */
  static void of(EmulatorProject shared) {
    SHARED.set(shared);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    EmulatorProject shared = SHARED.get();
    if (shared != null && context.getRequiredTestClass().getEnclosingClass() == null) {
      shared.clear();
    }
  }
}
