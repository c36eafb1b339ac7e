package dev.meterkite.local;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.ToNumberPolicy;
import dev.meterkite.model.migration.ImportPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The JSON files of a folder, in the order of their names: for each collection {@code
 * customers.json}, {@code customers.jsonl}, and all such files in a folder {@code customers}. A
 * {@code .json} file holds a document or an array of them, a {@code .jsonl} file one on each line.
 */
final class ImportFiles {
  private static final Gson GSON =
      new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

  private ImportFiles() {}

  /**
   * Adds all files to a plan.
   *
   * @return how many files there were
   * @throws LocalHostException naming the file that is no JSON, or the folder that has none
   */
  static int addTo(ImportPlan plan, Path folder) throws IOException {
    int files = 0;
    for (String collection : new TreeSet<>(ImportPlan.collections())) {
      for (Path file : of(folder, collection)) {
        String name = String.valueOf(file.getFileName());
        plan.add(collection, name.substring(0, name.lastIndexOf('.')), parse(file));
        files++;
      }
    }
    if (files == 0) {
      throw new LocalHostException(
          folder + " has no customers, scenes or users as .json or .jsonl files");
    }
    return files;
  }

  private static List<Path> of(Path folder, String collection) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String ending : List.of(".json", ".jsonl")) {
      Path file = folder.resolve(collection + ending);
      if (Files.isRegularFile(file)) {
        files.add(file);
      }
    }
    Path below = folder.resolve(collection);
    if (Files.isDirectory(below)) {
      try (Stream<Path> found = Files.list(below)) {
        found.filter(ImportFiles::isJson).sorted().forEach(files::add);
      }
    }
    return files;
  }

  private static boolean isJson(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(".json") || name.endsWith(".jsonl");
  }

  private static Object parse(Path file) throws IOException {
    try {
      if (!file.toString().endsWith(".jsonl")) {
        return any(Files.readString(file));
      }
      List<Object> documents = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        if (!line.isBlank()) {
          documents.add(any(line));
        }
      }
      return documents;
    } catch (JsonParseException e) {
      throw new LocalHostException(file + " is no JSON: " + e.getMessage(), e);
    }
  }

  private static Object any(String json) {
    Object value = GSON.fromJson(json, Object.class);
    return value == null ? "null" : value;
  }
}
