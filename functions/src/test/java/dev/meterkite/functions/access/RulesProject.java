package dev.meterkite.functions.access;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.emulator.EmulatorProject;
import dev.meterkite.emulator.FirestoreEmulator;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One project of the emulator with rules loaded, spoken to as clients do: REST and a token. */
final class RulesProject {
  private static final Gson GSON = new GsonBuilder().serializeNulls().create();

  /** The token that passes all rules. */
  private static final String OWNER = "owner";

  private final HttpClient http = HttpClient.newHttpClient();
  private final EmulatorProject emulator;
  private final String host;
  private final String documents;

  private RulesProject(FirestoreEmulator emulator, String project) {
    this.emulator = emulator.project(project);
    this.host = emulator.host();
    this.documents = "projects/" + project + "/databases/(default)/documents";
  }

  /** A fresh project of the shared emulator with these rules. */
  static RulesProject with(String rules) {
    RulesProject project =
        new RulesProject(EmulatorForTests.shared(), EmulatorForTests.freshProject());
    project.emulator.setRules(rules);
    return project;
  }

  /** What the expressions of the rules came to so far. */
  JsonObject coverage() {
    return JsonParser.parseString(emulator.ruleCoverage()).getAsJsonObject();
  }

  /** Puts documents there as they are, or takes them away, past the rules. */
  void seed(Map<String, Optional<Map<String, Object>>> fields) {
    List<Map<String, Object>> writes = new ArrayList<>();
    fields.forEach(
        (document, present) ->
            writes.add(
                present.isPresent()
                    ? Map.of("update", document(document, present.get()))
                    : Map.of("delete", documents + "/" + document)));
    if (!writes.isEmpty()) {
      HttpResponse<String> answer = commit(writes, OWNER);
      if (answer.statusCode() != 200) {
        throw new IllegalStateException("cannot seed " + fields + ": " + answer.body());
      }
    }
  }

  /** Does what the row says, as its caller, and answers the HTTP status. */
  int attempt(RulesCaller caller, Operation operation, String document) {
    String token = caller.token(emulator.name()).orElse(null);
    return switch (operation.kind()) {
      case GET -> send("GET", documents() + "/" + document, null, token).statusCode();
      case LIST -> query(operation, document, token).statusCode();
      case CREATE ->
          commit(
                  Map.of(
                      "update",
                      document(document, operation.fields()),
                      "currentDocument",
                      Map.of("exists", false)),
                  token)
              .statusCode();
      case UPDATE ->
          commit(
                  Map.of(
                      "update",
                      document(document, operation.present()),
                      "updateMask",
                      Map.of("fieldPaths", List.copyOf(operation.fields().keySet())),
                      "currentDocument",
                      Map.of("exists", true)),
                  token)
              .statusCode();
      case SET ->
          commit(Map.of("update", document(document, operation.fields())), token).statusCode();
      case DELETE -> commit(Map.of("delete", documents + "/" + document), token).statusCode();
    };
  }

  private HttpResponse<String> query(Operation operation, String document, String token) {
    Map<String, Object> query = new LinkedHashMap<>();
    String collection = document.substring(0, document.indexOf('/'));
    query.put("from", List.of(Map.of("collectionId", collection)));
    operation
        .fields()
        .forEach(
            (field, value) ->
                query.put(
                    "where",
                    Map.of(
                        "fieldFilter",
                        Map.of(
                            "field", Map.of("fieldPath", field),
                            "op", "EQUAL",
                            "value", value(value)))));
    return send("POST", documents() + ":runQuery", Map.of("structuredQuery", query), token);
  }

  private HttpResponse<String> commit(Map<String, Object> write, String token) {
    return commit(List.of(write), token);
  }

  private HttpResponse<String> commit(List<Map<String, Object>> writes, String token) {
    return send("POST", documents() + ":commit", Map.of("writes", writes), token);
  }

  private Map<String, Object> document(String document, Map<String, Object> fields) {
    return Map.of("name", documents + "/" + document, "fields", values(fields));
  }

  private String documents() {
    return "http://" + host + "/v1/" + documents;
  }

  private HttpResponse<String> send(String method, String uri, Object body, String token) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(uri))
            .timeout(Duration.ofMinutes(5))
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofString(GSON.toJson(body)));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    try {
      return http.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new IllegalStateException("the emulator does not answer: " + uri, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, Object> values(Map<String, Object> fields) {
    Map<String, Object> values = new LinkedHashMap<>();
    fields.forEach((name, value) -> values.put(name, value(value)));
    return values;
  }

  /** A value as Firestore's REST interface writes it. */
  private static Map<String, Object> value(Object value) {
    Map<String, Object> typed = new LinkedHashMap<>();
    if (value == null) {
      typed.put("nullValue", null);
    } else if (value instanceof Boolean) {
      typed.put("booleanValue", value);
    } else if (value instanceof Long || value instanceof Integer) {
      typed.put("integerValue", value.toString());
    } else if (value instanceof Double number) {
      typed.put("doubleValue", Double.isFinite(number) ? number : number.toString());
    } else if (value instanceof Instant) {
      typed.put("timestampValue", value.toString());
    } else if (value instanceof List<?> list) {
      typed.put("arrayValue", Map.of("values", list.stream().map(RulesProject::value).toList()));
    } else if (value instanceof Map<?, ?> map) {
      Map<String, Object> fields = new LinkedHashMap<>();
      map.forEach((name, item) -> fields.put((String) name, value(item)));
      typed.put("mapValue", Map.of("fields", fields));
    } else {
      typed.put("stringValue", (String) value);
    }
    return typed;
  }
}
