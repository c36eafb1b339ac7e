package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ScreenTest {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private Screen screen(int width, boolean terminal) {
    return new Screen(new PrintStream(printed, true, StandardCharsets.UTF_8), width, terminal);
  }

  private String text() {
    return printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }

  @Test
  void row_reachesTheRightMargin_andTakesTwoLinesWhenItDoesNotFit() {
    Screen screen = screen(40, false);
    screen.row("n".repeat(32), "12345");
    screen.row("n".repeat(33), "12345");
    assertEquals(
        "  " + "n".repeat(32) + " 12345\n  " + "n".repeat(33) + "\n" + " ".repeat(35) + "12345\n",
        text());
  }

  @Test
  void sentence_isWrappedAtTheWidth() {
    screen(40, false).say("x".repeat(18) + " " + "y".repeat(19) + " " + "z".repeat(50));
    assertEquals(
        "  " + "x".repeat(18) + " " + "y".repeat(19) + "\n  " + "z".repeat(50) + "\n", text());
  }

  @Test
  void width_isKeptBetweenItsBounds() {
    assertEquals(40, screen(39, false).width());
    assertEquals(41, screen(41, false).width());
    assertEquals(100, screen(101, false).width());
  }

  @Test
  void progress_isOneLineElsewhere_andABarOnATerminal() {
    Progress progress = new Progress(screen(60, false), "calls", 20);
    for (int i = 0; i < 20; i++) {
      progress.step();
    }
    assertEquals("  10 20 30 40 50 60 70 80 90 100 % of 20 calls\n", text());
    printed.reset();
    Progress few = new Progress(screen(60, false), "calls", 2);
    few.step();
    few.step();
    assertEquals("  50 100 % of 2 calls\n", text());
    printed.reset();
    Progress bar = new Progress(screen(40, true), "calls", 2);
    bar.step();
    bar.step();
    assertEquals(
        "\r  [##########..........] 1 of 2 calls\r  [####################] 2 of 2 calls\n", text());
  }
}
