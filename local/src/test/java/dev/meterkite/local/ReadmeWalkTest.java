package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonStreamParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The walks of the README and of docs/incidents.md do what they say: their shell blocks run as they
 * stand, on a local host.
 */
class ReadmeWalkTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Pattern BLOCK =
      Pattern.compile("```(sh|http|json)\n(.*?)\n```", Pattern.DOTALL);
  private static final int MOST_MINUTES = 5;

  /** Chosen by health and cost of the moment: only there, and of the type shown. */
  private static final Set<String> VARIES = Set.of("provider", "model_id", "score", "fallbacks");

  @TempDir Path folder;

  /**
   * A shell block.
   *
   * @param answer what the README shows below it; empty where it prints nothing
   */
  private record Step(String commands, String answer) {}

  private static List<Step> steps(String page) throws IOException {
    String text = Files.readString(HOME.resolve(page));
    Matcher blocks =
        BLOCK.matcher(text.substring(text.indexOf("<!-- walk"), text.indexOf("<!-- /walk")));
    List<Step> steps = new ArrayList<>();
    while (blocks.find()) {
      if (blocks.group(1).equals("sh")) {
        steps.add(new Step(blocks.group(2), ""));
      } else {
        Step shown = steps.remove(steps.size() - 1);
        steps.add(new Step(shown.commands(), blocks.group(2)));
      }
    }
    return steps;
  }

  @ParameterizedTest
  @CsvSource({"README.md, 10", "docs/incidents.md, 8"})
  void walkOfAPage_printsWhatItShows(String page, int least) throws Exception {
    List<Step> steps = steps(page);
    assertTrue(steps.size() > least, "found " + steps.size());
    try (LocalHost host =
        LocalHost.start(
            Options.forTests().withProcesses(1).withRules(),
            HOME.resolve("functions.tsv"),
            folder.resolve("work"))) {
      StringBuilder script = new StringBuilder("set -eu\n");
      for (int i = 0; i < steps.size(); i++) {
        String commands = steps.get(i).commands().replace("http://127.0.0.1:8080", host.url());
        script.append("{\n").append(commands).append("\n} > '" + folder.resolve("out" + i) + "'\n");
      }
      run(script.toString());
      for (int i = 0; i < steps.size(); i++) {
        assertShown(steps.get(i), Files.readString(folder.resolve("out" + i)));
      }
    }
  }

  @Test
  void answerThatIsNotTheOneShown_isFound() {
    String shown = "HTTP/1.1 200 OK\n{\"id\": \"lab-…\", \"lots\": [{\"remaining\": 70}]}";
    Step step = new Step("call", shown);
    assertShown(
        step, "HTTP/1.1 200 OK\n{\"more\":1,\"id\":\"lab-1\",\"lots\":[{\"remaining\":70}]}");
    for (String other :
        List.of(
            "HTTP/1.1 402 Payment Required\n{\"id\":\"lab-1\",\"lots\":[{\"remaining\":70}]}",
            "HTTP/1.1 200 OK\n{\"id\":\"lab-1\",\"lots\":[{\"remaining\":71}]}",
            "HTTP/1.1 200 OK\n{\"id\":\"other\",\"lots\":[{\"remaining\":70}]}",
            "HTTP/1.1 200 OK\n{\"id\":\"lab-1\",\"lots\":[]}",
            "HTTP/1.1 200 OK\n{\"lots\":[{\"remaining\":70}]}",
            "HTTP/1.1 200 OK\n")) {
      assertThrows(AssertionError.class, () -> assertShown(step, other), other);
    }
  }

  private void run(String script) throws IOException, InterruptedException {
    Path errors = folder.resolve("errors");
    Process shell =
        new ProcessBuilder("bash", Files.writeString(folder.resolve("walk.sh"), script).toString())
            .redirectErrorStream(true)
            .redirectOutput(errors.toFile())
            .start();
    try {
      assertTrue(shell.waitFor(MOST_MINUTES, TimeUnit.MINUTES), "the walk has not ended");
      assertEquals(0, shell.exitValue(), Files.readString(errors));
    } finally {
      shell.descendants().forEach(ProcessHandle::destroyForcibly);
      shell.destroyForcibly();
    }
  }

  private static void assertShown(Step step, String printed) {
    String what = step.commands() + "\nprinted\n" + printed;
    assertEquals(headers(step.answer()), headers(printed), what);
    List<JsonElement> shown = bodies(step.answer());
    List<JsonElement> actual = bodies(printed);
    assertEquals(shown.size(), actual.size(), what);
    for (int i = 0; i < shown.size(); i++) {
      assertPart(shown.get(i), actual.get(i), what);
    }
  }

  private static List<String> headers(String text) {
    return text.lines()
        .filter(line -> line.matches("(HTTP|[Ii]dempotency).*"))
        .map(line -> line.toLowerCase(Locale.ROOT))
        .toList();
  }

  private static List<JsonElement> bodies(String text) {
    List<JsonElement> bodies = new ArrayList<>();
    String json = text.replaceAll("(?m)^(HTTP|[Ii]dempotency).*$", "");
    JsonStreamParser parser = new JsonStreamParser(json);
    while (!json.isBlank() && parser.hasNext()) {
      bodies.add(parser.next());
    }
    return bodies;
  }

  /**
   * All that is shown is there; the README leaves fields out, and writes … for a part of a text.
   */
  private static void assertPart(JsonElement shown, JsonElement actual, String what) {
    if (shown instanceof JsonObject object) {
      for (String name : object.keySet()) {
        JsonElement found = actual.getAsJsonObject().get(name);
        assertTrue(found != null, () -> "no " + name + ": " + what);
        if (VARIES.contains(name)) {
          assertEquals(object.get(name).getClass(), found.getClass(), what);
        } else {
          assertPart(object.get(name), found, what);
        }
      }
    } else if (shown instanceof JsonArray list) {
      assertEquals(list.size(), actual.getAsJsonArray().size(), what);
      for (int i = 0; i < list.size(); i++) {
        assertPart(list.get(i), actual.getAsJsonArray().get(i), what);
      }
    } else if (shown.getAsString().contains("…")) {
      String pattern = Pattern.quote(shown.getAsString()).replace("…", "\\E.+\\Q");
      assertTrue(actual.getAsString().matches(pattern), () -> shown + ": " + what);
    } else {
      assertEquals(shown, actual, what);
    }
  }
}
