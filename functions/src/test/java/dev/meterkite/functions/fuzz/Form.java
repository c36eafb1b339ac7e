package dev.meterkite.functions.fuzz;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.hosted.HostedProcess;
import dev.meterkite.model.schema.Schema;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an HTTP function takes, found out by asking it: a function's answers name the fields that it
 * does not know, lacks or does not like. So a new function is learned without a word about it here.
 *
 * <p>Nothing is done by asking: each question carries the field {@link #GUARD}, for which any
 * request is refused.
 *
 * @param entry the function
 * @param port where it answers
 * @param method what it takes
 * @param token of somebody who may call it
 * @param fields by name, a value that it takes: JSON for a POST, text for a GET
 */
record Form(
    FunctionEntry entry, int port, String method, String token, Map<String, String> fields) {
  /** A field that no function knows. */
  static final String GUARD = "zz_guard";

  /** The subjects that requests are about. */
  static final String USER = "fuzzed-user";

  static final String CUSTOMER = "fuzzed-customer";

  private static final List<String> NAMES =
      List.of(
          "user_id amount job_id description type expires_at expires_in_seconds hold_id action",
          "transaction_id reason limit page_token from to duration_min quality priority",
          "customer_id scene_id group_by format records idempotency_key corrects correction",
          "provider model_id tokens requests ttl_seconds reservation_id success latency_ms",
          "http_status error_code retry_after task_type input_tokens output_tokens language",
          "exclude max_cost_micros acknowledged alert_id fresh bundle_tier contract_ends_before",
          "flag value percent");

  private static final List<String> TEXTS =
      List.of(
          USER,
          CUSTOMER,
          "2026-01-01T00:00:00Z",
          "2026-01-01",
          "2026-01-02",
          "purchase",
          "capture",
          "json",
          "day",
          "llm",
          "hd",
          "pro",
          "tactile",
          "void",
          "scene_generated",
          "openai",
          "ada@example.com",
          "Europe/Berlin");

  private static final List<String> OTHERS =
      List.of("1", "50", "0.5", "true", "[]", "[\"openai\"]", "{}");

  private static final int AT_ONCE = 40;

  private static final Map<String, Form> LEARNED = new HashMap<>();

  /** The forms of all HTTP functions, each learned once. */
  static List<Form> all(HostedProcess functions) throws IOException {
    List<Form> all = new ArrayList<>();
    for (FunctionEntry entry : functions.functions()) {
      // What has no token but signs its bodies lets no changed one in, whatever is changed.
      boolean isSigned = entry.roles().contains("stripe");
      // OTLP has every field that is not known ignored: one too many makes no request a wrong one.
      boolean isOpen = entry.name().equals("record-spans");
      if (entry.kind() != FunctionEntry.Kind.EVENT && !isSigned && !isOpen) {
        Form known = LEARNED.get(entry.name());
        all.add(known == null ? learn(functions, entry) : known);
        LEARNED.put(entry.name(), all.get(all.size() - 1));
      }
    }
    return all;
  }

  private static Form learn(HostedProcess functions, FunctionEntry entry) throws IOException {
    String role = entry.roles().get(0);
    String token = functions.token(role.equals("any") || role.equals("user") ? USER : role);
    Form empty = new Form(entry, functions.port(entry.name()), "GET", token, Map.of());
    Wire.Reply asked = Wire.send(empty.port(), empty.request(Map.of()), false);
    String method = asked.status() == 405 ? asked.header("allow") : "GET";
    Form form = new Form(entry, empty.port(), method, token, Map.of());
    Map<String, String> solved = form.solve(form.known());
    return new Form(entry, form.port(), method, token, solved);
  }

  boolean posts() {
    return method.equals("POST");
  }

  private List<String> known() throws IOException {
    List<String> known = new ArrayList<>();
    List<String> names = List.copyOf(vocabulary());
    for (int i = 0; i < names.size(); i += AT_ONCE) {
      Map<String, String> asked = new LinkedHashMap<>();
      names
          .subList(i, Math.min(names.size(), i + AT_ONCE))
          .forEach(name -> asked.put(name, posts() ? "null" : ""));
      Map<String, String> faults = faults(asked);
      for (String name : asked.keySet()) {
        String fault = faults.getOrDefault(name, "");
        boolean unknown = fault.startsWith("unknown_field") || fault.contains("not a field");
        if (!unknown && !faults.isEmpty()) {
          known.add(name);
        }
      }
    }
    return known;
  }

  /** All names of the schema and of requests. */
  private static TreeSet<String> vocabulary() {
    TreeSet<String> names = new TreeSet<>();
    NAMES.forEach(line -> names.addAll(Arrays.asList(line.split(" ", -1))));
    try {
      for (Class<?> collection : Schema.class.getDeclaredClasses()) {
        for (Field field : collection.getFields()) {
          names.add(String.valueOf(field.get(null)));
        }
      }
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
    names.removeIf(name -> !name.matches("[a-z_]+"));
    return names;
  }

  private Map<String, String> solve(List<String> known) throws IOException {
    List<String> values = new ArrayList<>();
    TEXTS.forEach(text -> values.add(posts() ? "\"" + text + "\"" : text));
    values.addAll(posts() ? OTHERS : OTHERS.subList(0, 4));
    Map<String, String> solved = new LinkedHashMap<>();
    for (String value : values) {
      Map<String, String> tried = new LinkedHashMap<>(solved);
      known.forEach(name -> tried.putIfAbsent(name, value));
      Map<String, String> faults = faults(tried);
      known.stream()
          .filter(name -> !faults.containsKey(name) && !faults.isEmpty())
          .forEach(name -> solved.putIfAbsent(name, value));
    }
    // Fields that do not go together: one after the other goes, until the others are in order.
    for (String name : List.copyOf(solved.keySet())) {
      if (faults(solved).size() > 1) {
        Map<String, String> fewer = new LinkedHashMap<>(solved);
        fewer.remove(name);
        if (faults(fewer).size() < faults(solved).size()) {
          solved.remove(name);
        }
      }
    }
    return solved;
  }

  /** Whether the guard is all that is wrong with a request of these fields. */
  boolean complete() throws IOException {
    return faults(fields).keySet().equals(Set.of(GUARD));
  }

  private Map<String, String> faults(Map<String, String> asked) throws IOException {
    Map<String, String> guarded = new LinkedHashMap<>(asked);
    guarded.put(GUARD, "1");
    Wire.Reply reply = Wire.send(port, request(guarded), false);
    if (!(JsonParser.parseString(reply.body()) instanceof JsonObject problem)) {
      throw new IllegalStateException(entry.name() + " " + method + " " + asked + ": " + reply);
    }
    Map<String, String> faults = new LinkedHashMap<>();
    if (problem.has("errors")) {
      for (JsonElement element : problem.getAsJsonArray("errors")) {
        JsonObject error = element.getAsJsonObject();
        String said = error.get("code").getAsString() + " " + error.get("message").getAsString();
        faults.put(error.get("field").getAsString(), said);
      }
    }
    return faults;
  }

  private byte[] request(Map<String, String> values) {
    RequestDraft draft = new RequestDraft(this);
    draft.put(values);
    return draft.bytes();
  }

  /** A JSON object of these members. */
  static String body(Map<String, String> values) {
    List<String> members = new ArrayList<>();
    values.forEach((name, value) -> members.add("\"" + name + "\": " + value));
    return "{" + String.join(", ", members) + "}";
  }

  /** A query of these parameters. */
  static String query(Map<String, String> values) {
    List<String> parameters = new ArrayList<>();
    values.forEach((name, value) -> parameters.add(encoded(name) + "=" + encoded(value)));
    return String.join("&", parameters);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
