package dev.meterkite.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every page with data: how it looks, and that nobody is kept out of it. */
@ExtendWith(World.Here.class)
class ConsolePicturesTest {
  @ParameterizedTest
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
  void page_isReadByEverybody(String name, String page, String words, World world) {
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
        world.browser.run("document.querySelector('.decision .opener')?.click()");
        world.browser.picture(World.PICTURES.resolve(name + "-" + scheme + "-" + width + ".png"));
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
  }
}
