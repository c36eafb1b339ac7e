package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * deploy.sh, as far as it can be run without a cloud: what it would do, and whether that parses.
 */
class DeployScriptTest {
  private static final String PROJECT = "meterkite-test";
  private static final String BACKUP = "projects/p/locations/nam5/backups/b-1";
  private static final Set<String> VERBS =
      Set.of(
          "add-iam-policy-binding",
          "create",
          "delete",
          "deploy",
          "enable",
          "export",
          "import",
          "modify-push-config",
          "restore",
          "submit",
          "update");

  /** What gcloud says to a command that it understood, where nobody is signed in. */
  private static final String NOBODY = "You do not currently have an active account selected";

  /** With a key of a provider, a file of configuration and a topic for alerts. */
  private static final Map<String, String> KEYS_AND_FILE =
      Map.of(
          "PROVIDER_KEYS", "openai,elevenlabs",
          "CUSTOMER_CONFIG_FILE", "firebase.json",
          "ALERT_TOPIC", "projects/p/topics/alerts");

  /** What dry runs printed, by environment and options: many tests look at the same one. */
  private static final Map<List<Object>, List<String>> DRY_RUNS = new HashMap<>();

  @TempDir private Path temp;

  private static Shell.Ended deploy(String... options) {
    return deploy(Map.of("TOKEN_ISSUERS", ""), options);
  }

  private static Shell.Ended deploy(Map<String, String> environment, String... options) {
    List<String> command = new ArrayList<>(List.of("./deploy.sh", "--project", PROJECT));
    command.addAll(List.of(options));
    return Shell.run(environment, command.toArray(String[]::new));
  }

  private static List<String> dryRun(String... options) {
    return dryRun(Map.of("TOKEN_ISSUERS", ""), options);
  }

  private static List<String> dryRun(Map<String, String> environment, String... options) {
    return DRY_RUNS.computeIfAbsent(
        List.of(environment, List.of(options)),
        asked -> {
          List<String> all = new ArrayList<>(List.of(options));
          all.add("--dry-run");
          Shell.Ended ended = deploy(environment, all.toArray(String[]::new));
          assertEquals(0, ended.status(), ended.err());
          assertEquals("", ended.err());
          return ended.lines();
        });
  }

  /** What docs/operations.md says of each account is what the script grants, no more, no less. */
  @Test
  void accountsOfTheDocs_haveTheRolesThatAreGranted() throws IOException {
    Map<String, Set<String>> granted = new TreeMap<>(Map.of("scheduler", Set.of()));
    for (FunctionEntry entry : FunctionTable.read(Shell.ROOT.resolve("functions.tsv")).entries()) {
      granted.put(entry.account(), new TreeSet<>());
    }
    Pattern member =
        Pattern.compile("--member=serviceAccount:meterkite-([a-z]+)@.*--role=(roles/[\\w.]+)");
    for (String line : dryRun()) {
      var binding = member.matcher(line);
      if (binding.find()) {
        granted.computeIfAbsent(binding.group(1), name -> new TreeSet<>()).add(binding.group(2));
      }
    }
    Map<String, Set<String>> told = new TreeMap<>();
    Pattern role = Pattern.compile("roles/[\\w.]+");
    for (String line : Files.readAllLines(Shell.ROOT.resolve("docs/operations.md"))) {
      if (line.startsWith("| `meterkite-")) {
        String[] cells = line.split("\\|", -1);
        Set<String> roles = new TreeSet<>();
        role.matcher(cells[2]).results().forEach(found -> roles.add(found.group()));
        told.put(cells[1].strip().replaceAll("`(meterkite-)?", ""), roles);
      }
    }
    // Granted where there is something to read.
    for (String account : List.of("credits", "customers", "health")) {
      granted.get(account).add("roles/secretmanager.secretAccessor");
    }
    for (String account : List.of("alerts", "health")) {
      granted.get(account).add("roles/pubsub.publisher");
    }
    assertEquals(granted, told);
  }

  @Test
  void everyFunction_isDeployedAsItsLineSays() throws IOException {
    List<List<String>> commands = Shell.words(dryRun("--location", "nam5", "--region", "us-east4"));
    for (FunctionEntry entry : FunctionTable.read(Shell.ROOT.resolve("functions.tsv")).entries()) {
      List<String> words = commandWith(commands, "functions", "deploy", entry.name());
      List<String> wanted =
          new ArrayList<>(
              List.of(
                  "--gen2",
                  "--region=us-east4",
                  "--runtime=java21",
                  "--entry-point=" + entry.entryPoint(),
                  "--service-account=" + account(entry.account()),
                  "--memory=" + entry.memoryMi() + "Mi",
                  "--concurrency=" + entry.concurrency(),
                  "--min-instances=" + entry.minInstances(),
                  "--max-instances=" + entry.maxInstances(),
                  "--timeout=" + entry.timeout().toSeconds() + "s",
                  "--set-build-env-vars=USE_JAVA_FF_2=true"));
      if (entry.event() == null) {
        wanted.addAll(List.of("--trigger-http", "--allow-unauthenticated"));
      } else {
        wanted.addAll(
            List.of(
                "--no-allow-unauthenticated",
                "--trigger-location=nam5",
                "--trigger-event-filters=type=" + entry.event().type(),
                "--trigger-event-filters=database=(default)",
                "--trigger-event-filters-path-pattern=document=" + entry.event().pattern(),
                "--trigger-service-account=" + account("trigger"),
                entry.retry() ? "--retry" : "--no-retry"));
        commandWith(commands, "run", "services", "add-iam-policy-binding", entry.name());
        assertKeepsDeadLetters(commands, entry.name());
      }
      assertEquals(List.of(), missing(wanted, words), entry.name());
      if (entry.schedule() != null) {
        List<String> job =
            commandWith(
                commands, "scheduler", "jobs", "create", "http", "meterkite-" + entry.name());
        String root = "https://us-east4-" + PROJECT + ".cloudfunctions.net";
        List<String> asked =
            List.of(
                "--schedule=" + entry.schedule(),
                "--uri=" + root + "/" + entry.name(),
                "--oidc-token-audience=" + root,
                "--oidc-service-account-email=" + account("scheduler"));
        assertEquals(List.of(), missing(asked, job), entry.name());
      }
    }
  }

