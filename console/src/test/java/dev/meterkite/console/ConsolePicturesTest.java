package dev.meterkite.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every page with data: how it looks, and that nobody is kept out of it. */
@ExtendWith(ConsoleSetup.Here.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ConsolePicturesTest {
  private static final long MOST_BYTES = 80_000;

  @ParameterizedTest
  @Order(1)
  @CsvSource({
    "overview, overview, Open alerts",
    "users, users, cus",
    "user, users/ada, deduction",
    "customers, customers, delphi",
    "customer, customers/acme, Total",
    "routing, routing, gpt-4o-mini",
    "alerts, alerts, Acknowledge",
    "local, local, Fire now",
  })
  void page_isReadByEverybody(String name, String page, String words, ConsoleSetup world) {
    if (name.equals("overview")) {
      Seed.busy(world.host);
    }
    for (String scheme : List.of("light", "dark")) {
      for (int width : new int[] {1280, 400}) {
        world.browser.size(width, 900);
        world.browser.colours(scheme);
        world.open(page);
        world.browser.awaitPage(
            "the page " + page, text -> text.contains(words) && !text.contains("Loading…"));
        world.browser.run("document.querySelectorAll('.decision .opener')[1]?.click()");
        if (name.equals("routing")) {
          world.browser.button("Replay with what is known now").click();
          world.browser.awaitText("What would be weighed now");
        }
        world.browser.picture(
            ConsoleSetup.PICTURES.resolve(name + "-" + scheme + "-" + width + ".png"));
        if (scheme.equals("light") == (width > 400)) { // Each scheme and each width once.
          assertEquals(List.of(), world.browser.barriers(), name + " " + scheme + " " + width);
        }
        assertTrue(
            (Boolean)
                world.browser.run("return document.documentElement.scrollWidth <= innerWidth"),
            name + " is wider than " + width);
      }
    }
    assertEquals(List.of(), world.browser.complaints());
    System.out.println(
        name + ": last answer " + lastAnswer(world) + " ms after the page was asked for");
  }

  private static long lastAnswer(ConsoleSetup world) {
    Object millis =
        world.browser.run(
            """
            return Math.max(...performance.getEntriesByType('resource')
              .filter((each) => /^.(api|local)/.test(new URL(each.name).pathname))
              .map((each) => each.responseEnd));
            """);
    return ((Number) millis).longValue();
  }

  /** The pictures of the docs are there, small, and written anew on demand. */
  @Test
  @Order(2)
  void picturesOfTheDocs_areSmall() throws IOException {
    String page = Files.readString(ConsoleSetup.DOCS.resolveSibling("console.md"));
    List<String> names =
        Pattern.compile("]\\(console/([^)]+\\.png)\\)")
            .matcher(page)
            .results()
            .map(found -> found.group(1))
            .toList();
    assertTrue(names.size() > 3, names::toString);
    for (String name : names) {
      Path file = ConsoleSetup.DOCS.resolve(name);
      if (Boolean.getBoolean("meterkite.write")
          && Files.exists(ConsoleSetup.PICTURES.resolve(name))) {
        Files.copy(ConsoleSetup.PICTURES.resolve(name), file, StandardCopyOption.REPLACE_EXISTING);
      }
      assertTrue(Files.size(file) < MOST_BYTES, name + " has " + Files.size(file) + " bytes");
    }
  }
}
