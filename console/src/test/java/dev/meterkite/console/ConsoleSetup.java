package dev.meterkite.console;

import dev.meterkite.local.LocalHost;
import dev.meterkite.local.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** One host with data, one front with faults, one browser, for all tests of this module. */
final class ConsoleSetup implements AutoCloseable {
  static final Path PICTURES = Path.of("target", "screenshots").toAbsolutePath();

  /** Those that docs/console.md shows. */
  static final Path DOCS = Path.of("..", "docs", "console").toAbsolutePath().normalize();

  final LocalHost host;
  final FaultyProxy front;
  final Browser browser;

  private ConsoleSetup(Path program) throws IOException, InterruptedException {
    Logger.getLogger("").setLevel(Level.WARNING); // Two lines for each server that stops.
    Path work = Files.createTempDirectory("console-test");
    Path table = Path.of("..", "functions.tsv").toAbsolutePath().normalize();
    host = LocalHost.start(Options.forTests(), table, work);
    try {
      Seed.plant(host);
      front = new FaultyProxy(host.url());
      browser = Browser.start(program);
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      host.close();
      throw e;
    }
  }

  /** Opens a page of the console through the front. */
  void open(String page) {
    browser.open(front.url() + "/console/#/" + page);
  }

  @Override
  public void close() {
    browser.close();
    front.close();
    host.close();
  }

  /** Gives tests the world; skips them where there is no browser. */
  static final class Here implements BeforeAllCallback, BeforeEachCallback, ParameterResolver {
    private static final ExtensionContext.Namespace SPACE =
        ExtensionContext.Namespace.create(ConsoleSetup.class);

    @Override
    public void beforeAll(ExtensionContext context) {
      if (Browser.program().isEmpty()) {
        System.out.println(Browser.MISSING);
      }
      Assumptions.assumeTrue(Browser.program().isPresent(), Browser.MISSING);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
      ConsoleSetup world = world(context);
      world.front.reset();
      world.browser.size(1280, 900);
      world.browser.colours("light");
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == ConsoleSetup.class;
    }

    @Override
    public ConsoleSetup resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return world(context);
    }

    private static ConsoleSetup world(ExtensionContext context) {
      Start start =
          context
              .getRoot()
              .getStore(SPACE)
              .computeIfAbsent(Start.class, unused -> start(), Start.class);
      if (start.world() == null) {
        throw new AssertionError("The world did not start", start.failure());
      }
      return start.world();
    }

    /** A start that fails is not tried again for each test. */
    private static Start start() {
      try {
        return new Start(new ConsoleSetup(Browser.program().orElseThrow()), null);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Start(null, e);
      } catch (IOException | RuntimeException | AssertionError e) {
        return new Start(null, e);
      }
    }

    private record Start(ConsoleSetup world, Throwable failure) implements AutoCloseable {
      @Override
      public void close() {
        if (world != null) {
          world.close();
        }
      }
    }
  }
}