  /** The container form differs in how functions are made, not in what they are. */
  @Test
  void container_deploysTheSameFunctionsAsServices() throws IOException {
    List<List<String>> commands = Shell.words(dryRun("--container", "--location", "us-east4"));
    assertTrue(commands.stream().noneMatch(words -> words.get(1).equals("functions")));
    for (FunctionEntry entry : FunctionTable.read(Shell.ROOT.resolve("functions.tsv")).entries()) {
      List<String> words = commandWith(commands, "run", "deploy", entry.name());
      List<String> wanted =
          new ArrayList<>(
              List.of(
                  "--service-account=" + account(entry.account()),
                  "--memory=" + entry.memoryMi() + "Mi",
                  "--concurrency=" + entry.concurrency(),
                  "--max-instances=" + entry.maxInstances(),
                  "--timeout=" + entry.timeout().toSeconds() + "s"));
      String kind = entry.event() == null ? "http" : "cloudevent";
      wanted.add(entry.event() == null ? "--allow-unauthenticated" : "--no-allow-unauthenticated");
      assertEquals(List.of(), missing(wanted, words), entry.name());
      assertTrue(
          words.stream()
              .anyMatch(
                  word ->
                      word.startsWith("--set-env-vars=")
                          && word.contains("@@FUNCTION_TARGET=" + entry.entryPoint() + "@@")
                          && word.endsWith("@@FUNCTION_SIGNATURE_TYPE=" + kind)),
          entry.name());
      if (entry.event() != null) {
        List<String> trigger =
            commandWith(commands, "eventarc", "triggers", "create", entry.name());
        assertEquals(
            List.of(),
            missing(
                List.of(
                    "--destination-run-service=" + entry.name(),
                    "--event-filters=type=" + entry.event().type(),
                    "--event-filters-path-pattern=document=" + entry.event().pattern(),
                    "--service-account=" + account("trigger")),
                trigger));
        assertKeepsDeadLetters(commands, entry.name());
      }
    }
  }

  @Test
  void containerfile_copiesWhatIsThere() throws IOException {
    Pattern copy = Pattern.compile("^COPY (?!--from)(.+) \\S+$", Pattern.MULTILINE);
    List<String> files =
        copy.matcher(Files.readString(Shell.ROOT.resolve("Containerfile")))
            .results()
            .flatMap(match -> Stream.of(match.group(1).split(" ", -1)))
            .toList();
    assertTrue(files.contains("container/Rehearsal.java"), files::toString);
    String uploaded = Files.readString(Shell.ROOT.resolve("container/.gcloudignore"));
    for (String file : files) {
      assertTrue(Files.exists(Shell.ROOT.resolve(file)), file);
      String folder = file.contains("/") ? file.substring(0, file.indexOf('/') + 1) : file;
      assertTrue(uploaded.contains("!" + folder), file);
    }
  }

  private static void assertKeepsDeadLetters(List<List<String>> commands, String function) {
    String dead = "meterkite-" + function + "-dead";
    commandWith(commands, "pubsub", "topics", "create", dead);
    List<String> kept = commandWith(commands, "pubsub", "subscriptions", "create", dead);
    assertEquals(
        List.of(),
        missing(
            List.of(
                "--topic=" + dead, "--expiration-period=never", "--message-retention-duration=31d"),
            kept));
    List<String> tried =
        commandWith(commands, "pubsub", "subscriptions", "update", "SUBSCRIPTION-OF-" + function);
    // 50 attempts, 10 to 600 s apart, end before the 24 h for which Eventarc keeps an event.
    assertEquals(
        List.of(),
        missing(List.of("--dead-letter-topic=" + dead, "--max-delivery-attempts=50"), tried));
  }

  private static String account(String name) {
    return "meterkite-" + name + "@" + PROJECT + ".iam.gserviceaccount.com";
  }

  private static List<String> missing(List<String> wanted, List<String> words) {
    return wanted.stream().filter(word -> !words.contains(word)).toList();
  }

  private static List<String> commandWith(List<List<String>> commands, String... first) {
    List<String> start = new ArrayList<>(List.of("gcloud"));
    start.addAll(List.of(first));
    return commands.stream()
        .filter(words -> words.size() > start.size())
        .filter(words -> words.subList(0, start.size()).equals(start))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no command " + start));
  }

  @Test
  void everyIndexAndFieldOfTheFile_isApplied() throws IOException {
    TreeSet<String> wanted = new TreeSet<>();
    JsonObject file =
        JsonParser.parseString(Files.readString(Shell.ROOT.resolve("firestore.indexes.json")))
            .getAsJsonObject();
    for (JsonElement element : file.getAsJsonArray("indexes")) {
      JsonObject index = element.getAsJsonObject();
      assertEquals("COLLECTION", index.get("queryScope").getAsString());
      StringBuilder fields = new StringBuilder();
      for (JsonElement field : index.getAsJsonArray("fields")) {
        JsonObject part = field.getAsJsonObject();
        fields
            .append(" --field-config=field-path=")
            .append(part.get("fieldPath").getAsString())
            .append(",order=")
            .append(part.get("order").getAsString().toLowerCase(Locale.ROOT));
      }
      wanted.add("index " + index.get("collectionGroup").getAsString() + fields);
    }
    for (JsonElement element : file.getAsJsonArray("fieldOverrides")) {
      JsonObject field = element.getAsJsonObject();
      String name =
          field.get("collectionGroup").getAsString() + " " + field.get("fieldPath").getAsString();
      assertTrue(field.getAsJsonArray("indexes").isEmpty(), name);
      wanted.add("exempt " + name);
      if (field.has("ttl") && field.get("ttl").getAsBoolean()) {
        wanted.add("ttl " + name);
      }
    }
    TreeSet<String> applied = new TreeSet<>();
    for (List<String> words : Shell.words(dryRun())) {
      if (words.size() < 6 || !words.get(1).equals("firestore")) {
        continue;
      }
      String group =
          words.stream()
              .filter(word -> word.startsWith("--collection-group="))
              .map(word -> word.substring("--collection-group=".length()))
              .findFirst()
              .orElse("");
      if (words.contains("composite")) {
        StringBuilder fields = new StringBuilder();
        words.stream()
            .filter(word -> word.startsWith("--field-config="))
            .forEach(word -> fields.append(' ').append(word));
        applied.add("index " + group + fields);
      } else if (words.contains("--disable-indexes")) {
        applied.add("exempt " + group + " " + words.get(5));
      } else if (words.contains("--enable-ttl")) {
        applied.add("ttl " + group + " " + words.get(5));
      }
    }
    assertEquals(wanted, applied);
  }

