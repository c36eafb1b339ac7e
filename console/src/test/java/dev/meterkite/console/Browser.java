package dev.meterkite.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Predicate;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.NoSuchElementException;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.FluentWait;

/** Debian's Chromium without a window, driven by the chromedriver of the same package. */
final class Browser implements AutoCloseable {
  static final String MISSING =
      "No Chromium: the tests in a browser are skipped; on Debian: apt-get install chromium"
          + " chromium-driver";

  private static final List<Path> CHROMIUM =
      List.of(Path.of("/usr/bin/chromium"), Path.of("/usr/bin/chromium-browser"));
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofMillis(25);

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** The program; empty where the machine has none, or no driver for it. */
  static Optional<Path> program() {
    return CHROMIUM.stream()
        .filter(Files::isExecutable)
        .filter(unused -> Files.isExecutable(DRIVER))
        .findFirst();
  }

  static Browser start(Path program) {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(program.toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
        "--window-size=1280,900");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile())
            .usingAnyFreePort()
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  /** Opens an address in a page that knows nothing of the one before. */
  void open(String url) {
    driver.get("about:blank");
    driver.get(url);
  }

  void size(int width, int height) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  void colours(String scheme) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(
                Map.of("name", "prefers-color-scheme", "value", scheme),
                Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
  }

  Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  String text() {
    return driver.findElement(By.tagName("body")).getText();
  }

  WebElement find(String css) {
    return await("an element " + css, () -> driver.findElement(By.cssSelector(css)));
  }

  List<WebElement> all(String css) {
    return driver.findElements(By.cssSelector(css));
  }

  /** The button of this name, as a screen reader has it. */
  WebElement button(String name) {
    return await(
        "a button " + name,
        () ->
            driver.findElements(By.tagName("button")).stream()
                .filter(each -> each.isDisplayed() && each.getAccessibleName().equals(name))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException(name)));
  }

  /** Waits until the page has these words. */
  void awaitText(String words) {
    awaitPage("the words " + words, text -> text.contains(words));
  }

  void awaitPage(String what, Predicate<String> condition) {
    try {
      await(what, () -> condition.test(text()) ? true : null);
    } catch (RuntimeException e) {
      throw new AssertionError(what + " is not there:\n" + text(), e);
    }
  }

  void press(CharSequence... keys) {
    driver.switchTo().activeElement().sendKeys(keys);
  }

  void tab() {
    press(Keys.TAB);
  }

  WebElement focused() {
    return driver.switchTo().activeElement();
  }

  private <T> T await(String what, java.util.function.Supplier<T> look) {
    return new FluentWait<>(driver)
        .withTimeout(PATIENCE)
        .pollingEvery(PAUSE)
        .withMessage(what)
        .ignoring(NoSuchElementException.class)
        .ignoring(StaleElementReferenceException.class)
        .until(unused -> look.get());
  }

  /** The errors that the browser logged since the last call, such as what its policy blocked. */
  List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.SEVERE.intValue())
        .map(LogEntry::getMessage)
        .toList();
  }

  /** The whole page as a picture. */
  void picture(Path file) {
    long height =
        ((Number) run("return Math.max(document.documentElement.scrollHeight, innerHeight)"))
            .longValue();
    long width = ((Number) run("return innerWidth")).longValue();
    size((int) width, (int) Math.min(height, 4_000));
    try {
      Picture.write(driver.getScreenshotAs(OutputType.BYTES), file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What axe-core finds serious or critical on the page, one a line. */
  List<String> barriers() {
    // By the driver, past the page's policy, which would not let it in.
    run(AXE);
    Object found =
        driver.executeAsyncScript(
            """
            const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
              (report) => done(report.violations
                .filter((each) => each.impact === 'serious' || each.impact === 'critical')
                .flatMap((each) => each.nodes.map((node) =>
                  `${each.id}: ${each.help}: ${node.html} ${node.failureSummary}`))),
              (error) => done(['axe failed: ' + error]));
            """);
    return ((List<?>) found).stream().map(String::valueOf).toList();
  }

  private static final String AXE = axe();

  private static String axe() {
    String about = "/META-INF/maven/org.webjars.npm/axe-core/pom.properties";
    try (InputStream properties = Browser.class.getResourceAsStream(about)) {
      Properties read = new Properties();
      read.load(properties);
      String path =
          "/META-INF/resources/webjars/axe-core/" + read.getProperty("version") + "/axe.min.js";
      try (InputStream script = Browser.class.getResourceAsStream(path)) {
        return new String(script.readAllBytes(), StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
