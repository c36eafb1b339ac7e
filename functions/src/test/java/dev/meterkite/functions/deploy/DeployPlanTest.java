package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy.sh --plan}, against a program that stands for the cloud and remembers. */
class DeployPlanTest {
  private static final String PROJECT = "meterkite-test";

  /** Keeps what it is told to make, and answers lists of it, in the forms of gcloud. */
  private static final String CLOUD =
      """
      #!/bin/bash
      cd '%s'
      keep() { mkdir -p "$1" && printf '%%s\\n' "${3:-}" >"$1/$2"; }
      names() { [ ! -d "$1" ] || (cd "$1" && for each in *; do echo "$2$each"; done); }
      flag() { for word; do case $word in "$name"=*) echo "${word#*=}" ;; esac; done; }
      asked=$*
      case "$1 $2 $3 $4" in
        'auth list '*) echo somebody ;;
        'auth print-access-token '*) echo a-token ;;
        'projects describe '*) echo known ;;
        'services enable '*) for word in "${@:3}"; do case $word in -*) ;; *) keep apis "$word" ;; esac; done ;;
        'services list '*) names apis ;;
        'iam service-accounts create '*) keep accounts "$4" ;;
        'iam service-accounts list '*) names accounts | sed 's/$/@meterkite-test.iam.gserviceaccount.com/' ;;
        'secrets create '*) keep secrets "$3" ;;
        'secrets list '*) names secrets projects/1/secrets/ ;;
        'secrets versions list '*) echo 1 ;;
        'firestore indexes composite create')
          name=--collection-group group=$(flag "$@")
          fields=$(printf '%%s\\n' "$@" | sed -n 's/^--field-config=field-path=\\([^,]*\\),order=\\(.*\\)$/{"fieldPath": "\\1", "order": "\\U\\2"},/p')
          keep composite "$group-$(cksum <<<"$fields" | tr -d ' ')" \
            "$(printf '{"density": "SPARSE_ALL", "fields": [%%s {"fieldPath": "__name__", "order": "ASCENDING"}], "name": "projects/p/databases/(default)/collectionGroups/%%s/indexes/1", "queryScope": "COLLECTION"},' "$fields" "$group")" ;;
        'firestore indexes composite list') echo '['; cat composite/* 2>/dev/null; echo ']' ;;
        'firestore indexes fields update')
          name=--collection-group; keep fields "$(flag "$@")--$5" ;;
        'firestore fields ttls update')
          name=--collection-group; keep ttls "$(flag "$@")--$5" ;;
        'firestore indexes fields list')
          names fields projects/p/databases/d/collectionGroups/ | sed 's,--,/fields/,' ;;
        'firestore fields ttls list')
          names ttls projects/p/databases/d/collectionGroups/ | sed 's,--,/fields/,' ;;
        'functions deploy '*)
          keep functions "$3" "$(for word in "${@:4}"; do
            value=${word#*=}
            case $word in
              --entry-point=*) echo "buildConfig.entryPoint:    $value" ;;
              --runtime=*) echo "buildConfig.runtime:       $value" ;;
              --service-account=*) echo "serviceConfig.serviceAccountEmail: $value" ;;
              --memory=*) echo "serviceConfig.availableMemory: $value" ;;
              --cpu=*) echo "serviceConfig.availableCpu:  $value" ;;
              --concurrency=*) echo "serviceConfig.maxInstanceRequestConcurrency: $value" ;;
              --min-instances=0) ;;
              --min-instances=*) echo "serviceConfig.minInstanceCount: $value" ;;
              --max-instances=*) echo "serviceConfig.maxInstanceCount: $value" ;;
              --timeout=*) echo "serviceConfig.timeoutSeconds: ${value%%s}" ;;
              --set-env-vars=*) printf '%%s\\n' "${value#^@@^}" | sed 's/@@/\\n/g' |
                sed 's/=/:   /; s/^/serviceConfig.environmentVariables./' ;;
              --update-labels=made-of=*) echo "labels.made-of:        ${word##*=}" ;;
            esac
          done)" ;;
        'functions describe '*)
          case $asked in
            *flattened*) cat "functions/$3" ;;
            *made-of*) sed -n 's/^labels.made-of: *//p' "functions/$3" ;;
            *) echo known ;;
          esac ;;
        'functions list '*) names functions projects/p/locations/us-central1/functions/ ;;
        'run deploy '*)
          keep services "$3" "$(printf '%%s\\n' "$@" | sed -n 's/.*made-of=//p')" ;;
        'run services describe '*) cat "services/$4" ;;
        'run services list '*) names services ;;
        'scheduler jobs describe '*) [ -e "jobs/$4" ] ;;
        'scheduler jobs create http' | 'scheduler jobs update http')
          name=--schedule; keep jobs "$5" "$(flag "$@")" ;;
        'scheduler jobs list '*)
          for each in $(names jobs); do printf 'projects/p/locations/l/jobs/%%s\\t%%s\\n' "$each" "$(cat "jobs/$each")"; done ;;
        'logging metrics create '*) keep metrics "$4" ;;
        'logging metrics list '*) names metrics ;;
        'alpha monitoring policies create')
          name=--policy-from-file
          keep policies "$(sed -n 's/^  "displayName": "\\(.*\\)",*$/\\1/p' "$OLDPWD/$(flag "$@")")" ;;
        'alpha monitoring policies list') names policies ;;
        *) echo known ;;
      esac
      """;