  @Test
  void dryRun_isOnePlainCommandALineThatNamesWhatIsThere() throws IOException {
    for (List<String> words : Shell.words(dryRun())) {
      assertTrue(List.of("gcloud", "./mvnw", "./deploy.sh").contains(words.get(0)), words.get(0));
      for (String word : words) {
        assertFalse(word.matches("[|;&<>]+"), words::toString);
        String file = word.replaceFirst("^--(source|config-from-file|policy-from-file)=", "");
        if (!file.equals(word) || word.startsWith("./")) {
          assertTrue(Files.exists(Shell.ROOT.resolve(file)), word);
        }
      }
    }
  }

  @Test
  void only_deploysTheNamedFunctions() {
    List<String> lines = dryRun("--only", "debit-credits", "quote-job");
    assertEquals(2, lines.stream().filter(line -> line.contains("functions deploy")).count());
    assertTrue(lines.stream().noneMatch(line -> line.contains("gcloud firestore")));
  }

  /** A key is mounted where providers are probed, the file where customers are configured. */
  @Test
  void keysAndFile_areReadByTheFunctionsThatUseThemAlone() throws IOException {
    List<List<String>> commands = Shell.words(dryRun(KEYS_AND_FILE));
    Map<String, String> mounted = new TreeMap<>();
    for (List<String> words : commands) {
      if (words.get(1).equals("functions")) {
        words.stream()
            .filter(word -> word.startsWith("--set-secrets="))
            .forEach(word -> mounted.put(words.get(3), word.substring(14)));
        boolean named =
            words.stream().anyMatch(word -> word.contains("@@CUSTOMER_CONFIG_FILE=/etc/meter"));
        assertEquals(
            words.contains("--set-secrets=/etc/meterkite/customers.json=customer-config:latest"),
            named);
        assertEquals(1, words.stream().filter(word -> word.contains("-secrets")).count());
      }
    }
    String file = "/etc/meterkite/customers.json=customer-config:latest";
    Map<String, String> wanted = new TreeMap<>();
    for (FunctionEntry entry : FunctionTable.read(Shell.ROOT.resolve("functions.tsv")).entries()) {
      if (entry.account().equals("customers")) {
        wanted.put(entry.name(), file);
      }
    }
    wanted.put(
        "check-providers",
        "OPENAI_API_KEY=openai-api-key:latest,ELEVENLABS_API_KEY=elevenlabs-api-key:latest");
    wanted.put("stripe-webhook", "STRIPE_WEBHOOK_SECRET=stripe-webhook-secret:latest");
    assertEquals(wanted, mounted);
    commandWith(commands, "secrets", "create", "elevenlabs-api-key");
    commandWith(commands, "secrets", "versions", "add", "customer-config");
  }

  /**
   * A variable that the cloud needs can be given when deploying; the others are of this machine.
   */
  @Test
  void everySetting_reachesTheFunctions() {
    Set<String> ofThisMachine =
        Set.of("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST", "CLOCK_FILE", "LOG_FORMAT");
    Map<String, String> environment = new TreeMap<>();
    Settings.VARIABLES.forEach(variable -> environment.put(variable.name(), "firebase.json"));
    environment.put("PROVIDER_KEYS", "openai,anthropic,google,elevenlabs");
    String all = String.join("\n", dryRun(environment));
    List<String> lost = new ArrayList<>();
    for (String name : environment.keySet()) {
      if (!ofThisMachine.contains(name)
          && !name.equals("PROVIDER_KEYS")
          && !Pattern.compile("[@^=,]" + name + "=").matcher(all).find()) {
        lost.add(name);
      }
    }
    assertEquals(List.of(), lost);
  }

  /**
   * A second run finds everything as it is. The program that stands for the cloud remembers labels,
   * images and secrets.
   */
  @ParameterizedTest
  @ValueSource(strings = {"", "--container"})
  void secondRun_changesNothing(String form) throws IOException {
    Map<String, String> environment =
        new TreeMap<>(gcloudThat(REMEMBERS.formatted(temp.resolve("known"))));
    Files.createDirectory(temp.resolve("known"));
    environment.put("MAVEN", "true");
    environment.put("PROVIDER_KEYS", "openai");
    environment.put("CUSTOMER_CONFIG_FILE", "firebase.json");
    String[] options =
        (form + " --only debit-credits on-job-written check-providers customer-config")
            .strip()
            .split(" ");
    Pattern changes =
        Pattern.compile("^(functions deploy|run deploy|builds submit|secrets versions add) (\\S+)");
    List<Set<String>> changed = new ArrayList<>();
    for (int run = 0; run < 3; run++) {
      Files.deleteIfExists(temp.resolve("asked"));
      // The third time with another setting: what is made of it is deployed anew.
      environment.put("RATE_CARD", run < 2 ? "" : "episode=0.04");
      Shell.Ended ended = deploy(environment, options);
      assertEquals(0, ended.status(), ended.err());
      Set<String> now = new TreeSet<>();
      for (String line : Files.readAllLines(temp.resolve("asked"))) {
        changes.matcher(line).results().forEach(found -> now.add(found.group(2)));
      }
      changed.add(now);
    }
    Set<String> four =
        new TreeSet<>(
            Set.of("debit-credits", "on-job-written", "check-providers", "customer-config"));
    assertEquals(four, changed.get(2));
    four.add(form.isEmpty() ? "customer-config" : ".");
    assertEquals(four, changed.get(0));
    assertEquals(Set.of(), changed.get(1));
  }

