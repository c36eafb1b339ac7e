package dev.meterkite.functions.fuzz;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** Every document of a project with the time of its last change, whatever its collection. */
final class ProjectDocuments {
  private static final int PAGE = 300;

  private final HttpClient http = HttpClient.newHttpClient();
  private final String root;

  ProjectDocuments(String host, String project) {
    this.root = "http://" + host + "/v1/projects/" + project + "/databases/(default)/documents";
  }

  /** Names with their update times: equal where nothing was written in between. */
  Map<String, String> snapshot() {
    Map<String, String> all = new TreeMap<>();
    JsonObject roots = call("POST", ":listCollectionIds", "{\"pageSize\": 1000}");
    for (JsonElement collection : list(roots, "collectionIds")) {
      String path = "/" + encoded(collection.getAsString()) + "?mask.fieldPaths=_&pageSize=" + PAGE;
      String token = "";
      do {
        JsonObject page = call("GET", path + "&pageToken=" + encoded(token), null);
        for (JsonElement item : list(page, "documents")) {
          JsonObject document = item.getAsJsonObject();
          all.put(document.get("name").getAsString(), document.get("updateTime").getAsString());
        }
        token = page.has("nextPageToken") ? page.get("nextPageToken").getAsString() : "";
      } while (!token.isEmpty());
    }
    return all;
  }

  private static JsonArray list(JsonObject object, String member) {
    return object.has(member) ? object.getAsJsonArray(member) : new JsonArray();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private JsonObject call(String method, String tail, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(root + tail))
            .header("Authorization", "Bearer owner")
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(tail + ": " + response.body());
      }
      return JsonParser.parseString(response.body()).getAsJsonObject();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
