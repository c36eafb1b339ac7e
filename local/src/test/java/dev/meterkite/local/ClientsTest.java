package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of clients/, by their own tests, against a local host and a connection with faults. */
class ClientsTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();

  @TempDir static Path folder;
  private static LocalHost host;
  private static FaultyFront faults;

  @TempDir Path copy;

  @BeforeAll
  static void start() throws IOException {
    Options options = Options.forTests().withProcesses(1);
    host = LocalHost.start(options, "clients", null, HOME.resolve("functions.tsv"), folder);
    faults = new FaultyFront(host.url());
  }

  @AfterAll
  static void stop() {
    if (faults != null) {
      faults.close();
      host.close();
    }
  }

  private static Map<String, String> addresses() {
    return Map.of("METERKITE_URL", host.url(), "METERKITE_FAULTS", faults.url());
  }

  @Test
  void python_passesItsOwnTests() {
    Program.PYTHON.orSkip();
    Program.Ended tests =
        Program.run(
            HOME.resolve("clients/python"),
            addresses(),
            "python3",
            "-B",
            "-W",
            "error",
            "-m",
            "unittest",
            "-v");
    assertEquals(0, tests.status(), tests.output());
    assertTrue(tests.output().matches("(?s).*Ran \\d\\d tests.*"), tests.output());
    assertTrue(tests.output().strip().endsWith("OK"), () -> "skipped: " + tests.output());
  }

  @Test
  void blocksOfThePage_runInPython() throws IOException {
    Program.PYTHON.orSkip();
    user("page-python");
    String script =
        """
        from types import SimpleNamespace as Named
        messages = []
        ANSWER = {"model": "gpt-4o", "usage": {"prompt_tokens": 12_000, "completion_tokens": 800}}
        openai = Named(chat=Named(completions=Named(create=lambda **_: ANSWER)))
        """
            + blocks("python", "page-python")
            + "print(available, result is ANSWER, answer['balance'])\n";
    Files.writeString(copy.resolve("page.py"), script);
    Program.Ended ended =
        Program.run(
            copy,
            Map.of("PYTHONPATH", HOME.resolve("clients/python").toString()),
            "python3",
            "-B",
            "page.py");
    assertEquals("70 True 67", ended.output().strip());
  }

  /** The blocks of docs/clients.md that use a client, one after the other, for this host. */
  private static String blocks(String language, String user) throws IOException {
    String page = Files.readString(HOME.resolve("docs/clients.md"));
    String calls = page.substring(page.indexOf("## Calls"), page.indexOf("## A live balance"));
    Matcher blocks =
        Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(calls);
    StringBuilder all = new StringBuilder();
    while (blocks.find()) {
      all.append(blocks.group(1));
    }
    return all.toString().replace("http://127.0.0.1:8080", host.url()).replace("ada", user);
  }

  /** A user with 100 credits. */
  private static void user(String id) {
    HostClient client = new HostClient(host);
    for (String[] call :
        List.of(
            new String[] {"/register-user", "'tier':'payg'"},
            new String[] {"/grant-credits", "'type':'purchase','amount':100"})) {
      HttpResponse<String> answer =
          client.post(
              call[0],
              ("{'user_id':'" + id + "'," + call[1] + "}").replace('\'', '"'),
              "Authorization",
              "Bearer " + host.tokens().service(),
              "Content-Type",
              "application/json",
              "Idempotency-Key",
              id);
      assertEquals(200, answer.statusCode(), answer.body());
    }
  }

  @Test
  void typescript_compilesAndPassesItsOwnTests() throws IOException {
    Path source = HOME.resolve("clients/typescript");
    for (String file :
        List.of("meterkite.ts", "meterkite.test.mjs", "package.json", "tsconfig.json")) {
      Files.copy(source.resolve(file), copy.resolve(file));
    }
    Program.npmInstall(copy);
    Program.Ended tests = Program.run(copy, addresses(), "npm", "test");
    assertEquals(0, tests.status(), tests.output());
    assertTrue(tests.output().matches("(?s).*# pass \\d\\d\n.*"), tests.output());
    assertTrue(tests.output().contains("# skipped 0\n"), tests.output());
    blocksOfThePageRun();
  }

  /** In the folder of the package, which finds itself under its name. */
  private void blocksOfThePageRun() throws IOException {
    user("page-typescript");
    String script =
        """
        const messages: unknown[] = [];
        const ANSWER = { model: "gpt-4o", usage: { prompt_tokens: 12_000, completion_tokens: 800 } };
        const openai = { chat: { completions: { create: async (_: unknown) => ANSWER } } };
        """
            + blocks("ts", "page-typescript")
            + "console.log(result === ANSWER, answer.balance);\n";
    Files.writeString(copy.resolve("page.ts"), script);
    String compile =
        "npx tsc --strict --target es2022 --module esnext --moduleResolution bundler page.ts";
    Program.Ended compiled = Program.run(copy, Map.of(), "bash", "-c", compile);
    assertEquals(0, compiled.status(), compiled.output());
    Program.Ended ended = Program.run(copy, Map.of(), "node", "page.js");
    assertEquals("true 67", ended.output().strip());
  }
}