  /** What gcloud would know of a project, in files of a folder. */
  private static final String REMEMBERS =
      """
      cd '%s'
      label() { for word; do case $word in *=made-of=*) echo "${word##*=}" ;; esac; done; }
      case "$1 $2" in
        'auth list') echo somebody ;;
        'functions deploy' | 'run deploy') label "$@" >"$3" ;;
        'functions describe') case $* in *made-of*) cat "$3" ;; *) echo https://f ;; esac ;;
        'run services') case "$3 $*" in describe*made-of*) cat "$4" ;; *) echo https://f ;; esac ;;
        'builds submit') touch image ;;
        'artifacts docker') [ -e image ] ;;
        'secrets versions')
          case $3 in
            add) cp "$OLDPWD/firebase.json" file ;;
            access) cat file ;;
            *) echo 1 ;;
          esac ;;
        'scheduler jobs') [ "$3" != describe ] || [ -e job ] || { touch job; exit 1; } ;;
        *) echo known ;;
      esac
      """;

  @Test
  void destroy_keepsTheData() {
    List<String> lines = dryRun("--destroy");
    assertTrue(lines.stream().anyMatch(line -> line.contains("functions delete debit-credits")));
    assertTrue(
        lines.stream().noneMatch(line -> line.contains("firestore") || line.contains("secrets")));
  }

  @Test
  void everyFileOfMonitoring_isInstalled() throws IOException {
    List<String> lines = dryRun();
    TreeSet<String> wanted = new TreeSet<>(List.of("monitoring/dashboard.json"));
    for (String folder : List.of("monitoring/metrics", "monitoring/policies")) {
      try (Stream<Path> files = Files.list(Shell.ROOT.resolve(folder))) {
        files.forEach(file -> wanted.add(folder + "/" + file.getFileName()));
      }
    }
    Pattern file = Pattern.compile("--(?:config|policy)-from-file=(\\S+)");
    TreeSet<String> installed = new TreeSet<>();
    lines.forEach(line -> file.matcher(line).results().forEach(m -> installed.add(m.group(1))));
    assertEquals(wanted, installed);
  }

  @Test
  void database_canBeReadAsItWas_andIsBackedUpDaily() {
    List<String> lines = dryRun();
    assertTrue(
        lines.stream()
            .anyMatch(
                l -> l.contains("firestore databases update") && l.contains("--enable-pitr")));
    assertTrue(
        lines.stream()
            .anyMatch(
                l ->
                    l.contains("backups schedules create")
                        && l.contains("--recurrence=daily")
                        && l.contains("--retention=14d")));
  }

  @Test
  void backup_exportsToTheDayInUtc() {
    String day = LocalDate.now(ZoneOffset.UTC).format(DateTimeFormatter.BASIC_ISO_DATE);
    List<String> lines =
        dryRun("backup", "--bucket", "gs://copies", "--collections", "users,credit_transactions");
    assertEquals(2, lines.size(), lines::toString);
    assertTrue(
        lines.get(1).startsWith("gcloud firestore export gs://copies/" + day + " "), lines.get(1));
    assertTrue(lines.get(1).contains(" --collection-ids=users,credit_transactions "));
    assertTrue(dryRun("backup").get(1).contains("gs://" + PROJECT + "-meterkite-backups/" + day));
  }

