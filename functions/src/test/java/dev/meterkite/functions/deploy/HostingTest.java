package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * One address for all functions and the console: {@code firebase.json} for the Firebase CLI and
 * {@code console/hosting.json}, which deploy.sh sends to Hosting. Both are made from functions.tsv;
 * {@code -Dmeterkite.write=true} writes them.
 */
class HostingTest {
  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  /** Where functions run unless deploy.sh is told otherwise; it puts the other region here. */
  private static final String REGION = "us-central1";

  /** What deploy.sh puts together; see console/pom.xml. */
  private static final String FOLDER = "console/target/hosting";

  /** As the local host has them; sign-in needs two more hosts, to which nothing is sent but it. */
  private static final Map<String, String> HEADERS = new LinkedHashMap<>();

  static {
    HEADERS.put(
        "Content-Security-Policy",
        "default-src 'self'; connect-src 'self' https://identitytoolkit.googleapis.com"
            + " https://securetoken.googleapis.com; object-src 'none'; base-uri 'none';"
            + " form-action 'self'; frame-ancestors 'none'");
    HEADERS.put("X-Content-Type-Options", "nosniff");
    HEADERS.put("Referrer-Policy", "no-referrer");
    HEADERS.put("Cross-Origin-Opener-Policy", "same-origin");
    HEADERS.put("Cache-Control", "no-cache");
  }

  private static List<FunctionEntry> callable() throws IOException {
    return FunctionTable.read(Shell.ROOT.resolve("functions.tsv")).entries().stream()
        .filter(entry -> entry.kind() != FunctionEntry.Kind.EVENT)
        .toList();
  }

  /**
   * @param source what the form calls the pattern of a path
   * @param type what it calls the status of a redirect
   * @param destination what it calls where a redirect leads
   */
  private static JsonObject hosting(String source, String type, String destination)
      throws IOException {
    JsonObject hosting = new JsonObject();
    JsonObject redirect = new JsonObject();
    redirect.addProperty(source, "/");
    redirect.addProperty(type, 302);
    redirect.addProperty(destination, "/console/");
    hosting.add("redirects", list(redirect));
    JsonArray rewrites = new JsonArray();
    for (FunctionEntry function : callable()) {
      JsonObject service = new JsonObject();
      service.addProperty("serviceId", function.name());
      service.addProperty("region", REGION);
      JsonObject rewrite = new JsonObject();
      rewrite.addProperty(source, "/api/" + function.name());
      rewrite.add("run", service);
      rewrites.add(rewrite);
    }
    hosting.add("rewrites", rewrites);
    return hosting;
  }

  private static JsonArray list(JsonElement element) {
    JsonArray list = new JsonArray();
    list.add(element);
    return list;
  }

  /** The form of the Firebase CLI. */
  private static String firebase() throws IOException {
    JsonObject hosting = new JsonObject();
    hosting.addProperty("public", FOLDER);
    JsonArray headers = new JsonArray();
    HEADERS.forEach(
        (name, value) -> {
          JsonObject header = new JsonObject();
          header.addProperty("key", name);
          header.addProperty("value", value);
          headers.add(header);
        });
    JsonObject everywhere = new JsonObject();
    everywhere.addProperty("source", "**");
    everywhere.add("headers", headers);
    hosting.add("headers", list(everywhere));
    hosting("source", "type", "destination")
        .entrySet()
        .forEach(each -> hosting.add(each.getKey(), each.getValue()));
    JsonObject firestore = new JsonObject();
    firestore.addProperty("rules", "firestore.rules");
    firestore.addProperty("indexes", "firestore.indexes.json");
    JsonObject file = new JsonObject();
    file.add("firestore", firestore);
    file.add("hosting", hosting);
    return PRETTY.toJson(file) + "\n";
  }

  /** The form of Hosting's own API, a {@code ServingConfig}. */
  private static String rest() throws IOException {
    JsonObject headers = new JsonObject();
    HEADERS.forEach(headers::addProperty);
    JsonObject everywhere = new JsonObject();
    everywhere.addProperty("glob", "**");
    everywhere.add("headers", headers);
    JsonObject file = new JsonObject();
    file.add("headers", list(everywhere));
    hosting("glob", "statusCode", "location")
        .entrySet()
        .forEach(each -> file.add(each.getKey(), each.getValue()));
    return PRETTY.toJson(file) + "\n";
  }

  private static void assertWritten(String text, String name) throws IOException {
    Path file = Shell.ROOT.resolve(name);
    if (Boolean.getBoolean("meterkite.write")) {
      Files.writeString(file, text);
    }
    assertEquals(text, Files.readString(file), name + ": write it with -Dmeterkite.write=true");
  }

  @Test
  void bothForms_haveARewriteForEachFunctionThatCanBeCalled() throws IOException {
    assertWritten(firebase(), "firebase.json");
    assertWritten(rest(), "console/hosting.json");
    assertTrue(callable().size() > 20, "the table was read");
  }

  /** Documented where callers look for it, for this machine and for a deployment. */
  @Test
  void serversOfTheDescription_haveTheOneAddress() throws IOException {
    String api = Files.readString(Shell.ROOT.resolve("docs/openapi.yaml"));
    String servers = api.substring(api.indexOf("\nservers:"), api.indexOf("\nsecurity:"));
    List<String> urls =
        Pattern.compile("url: '?([^', ]+[^',\\s])")
            .matcher(servers)
            .results()
            .map(found -> found.group(1))
            .toList();
    assertEquals(
        List.of(
            "http://127.0.0.1:8080",
            "https://{project}.web.app/api",
            "https://{region}-{project}.cloudfunctions.net"),
        urls);
  }

  /** deploy.sh replaces this region in the text. */
  @Test
  void region_isWrittenOnlyAsThatOfAService() throws IOException {
    JsonObject file =
        JsonParser.parseString(Files.readString(Shell.ROOT.resolve("console/hosting.json")))
            .getAsJsonObject();
    long services =
        file.getAsJsonArray("rewrites").asList().stream()
            .map(each -> each.getAsJsonObject().getAsJsonObject("run").get("region").getAsString())
            .filter(REGION::equals)
            .count();
    assertEquals(callable().size(), services);
    assertEquals(
        services,
        Files.readString(Shell.ROOT.resolve("console/hosting.json")).split(REGION).length - 1L);
  }
}
