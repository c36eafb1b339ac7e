package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/openapi.yaml in the hands of others: the linters of CONTRIBUTING.md, and the generators of
 * docs/clients.md, by their commands as they stand there. They are downloaded, so this runs with
 * the full counts.
 */
@EnabledIfSystemProperty(
    named = "meterkite.deep",
    matches = "true",
    disabledReason = "Skipped, because it downloads linters and generators: ./mvnw -Pdeep runs it.")
class ApiToolsTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Pattern FINDINGS = Pattern.compile("You have \\d|\\d+ problem");
  private static final Path OUTPUT = HOME.resolve("target/clients");

  @TempDir Path folder;

  private static Program.Ended shell(String command) {
    return Program.online(HOME, "bash", "-c", command);
  }

  @Test
  void linters_findNothing() throws IOException {
    Program.NODE.orSkip();
    String line =
        Files.readAllLines(HOME.resolve("CONTRIBUTING.md")).stream()
            .filter(row -> row.contains("lint the API's description"))
            .findFirst()
            .orElseThrow();
    Matcher commands = Pattern.compile("`(npx [^`]+)`").matcher(line);
    int found = 0;
    while (commands.find()) {
      Program.Ended ended = shell(commands.group(1));
      assertEquals(0, ended.status(), ended.output());
      assertFalse(FINDINGS.matcher(ended.output()).find(), ended.output());
      found++;
    }
    assertEquals(2, found, line);
  }

  /** The command of docs/clients.md for a language. */
  private static String generator(String language) throws IOException {
    Matcher block =
        Pattern.compile("<!-- generate: " + language + " -->\n```sh\n(.*?)\n```", Pattern.DOTALL)
            .matcher(Files.readString(HOME.resolve("docs/clients.md")));
    assertTrue(block.find(), language);
    return block.group(1);
  }

  @Test
  void typesOfTypescript_compileWithTheClient() throws IOException {
    Program.NODE.orSkip();
    Path types = OUTPUT.resolve("meterkite-paths.ts");
    Files.deleteIfExists(types);
    Program.Ended generated = shell(generator("typescript"));
    assertEquals(0, generated.status(), generated.output());
    Files.copy(types, folder.resolve("meterkite-paths.ts"));
    Files.copy(HOME.resolve("clients/typescript/meterkite.ts"), folder.resolve("meterkite.ts"));
    Files.copy(Path.of("src/test/resources/typed.ts").toAbsolutePath(), folder.resolve("typed.ts"));
    Files.writeString(folder.resolve("page.ts"), page());
    Program.npmInstall(folder, "typescript@5.9.3");
    String options = "--noEmit --strict --target es2022 --module esnext --moduleResolution bundler";
    Program.Ended compiled =
        Program.run(folder, Map.of(), "bash", "-c", "npx tsc " + options + " typed.ts page.ts");
    assertEquals(0, compiled.status(), compiled.output());
  }

  /** The last blocks of the page, with what they leave to their reader declared. */
  private static String page() throws IOException {
    String page = Files.readString(HOME.resolve("docs/clients.md"));
    Matcher blocks =
        Pattern.compile("```ts\n(.*?)```", Pattern.DOTALL)
            .matcher(page.substring(page.indexOf("## A live balance")));
    StringBuilder all =
        new StringBuilder(
            """
            import { HostClient } from "./meterkite";
            declare const [db, user, doc, onSnapshot]: any[];
            declare const show: (credits: number) => void;
            declare const report: (error: Error) => void;
            declare const baseUrl: string;
            declare const token: () => Promise<string>;
            """);
    while (blocks.find()) {
      all.append(
          blocks.group(1).replace("import { doc, onSnapshot } from \"firebase/firestore\";", ""));
    }
    return all.toString().replace("\"meterkite\"", "\"./meterkite\"");
  }

  @Test
  void packageOfPython_compiles() throws IOException {
    Program.PYTHON.orSkip();
    Program.Ended generated = shell(generator("python"));
    assertEquals(0, generated.status(), generated.output());
    Program.Ended compiled =
        Program.run(
            OUTPUT.resolve("python"),
            Map.of(),
            "python3",
            "-W",
            "error",
            "-m",
            "compileall",
            "-q",
            ".");
    assertEquals(0, compiled.status(), compiled.output());
    List<String> apis =
        List.of("credits", "usage", "quotas", "health", "routing", "alerts", "customers");
    for (String api : apis) {
      Path file = OUTPUT.resolve("python/openapi_client/api/" + api + "_api.py");
      assertTrue(Files.readString(file).contains("_with_http_info("), file::toString);
    }
  }
}
