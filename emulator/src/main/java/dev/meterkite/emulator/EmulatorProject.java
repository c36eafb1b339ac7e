package dev.meterkite.emulator;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One project in the emulator over REST: triggers, rules, and documents in Firestore's JSON form,
 * as the owner, past all rules. For tests and for the local host; functions use the Firestore
 * client.
 */
public final class EmulatorProject {
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);

  private final HttpClient http;
  private final String host;
  private final String name;

  EmulatorProject(HttpClient http, String host, String name) {
    this.http = http;
    this.host = host;
    this.name = name;
  }

  public String name() {
    return name;
  }

  /** An answer as it came. */
  public record Reply(int status, String body) {}

  /**
   * Lets the emulator post the events of documents that match {@code pattern} to {@code
   * /functions/projects/PROJECT/triggers/ID} at its events host. Registering an id again replaces
   * it.
   *
   * @param pattern for example {@code podcast_jobs/{job_id}}
   * @param eventType for example {@code google.cloud.firestore.document.v1.written}
   */
  public void registerTrigger(String id, String eventType, String pattern) {
    String body =
        """
        {"eventType": %s, "database": "(default)", "namespace": "(default)",
         "document": {"value": %s, "matchType": "PATH_PATTERN"}}\
        """
            .formatted(quote(eventType), quote(pattern));
    expectOk("POST", emulator("/eventarcTrigger?eventarcTriggerId=" + segment(id)), body);
  }

  /**
   * Sets the security rules of this project.
   *
   * @throws EmulatorUnavailableException with the compiler's message if the rules do not compile
   */
  public void setRules(String rules) {
    Optional<String> fault = loadRules(rules);
    if (fault.isPresent()) {
      throw new EmulatorUnavailableException("The rules do not compile: " + fault.get());
    }
  }

  /**
   * Sets the security rules of this project if they compile.
   *
   * @return empty, or the compiler's message for rules that do not compile; the rules before them
   *     stay in force then
   * @throws EmulatorUnavailableException if the emulator does not answer
   */
  public Optional<String> loadRules(String rules) {
    String body =
        "{\"rules\": {\"files\": [{\"name\": \"firestore.rules\", \"content\": %s}]}}"
            .formatted(quote(rules));
    Reply reply = send("PUT", emulator(":securityRules"), body, "owner");
    return reply.status() == 200 ? Optional.empty() : Optional.of(reply.body());
  }

  /** How often each expression of the rules was evaluated, and to what, as the emulator's JSON. */
  public String ruleCoverage() {
    return expectOk("GET", emulator(":ruleCoverage"), null);
  }

  /** Deletes every document of this project, silently: no trigger fires. */
  public void clear() {
    expectOk("DELETE", emulator("/databases/(default)/documents"), null);
  }

  /**
   * Writes a whole document, creating it or replacing what is there.
   *
   * @param path for example {@code users/ada}
   * @param fields in Firestore's JSON form, for example {@code {"plan": {"stringValue": "pro"}}}
   */
  public void put(String path, String fields) {
    expectOk("PATCH", document(path), "{\"fields\": " + fields + "}");
  }

  /** The document in Firestore's JSON form, with status 404 where there is none. */
  public Reply get(String path) {
    return send("GET", document(path), null, "owner");
  }

  /** Deletes a document; one that does not exist stays so. */
  public void delete(String path) {
    expectOk("DELETE", document(path), null);
  }

  /**
   * Any request below {@code …/databases/(default)/documents}, with the caller's token instead of
   * the owner's: how security rules are tested.
   *
   * @param pathAndQuery for example {@code users/ada?updateMask.fieldPaths=name}, already escaped
   * @param token null for a caller who is not signed in
   */
  public Reply asCaller(
      String method, String pathAndQuery, @Nullable String body, @Nullable String token) {
    return send(method, documents() + pathAndQuery, body, token);
  }

  private String emulator(String tail) {
    return "/emulator/v1/projects/" + name + tail;
  }

  private String documents() {
    return "/v1/projects/" + name + "/databases/(default)/documents/";
  }

  private String document(String path) {
    return documents()
        + Arrays.stream(path.split("/", -1))
            .map(EmulatorProject::segment)
            .collect(Collectors.joining("/"));
  }

  private String expectOk(String method, String path, @Nullable String body) {
    Reply reply = send(method, path, body, "owner");
    if (reply.status() != 200) {
      throw new EmulatorUnavailableException(
          "The emulator answered %d to %s %s: %s"
              .formatted(reply.status(), method, path, reply.body()));
    }
    return reply.body();
  }

  private Reply send(String method, String path, @Nullable String body, @Nullable String token) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + host + path))
            .timeout(ANSWER_WITHIN)
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Reply(response.statusCode(), response.body());
    } catch (IOException e) {
      throw new EmulatorUnavailableException("The emulator does not answer: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmulatorUnavailableException("Interrupted while the emulator was asked", e);
    }
  }

  private static String segment(String text) {
    return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8)
        .replace("+", "%20");
  }

  /** A JSON string: the few escapes that RFC 8259 asks for. */
  static String quote(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
