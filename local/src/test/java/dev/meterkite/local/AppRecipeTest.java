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
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The scripts of docs/apps.md as they stand: an app with the Firebase SDK only, signed in as its
 * user, under the rules. The SDK has 260 MB, so this runs with the full counts.
 */
@EnabledIfSystemProperty(
    named = "meterkite.deep",
    matches = "true",
    disabledReason = "Skipped, because it installs the Firebase SDK: ./mvnw -Pdeep runs it.")
class AppRecipeTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Pattern INSTALL = Pattern.compile("npm install (firebase@\\S+)");
  private static final Pattern SCRIPT =
      Pattern.compile("```js\n(// node (\\w+\\.mjs).*?)```", Pattern.DOTALL);
  private static final String JOB = "podcast_jobs?pageSize=10";

  @TempDir static Path app;
  @TempDir static Path work;
  private static String page;
  private static LocalHost host;
  private static HostClient client;

  @BeforeAll
  static void start() throws IOException {
    page = Files.readString(HOME.resolve("docs/apps.md"));
    Matcher install = INSTALL.matcher(page);
    assertTrue(install.find());
    Files.writeString(app.resolve("package.json"), "{\"type\": \"module\"}");
    Program.npmInstall(app, install.group(1), "typescript@5.9.3");
    Matcher scripts = SCRIPT.matcher(page);
    while (scripts.find()) {
      Files.writeString(app.resolve(scripts.group(2)), scripts.group(1));
    }
    Options options = Options.forTests().withProcesses(1).withRules();
    host = LocalHost.start(options, HOME.resolve("functions.tsv"), work);
    client = new HostClient(host);
    for (String user : List.of("ada", "eve", "watched")) {
      call("register-user", "{'user_id':'" + user + "','tier':'payg'}");
      call("grant-credits", "{'user_id':'" + user + "','amount':100,'type':'purchase'}");
    }
  }

  @AfterAll
  static void stop() {
    if (host != null) {
      host.close();
    }
  }

  private static void call(String function, String body) {
    HttpResponse<String> answer =
        client.post(
            "/" + function,
            body.replace('\'', '"'),
            "Authorization",
            "Bearer " + host.tokens().service(),
            "Content-Type",
            "application/json",
            "Idempotency-Key",
            function + body.hashCode());
    assertEquals(200, answer.statusCode(), answer.body());
  }

  /** The block behind a script that shows what it prints. */
  private static List<String> shownAfter(String script) {
    String rest = page.substring(page.indexOf("// node " + script));
    Matcher shown = Pattern.compile("\n```\n(?!\\n)([^`]+)\n```").matcher(rest);
    assertTrue(shown.find(), script);
    return shown.group(1).lines().toList();
  }

  private Program.Running node(String script, String... arguments) {
    String[] command = new String[arguments.length + 2];
    command[0] = "node";
    command[1] = script;
    System.arraycopy(arguments, 0, command, 2, arguments.length);
    return Program.start(app, Map.of(), command);
  }

  @Test
  void scriptsOfThePage_showBalanceHistoryAndJobCostsLive() {
    List<String> ofBalance = shownAfter("balance.mjs");
    List<String> ofAccount = shownAfter("account.mjs");
    assertEquals(4, ofBalance.size());
    assertEquals(5, ofAccount.size());
    try (Program.Running balance = node("balance.mjs", "ada", host.firestore())) {
      balance.awaitLines(ofBalance.subList(0, 3));
      call("debit-credits", "{'user_id':'ada','amount':30}");
      balance.awaitLines(ofBalance);
      try (Program.Running account = node("account.mjs", "ada", host.firestore())) {
        account.awaitLines(ofAccount.subList(0, 3));
        complete();
        account.awaitLines(ofAccount);
        balance.awaitLines(List.of("job captured: 5 credits", "65 credits, 65 available"));
      }
    }
  }

  /** As the pipeline does, past the rules. */
  private static void complete() {
    String listed = host.documents().asCaller("GET", JOB, null, "owner").body();
    Matcher id = Pattern.compile("/podcast_jobs/(\\w+)\"").matcher(listed);
    assertTrue(id.find(), listed);
    String fields = "{\"fields\":{\"status\":{\"stringValue\":\"completed\"}}}";
    String path = "podcast_jobs/" + id.group(1) + "?updateMask.fieldPaths=status";
    assertEquals(200, host.documents().asCaller("PATCH", path, fields, "owner").status());
  }

  @Test
  void documentsOfAnotherUser_areDenied() throws IOException {
    Files.copy(
        Path.of("src/test/resources/denied.mjs").toAbsolutePath(), app.resolve("denied.mjs"));
    Program.Ended ended =
        Program.run(app, Map.of(), "node", "denied.mjs", "eve", "ada", host.firestore());
    assertEquals(0, ended.status(), ended.output());
    assertTrue(ended.output().contains("21 as expected"), ended.output());
  }

  @Test
  void watchBalance_takesTheFunctionsOfTheSdk() throws IOException {
    Files.copy(HOME.resolve("clients/typescript/meterkite.ts"), app.resolve("meterkite.ts"));
    Files.copy(Path.of("src/test/resources/watch.ts").toAbsolutePath(), app.resolve("watch.ts"));
    Program.Ended compiled =
        Program.run(
            app,
            Map.of(),
            "npx",
            "tsc",
            "--strict",
            "--skipLibCheck",
            "--target",
            "es2022",
            "--module",
            "esnext",
            "--moduleResolution",
            "bundler",
            "watch.ts");
    assertEquals(0, compiled.status(), compiled.output());
    try (Program.Running watch = node("watch.js", "watched", host.firestore())) {
      watch.awaitLines(List.of("100 100"));
      call("hold-credits", "{'user_id':'watched','amount':40}");
      watch.awaitLines(List.of("100 60"));
    }
    Program.Ended nobody =
        Program.run(app, Map.of(), "node", "watch.js", "nobody", host.firestore(), "eve");
    assertEquals("permission-denied", nobody.output().strip());
  }
}
