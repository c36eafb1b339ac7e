package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.alerts.AlertSeverity;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.health.CircuitState;
import dev.meterkite.model.health.HealthStatus;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.quotas.QuotaOutcome;
import dev.meterkite.model.quotas.QuotaStatus;
import dev.meterkite.model.schema.Word;
import dev.meterkite.model.usage.UsageOutcome;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * docs/openapi.yaml: that it holds every HTTP function with its roles and codes, and that every one
 * of its examples is answered as it says, by a host on this machine.
 */
class OpenApiTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Instant NOW = Instant.parse("2026-03-02T09:00:00Z");
  private static final Duration TOLERANCE = Duration.ofMinutes(10);

  /** A 503 says that the same request may be sent again; a machine that is overloaded gives it. */
  private static final int REPEATS = 5;

  private static final Pattern MOMENT =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}|[0-9a-f]{16}|[0-9a-f]{12}");

  /** What depends on how fast this machine is, or is opaque, or names a real time. */
  private static final Set<String> VARIES =
      Set.of(
          "age_seconds",
          "last_hour",
          "latency_ms",
          "next_page_token",
          "price_version",
          "retry_after_seconds");

  /** What the trigger of jobs alone comes to; it stands in the job's payment. */
  private static final Set<CreditOutcome> ONLY_OF_JOBS =
      Set.of(CreditOutcome.INVALID_JOB, CreditOutcome.DURATION_EXCEEDS_TIER);

  /** Where examples of requests are: those by the schema, and those that break it. */
  private static final String VALID = "examples";

  private static final String INVALID = "x-invalid-examples";

  private static final Gson GSON =
      new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.BIG_DECIMAL).create();

  private static Map<?, ?> api;
  private static List<FunctionEntry> functions;

  @TempDir Path folder;

  /** An example: what is sent and what comes back. */
  private record Example(
      String operation,
      String method,
      String role,
      String name,
      Map<String, Object> parameters,
      String bodyType,
      Object body,
      boolean invalid,
      int status,
      String answerType,
      Map<?, ?> answerSchema,
      Object answer) {
    @Override
    public String toString() {
      return operation + " " + name;
    }
  }

  @BeforeAll
  static void read() throws IOException {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    options.setCodePointLimit(10_000_000);
    api =
        new Yaml(new SafeConstructor(options))
            .load(Files.readString(HOME.resolve("docs/openapi.yaml")));
    functions =
        FunctionTable.read(HOME.resolve("functions.tsv")).entries().stream()
            .filter(entry -> entry.kind() != FunctionEntry.Kind.EVENT)
            .toList();
  }

  private static Map<?, ?> map(Object node) {
    return node == null ? Map.of() : (Map<?, ?>) node;
  }

  private static Map<?, ?> paths() {
    return map(api.get("paths"));
  }

  /** The one operation of a function; its method is the key. */
  private static Map.Entry<?, ?> operation(String function) {
    Map<?, ?> path = map(paths().get("/" + function));
    assertEquals(1, path.size(), () -> "docs/openapi.yaml: methods under /" + function);
    return path.entrySet().iterator().next();
  }

  @Test
  void everyHttpFunction_isThereWithItsRoles() {
    assertEquals("3.1.0", api.get("openapi"));
    assertEquals(
        functions.stream().map(entry -> "/" + entry.name()).collect(Collectors.toSet()),
        paths().keySet());
    for (FunctionEntry entry : functions) {
      Map<?, ?> operation = map(operation(entry.name()).getValue());
      assertEquals(entry.name(), operation.get("operationId"));
      List<?> roles = (List<?>) operation.get("x-roles");
      assertEquals(Set.copyOf(entry.roles()), Set.copyOf(roles), entry.name());
      assertTrue(String.valueOf(operation.get("summary")).length() > 5, entry.name());
      assertTrue(String.valueOf(operation.get("description")).length() > 5, entry.name());
    }
  }

  @Test
  void everyOperation_hasTheAnswersThatItCanGive() {
    for (FunctionEntry entry : functions) {
      Map.Entry<?, ?> method = operation(entry.name());
      Map<?, ?> operation = map(method.getValue());
      List<String> wanted = new ArrayList<>(List.of("200", "400", "401", "405", "503"));
      boolean signed = entry.roles().contains("stripe");
      if (!signed) {
        wanted.add("403");
      }
      if (method.getKey().equals("post")) {
        wanted.add("413");
      }
      assertEquals(
          List.of(),
          wanted.stream()
              .filter(code -> !map(operation.get("responses")).containsKey(code))
              .toList(),
          entry.name());
      assertTrue(
          examples(entry).stream().anyMatch(example -> example.status() == 200), entry.name());
    }
  }

  /** Every code by which a rule refuses is said, and every word of a vocabulary. */
  @Test
  void everyCodeAndWord_isThere() throws IOException {
    String text = Files.readString(HOME.resolve("docs/openapi.yaml"));
    List<String> codes =
        Stream.of(CreditOutcome.values(), QuotaOutcome.values(), UsageOutcome.values())
            .flatMap(Arrays::stream)
            .filter(outcome -> !ONLY_OF_JOBS.contains(outcome))
            .map(outcome -> outcome.code())
            .filter(code -> !text.contains("`" + code + "`"))
            .toList();
    assertEquals(List.of(), codes);
    Map<String, Word[]> vocabularies =
        Map.of(
            "Transaction/type", TransactionType.values(),
            "Hold/status", HoldStatus.values(),
            "ProviderView/status", HealthStatus.values(),
            "ProviderView/circuit", CircuitState.values(),
            "QuotaView/status", QuotaStatus.values(),
            "Alert/severity", AlertSeverity.values());
    Map<?, ?> schemas = map(map(api.get("components")).get("schemas"));
    vocabularies.forEach(
        (place, words) -> {
          Map<?, ?> schema = map(schemas.get(place.split("/", -1)[0]));
          Map<?, ?> property = map(map(schema.get("properties")).get(place.split("/", -1)[1]));
          assertEquals(wire(words), property.get("enum"), place);
        });
    assertEquals(wire(FeatureFlag.values()), map(schemas.get("FeatureFlag")).get("enum"));
  }

  private static List<String> wire(Word[] words) {
    return Arrays.stream(words).map(Word::wire).toList();
  }

  @Test
  void everyReference_pointsSomewhere_andEveryComponentIsUsed() {
    Set<String> used = new TreeSet<>();
    collectReferences(api, used);
    used.forEach(reference -> JsonSchema.resolve(api, Map.of("$ref", reference)));
    Set<String> defined = new TreeSet<>();
    map(api.get("components"))
        .forEach(
            (kind, parts) ->
                map(parts)
                    .keySet()
                    .forEach(name -> defined.add("#/components/" + kind + "/" + name)));
    defined.removeIf(name -> name.contains("/securitySchemes/"));
    assertEquals(defined, used);
  }

  private static void collectReferences(Object node, Set<String> found) {
    if (node instanceof Map<?, ?> map) {
      map.forEach(
          (key, value) -> {
            if (key.equals("$ref")) {
              found.add((String) value);
            }
            collectReferences(value, found);
          });
    } else if (node instanceof List<?> list) {
      list.forEach(item -> collectReferences(item, found));
    }
  }

  private static List<Example> examples(FunctionEntry entry) {
    Map.Entry<?, ?> method = operation(entry.name());
    Map<?, ?> operation = map(method.getValue());
    List<Example> examples = new ArrayList<>();
    map(operation.get("responses"))
        .forEach(
            (status, response) ->
                map(JsonSchema.resolve(api, map(response)).get("content"))
                    .forEach(
                        (type, content) ->
                            map(map(content).get("examples"))
                                .forEach(
                                    (name, example) ->
                                        examples.add(
                                            example(
                                                entry,
                                                (String) method.getKey(),
                                                (String) name,
                                                Integer.parseInt((String) status),
                                                (String) type,
                                                map(map(content).get("schema")),
                                                map(example))))));
    return examples;
  }

  private static Example example(
      FunctionEntry entry,
      String method,
      String name,
      int status,
      String answerType,
      Map<?, ?> answerSchema,
      Map<?, ?> answer) {
    Map<?, ?> operation = map(operation(entry.name()).getValue());
    String bodyType = null;
    Map<?, ?> request = Map.of();
    boolean invalid = false;
    for (Map.Entry<?, ?> content :
        map(map(operation.get("requestBody")).get("content")).entrySet()) {
      Map<?, ?> media = map(content.getValue());
      for (String kind : List.of(VALID, INVALID)) {
        Object sent = map(media.get(kind)).get(name);
        if (sent != null) {
          bodyType = (String) content.getKey();
          request = map(sent);
          invalid = kind.equals(INVALID);
        }
      }
    }
    Object role = request.get("x-role") == null ? answer.get("x-role") : request.get("x-role");
    return new Example(
        entry.name(),
        method,
        role == null ? entry.roles().get(0) : (String) role,
        name,
        parameters(operation, name),
        bodyType,
        request.get("value"),
        invalid,
        status,
        answerType,
        answerSchema,
        answer.get("value"));
  }

  private static Map<String, Object> parameters(Map<?, ?> operation, String example) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    if (operation.get("parameters") instanceof List<?> list) {
      for (Object parameter : list) {
        Object sent = map(map(map(parameter).get("examples")).get(example)).get("value");
        if (sent != null) {
          parameters.put((String) map(parameter).get("name"), sent);
        }
      }
    }
    return parameters;
  }

  /** In the order of the file, in which each finds what those before it left. */
  private static List<Example> inOrder() {
    List<Example> all = new ArrayList<>();
    for (Object path : paths().keySet()) {
      FunctionEntry entry =
          functions.stream()
              .filter(one -> ("/" + one.name()).equals(path))
              .findFirst()
              .orElseThrow();
      List<String> names = new ArrayList<>();
      Map<?, ?> operation = map(operation(entry.name()).getValue());
      map(map(operation.get("requestBody")).get("content"))
          .values()
          .forEach(
              content -> {
                map(map(content).get(VALID)).keySet().forEach(n -> names.add((String) n));
                map(map(content).get(INVALID)).keySet().forEach(n -> names.add((String) n));
              });
      List<Example> examples = new ArrayList<>(examples(entry));
      assertTrue(
          examples.stream().map(Example::name).collect(Collectors.toSet()).containsAll(names),
          () -> entry.name() + ": an example of a request has no answer");
      examples.sort(java.util.Comparator.comparingInt(one -> names.indexOf(one.name())));
      all.addAll(examples);
    }
    return all;
  }

  @Test
  void everyExample_isAnsweredAsItSays() throws IOException {
    Path table = withoutTriggers();
    Options options = Options.forTests().withProcesses(1);
    List<String> wrong = new ArrayList<>();
    int sent = 0;
    try (LocalHost host = LocalHost.start(options, "openapi-examples", null, table, folder)) {
      host.clock().set(NOW);
      fill(host);
      HostClient client = new HostClient(host);
      for (Example example : inOrder()) {
        HttpResponse<String> response = send(host, client, example);
        for (int more = 0; response.statusCode() == 503 && more < REPEATS; more++) {
          response = send(host, client, example);
        }
        wrong.addAll(faults(example, response));
        sent++;
      }
    }
    System.out.println("docs/openapi.yaml: " + sent + " examples sent");
    assertEquals(List.of(), wrong);
  }

  /** The functions without triggers, whose events come when they come. */
  private Path withoutTriggers() throws IOException {
    List<String> lines = Files.readAllLines(HOME.resolve("functions.tsv"));
    return Files.write(
        folder.resolve("functions.tsv"),
        lines.stream().filter(line -> !line.contains("\tevent\t")).toList());
  }

  private static void fill(LocalHost host) throws IOException {
    Settings settings =
        new Settings(
            Map.of(
                "FIRESTORE_EMULATOR_HOST", host.firestore(),
                "GOOGLE_CLOUD_PROJECT", host.project()));
    Map<?, ?> documents =
        GSON.fromJson(
            Files.readString(Path.of("src/test/resources/openapi-documents.json")), Map.class);
    List<Mutation> mutations = new ArrayList<>();
    documents.forEach(
        (path, fields) -> {
          String[] parts = ((String) path).split("/", -1);
          Map<String, Object> stored = new LinkedHashMap<>();
          map(fields).forEach((name, value) -> stored.put((String) name, stored(value)));
          mutations.add(Mutation.replace(new DocRef(parts[0], parts[1]), stored));
        });
    try (FirestoreStore store = FirestoreStore.open(settings)) {
      // The first commit of an emulator can take longer than a commit may.
      HostClient.await(
          "the documents", () -> store.commit(mutations).handle((done, e) -> e == null).join());
    }
  }

  private static Object stored(Object value) {
    if (value instanceof BigDecimal number) {
      return number.scale() <= 0 ? (Object) number.longValueExact() : number.doubleValue();
    } else if (value instanceof String text && MOMENT.matcher(text).matches()) {
      return Instant.parse(text);
    } else if (value instanceof List<?> list) {
      return list.stream().map(OpenApiTest::stored).toList();
    } else if (value instanceof Map<?, ?> map) {
      Map<String, Object> stored = new LinkedHashMap<>();
      map.forEach((name, member) -> stored.put((String) name, stored(member)));
      return stored;
    }
    return value;
  }

  private static HttpResponse<String> send(LocalHost host, HostClient client, Example example) {
    String query =
        example.parameters().entrySet().stream()
            .filter(parameter -> !parameter.getKey().equals("Idempotency-Key"))
            .map(
                parameter ->
                    parameter.getKey()
                        + "="
                        + URLEncoder.encode("" + parameter.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    HttpRequest.Builder request =
        client.request("/" + example.operation() + (query.isEmpty() ? "" : "?" + query));
    if (example.body() != null) {
      String body = new Gson().toJson(example.body());
      request
          .header("Content-Type", example.bodyType())
          .POST(HttpRequest.BodyPublishers.ofString(body));
      if (example.role().equals("stripe")) {
        request.header("Stripe-Signature", stripeSignature(body));
        return client.send(request);
      }
    }
    if (example.parameters().get("Idempotency-Key") instanceof String key) {
      request.header("Idempotency-Key", key);
    }
    if (!example.role().equals("nobody")) {
      request.header("Authorization", "Bearer " + token(host, example.role()));
    }
    return client.send(request);
  }

  /** As Stripe makes it, with the secret that the host has where none is set. */
  private static String stripeSignature(String body) {
    long now = Instant.now().getEpochSecond();
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(
          new SecretKeySpec("whsec_local".getBytes(StandardCharsets.UTF_8), mac.getAlgorithm()));
      byte[] signature = mac.doFinal((now + "." + body).getBytes(StandardCharsets.UTF_8));
      return "t=" + now + ",v1=" + HexFormat.of().formatHex(signature);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String token(LocalHost host, String role) {
    return switch (role) {
      case "service" -> host.tokens().service();
      case "admin" -> host.tokens().admin();
      case "scheduler" -> host.tokens().scheduler();
      case "any" -> host.tokens().user("ada");
      default -> host.tokens().user(role);
    };
  }

  private static List<String> faults(Example example, HttpResponse<String> response) {
    List<String> faults = new ArrayList<>();
    String type = response.headers().firstValue("Content-Type").orElse("").split(";", 2)[0];
    if (response.statusCode() != example.status() || !type.equals(example.answerType())) {
      faults.add(response.statusCode() + " " + type + " " + response.body());
    } else if (type.equals("text/csv")) {
      compare("", example.answer(), response.body(), faults);
    } else if (type.equals("application/x-ndjson")) {
      compare("", lines((String) example.answer()), lines(response.body()), faults);
    } else {
      Object answer = GSON.fromJson(response.body(), Object.class);
      faults.addAll(JsonSchema.faults(api, example.answerSchema(), answer));
      compare("", example.answer(), answer, faults);
    }
    if (response.headers().firstValue("X-Request-Id").isEmpty()) {
      faults.add("no X-Request-Id");
    }
    boolean waits = example.status() == 429 || example.status() == 503;
    if (waits != response.headers().firstValue("Retry-After").isPresent()) {
      faults.add("Retry-After");
    }
    if (example.body() != null) {
      faults.addAll(faultsOfRequest(example, response.body()));
    }
    return faults.stream().map(fault -> example + ": " + fault).toList();
  }

  /** An example is in the list that its schema says, and none that breaks it is applied. */
  private static List<String> faultsOfRequest(Example example, String answer) {
    List<String> faults = new ArrayList<>();
    Map<?, ?> operation = map(operation(example.operation()).getValue());
    Map<?, ?> content =
        map(map(map(operation.get("requestBody")).get("content")).get(example.bodyType()));
    List<String> bySchema = JsonSchema.faults(api, content.get("schema"), example.body());
    if (bySchema.isEmpty() == example.invalid()) {
      faults.add("is in the wrong list, by its schema: " + bySchema);
    }
    if (example.invalid() && example.status() == 200 && !answer.contains("invalid_request")) {
      faults.add("breaks its schema and is applied");
    }
    return faults;
  }

  private static List<?> lines(String text) {
    return text.lines().map(line -> GSON.fromJson(line, Object.class)).toList();
  }

  private static void compare(String path, Object wanted, Object found, List<String> faults) {
    if (wanted instanceof Map<?, ?> map && found instanceof Map<?, ?> other) {
      if (!map.keySet().equals(other.keySet())) {
        faults.add(path + " has the members " + other.keySet());
      }
      map.forEach(
          (name, value) -> {
            if (!VARIES.contains(name)) {
              compare(path + "/" + name, value, other.get(name), faults);
            }
          });
    } else if (wanted instanceof List<?> list && found instanceof List<?> other) {
      if (list.size() != other.size()) {
        faults.add(path + " has " + other.size() + " items");
        return;
      }
      for (int i = 0; i < list.size(); i++) {
        compare(path + "/" + i, list.get(i), other.get(i), faults);
      }
    } else if (!isSame(wanted, found)) {
      faults.add(path + " is " + found + ", not " + wanted);
    }
  }

  private static boolean isSame(Object wanted, Object found) {
    if (wanted instanceof Number && found instanceof Number) {
      return new BigDecimal(wanted.toString()).compareTo(new BigDecimal(found.toString())) == 0;
    } else if (wanted instanceof String text && found instanceof String other) {
      if (MOMENT.matcher(text).matches() && MOMENT.matcher(other).matches()) {
        Duration apart = Duration.between(Instant.parse(text), Instant.parse(other)).abs();
        return apart.compareTo(TOLERANCE) < 0;
      }
      return text.equals(other)
          || (HASH.matcher(text).matches()
              && HASH.matcher(other).matches()
              && text.length() == other.length());
    }
    return Objects.equals(wanted, found);
  }
}
