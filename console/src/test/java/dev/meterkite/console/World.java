package dev.meterkite.console;

import dev.meterkite.local.LocalHost;
import dev.meterkite.local.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** One host with data, one front with faults, one browser, for all tests of this module. */
final class World implements AutoCloseable {
  static final Path PICTURES = Path.of("target", "screenshots").toAbsolutePath();

  /** Those that docs/console.md shows. */
  static final Path DOCS = Path.of("..", "docs", "console").toAbsolutePath().normalize();

  final LocalHost host;
  final FaultyFront front;
  final Browser browser;

  private World(Path program) throws IOException, InterruptedException {
    Logger.getLogger("").setLevel(Level.WARNING); // Two lines for each server that stops.
    Path work = Files.createTempDirectory("console-test");
    Path table = Path.of("..", "functions.tsv").toAbsolutePath().normalize();
    host = LocalHost.start(Options.forTests(), table, work);
    Seed.plant(host);
    front = new FaultyFront(host.url());
    browser = Browser.start(program);
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
        ExtensionContext.Namespace.create(World.class);

    @Override
    public void beforeAll(ExtensionContext context) {
      if (Browser.program().isEmpty()) {
        System.out.println(Browser.MISSING);
      }
      Assumptions.assumeTrue(Browser.program().isPresent(), Browser.MISSING);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
      World world = world(context);
      world.front.reset();
      world.browser.size(1280, 900);
      world.browser.colours("light");
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == World.class;
    }

    @Override
    public World resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return world(context);
    }

    private static World world(ExtensionContext context) {
      return context
          .getRoot()
          .getStore(SPACE)
          .computeIfAbsent(World.class, unused -> start(), World.class);
    }

    private static World start() {
      Optional<Path> program = Browser.program();
      try {
        return new World(program.orElseThrow());
      } catch (IOException e) {
        throw new AssertionError(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }
}