  @TempDir private Path temp;
  private final Map<String, String> environment = new TreeMap<>();
  private HttpServer rules;
  private String rulesInForce = "";

  @BeforeEach
  void standIn() throws IOException {
    Files.createDirectory(temp.resolve("cloud"));
    Path gcloud = temp.resolve("gcloud");
    Files.writeString(gcloud, CLOUD.formatted(temp.resolve("cloud")));
    assertTrue(gcloud.toFile().setExecutable(true));
    rules = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    rules.createContext(
        "/",
        exchange -> {
          boolean release = exchange.getRequestURI().getPath().contains("/releases/");
          byte[] body =
              (release
                      ? "{\"rulesetName\": \"projects/p/rulesets/1\"}"
                      : "{\"source\": {\"files\": [{\"name\": \"" + rulesInForce + "\"}]}}")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(rulesInForce.isEmpty() ? 404 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    rules.start();
    environment.put("PATH", temp + ":" + System.getenv("PATH"));
    environment.put("MAVEN", "true");
    environment.put("TOKEN_ISSUERS", "");
    environment.put("RULES_API", "http://127.0.0.1:" + rules.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    rules.stop(0);
  }

  private static List<String> functions() throws IOException {
    return FunctionTable.read(Shell.ROOT.resolve("functions.tsv")).entries().stream()
        .map(FunctionEntry::name)
        .toList();
  }

  private Shell.Ended deploy(String... options) {
    List<String> command = new ArrayList<>(List.of("./deploy.sh", "--project", PROJECT));
    command.addAll(List.of(options));
    return Shell.run(environment, command.toArray(String[]::new));
  }

  private List<String> plan(String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("--plan");
    Map<String, String> before = cloud();
    Shell.Ended ended = deploy(all.toArray(String[]::new));
    assertEquals(0, ended.status(), ended.err());
    assertEquals("", ended.err());
    assertEquals(before, cloud(), "a plan changes nothing");
    return ended.lines();
  }

  /** All that the stand-in remembers. */
  private Map<String, String> cloud() {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(temp.resolve("cloud"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        all.put(file.toString(), Files.readString(file));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return all;
  }

  private Path known(String path) {
    return temp.resolve("cloud").resolve(path);
  }

  /** Deploys the functions, and does what a dry run prints for everything else. */
  private void deployAll(String... form) throws IOException {
    List<String> only = new ArrayList<>(List.of(form));
    only.add("--only");
    only.addAll(functions());
    Shell.Ended ended = deploy(only.toArray(String[]::new));
    assertEquals(0, ended.status(), ended.err());
    List<String> lines = new ArrayList<>(deploy("--dry-run").lines());
    lines.removeIf(
        line -> !line.startsWith("gcloud ") || line.startsWith("gcloud functions deploy"));
    Path script = Files.write(temp.resolve("lines.sh"), lines);
    Shell.Ended rest = Shell.run(environment, "bash", "-e", script.toString());
    assertEquals(0, rest.status(), rest.err());
    rulesInForce = "firestore.rules." + sha256("firestore.rules").substring(0, 16);
  }

  private static String sha256(String file) throws IOException {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(Files.readAllBytes(Shell.ROOT.resolve(file))));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void emptyProject_getsEverything() throws IOException {
    List<String> lines = plan();
    for (String function : functions()) {
      assertTrue(lines.contains("  + " + function), function + " of " + lines);
    }
    for (String line :
        List.of(
            "APIs",
            "  + firestore.googleapis.com",
            "accounts",
            "  + meterkite-credits@" + PROJECT + ".iam.gserviceaccount.com",
            "secrets",
            "  + stripe-webhook-secret",
            "indexes and lifetimes",
            "  + ttl idempotency_keys expire_at",
            "rules",
            "  + firestore.rules",
            "functions",
            "schedules",
            "  + meterkite-expire-credits 0 * * * *",
            "metrics",
            "alert policies")) {
      assertTrue(lines.contains(line), line + " of " + lines);
    }
    List<String> services = new ArrayList<>(plan("--container"));
    services.retainAll(functions().stream().map(function -> "  + " + function).toList());
    assertEquals(functions().size(), services.size());
  }

  @Test
  void changes_areNamedOneByOne() throws IOException {
    deployAll();
    assertEquals(List.of("Nothing would change."), plan());

    Files.delete(known("functions/record-spans"));
    Files.writeString(known("functions/of-yesterday"), "labels.made-of: 1");
    Path debit = known("functions/debit-credits");
    Files.writeString(
        debit,
        Files.readString(debit)
            .replace("availableMemory: 512Mi", "availableMemory: 256Mi")
            .replaceFirst("labels.made-of: *", "$0x"));
    Path grant = known("functions/grant-credits");
    Files.writeString(grant, Files.readString(grant).replaceFirst("labels.made-of: *", "$0x"));
    Files.delete(known("jobs/meterkite-reset-quotas"));
    Files.writeString(known("jobs/meterkite-expire-credits"), "5 * * * *\n");
    Files.writeString(known("jobs/of-others"), "1 * * * *\n");
    Files.delete(known("apis/pubsub.googleapis.com"));
    Files.delete(known("accounts/meterkite-persons"));
    Files.writeString(known("accounts/meterkite-of-yesterday"), "");
    Files.delete(known("secrets/stripe-webhook-secret"));
    Files.delete(known("ttls/idempotency_keys--expire_at"));
    try (Stream<Path> composite = Files.list(known("composite"))) {
      Files.delete(
          composite
              .filter(file -> file.getFileName().toString().startsWith("usage_counts-"))
              .sorted()
              .findFirst()
              .orElseThrow());
    }
    rulesInForce = "firestore.rules.0000000000000000";
    List<String> lines = plan();
    String stays = " (not of this version; it stays until somebody deletes it)";
    String account = "@" + PROJECT + ".iam.gserviceaccount.com";
    List<String> index =
        lines.stream().filter(line -> line.startsWith("  + index usage_counts ")).toList();
    assertEquals(1, index.size(), lines::toString);
    assertEquals(
        List.of(
            "APIs",
            "  + pubsub.googleapis.com",
            "accounts",
            "  + meterkite-persons" + account,
            "  - meterkite-of-yesterday" + account + stays,
            "secrets",
            "  + stripe-webhook-secret",
            "indexes and lifetimes",
            index.get(0),
            "  + ttl idempotency_keys expire_at",
            "rules",
            "  ~ firestore.rules",
            "functions",
            "  ~ debit-credits: memory 256Mi -> 512Mi",
            "  ~ grant-credits: code, secrets or trigger",
            "  + record-spans",
            "  - of-yesterday" + stays,
            "schedules",
            "  + meterkite-expire-credits 0 * * * *",
            "  + meterkite-reset-quotas */5 * * * *",
            "  - meterkite-expire-credits 5 * * * *" + stays),
        lines);
  }

  @Test
  void settings_areNamedWithoutTheirValues() throws IOException {
    deployAll();
    environment.put("RATE_CARD", "episode=0.04");
    List<String> lines = plan("--only", "debit-credits", "usage-report");
    assertEquals(
        List.of("functions", "  ~ debit-credits: RATE_CARD", "  ~ usage-report: RATE_CARD"), lines);
  }

  @Test
  void services_areComparedToo() throws IOException {
    deployAll("--container");
    assertEquals(List.of("Nothing would change."), plan("--container"));
    Files.writeString(known("services/route-model"), "1\n");
    Files.delete(known("services/quote-job"));
    assertEquals(
        List.of("functions", "  + quote-job", "  ~ route-model: image or settings"),
        plan("--container"));
  }

  @Test
  void listThatCannotBeRead_isNamed() throws IOException {
    deployAll();
    Path gcloud = temp.resolve("gcloud");
    Files.writeString(
        gcloud,
        Files.readString(gcloud)
            .replace(
                "'logging metrics list '*) names metrics", "'logging metrics list '*) exit 1"));
    Shell.Ended ended = deploy("--plan");
    assertEquals(0, ended.status(), ended.err());
    assertEquals(
        "deploy.sh: this list cannot be read and counts as empty: gcloud logging metrics list"
            + " --format=value(name)",
        ended.err().strip());
    assertEquals("metrics", ended.lines().get(0));
  }

  @Test
  void plan_goesWithWhatItCanCompare() {
    for (String option : List.of("--dry-run", "--rules", "--destroy", "--urls")) {
      Shell.Ended ended = deploy("--plan", option);
      assertEquals(2, ended.status(), option);
      assertTrue(ended.err().contains("--plan "), ended.err());
    }
  }
}