  /** A restore never goes over the documents that are there, unless that is said. */
  @Test
  void restore_makesADatabaseOfItsOwn() {
    List<String> lines = dryRun("restore", "gs://copies/20260131", "--collections=users");
    assertTrue(lines.get(0).contains("databases create --database=restored-"), lines.get(0));
    assertTrue(lines.get(1).contains("firestore import gs://copies/20260131"), lines.get(1));
    assertTrue(lines.get(1).contains("--database=restored-"), lines.get(1));
    assertTrue(lines.get(1).contains("--collection-ids=users"), lines.get(1));
    lines = dryRun("restore", "gs://copies/20260131", "--database=(default)");
    assertEquals(1, lines.size(), lines::toString);
    lines = dryRun("restore", BACKUP);
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.get(0).contains("databases restore --source-backup=" + BACKUP));
  }

  /** For some minutes dead letters are pushed as the event was; then they are kept again. */
  @Test
  void replay_pushesAndThenKeepsAgain() throws IOException {
    List<List<String>> lines = Shell.words(dryRun("replay", "on-job-written", "--minutes=3"));
    assertEquals(3, lines.size(), lines::toString);
    List<String> start = List.of("gcloud", "pubsub", "subscriptions", "modify-push-config");
    assertEquals(start, lines.get(0).subList(0, 4));
    assertEquals(
        List.of(),
        missing(
            List.of(
                "meterkite-on-job-written-dead",
                "--push-endpoint=https://URL-OF-on-job-written",
                "--push-auth-service-account=" + account("trigger"),
                "--push-no-wrapper",
                "--push-no-wrapper-write-metadata"),
            lines.get(0)));
    assertEquals(List.of("sleep", "180"), lines.get(1).subList(0, 2));
    assertEquals(start, lines.get(2).subList(0, 4));
    assertTrue(lines.get(2).contains("--push-endpoint="));
  }

  /** A program in place of the real one, which writes down what it was asked. */
  private Map<String, String> gcloudThat(String script) throws IOException {
    Path gcloud = temp.resolve("gcloud");
    Files.writeString(
        gcloud, "#!/bin/sh\nprintf '%s\\n' \"$*\" >>'" + temp.resolve("asked") + "'\n" + script);
    assertTrue(gcloud.toFile().setExecutable(true));
    return Map.of("PATH", temp + ":" + System.getenv("PATH"));
  }

  @Test
  void secondBackupOfADay_isRefused() throws IOException {
    Map<String, String> path = gcloudThat("case $1 in auth) echo somebody ;; esac\n");
    Shell.Ended ended = Shell.run(path, "./deploy.sh", "backup", "--project", PROJECT);
    assertEquals(2, ended.status(), ended.err());
    assertTrue(ended.err().contains("is there already"), ended.err());
    assertFalse(Files.readString(temp.resolve("asked")).contains("export"));
  }

  @Test
  void withoutAnAccount_orAProject_nothingRuns() throws IOException {
    Shell.Ended ended = Shell.run(gcloudThat("exit 0\n"), "./deploy.sh", "--project", PROJECT);
    assertEquals(2, ended.status(), ended.err());
    assertTrue(ended.err().contains("nobody is signed in"), ended.err());
    ended =
        Shell.run(
            gcloudThat("case $1 in auth) echo somebody ;; *) exit 1 ;; esac\n"),
            "./deploy.sh",
            "--project",
            PROJECT);
    assertEquals(2, ended.status(), ended.err());
    assertTrue(ended.err().contains("does not exist, or you may not see it"), ended.err());
  }

  @ParameterizedTest
  @CsvSource({
    "backup --bucket copies, is no bucket",
    "backup --collections a;b, is no list of collections",
    "restore 20260131, is no export",
    "restore, needs a name",
    "replay debit-credits, has no trigger debit-credits",
    "replay on-job-written --minutes 0, takes 1 to 999",
    "restore gs://copies/1 --database X, is no name of a database",
    "--only no-such, no function no-such",
    "--only, needs the name",
    "--location nam5, name one of them with --region",
    "--region nam5, is no region",
    "--location nowhere!, is no location",
    "--location mars, mars is no location",
    "--verbose, unknown option --verbose",
    "--project X, no project id",
    "--project, needs a value",
  })
  void wrongOption_isRefusedBeforeAnythingRuns(String options, String message) {
    Shell.Ended ended =
        deploy((options + " --dry-run").replace("--only --dry", "--dry").split(" "));
    if (options.equals("--only") || options.equals("--project")) {
      ended = deploy(options);
    }
    assertEquals(2, ended.status(), ended.err());
    assertEquals("", ended.out());
    assertTrue(ended.err().contains(message), ended.err());
  }

  /** A PATH with the tools of a BSD and without those of a developer: each is named, at once. */
  @Test
  void toolsThatAreMissing_areNamedBeforeAnythingRuns() throws IOException {
    for (String tool : List.of("bash", "dirname", "readlink", "tail", "tr", "env")) {
      Path real = Path.of("/bin", tool);
      Path there = Files.exists(real) ? real : Path.of("/usr/bin", tool);
      Files.createSymbolicLink(temp.resolve(tool), there);
    }
    script("sed", "cat"); // knows no \\L
    script("sort", "cat"); // knows no -z
    List<String> gnu =
        List.of(
            "deploy.sh: GNU sed is needed; on macOS: brew install gnu-sed, and put its gnubin"
                + " folder first on the PATH",
            "deploy.sh: GNU coreutils are needed; on macOS: brew install coreutils, and put its"
                + " gnubin folder first on the PATH");
    Map<String, String> path = Map.of("PATH", temp.toString());
    Files.createSymbolicLink(temp.resolve("cat"), Path.of("/bin/cat"));
    Shell.Ended dry = deploy(path, "--dry-run");
    assertEquals(2, dry.status());
    assertEquals(gnu, dry.err().lines().toList());
    List<String> all = new ArrayList<>(gnu);
    all.add(
        "deploy.sh: the Google Cloud CLI (gcloud) is needed:"
            + " https://cloud.google.com/sdk/docs/install");
    all.add("deploy.sh: curl is needed");
    all.add("deploy.sh: java is needed, of a JDK 17 or later");
    assertEquals(all, deploy(path).err().lines().toList());
    assertEquals(0, deploy(path, "--help").status());
  }

  @Test
  void shellThatIsNoBash4_isNamed() {
    Shell.Ended ended = Shell.run(Map.of(), "sh", "./deploy.sh", "--help");
    // Where sh is bash itself, it is new enough.
    assumeTrue(!ended.out().contains("Usage"), "sh is a bash here");
    assertEquals(2, ended.status());
    assertEquals(
        "deploy.sh: bash 4 or later is needed, not another shell; on macOS: brew install bash",
        ended.err().strip());
  }

  @Test
  void providerThatIsNone_orAFileThatIsNotThere_isRefused() {
    Shell.Ended ended = deploy(Map.of("PROVIDER_KEYS", "openai,acme"), "--dry-run");
    assertEquals(2, ended.status(), ended.err());
    assertTrue(ended.err().contains("PROVIDER_KEYS names acme"), ended.err());
    ended = deploy(Map.of("CUSTOMER_CONFIG_FILE", "no-such.json"), "--dry-run");
    assertEquals(2, ended.status(), ended.err());
    assertTrue(ended.err().contains("no-such.json cannot be read"), ended.err());
  }

  /** The command line tool takes every command: it gives up only when nobody is signed in. */
  @Test
  void everyCommand_isUnderstoodByGcloud() throws IOException {
    assumeTrue(Shell.has("gcloud"), "the Google Cloud CLI is not installed");
    List<String> lines = new ArrayList<>(dryRun());
    lines.addAll(dryRun("--destroy"));
    lines.addAll(dryRun(KEYS_AND_FILE, "--only", "check-providers", "customer-config"));
    lines.addAll(dryRun("--container"));
    lines.addAll(dryRun("--container", "--destroy"));
    lines.addAll(dryRun("backup", "--collections=users"));
    lines.addAll(dryRun("restore", "gs://copies/20260131"));
    lines.addAll(dryRun("restore", BACKUP));
    lines.addAll(dryRun("replay", "on-job-written"));
    lines.removeIf(line -> !line.startsWith("gcloud "));
    Map<String, String> tried = new TreeMap<>();
    for (String line : lines) {
      tried.putIfAbsent(Boolean.getBoolean("meterkite.deep") ? line : shape(line), line);
    }
    assertTrue(tried.size() >= 10, "the dry run printed " + tried.keySet());
    Map<String, String> nobody =
        Map.of(
            "CLOUDSDK_CONFIG", temp.toString(),
            "CLOUDSDK_CORE_CHECK_GCE_METADATA", "False",
            "CLOUDSDK_CORE_DISABLE_PROMPTS", "1");
    List<String> commands = List.copyOf(tried.values());
    Map<String, String> said = sayInOneProcess(nobody, commands);
    List<String> refused =
        commands.stream()
            .filter(line -> !said.getOrDefault(line, "").contains(NOBODY))
            // The word of the program itself counts.
            .map(line -> line + "\n" + Shell.run(nobody, "bash", "-c", line).err())
            .filter(line -> !line.contains(NOBODY))
            .toList();
    assertEquals(List.of(), refused);
  }

  /** What gcloud says to each command, as far as its parts can be loaded into one process. */
  private Map<String, String> sayInOneProcess(
      Map<String, String> environment, List<String> commands) throws IOException {
    Path file = Files.write(temp.resolve("commands"), commands);
    Path each = Path.of("src/test/resources/gcloud-each.py").toAbsolutePath();
    String run =
        """
        home=$(dirname "$(dirname "$(readlink -f "$(command -v gcloud)")")")
        python=$home/platform/bundledpythonunix/bin/python3
        [ -x "$python" ] || python=python3
        exec "${CLOUDSDK_PYTHON:-$python}" -S '%s' "$home/lib" <'%s'
        """
            .formatted(each, file);
    String[] said = Shell.run(environment, "bash", "-c", run).err().split("\f\n", -1);
    Map<String, String> answers = new TreeMap<>();
    for (int i = 0; i < Math.min(commands.size(), said.length); i++) {
      answers.put(commands.get(i), said[i]);
    }
    return answers;
  }

  /** A command without its values: what is behind the verb. Commands of one shape parse alike. */
  private static String shape(String line) {
    StringBuilder shape = new StringBuilder();
    boolean verb = false;
    for (String word : line.split(" ", -1)) {
      String name = word.startsWith("--") ? word.split("=", 2)[0] : word;
      if (name.startsWith("--") || !verb || name.equals("http")) {
        shape.append(name).append(' ');
      }
      verb |= VERBS.contains(name);
    }
    return shape.toString();
  }

  @Test
  void script_isCleanByShellcheck() {
    assumeTrue(Shell.has("shellcheck"), "shellcheck is not installed");
    Shell.Ended ended =
        Shell.run(
            Map.of(),
            "shellcheck",
            "deploy.sh",
            "local/launch.sh",
            "run-local.sh",
            "chaos.sh",
            "simulate.sh",
            "bench.sh",
            ".ci/counts",
            ".ci/run",
            "bench/start-up/container.sh");
    assertEquals("", ended.out());
    assertEquals(0, ended.status(), ended.err());
  }

  /** The rules reach the service letter by letter, as a ruleset and then as what is in force. */
  @Test
  void rules_arePublished() throws IOException {
    assumeTrue(Shell.has("curl"), "curl is not installed");
    ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    HttpServer service = HttpServer.create(loopback(), 0);
    service.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          String path = exchange.getRequestURI().getPath();
          asked.add(exchange.getRequestMethod() + " " + path + "\n" + body);
          boolean signedIn =
              "Bearer a-token".equals(exchange.getRequestHeaders().getFirst("Authorization"));
          // There is no release at first, so that it cannot be read or changed, only made.
          boolean released = asked.stream().anyMatch(call -> call.contains("/releases\n"));
          boolean absent = path.contains("/releases/") && !released;
          byte[] bytes = ruleset(path, asked).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(!signedIn ? 401 : absent ? 404 : 200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    service.start();
    try {
      script("gcloud", "echo a-token");
      for (int run = 0; run < 2; run++) {
        Shell.Ended ended =
            deploy(
                Map.of(
                    "PATH", temp + ":" + System.getenv("PATH"),
                    "RULES_API", "http://127.0.0.1:" + service.getAddress().getPort() + "/v1"),
                "--rules");
        assertEquals(0, ended.status(), ended.err());
        assertFalse(ended.err().contains("a-token"), "the token is in the log");
        assertEquals(run == 1, ended.err().contains("these already"), ended.err());
      }
    } finally {
      service.stop(0);
    }
    List<String> calls = List.copyOf(asked);
    String home = "/v1/projects/" + PROJECT;
    assertEquals(
        List.of(
            "GET " + home + "/releases/cloud.firestore",
            "POST " + home + "/rulesets",
            "PATCH " + home + "/releases/cloud.firestore",
            "POST " + home + "/releases",
            // The second time they are in force already.
            "GET " + home + "/releases/cloud.firestore",
            "GET " + home + "/rulesets/r-1"),
        calls.stream().map(call -> call.split("\n", 2)[0]).toList());
    JsonObject ruleset = JsonParser.parseString(calls.get(1).split("\n", 2)[1]).getAsJsonObject();
    assertEquals(
        Files.readString(Shell.ROOT.resolve("firestore.rules")),
        ruleset
            .getAsJsonObject("source")
            .getAsJsonArray("files")
            .get(0)
            .getAsJsonObject()
            .get("content")
            .getAsString());
    assertTrue(calls.get(3).contains("\"rulesetName\":\"projects/" + PROJECT + "/rulesets/r-1\""));
  }

  /** A ruleset as the service shows it, with the file that it was made of; else a release. */
  private static String ruleset(String path, Iterable<String> asked) {
    String name = "projects/" + PROJECT + "/rulesets/r-1";
    if (path.endsWith("/r-1")) {
      for (String call : asked) {
        if (call.startsWith("POST ") && call.contains("/rulesets\n")) {
          String source = call.split("\n", 2)[1].substring(1);
          return "{\n  \"name\": \"" + name + "\",\n  " + source;
        }
      }
    }
    return path.contains("/releases/")
        ? "{\n  \"name\": \"a release\",\n  \"rulesetName\": \"" + name + "\"\n}\n"
        : "{\n  \"name\": \"" + name + "\"\n}\n";
  }

  /**
   * Hosting gets a version with the rewrites of this region and those files that it lacks, and
   * shows it; when nothing has changed it is left alone.
   */
  @Test
  void console_isReleasedOnce() throws IOException {
    assumeTrue(Shell.has("curl"), "curl is not installed");
    Map<String, byte[]> uploaded = new TreeMap<>();
    ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    HttpServer service = HttpServer.create(loopback(), 0);
    String url = "http://127.0.0.1:" + service.getAddress().getPort();
    String version = "sites/" + PROJECT + "/versions/v-1";
    service.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          String path = exchange.getRequestURI().toString();
          boolean upload = path.startsWith("/upload/");
          String text = upload ? "" : new String(body, StandardCharsets.UTF_8);
          if (upload) {
            uploaded.put(path.substring("/upload/".length()), body);
          } else {
            asked.add(exchange.getRequestMethod() + " " + path + "\n" + text);
          }
          byte[] answer = hosting(url, version, path, asked).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    service.start();
    try {
      script("gcloud", "echo a-token");
      script(
          "maven",
          "mkdir -p \"$SITE_FOLDER/console/lib\"; cp -r console/app/. \"$SITE_FOLDER/console\";"
              + " echo 'a library' >\"$SITE_FOLDER/console/lib/preact.js\"");
      for (int run = 0; run < 2; run++) {
        Shell.Ended ended =
            deploy(
                Map.of(
                    "PATH",
                    temp + ":" + System.getenv("PATH"),
                    "MAVEN",
                    temp.resolve("maven").toString(),
                    "SITE_FOLDER",
                    temp.resolve("site").toString(),
                    "HOSTING_API",
                    url + "/v1"),
                "--console",
                "--region=europe-west1");
        assertEquals(0, ended.status(), ended.err());
        assertEquals("https://" + PROJECT + ".web.app/console/", lastLine(ended));
        assertFalse(ended.err().contains("a-token"), "the token is in the log");
        assertEquals(run == 1, ended.err().contains("is up to date"), ended.err());
      }
    } finally {
      service.stop(0);
    }
    List<String> calls = List.copyOf(asked);
    String site = "/v1/sites/" + PROJECT;
    assertEquals(
        List.of(
            "GET " + site + "/channels/live",
            "POST " + site + "/versions",
            "POST /v1/" + version + ":populateFiles",
            "PATCH /v1/" + version + "?update_mask=status",
            "POST " + site + "/releases?versionName=" + version,
            "GET " + site + "/channels/live"),
        calls.stream().map(call -> call.split("\n", 2)[0]).toList());
    JsonObject config = body(calls.get(1)).getAsJsonObject("config");
    JsonObject expected =
        JsonParser.parseString(
                Files.readString(Shell.ROOT.resolve("console/hosting.json"))
                    .replace("us-central1", "europe-west1"))
            .getAsJsonObject();
    assertEquals(expected, config);
    JsonObject files = body(calls.get(2)).getAsJsonObject("files");
    assertTrue(
        files.has("/console/index.html") && files.has("/console/lib/preact.js"), files::toString);
    assertUploaded(temp.resolve("site"), files, uploaded);
  }

  /** What Hosting answers: it lacks all files but one, and shows what was released. */
  private static String hosting(String url, String version, String path, Iterable<String> asked) {
    if (path.endsWith(":populateFiles")) {
      List<String> lacking = new ArrayList<>();
      for (String call : asked) {
        if (call.contains(":populateFiles")) {
          body(call).getAsJsonObject("files").entrySet().stream()
              .filter(file -> !file.getKey().endsWith("kite.svg"))
              .forEach(file -> lacking.add(file.getValue().toString()));
        }
      }
      return "{\n  \"uploadRequiredHashes\": [\n    "
          + String.join(",\n    ", lacking)
          + "\n  ],\n  \"uploadUrl\": \""
          + url
          + "/upload\"\n}\n";
    }
    if (path.endsWith("/channels/live")) {
      for (String call : asked) {
        if (call.startsWith("POST ") && call.contains("/versions\n")) {
          return "{\"release\": {\"version\": {\"labels\": " + body(call).get("labels") + "}}}";
        }
      }
      return "{\"name\": \"sites/x/channels/live\"}";
    }
    return "{\n  \"name\": \"" + version + "\",\n  \"status\": \"CREATED\"\n}\n";
  }

  private static void assertUploaded(Path site, JsonObject files, Map<String, byte[]> uploaded)
      throws IOException {
    for (Map.Entry<String, JsonElement> file : files.entrySet()) {
      byte[] packed = uploaded.get(file.getValue().getAsString());
      if (file.getKey().endsWith("kite.svg")) {
        assertEquals(null, packed, "it was there already");
        continue;
      }
      byte[] content = new GZIPInputStream(new ByteArrayInputStream(packed)).readAllBytes();
      Path source = site.resolve(file.getKey().substring(1));
      assertArrayEquals(Files.readAllBytes(source), content, file.getKey());
    }
  }

  private static JsonObject body(String call) {
    return JsonParser.parseString(call.split("\n", 2)[1]).getAsJsonObject();
  }

  private static String lastLine(Shell.Ended ended) {
    List<String> lines = ended.lines();
    return lines.get(lines.size() - 1);
  }

  @Test
  void console_isPutTogetherAndPublished() {
    List<String> lines = dryRun("--console");
    assertEquals(
        List.of(
            "gcloud services enable firebasehosting.googleapis.com --project="
                + PROJECT
                + " --quiet",
            "./mvnw -q -f console/pom.xml dependency:unpack@libraries resources:copy-resources@app",
            "./deploy.sh --console --project="
                + PROJECT
                + " --location=us-central1 --region=us-central1"),
        lines);
  }

  /** Every function that can be called, at its own address and at the one behind Hosting. */
  @ParameterizedTest
  @CsvSource({
    "'', https://us-central1-meterkite-test.cloudfunctions.net/",
    "--container, https://URL-OF-",
  })
  void urls_areThoseOfTheForm(String form, String own) throws IOException {
    List<String> lines =
        dryRun(form.isEmpty() ? new String[] {"--urls"} : new String[] {"--urls", form});
    List<String> expected = new ArrayList<>();
    expected.add("console\thttps://" + PROJECT + ".web.app/console/");
    for (FunctionEntry function :
        FunctionTable.read(Shell.ROOT.resolve("functions.tsv")).entries()) {
      if (function.kind() != FunctionEntry.Kind.EVENT) {
        String name = function.name();
        expected.add(name + "\t" + own + name + "\thttps://" + PROJECT + ".web.app/api/" + name);
      }
    }
    assertEquals(expected, lines);
  }

  /** Each model of the seed is created; one that is there already stays, and stops nothing. */
  @Test
  void catalogue_isFilled() throws IOException {
    assumeTrue(Shell.has("curl"), "curl is not installed");
    ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    HttpServer service = HttpServer.create(loopback(), 0);
    service.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          String query = exchange.getRequestURI().getRawQuery();
          asked.add(exchange.getRequestURI().getPath() + "?" + query + " " + body);
          exchange.sendResponseHeaders(query.endsWith("=openai_gpt-4o") ? 409 : 200, -1);
          exchange.close();
        });
    service.start();
    try {
      script("gcloud", "echo a-token");
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      String classes = System.getProperty("java.class.path");
      script("java", "exec '" + java + "' -cp '" + classes + "' \"$3\"");
      Shell.Ended ended =
          Shell.run(
              Map.of(
                  "PATH", temp + ":" + System.getenv("PATH"),
                  "DOCUMENTS_API", "http://127.0.0.1:" + service.getAddress().getPort() + "/v1"),
              "./deploy.sh",
              "--project",
              PROJECT,
              "--catalogue");
      assertEquals(0, ended.status(), ended.err());
    } finally {
      service.stop(0);
    }
    assertEquals(12, asked.size());
    String first = asked.peek();
    String documents = "/v1/projects/" + PROJECT + "/databases/(default)/documents/model_catalog";
    assertTrue(first.startsWith(documents + "?documentId=openai_gpt-4o {\"fields\":{"), first);
    assertTrue(first.contains("\"context_tokens\":{\"integerValue\":\"128000\"}"), first);
  }

  /** A file replaces the document; without one it is created, or stays; a fault writes nothing. */
  @Test
  void plans_areWritten_orTheirFaultsNamed() throws IOException {
    assumeTrue(Shell.has("curl"), "curl is not installed");
    ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    HttpServer service = HttpServer.create(loopback(), 0);
    service.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body);
          exchange.sendResponseHeaders(exchange.getRequestMethod().equals("POST") ? 409 : 200, -1);
          exchange.close();
        });
    service.start();
    Path good = temp.resolve("good.json");
    Files.writeString(
        good,
        "{\"version\": 7, \"jobs\": {\"credits_per_minute\": 0.5, \"qualities\": "
            + "[{\"quality\": \"hd\", \"multiplier\": 2.0}], \"priorities\": "
            + "[{\"priority\": \"now\", \"multiplier\": 1}]}}");
    Path bad = temp.resolve("bad.json");
    Files.writeString(bad, "{\"tiers\": [], \"packages\": 5}");
    try {
      script("gcloud", "echo a-token");
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      String classes = System.getProperty("java.class.path");
      script("java", "shift 2; exec '" + java + "' -cp '" + classes + "' \"$@\"");
      String api = "http://127.0.0.1:" + service.getAddress().getPort() + "/v1";
      assertEquals(0, plans(api, null).status());
      assertEquals(0, plans(api, good).status());
      Shell.Ended refused = plans(api, bad);
      assertEquals(2, refused.status());
      assertTrue(refused.err().contains("tiers must have at least one item"), refused.err());
      assertTrue(refused.err().contains("packages must be a list"), refused.err());
    } finally {
      service.stop(0);
    }
    assertEquals(2, asked.size());
    String documents = "/v1/projects/" + PROJECT + "/databases/(default)/documents/plans";
    String first = asked.remove();
    assertTrue(first.startsWith("POST " + documents + "?documentId=default {\"fields\":{"), first);
    String second = asked.remove();
    assertTrue(second.startsWith("PATCH " + documents + "/default {\"fields\":{"), second);
    assertTrue(second.contains("\"version\":{\"integerValue\":\"7\"}"), second);
    assertTrue(second.contains("\"credits_per_minute\":{\"doubleValue\":0.5}"), second);
    assertTrue(second.contains("\"multiplier\":{\"integerValue\":\"2\"}"), second);
  }

  private Shell.Ended plans(String api, @Nullable Path file) {
    Map<String, String> environment = new HashMap<>();
    environment.put("PATH", temp + ":" + System.getenv("PATH"));
    environment.put("DOCUMENTS_API", api);
    if (file != null) {
      environment.put("PLANS_FILE", file.toString());
    }
    return Shell.run(environment, "./deploy.sh", "--project", PROJECT, "--plans");
  }

  private void script(String name, String line) throws IOException {
    Path file = temp.resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + line + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }
}
