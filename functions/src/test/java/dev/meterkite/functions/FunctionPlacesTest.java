package dev.meterkite.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every function has all its places; "How to add a function" in CONTRIBUTING.md lists them. */
class FunctionPlacesTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final List<String> FILES =
      List.of(
          "functions.tsv",
          "README.md",
          "docs/openapi.yaml",
          "firebase.json",
          "docs/cost.md",
          "docs/architecture.md",
          "docs/operations.md",
          "functions/src/test/resources/contract.tsv");

  @TempDir private Path copy;

  @Test
  void everyFunction_hasAllItsPlaces() throws IOException {
    assertEquals("", String.join("\n", FunctionPlaces.messages(HOME)));
  }

  /** The messages about the copy; not what is wrong with this working tree, which is said above. */
  private String messagesOfCopy() throws IOException {
    List<String> messages = new ArrayList<>(FunctionPlaces.messages(copy));
    messages.removeAll(FunctionPlaces.messages(HOME));
    return String.join("\n", messages);
  }

  private void copyPlaces() throws IOException {
    for (String file : FILES) {
      Path to = copy.resolve(file);
      Files.createDirectories(to.getParent());
      Files.copy(HOME.resolve(file), to);
    }
  }

  private int append(String file, String line) throws IOException {
    String text = Files.readString(copy.resolve(file));
    Files.writeString(copy.resolve(file), text + line + "\n");
    return text.split("\n", -1).length;
  }

  private void replace(String file, String old, String with) throws IOException {
    String text = Files.readString(copy.resolve(file));
    Files.writeString(copy.resolve(file), text.replace(old, with));
  }

  /** What a newcomer reads who has added a line to functions.tsv and nothing else. */
  @Test
  void halfAddedFunctions_areToldAllThatTheyLack() throws IOException {
    copyPlaces();
    int http =
        append(
            "functions.tsv",
            line(
                "example-call", "credits.ExampleCall", "http", "-", "credits", "false", "service"));
    int event =
        append(
            "functions.tsv",
            line(
                "on-thing-written",
                "things.OnThingWritten",
                "event",
                "written things/{thing_id}",
                "things",
                "true",
                "-"));
    int sweep =
        append(
            "functions.tsv",
            line(
                "tidy-up",
                "credits.TidyUp",
                "schedule-http",
                "5 * * * *",
                "credits",
                "false",
                "scheduler,admin"));
    String sources = "(functions/src/main/java/dev/meterkite/functions/";
    String contract =
        "functions/src/test/resources/contract.tsv has no line (name, method, trigger, roles,"
            + " idempotency key)";
    String cost =
        "docs/cost.md has no row; call the function in CostTest and write the table with"
            + " -Dmeterkite.write=true";
    String hosting =
        "firebase.json has no rewrite to it; write it with -Dmeterkite.write=true and HostingTest";
    assertEquals(
        String.join(
            "\n",
            at(http, "example-call")
                + "there is no class dev.meterkite.functions.credits.ExampleCall "
                + sources
                + "credits/ExampleCall.java)",
            at(http, "example-call") + contract,
            at(http, "example-call") + "README.md has no row in its table of functions",
            at(http, "example-call") + "docs/openapi.yaml has no path /example-call",
            at(http, "example-call") + hosting,
            at(http, "example-call") + cost,
            at(event, "on-thing-written")
                + "there is no class dev.meterkite.functions.things.OnThingWritten "
                + sources
                + "things/OnThingWritten.java)",
            at(event, "on-thing-written")
                + "functions/src/test/java/dev/meterkite/functions/ArchitectureTest.java has no"
                + " entry for its package things in ARROWS",
            at(event, "on-thing-written") + contract,
            at(event, "on-thing-written") + "README.md has no row in its table of functions",
            at(event, "on-thing-written") + "docs/architecture.md has no section",
            at(event, "on-thing-written") + cost,
            at(event, "on-thing-written")
                + "docs/operations.md has no row for its account meterkite-things",
            at(sweep, "tidy-up")
                + "there is no class dev.meterkite.functions.credits.TidyUp "
                + sources
                + "credits/TidyUp.java)",
            at(sweep, "tidy-up") + contract,
            at(sweep, "tidy-up") + "README.md has no row in its table of functions",
            at(sweep, "tidy-up") + "docs/openapi.yaml has no path /tidy-up",
            at(sweep, "tidy-up") + hosting,
            at(sweep, "tidy-up") + "docs/architecture.md has no row in its table of sweeps",
            at(sweep, "tidy-up") + cost),
        messagesOfCopy());
  }

  private static String line(
      String name,
      String type,
      String kind,
      String trigger,
      String account,
      String retry,
      String roles) {
    return String.join(
        "\t",
        name,
        "dev.meterkite.functions." + type,
        kind,
        trigger,
        account,
        "512",
        "1",
        "80",
        "0",
        "10",
        "30",
        retry,
        roles);
  }

  private static String at(int line, String name) {
    return "functions.tsv:" + line + " " + name + ": ";
  }

  private static int lineOf(Path file, String start) throws IOException {
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith(start)) {
        return i + 1;
      }
    }
    throw new AssertionError(file + " has no " + start);
  }

  /** Roles that were changed in functions.tsv alone, and a function that was taken out of it. */
  @Test
  void placesThatSayOtherwise_areNamedWithTheirLines() throws IOException {
    copyPlaces();
    replace("functions.tsv", "QuoteJob\thttp\t-\tcredits", "QuoteJob\thttp\t-\tquotas");
    String text = Files.readString(copy.resolve("functions.tsv"));
    Files.writeString(
        copy.resolve("functions.tsv"),
        text.replaceAll("(?m)^(quote-job\t.*)\tany$", "$1\tservice")
            .replaceAll("(?m)^list-alerts\t.*\n", ""));
    String at = at(lineOf(copy.resolve("functions.tsv"), "quote-job\t"), "quote-job");
    int path = lineOf(HOME.resolve("docs/openapi.yaml"), "  /quote-job:");
    List<String> openapi = Files.readAllLines(HOME.resolve("docs/openapi.yaml"));
    int roles = path;
    while (!openapi.get(roles - 1).contains("x-roles")) {
      roles++;
    }
    String contract = "functions/src/test/resources/contract.tsv";
    assertEquals(
        String.join(
            "\n",
            at
                + contract
                + ":"
                + lineOf(HOME.resolve(contract), "quote-job\t")
                + " has the roles \"any\", not \"service\"",
            at
                + "README.md:"
                + lineOf(HOME.resolve("README.md"), "| `quote-job` |")
                + " has the callers \"any\", not \"service\"",
            at + "docs/openapi.yaml:" + roles + " has the x-roles \"any\", not \"service\"",
            contract
                + ":"
                + lineOf(HOME.resolve(contract), "list-alerts\t")
                + ": functions.tsv has no function list-alerts",
            "docs/openapi.yaml:"
                + lineOf(HOME.resolve("docs/openapi.yaml"), "  /list-alerts:")
                + ": functions.tsv has no function list-alerts",
            "README.md:"
                + lineOf(HOME.resolve("README.md"), "| `list-alerts` |")
                + ": functions.tsv has no function list-alerts",
            "docs/cost.md:"
                + lineOf(HOME.resolve("docs/cost.md"), "| `list-alerts` |")
                + ": functions.tsv has no function list-alerts"),
        messagesOfCopy());
  }
}
