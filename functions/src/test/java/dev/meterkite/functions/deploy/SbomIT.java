package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The bill of materials of the upload, {@code target/sbom.json}: it names all that is uploaded,
 * nothing unfinished, nothing under a licence that asks more than to be named.
 */
class SbomIT {
  private static final Path LIBS = Path.of("jar", "libs");
  private static final Pattern UNFINISHED =
      Pattern.compile("(?i).*(SNAPSHOT|alpha|beta|[.-]rc[0-9]*|[.-]m[0-9]+|[.-]cr[0-9]+)([.-].*)?");

  /** By SPDX id, or by name where a project gives none. */
  private static final Set<String> LICENCES =
      Set.of(
          "Apache-2.0",
          "BSD-3-Clause",
          "MIT",
          "Go License",
          "(CDDL-1.0 OR GPL-2.0-with-classpath-exception)");

  private static List<JsonObject> components() throws IOException {
    JsonObject bom =
        JsonParser.parseString(Files.readString(Path.of("target", "sbom.json"))).getAsJsonObject();
    assertEquals("CycloneDX", bom.get("bomFormat").getAsString());
    List<JsonObject> components = new ArrayList<>();
    bom.getAsJsonArray("components").forEach(c -> components.add(c.getAsJsonObject()));
    return components;
  }

  private static String version(JsonObject component) {
    return component.get("version").getAsString();
  }

  private static String name(JsonObject component) {
    return component.get("name").getAsString() + "-" + version(component);
  }

  @Test
  void everyUploadedLibrary_isNamed() throws IOException {
    Set<String> uploaded;
    try (Stream<Path> libs = Files.list(LIBS)) {
      uploaded =
          libs.map(lib -> lib.getFileName().toString().replaceFirst("\\.jar$", ""))
              .collect(Collectors.toCollection(TreeSet::new));
    }
    Set<String> named = new TreeSet<>();
    components().forEach(component -> named.add(name(component)));
    assertTrue(uploaded.size() > 20, uploaded::toString);
    assertEquals(uploaded, named);
  }

  @Test
  void noVersion_isUnfinished() throws IOException {
    assertEquals(
        List.of(),
        components().stream()
            .filter(component -> UNFINISHED.matcher(version(component)).matches())
            .map(SbomIT::name)
            .toList());
  }

  @Test
  void everyLicence_isAmongThoseThatOnlyAskToBeNamed() throws IOException {
    Map<String, Set<String>> others = new HashMap<>();
    for (JsonObject component : components()) {
      Set<String> licences = licences(component);
      if (licences.stream().noneMatch(LICENCES::contains)
          && !component.get("group").getAsString().equals("dev.meterkite")) {
        others.put(name(component), licences);
      }
    }
    assertEquals(Map.of(), others);
  }

  private static Set<String> licences(JsonObject component) {
    Set<String> licences = new TreeSet<>();
    if (component.has("licenses")) {
      for (JsonElement each : component.getAsJsonArray("licenses")) {
        JsonObject entry = each.getAsJsonObject();
        JsonObject licence = entry.has("license") ? entry.getAsJsonObject("license") : entry;
        for (String member : List.of("id", "name", "expression")) {
          if (licence.has(member)) {
            licences.add(licence.get(member).getAsString());
          }
        }
      }
    }
    return licences;
  }
}
